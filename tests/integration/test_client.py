"""The guarded client against servers that lie, stall, swell and lead astray. Everything is on loopback."""

import gzip
import ipaddress
import socket
import ssl
import subprocess
import time
import zlib

import pytest

from digest.net import client
from digest.net.client import Client, Unreachable, public
from scripted_web import Web, reply


def loopback(address):
    return address.is_loopback


@pytest.fixture
def web():
    with Web() as web:
        yield web


SYSTEM = ssl.create_default_context()


@pytest.fixture
def fetch():
    return Client("digest/test (+https://news.example.org)", loopback, SYSTEM).fetch


async def refused(asking):
    with pytest.raises(Unreachable) as error:
        await asking
    said = str(error.value)
    assert said.endswith(".")
    assert "httpx" not in said
    return said


async def test_what_a_server_says_and_how_it_is_asked(web, fetch):
    web.pages["/a"] = reply("Grüße", content_type="text/plain", set_cookie="a=b")
    answer = await fetch(web.url("/a?b=c d#e"), headers={"Accept": "text/plain"})
    assert (answer.url, answer.status, answer.content) == (web.url("/a?b=c%20d#e"), 200, "Grüße".encode())
    assert answer.headers["content-type"] == "text/plain"
    await fetch(web.url("/a"))
    first, second = web.asked
    assert first.path == "/a?b=c%20d"
    assert first.headers == {
        "host": f"127.0.0.1:{web.port}",
        "user-agent": "digest/test (+https://news.example.org)",
        "accept-encoding": "gzip",
        "connection": "close",
        "accept": "text/plain",
    }
    assert "cookie" not in second.headers


async def test_proxies_and_logins_of_the_environment_are_nobodys_business(web, fetch, monkeypatch, tmp_path):
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password mine\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    web.pages["/"] = reply("direct")
    assert (await fetch(web.url())).content == b"direct"
    assert "authorization" not in web.asked[0].headers


async def test_a_status_is_an_answer_and_good_wants_a_success(web, fetch):
    web.pages["/gone"] = reply("x", 410)
    web.pages["/odd"] = reply("x", 799)
    answer = await fetch(web.url("/gone"))
    assert answer.status == 410
    with pytest.raises(Unreachable, match=r"/gone cannot be fetched: the server answered 410 \(gone\)\."):
        answer.good()
    with pytest.raises(Unreachable, match=r"answered 799\."):
        (await fetch(web.url("/odd"))).good()
    assert (await fetch(web.url("/gone"), "HEAD")).content == b""
    assert web.asked[-1].method == "HEAD"
    assert (await fetch(web.url("/odd"), largest=0)).content == b""


# Inside and outside.


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.255.0.9", "10.0.0.1", "172.16.9.9", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",
        "224.0.0.1", "239.255.255.250", "255.255.255.255", "240.0.0.1", "192.0.2.1", "198.18.0.1", "::1", "::",
        "fe80::1", "fe80::1%eth0", "fc00::1", "fd12:3456::1", "fec0::1", "ff02::1", "2001:db8::1", "::ffff:127.0.0.1",
        "::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:7f00:1::", "2002:a9fe:a9fe::", "2001:0:7f00:1::", "::127.0.0.1",
        "100::1",
    ],
)  # fmt: skip
def test_addresses_inside(address):
    assert not public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "address", ["93.184.216.34", "2606:2800:220:1::1", "64:ff9b::5db8:d822", "::ffff:93.184.216.34"]
)
def test_addresses_outside(address):
    assert public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0x7f.1", "2130706433", "0177.0.0.1", "127.1", "0"],
)
async def test_nothing_inside_is_asked_however_it_is_written(web, host):
    said = await refused(Client("digest", tls=SYSTEM).fetch(f"http://{host}:{web.port}/"))
    assert "inside the network" in said or "no web address" in said
    assert web.asked == []


