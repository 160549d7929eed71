"""A real Postfix on loopback: a configuration and a queue of its own, one process group, gone when the block ends."""

import os
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from dovecot import free_ports, wait_for

LONGEST = 300
"""Seconds, after which it ends by itself, whatever became of the tests."""
MAIN = """
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
myhostname = smarthost.example
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
smtp_dns_support_level = disabled
smtp_tls_security_level = none
transport_maps = inline:{{ {transports} }}
virtual_mailbox_domains = here.example
virtual_mailbox_maps = inline:{{ somebody@here.example=somebody }}
virtual_alias_maps = inline:{{ {aliases} }}
virtual_transport = discard
queue_run_delay = 1s
minimal_backoff_time = 1s
maximal_backoff_time = 1s
delay_warning_time = 1s
maximal_queue_lifetime = 5s
"""
MASTER = """
127.0.0.1:{port} inet n - n - - smtpd
127.0.0.1:{rewriting_port} inet n - n - - smtpd
  -o cleanup_service_name=rewriting
127.0.0.1:{plain_port} inet n - n - - smtpd
  -o cleanup_service_name=rewriting
  -o smtpd_discard_ehlo_keywords=dsn
cleanup unix n - n - 0 cleanup
rewriting unix n - n - 0 cleanup
  -o sender_canonical_classes=envelope_sender
  -o sender_canonical_maps=static:weekly@harbour.example
qmgr unix n - n 1 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
lmtp unix - - n - - lmtp
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
command unix - n n - 1 pipe
  flags=DRX user=nobody argv={folder}/command ${{recipient}}
"""
COMMAND = """#!/bin/sh
{ echo "$1"; cat; } > %(folder)s/asked
read -r code < %(folder)s/answered
exit "$code"
"""


@dataclass(frozen=True)
class Postfix:
    """Ports of loopback: as it is; one that rewrites envelope senders; one that does so and has no DSN extension."""

    folder: Path
    port: int
    rewriting_port: int
    plain_port: int

    @contextmanager
    def running(self, command: Callable[[str, bytes], int]) -> Iterator[None]:
        """What the transport `command` asks for is run here: `command(recipient, message)` is its exit code.

        Postfix starts commands as a user who may not be allowed to read this checkout.
        """

        def serve() -> None:
            while content := (self.folder / "asked").read_bytes():
                recipient, _, message = content.partition(b"\n")
                (self.folder / "answered").write_text(f"{command(recipient.decode(), message)}\n")

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield
        finally:
            (self.folder / "asked").write_bytes(b"")
            thread.join()


@contextmanager
def postfix(transports: dict[str, str], aliases: dict[str, str]) -> Iterator[Postfix]:
    """`transports`: domain → how it is reached, where `command` is the one of `running`."""
    folder = Path(tempfile.mkdtemp(prefix="digest-postfix-"))  # not below a home folder: other users work there
    server = Postfix(folder, *free_ports(3))
    lists = {name: ", ".join(f"{{{key}={value}}}" for key, value in table.items())
             for name, table in (("transports", transports), ("aliases", aliases))}  # fmt: skip
    (folder / "main.cf").write_text(MAIN.format(**vars(server), **lists))
    (folder / "master.cf").write_text(MASTER.format(**vars(server)))
    (folder / "command").write_text(COMMAND % vars(server))
    for name in ("asked", "answered"):
        os.mkfifo(folder / name)
        (folder / name).chmod(0o666)
    for path in (folder, folder / "command"):
        path.chmod(0o755)
    (folder / "data").mkdir()
    shutil.chown(folder / "data", "postfix")
    (folder / "queue").mkdir()
    subprocess.run(["postfix", "-c", folder, "check"], check=True)
    where = subprocess.run(["postconf", "-dh", "daemon_directory"], check=True, capture_output=True, text=True)
    command = [f"{where.stdout.strip()}/master", "-c", folder, "-d", "-e", str(LONGEST)]
    process = subprocess.Popen(command, start_new_session=True)
    try:
        for port in (server.port, server.rewriting_port, server.plain_port):
            wait_for(port, process, folder / "log")
        yield server
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        process.wait(20)
        shutil.rmtree(folder)
