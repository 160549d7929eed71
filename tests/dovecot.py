"""A real Dovecot on loopback: a configuration and folders of its own, in the foreground, gone when the block ends."""

import getpass
import grp
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from imaplib import IMAP4
from pathlib import Path

PASSWORD = "contraseña"
CONFIGURATION = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
protocols = imap lmtp
listen = 127.0.0.1
default_internal_user = {internal}
default_internal_group = {group}
default_login_user = {login}
first_valid_uid = 1
auth_failure_delay = 0
disable_plaintext_auth = no
ssl_cert = <{certificate}
ssl_key = <{certificate}
mail_location = maildir:{folder}/mail/%n
namespace {{
  inbox = yes
  separator = .
  prefix = INBOX.
}}
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={internal} gid={group} home={folder}/mail/%n allow_all_users=yes
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    port = {lmtp_port}
  }}
}}
{more}
"""


def pem(file: Path) -> Path:
    """A certificate of 127.0.0.1 for two days, with its key, in one file."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", file, "-out", file],
        check=True, capture_output=True,
    )  # fmt: skip
    return file


@dataclass(frozen=True)
class Dovecot:
    """Ports of loopback. Any user has a mailbox, and the one password."""

    folder: Path
    port: int
    tls_port: int
    lmtp_port: int

    def deliver(self, user: str, *messages: bytes) -> None:
        """Into that user's inbox, by IMAP."""
        client = IMAP4("127.0.0.1", self.port)
        client.authenticate("PLAIN", lambda _: f"\0{user}\0{PASSWORD}".encode())
        for each in messages:
            assert client.append("INBOX", "", "", each)[0] == "OK"
        client.logout()

    def files(self, user: str, folder: str = "") -> list[Path]:
        """The messages in a folder of that user: "" is the inbox, ".Processed" another."""
        box = self.folder / "mail" / user / folder
        return sorted(path for name in ("new", "cur") for path in (box / name).glob("*"))


@contextmanager
def dovecot(certificate: Path, more: str = "") -> Iterator[Dovecot]:
    """`certificate`: with its key, in one file. `more`: lines of configuration."""
    root = os.geteuid() == 0
    internal = "dovecot" if root else getpass.getuser()
    group = grp.getgrgid(pwd.getpwnam(internal).pw_gid).gr_name
    folder = Path(tempfile.mkdtemp(prefix="digest-dovecot-"))  # not below a home folder: another user reads there
    server = Dovecot(folder, *free_ports(3))
    configuration = CONFIGURATION.format(
        **vars(server), internal=internal, group=group, login="dovenull" if root else internal, more=more,
        certificate=certificate, password=PASSWORD,
    )  # fmt: skip
    (folder / "conf").write_text(configuration)
    (folder / "mail").mkdir()
    folder.chmod(0o755)
    if root:
        shutil.chown(folder / "mail", internal)
    process = subprocess.Popen(["dovecot", "-F", "-c", folder / "conf"])
    try:
        for port in (server.port, server.tls_port, server.lmtp_port):
            wait_for(port, process, folder / "log")
        yield server
    finally:
        process.terminate()  # its children go with it
        process.wait(20)
        shutil.rmtree(folder)


def free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    """Until somebody listens there; an AssertionError with the end of the log if the process is gone, or time is up."""
    deadline = time.monotonic() + 20
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            said = log.read_text()[-2000:] if log.exists() else "no log"
            assert process.poll() is None, said
            assert time.monotonic() < deadline, said
            time.sleep(0.02)
        else:
            return
