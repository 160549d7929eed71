"""Mail that comes back over LMTP: an answer for each recipient, and no promise that is not kept."""

import asyncio
import smtplib
import stat
from pathlib import Path

import pytest

from digest.core.dsn import MAX_BYTES
from digest.core.errors import Refused, TryAgain
from digest.mailbox.lmtp import Door, listening

MESSAGE = b"Subject: x\r\n\r\n.dotted\r\n" + b"long " * 1000 + b"\r\n"


class Taker:
    def __init__(self):
        self.taken = []

    def expects(self, recipient):
        return not recipient.startswith("nobody")

    def take(self, message, recipient):
        if recipient.startswith("busy"):
            raise TryAgain("The database is locked.")
        if recipient.startswith("broken"):
            raise ZeroDivisionError
        self.taken.append((recipient, message))

    @property
    def door(self):
        return Door(self.expects, self.take)


def talk(bind, talking):
    """What `talking` answers, in a thread, to whom a door at `bind` is open; and what was taken in."""
    taker = Taker()

    async def run():
        async with listening(bind, taker.door) as socket:
            name = socket.getsockname()
            return await asyncio.to_thread(talking, *((name, 0) if isinstance(name, str) else name[:2]))

    return asyncio.run(run()), taker.taken


def say(client, *lines):
    client.send("\r\n".join([*lines, ""]))
    return [client.getreply()[0] for _ in lines]


@pytest.mark.parametrize("where", ["port", "socket"])
def test_each_recipient_gets_an_answer(where, tmp_path):
    path = tmp_path / "lmtp"

    def talking(host, port):
        with smtplib.LMTP(host, port, timeout=20) as client:
            assert client.ehlo()[0] == 250
            assert client.has_extn("pipelining")
            assert client.esmtp_features["size"] == "10240000"
            if where == "socket":
                assert stat.S_IMODE(path.stat().st_mode) == 0o660
            pipelined = say(
                client,
                "MAIL FROM:<>",
                *(f"RCPT TO:<{who}@here.example>" for who in ("ana", "nobody", "busy", "broken", "ben")),
            )
            assert client.docmd("DATA")[0] == 354
            client.send(MESSAGE.replace(b"\r\n.", b"\r\n..") + b".\r\n")
            replies = [client.getreply()[0] for _ in range(4)]
            return pipelined, replies, client.noop()[0]

    answer, taken = talk(path if where == "socket" else ("127.0.0.1", 0), talking)
    assert answer == ([250, 250, 550, 250, 250, 250], [250, 451, 451, 250], 250)
    assert taken == [("ana@here.example", MESSAGE), ("ben@here.example", MESSAGE)]


def test_what_is_too_long_is_cut_and_what_is_far_too_long_is_refused():
    def talking(host, port):
        with smtplib.LMTP(host, port, timeout=20) as client:
            client.ehlo()
            said = [client.docmd("MAIL FROM:<> SIZE=10240001")[0]]
            for lines in (1_100, 11_000):
                say(client, "MAIL FROM:<>", "RCPT TO:<ana@here.example>")
                client.docmd("DATA")
                client.send((b"x" * 998 + b"\r\n") * lines + b".\r\n")
                said.append(client.getreply()[0])
            return said

    said, [(_, taken)] = talk(("127.0.0.1", 0), talking)
    assert (said, len(taken)) == ([552, 250, 552], MAX_BYTES + 1)


def test_where_nothing_can_listen_it_is_told():
    async def twice():
        async with listening(("127.0.0.1", 0), Taker().door) as socket, listening(socket.getsockname(), Taker().door):
            pass

    with pytest.raises(Refused, match=r"nothing can listen at 127\.0\.0\.1:\d+: address already in use"):
        asyncio.run(twice())
    with pytest.raises(Refused, match="choose another place"):
        talk(Path("/nowhere/lmtp"), print)