async def test_a_name_is_resolved_once_and_what_was_checked_is_connected_to(web, monkeypatch):
    """DNS rebinding: whoever asked twice would get a second address that nobody checked."""
    answers = ["127.0.0.1", "127.0.0.2"]
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda *_, **__: [(socket.AF_INET, 1, 6, "", (answers.pop(0), web.port))]
    )
    checked = []
    web.pages["/"] = reply("checked")
    fetch = Client("digest", lambda address: not checked.append(str(address)), SYSTEM).fetch
    assert (await fetch(f"http://rebind.example:{web.port}/")).content == b"checked"
    assert (checked, answers) == (["127.0.0.1"], ["127.0.0.2"])


async def test_one_address_inside_among_several_is_enough_to_refuse(web, monkeypatch):
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, web.port)) for each in ("93.184.216.34", "10.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    assert "inside the network" in await refused(Client("digest", tls=SYSTEM).fetch("http://both.example/"))


async def test_the_next_address_is_tried_where_one_does_not_answer(web, fetch, monkeypatch):
    found = [(socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("::1", web.port, 0, 0))]
    found += [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", web.port))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    web.pages["/"] = reply("here")
    assert (await fetch(f"http://two.example:{web.port}/")).content == b"here"
    assert web.asked[0].headers["host"] == f"two.example:{web.port}"


async def test_each_hop_of_a_redirect_is_checked(web):
    web.pages["/"] = reply(b"", 302, location=web.url("/secret", "localhost"))
    allowed = iter([True, False])
    said = await refused(Client("digest", lambda _: next(allowed), SYSTEM).fetch(web.url()))
    assert "inside the network" in said
    assert [each.path for each in web.asked] == ["/"]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_are_followed(web, fetch, status):
    web.pages |= {"/a/b": reply(b"", status, location="../c?d"), "/c": reply("there")}
    answer = await fetch(web.url("/a/b"))
    assert (answer.url, answer.content) == (web.url("/c?d"), b"there")


async def test_redirects_come_to_an_end(web, fetch):
    web.pages["/"] = reply(b"", 302, location="/")
    assert "leads on more than 5 times" in await refused(fetch(web.url()))
    assert len(web.asked) == 6


@pytest.mark.parametrize(
    "target", ["file:///etc/passwd", "ftp://127.0.0.1/", "gopher://x", "javascript:alert(1)", "http://[::1"]
)
async def test_a_redirect_to_what_is_no_web_address(web, fetch, target):
    web.pages["/"] = reply(b"", 302, location=target)
    assert "leads to what is no web address" in await refused(fetch(web.url()))


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("feed.xml", "no web address"),
        ("file:///etc/passwd", "no web address"),
        ("http://", "no web address"),
        ("http://[::1/", "no web address"),
        ("http://a\nb/", "no web address"),
        ("http://me:mine@127.0.0.1/", "has a user name in it"),
        ("http://127.0.0.1:25/", "no web server is asked at port 25"),
        ("http://no-such-host.invalid/", "there is no host “no-such-host.invalid”"),
        ("http://" + "a" * 64 + ".example/", "there is no host"),
    ],
)
async def test_what_cannot_be_asked(fetch, url, why):
    assert why in await refused(fetch(url))


# Slow, large, packed, broken.


async def test_a_slow_drip_ends_with_the_whole_time(web, fetch, monkeypatch):
    """Also in the headers, where no single wait is long."""

    def drip(_, send):
        send(b"HTTP/1.1 200 OK\r\n")
        while not web.stopping.wait(0.02):
            send(b"X: y\r\n")

    monkeypatch.setattr(client, "WHOLE_SECONDS", 0.3)
    web.pages["/"] = drip
    begun = time.monotonic()
    assert "did not answer in time" in await refused(fetch(web.url()))
    assert time.monotonic() - begun < 3


async def test_silence_ends_sooner(web, fetch, monkeypatch):
    monkeypatch.setattr(client, "READ_SECONDS", 0.1)
    web.pages["/"] = lambda _asked, _send: web.stopping.wait(10)
    assert "did not answer in time" in await refused(fetch(web.url()))


async def test_a_body_is_read_up_to_its_limit(web, fetch):
    web.pages["/"] = reply(b"x" * 100_000)
    assert len((await fetch(web.url(), largest=100_000)).content) == 100_000
    assert "larger than 0.099999 MB" in await refused(fetch(web.url(), largest=99_999))


