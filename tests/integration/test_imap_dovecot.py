"""Mail that waits in a mailbox on a server: a real Dovecot."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
from test_imap import refused

from digest.core.dsn import MAX_BYTES
from digest.core.errors import Misconfigured, TryAgain
from digest.mailbox import imap
from digest.mailbox.imap import Account
from digest.pipeline import inbound
from dovecot import PASSWORD, dovecot, free_ports, pem

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def certificate(tmp_path_factory, require):
    require("openssl")
    return pem(tmp_path_factory.mktemp("tls") / "both.pem")


@pytest.fixture(scope="module")
def server(certificate, require):
    require("dovecot")
    with dovecot(certificate) as started:
        yield started


def account(server, user, certificate=None, security="none"):
    port = server.tls_port if security == "tls" else server.port
    return Account("127.0.0.1", port, security, user, PASSWORD, "INBOX", certificate)


def take_all(where):
    taken = []
    with imap.opened(where) as box:
        for uid in box.waiting():
            taken.append(box.read(uid))
            box.move(uid)
    return taken


@pytest.mark.parametrize("security", ["tls", "starttls", "none"])
def test_each_message_is_read_as_it_came_and_moved_when_that_is_said(server, certificate, security):
    messages = [b"Subject: number %d\r\n\r\n\xff text\r\n" % number for number in range(3)]
    server.deliver(security, *messages)
    where = account(server, security, certificate, security)
    with imap.opened(where) as box:
        first, second, _ = box.waiting()
        assert box.read(first) == messages[0]
        box.move(second)
    assert (len(server.files(security)), len(server.files(security, ".Processed"))) == (2, 1)
    assert take_all(where) == [messages[0], messages[2]]
    assert take_all(where) == []
    assert len(server.files(security, ".Processed")) == 3
    assert "Processed" in (server.folder / "mail" / security / "subscriptions").read_text().split()


@pytest.mark.parametrize("offers", [[b"UIDPLUS"], []])
def test_where_there_is_no_move_it_is_copied_and_deleted_and_nothing_else_is(server, offers):
    user, where = f"old{len(offers)}", account(server, f"old{len(offers)}")
    server.deliver(user, b"Subject: another\r\n\r\n", b"Subject: ours\r\n\r\n")
    with imap.opened(where) as box:
        box._client.uid("STORE", "1", "+FLAGS", r"(\Deleted)")  # somebody's, and not yet expunged
        box._offers = [b"NAMESPACE", *offers]
        [ours] = box.waiting()
        box.move(ours)
        assert box.waiting() == []
    assert len(server.files(user)) == (1 if offers else 2)
    assert [file.read_bytes() for file in server.files(user, ".Processed")] == [b"Subject: ours\n\n"]


def test_of_a_message_that_is_too_long_the_beginning_is_read(server):
    server.deliver("long", b"Subject: x\r\n\r\n" + b"line\r\n" * 200_000)
    [message] = take_all(account(server, "long"))
    assert len(message) == MAX_BYTES + 1


def test_what_another_process_has_moved_is_passed_by(server):
    server.deliver("two", b"Subject: x\r\n\r\n")
    with imap.opened(account(server, "two")) as slower:
        [uid] = slower.waiting()
        take_all(account(server, "two"))
        assert slower.read(uid) is None
        slower.move(uid)
    assert len(server.files("two", ".Processed")) == 1


@pytest.mark.parametrize("folder", ["Devoluciones", "Buzón & más", 'with "quotes"'])
def test_another_folder_than_the_inbox(server, folder):
    with imap.opened(account(server, "filed")) as box:
        name = imap._spelt(f"INBOX.{folder}")
        assert box._client.create(name)[0] == "OK"
        assert box._client.append(name, None, None, b"Subject: x\r\n\r\n")[0] == "OK"
    assert take_all(replace(account(server, "filed"), folder=f"INBOX.{folder}")) == [b"Subject: x\r\n\r\n"]


def test_whatever_keeps_it_shut_is_one_sentence(server, certificate):
    good = account(server, "ana", certificate, "tls")
    assert "is not to be trusted" in refused(replace(good, ca_file=None))
    assert "is not to be trusted" in refused(replace(good, ca_file=None, security="starttls", port=server.port))
    assert "DIGEST_IMAP_USERNAME" in refused(replace(good, password="wrong"), Misconfigured)
    assert "no folder “INBOX.None”" in refused(replace(good, folder="INBOX.None"), Misconfigured)
    [port] = free_ports(1)
    assert "connection refused" in refused(replace(good, port=port))


@pytest.fixture
def room(monkeypatch):
    """A way in that notes what it is given; "busy" is not taken in."""
    taken = []

    def receive(_database, message, *_):
        if b"busy" in message:
            raise TryAgain("The database is locked.")
        taken.append(message)
        return message

    monkeypatch.setattr(inbound, "receive", receive)
    return SimpleNamespace(taken=taken, poll=inbound.Inbound(None, None, None, None, lambda: None).poll)


def test_a_message_stays_where_it_is_until_it_is_taken_in(server, room):
    server.deliver("slow", b"Subject: one\r\n\r\n", b"Subject: busy\r\n\r\n", b"Subject: three\r\n\r\n")
    for _ in range(2):
        with pytest.raises(TryAgain, match="locked"):
            list(room.poll(account(server, "slow")))
        assert room.taken == [b"Subject: one\r\n\r\n"]
        assert (len(server.files("slow")), len(server.files("slow", ".Processed"))) == (2, 1)
