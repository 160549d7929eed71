"""The one HTTP client. It reaches the public internet and nothing inside: every hop's name is resolved once, every address
that it has is checked, and the connection is made to an address that was checked, so that a name which changes its mind
(DNS rebinding) gains nothing. No cookies, no proxies or logins from the environment, an end to every wait and every size.
"""

import asyncio
import ipaddress
import socket
import ssl
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Literal, Self

import httpx

from digest.core.errors import Refused

CONNECT_SECONDS = 10.0
READ_SECONDS = 15.0
"""Between two pieces of an answer."""
WHOLE_SECONDS = 30.0
"""For all of it, with its redirects."""
LARGEST = 5_000_000
"""Bytes of a body, unpacked."""
HOPS = 5
MOVED = (301, 302, 303, 307, 308)
NAT64 = ipaddress.ip_network("64:ff9b::/96")  # RFC 6052 §2.1

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Guard = Callable[[Address], bool]
"""Whether an address may be connected to."""


class Unreachable(Refused):
    """What was asked for could not be had; the sentence says why."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said in the end. `url`: where that was, after redirects; `content`: unpacked."""

    url: str
    status: int
    headers: Mapping[str, str]
    content: bytes

    def good(self) -> Self:
        """This, if it is a success (2xx). Unreachable otherwise."""
        if HTTPStatus(200) <= self.status < HTTPStatus(300):
            return self
        known = self.status in HTTPStatus.__members__.values()
        meaning = f" ({HTTPStatus(self.status).phrase.lower()})" if known else ""
        raise _failed(self.url, f"the server answered {self.status}{meaning}")


def public(address: Address) -> bool:
    """Whether an address is out on the internet: not this machine, its network, or a way around to them.

    What an IPv6 address carries inside (IPv4-mapped, 6to4, NAT64) is what counts.
    """
    if isinstance(address, ipaddress.IPv6Address):
        inside = address.ipv4_mapped or address.sixtofour
        if address in NAT64:
            inside = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inside:
            return public(inside)
        if address.is_site_local:
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved


