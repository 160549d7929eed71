"""How often one network may ask, and which one that is.

Networks are counted and not addresses, since whoever has one IPv6 address has 2**64 of them. A network's minute begins with
its first request; counts are in this process's memory, and go with the minute.
"""

import math
import time
from ipaddress import IPv4Address, ip_address, ip_network

from fastapi import HTTPException
from limits import RateLimitItem, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter
from starlette.requests import Request
from starlette.types import Scope

LOOKS = RateLimitItemPerMinute(600, namespace="looks")
"""Far more than a person wants: providers have every link of an edition looked at, from a few networks."""
FORMS = RateLimitItemPerMinute(30, namespace="forms")


class Limiter:
    """Counts, and says when it is too much. As a dependency of an application it counts each network's requests."""

    def __init__(self) -> None:
        self._windows = FixedWindowRateLimiter(MemoryStorage())

    async def __call__(self, request: Request) -> None:
        rate, network = rate_of(request.method, request.scope["path"]), network_of(request.scope)
        if rate and network:
            self.take(rate, network)

    def take(self, rate: RateLimitItem, *of: str) -> None:
        """Count one more `of` something. HTTPException 429, with when to come again, where that is more than `rate`."""
        if not self._windows.hit(rate, *of):
            wait = self._windows.get_window_stats(rate, *of).reset_time - time.time()
            raise HTTPException(429, headers={"retry-after": str(max(1, math.ceil(wait)))})


def rate_of(method: str, path: str) -> RateLimitItem | None:
    """None for what is answered however often a network asks.

    A provider posts the one-click unsubscribes of all its users from a few networks (RFC 8058), and fetches the pictures
    for all of them; one that sends our mail posts what comes back (/hooks/). What is forged there costs us an HMAC.
    """
    if method == "POST":
        return None if path.startswith(("/unsubscribe/", "/hooks/")) else FORMS
    return None if path.startswith("/media/") or path == "/health" else LOOKS


def network_of(scope: Scope) -> str | None:
    """The /24 or /64 that somebody asks from. None for this machine: its probes, or a proxy that does not say who asks it."""
    host = scope["client"][0] if scope.get("client") else "127.0.0.1"
    try:
        address = ip_address(host)
    except ValueError:
        return "unknown"  # a proxy's own word (RFC 7239 §6)
    address = getattr(address, "ipv4_mapped", None) or address
    if address.is_loopback:
        return None
    return str(ip_network((address, 24 if isinstance(address, IPv4Address) else 64), strict=False))
