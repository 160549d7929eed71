"""The sender with the database in its way: locked, or on a full disk."""

import asyncio
import sqlite3
from collections import Counter

import pytest
from scripted_smtp import Act, Server, Turn
from sending import impatient, once_each
from sqlalchemy import Connection as Db
from sqlalchemy import event

from digest.core.delivery import State
from digest.core.errors import Refused
from digest.pipeline import ledger


async def test_a_database_locked_for_a_while_only_delays(post, monkeypatch):
    monkeypatch.setattr(ledger, "PATIENCE", (0.05,) * 100)
    letters = post(10)
    impatient(letters.office.database.engine)
    hold = sqlite3.connect(letters.file, check_same_thread=False, isolation_level=None)

    async def script(turn: Turn) -> None:
        if turn.stage == "data" and turn.message == 4:
            hold.execute("BEGIN IMMEDIATE")
            asyncio.get_running_loop().call_later(0.3, hold.execute, "ROLLBACK")

    async with Server(script) as server:
        assert (await letters.send(server)).settled
    hold.close()
    once_each(server, letters)


@pytest.mark.parametrize("trouble", ["locked", "full"])
async def test_a_database_that_stays_locked_or_full_stops_the_sender_before_the_dot(post, monkeypatch, trouble):
    monkeypatch.setattr(ledger, "PATIENCE", (0.0, 0.01))
    letters = post(60)
    engine = letters.office.database.engine
    impatient(engine)
    hold = sqlite3.connect(letters.file, isolation_level=None)
    long = Act("250 2.0.0 " + "queued " * 60, take=True)  # recorded, it needs pages

    def fill(connection: Db) -> None:
        driver = connection.connection.dbapi_connection
        pages = driver.execute("PRAGMA page_count").fetchone()[0]
        driver.execute(f"PRAGMA max_page_count = {pages}")

    def script(turn: Turn) -> Act | None:
        if turn.stage == "data" and turn.message == 7:
            if trouble == "locked":
                hold.execute("BEGIN IMMEDIATE")
            else:
                event.listen(engine, "begin", fill)
        return long if turn.stage == "dot" else None

    async with Server(script) as server:
        with pytest.raises(Refused, match=trouble):
            await letters.send(server, connections=2)
        if trouble == "locked":
            hold.execute("ROLLBACK")
        else:
            event.remove(engine, "begin", fill)
            engine.dispose()
        assert 4 <= len(server.taken) < 60
        balance = await letters.send(server)
    hold.close()
    assert balance.uncertain <= 2
    assert not balance.pending
    counted = Counter((each.recipient, each.message_id) for each in server.taken)
    assert set(counted.values()) == {1}
    recorded = {(row.address, row.message_id): row.state for row in letters.rows().values()}
    assert {each for each, state in recorded.items() if state == State.ACCEPTED} <= set(counted)
    assert {state for each, state in recorded.items() if each not in counted} <= {State.UNCERTAIN}