class Client:
    """Fetches by `http` and `https`. `agent` is who asks; `tls` replaces the system's authorities."""

    def __init__(self, agent: str, guard: Guard = public, tls: ssl.SSLContext | None = None) -> None:
        self._agent, self._guard, self._tls = agent, guard, tls or ssl.create_default_context()

    async def fetch(
        self,
        url: str,
        method: Literal["GET", "HEAD"] = "GET",
        headers: Mapping[str, str] | None = None,
        largest: int = LARGEST,
    ) -> Answer:
        """The answer at the end of at most `HOPS` redirects, whatever its status; with `largest` 0 its body is not read.

        Unreachable, with a sentence for people, if there is none, or it is too slow, too large or inside the network.
        """
        try:
            async with asyncio.timeout(WHOLE_SECONDS):
                return await self._follow(url, method, {**(headers or {})}, largest)
        except (TimeoutError, httpx.TimeoutException):
            raise _failed(url, "the server did not answer in time") from None
        except httpx.ConnectError as error:
            bad_tls = "CERTIFICATE" in str(error) or "SSL" in str(error)
            why = "its certificate is not to be trusted" if bad_tls else "the server cannot be reached"
            raise _failed(url, why) from None
        except httpx.ProtocolError:
            raise _failed(url, "the server does not answer as a web server does") from None
        except (httpx.TransportError, OSError):
            raise _failed(url, "the connection broke") from None

    async def _follow(self, url: str, method: str, headers: dict[str, str], largest: int) -> Answer:
        here = _parse(url, url)
        for _ in range(HOPS + 1):
            answer = await self._ask(here, method, headers, largest)
            target = answer.headers.get("location")
            if answer.status not in MOVED or not target:
                return answer
            here = _parse(target, url, here)
        raise _failed(url, f"it leads on more than {HOPS} times")

    async def _ask(self, url: httpx.URL, method: str, headers: dict[str, str], largest: int) -> Answer:
        """One hop, by the first of its addresses that takes a connection."""
        *others, last = await self._addresses(url)
        for address in others:
            try:
                return await self._ask_at(address, url, method, headers, largest)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                continue
        return await self._ask_at(last, url, method, headers, largest)

    async def _addresses(self, url: httpx.URL) -> list[str]:
        """Where a name leads. Unreachable if anywhere inside: a public server's name does not."""
        port = url.port or {"http": 80, "https": 443}[url.scheme]
        try:
            found = await asyncio.get_running_loop().getaddrinfo(url.raw_host.decode(), port, proto=socket.IPPROTO_TCP)
        except (OSError, UnicodeError):
            raise _failed(str(url), f"there is no host “{url.host}”") from None
        addresses = list(dict.fromkeys(str(each[4][0]) for each in found))
        if not all(self._guard(ipaddress.ip_address(each)) for each in addresses):
            raise _failed(str(url), "it is inside the network, and only what is public is fetched")
        return addresses

    async def _ask_at(self, address: str, url: httpx.URL, method: str, headers: dict[str, str], largest: int) -> Answer:
        """One request on a connection of its own: a kept one could belong to another name at the same address."""
        request = httpx.Request(
            method,
            url.copy_with(host=address, fragment=None),
            headers={
                "Host": url.netloc.decode(),
                "User-Agent": self._agent,
                "Accept-Encoding": "gzip",
                "Connection": "close",
                **headers,
            },
            extensions={
                "sni_hostname": url.raw_host.decode(),
                "timeout": httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS).as_dict(),
            },
        )
        async with httpx.AsyncHTTPTransport(verify=self._tls, trust_env=False) as transport:
            response = await transport.handle_async_request(request)
            try:
                empty = method == "HEAD" or not largest or response.status_code in MOVED
                content = b"" if empty else await _body(response, str(url), largest)
            finally:
                await response.aclose()
        return Answer(str(url), response.status_code, response.headers, content)


async def _body(response: httpx.Response, url: str, largest: int) -> bytes:
    """The body, unpacked piece by piece, so that a small one which unpacks to a huge one stops at the limit."""
    packing = response.headers.get("content-encoding", "identity").strip().lower()
    if packing not in ("identity", "", "gzip", "x-gzip"):
        raise _failed(url, f"it is packed as “{packing[:40]}”, which was not asked for")
    unpack = zlib.decompressobj(zlib.MAX_WBITS | 16) if "gzip" in packing else None
    content = bytearray()
    async for piece in response.aiter_raw():
        try:
            content += unpack.decompress(piece, largest + 1 - len(content)) if unpack else piece
        except zlib.error:
            raise _failed(url, "what it sent cannot be unpacked") from None
        if len(content) > largest:
            raise _failed(url, f"it is larger than {largest / 1e6:g} MB")
    if unpack and content and not unpack.eof:
        raise _failed(url, "the connection broke")
    return bytes(content)


def _parse(target: str, asked: str, base: httpx.URL | None = None) -> httpx.URL:
    """A web address that may be asked; Unreachable if it is none. `asked`: what the caller wanted."""
    try:
        url = base.join(target) if base else httpx.URL(target)
        sound = url.scheme in ("http", "https") and bool(url.host)
    except (httpx.InvalidURL, ValueError):
        sound = False
    if not sound:
        raise _failed(asked, "it is no web address" if base is None else "it leads to what is no web address")
    if url.userinfo:
        raise _failed(asked, "it has a user name in it, and nothing is fetched with a login")
    if url.port is not None and url.port < 1024 and url.port not in (80, 443):
        raise _failed(asked, f"no web server is asked at port {url.port}")
    return url


def _failed(url: str, why: str) -> Unreachable:
    shown = "".join(char if char.isprintable() else "?" for char in url[:200])
    return Unreachable(f"{shown} cannot be fetched: {why}.")
