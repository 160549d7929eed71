"""Owners live by lock, not by clock; on every server that digest runs on."""

import subprocess
import sys

from digest.store import owners

HOLD = """
import sys, digest.store.owners as owners
from digest.store.database import Database
with owners.living(Database(sys.argv[1]), "somebody"):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_an_owner_lives_as_long_as_its_process_kill_included(database):
    url = database.url.render_as_string(hide_password=False)
    assert not owners.is_alive(database, "somebody")
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout.readline() == "held\n"
            assert owners.is_alive(database, "somebody")
            assert owners.is_alive(database, "somebody")
            assert not owners.is_alive(database, "somebody else")
        finally:
            process.kill()
        process.wait(10)
    for _ in range(1000):  # a server notices the end of a connection when it next looks
        if not owners.is_alive(database, "somebody"):
            break
    assert not owners.is_alive(database, "somebody")


def test_an_owner_is_seen_from_within_its_own_process_and_ends_with_its_block(database):
    with owners.living(database, "me"):
        assert owners.is_alive(database, "me")
    assert not owners.is_alive(database, "me")