def packed(content, times=1):
    for _ in range(times):
        content = gzip.compress(content, mtime=0)
    return content


async def test_what_is_packed_is_unpacked_and_counted_unpacked(web, fetch):
    web.pages["/"] = reply(packed(b"x" * 100_000), content_encoding="gzip")
    assert (await fetch(web.url(), largest=100_000)).content == b"x" * 100_000
    assert "larger than" in await refused(fetch(web.url(), largest=99_999))
    web.pages["/empty"] = reply(b"", content_encoding="gzip")
    assert (await fetch(web.url("/empty"))).content == b""


async def test_a_bomb_is_not_unpacked(web, fetch, monkeypatch):
    """100 MB of nothing in 100 KB: what is unpacked at once stays below the limit."""
    made = zlib.compressobj(9, wbits=31)
    bomb = b"".join(made.compress(bytes(10_000_000)) for _ in range(10)) + made.flush()
    most, real = [0], zlib.decompressobj

    class Watched:
        def __init__(self, *arguments):
            self.real = real(*arguments)
            self.eof = False

        def decompress(self, piece, length):
            got = self.real.decompress(piece, length)
            most[0] = max(most[0], len(got))
            return got

    monkeypatch.setattr(client.zlib, "decompressobj", Watched)
    web.pages["/"] = reply(bomb, content_encoding="gzip")
    assert "larger than 5 MB" in await refused(fetch(web.url()))
    assert 0 < most[0] <= 5_000_001


@pytest.mark.parametrize("packing", ["gzip, gzip", "br", "deflate", "x" * 100])
async def test_other_packings_were_not_asked_for(web, fetch, packing):
    web.pages["/"] = reply(packed(b"x" * 1000, 2), content_encoding=packing)
    assert "which was not asked for" in await refused(fetch(web.url()))


@pytest.mark.parametrize(
    ("page", "why"),
    [
        (reply(b"no gzip", content_encoding="gzip"), "cannot be unpacked"),
        (reply(packed(b"x" * 1000)[:20], content_encoding="gzip"), "the connection broke"),
        (reply(b"x" * 1000)[:-500], "does not answer as a web server does"),
        (b"220 mail.example.org ESMTP\r\n", "does not answer as a web server does"),
        (b"", "does not answer as a web server does"),
        (b"\x00\xff" * 1000, "does not answer as a web server does"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"y" * 300_000, "does not answer as a web server does"),
    ],
)
async def test_broken_answers(web, fetch, page, why):
    web.pages["/"] = page
    assert why in await refused(fetch(web.url()))


async def test_a_server_that_is_not_there(fetch):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        assert "the server cannot be reached" in await refused(fetch(f"http://127.0.0.1:{free.getsockname()[1]}/"))


# TLS.


@pytest.fixture(scope="module")
def certificate(tmp_path_factory, require):
    folder = tmp_path_factory.mktemp("tls")
    key, cert = folder / "key.pem", folder / "cert.pem"
    command = [require("openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    command += ["-keyout", key, "-out", cert, "-days", "2", "-subj", "/CN=feeds.example"]
    subprocess.run([*command, "-addext", "subjectAltName=DNS:feeds.example"], check=True, capture_output=True)
    return key, cert


@pytest.fixture
def secure(certificate):
    """A server for feeds.example, what name it was asked for, and a client that trusts it."""
    key, cert = certificate
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    named = []
    context.sni_callback = lambda _socket, name, _context: named.append(name)
    with Web({"/": reply("secret")}, context) as web:
        yield web, named, Client("digest", loopback, ssl.create_default_context(cafile=str(cert))).fetch


async def test_the_certificate_is_that_of_the_name_and_not_of_the_address(secure, monkeypatch):
    web, named, fetch = secure
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", web.port))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    assert (await fetch(web.url(host="feeds.example"))).content == b"secret"
    assert (named, web.asked[0].headers["host"]) == (["feeds.example"], f"feeds.example:{web.port}")
    assert "certificate is not to be trusted" in await refused(fetch(web.url(host="other.example")))
    assert "certificate is not to be trusted" in await refused(
        Client("digest", loopback, SYSTEM).fetch(web.url(host="feeds.example"))
    )
    assert len(web.asked) == 1
