"""Who asks is a network; how often it may depends on what it asks for."""

from ipaddress import IPv6Address, ip_address

import pytest
from fastapi import HTTPException
from hypothesis import given
from hypothesis import strategies as st
from limits import RateLimitItemPerMinute
from time_machine import travel

from digest.web.limiter import FORMS, LOOKS, Limiter, network_of, rate_of


def asking(host: str | None) -> dict[str, object]:
    return {"type": "http", "client": (host, 4711) if host else None}


@pytest.mark.parametrize(
    ("host", "network"),
    [
        ("192.0.2.7", "192.0.2.0/24"),
        ("192.0.2.255", "192.0.2.0/24"),
        ("::ffff:192.0.2.7", "192.0.2.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("10.1.2.3", "10.1.2.0/24"),
        ("unknown", "unknown"),
        ("_hidden", "unknown"),
        ("127.0.0.1", None),
        ("127.9.9.9", None),
        ("::1", None),
        ("::ffff:127.0.0.1", None),
        (None, None),
    ],
)
def test_neighbours_are_one_and_this_machine_is_nobody(host: str | None, network: str | None) -> None:
    assert network_of(asking(host)) == network


@given(st.ip_addresses())
def test_every_address_is_in_one_network_or_on_this_machine(address: object) -> None:
    network = network_of(asking(str(address)))
    seen = ip_address(str(address))
    mapped = seen.ipv4_mapped if isinstance(seen, IPv6Address) else None
    assert (network is None) == (mapped or seen).is_loopback


@pytest.mark.parametrize(
    ("method", "path", "rate"),
    [
        ("GET", "/", LOOKS),
        ("HEAD", "/view/token", LOOKS),
        ("GET", "/unsubscribe/token", LOOKS),
        ("POST", "/unsubscribe/token", None),
        ("POST", "/hooks/provider", None),
        ("POST", "/preferences/token", FORMS),
        ("POST", "/preferences/token/erase", FORMS),
        ("GET", "/media/picture.png", None),
        ("GET", "/health", None),
    ],
)
def test_forms_are_rarer_than_looks_and_one_click_is_free(method: str, path: str, rate: object) -> None:
    assert rate_of(method, path) is rate


def test_what_is_used_up_comes_again_after_the_time_that_is_said() -> None:
    limiter, rate = Limiter(), RateLimitItemPerMinute(3)
    with travel("2026-03-14T09:00:00Z", tick=False) as clock:
        for _ in range(3):
            limiter.take(rate, "192.0.2.0/24")
        clock.shift(10)
        with pytest.raises(HTTPException) as refused:
            limiter.take(rate, "192.0.2.0/24")
        limiter.take(rate, "198.51.100.0/24")
        assert refused.value.status_code == 429
        wait = int((refused.value.headers or {})["retry-after"])
        assert wait == 50, "a minute from the first, ten seconds of which are over"
        clock.shift(wait)
        limiter.take(rate, "192.0.2.0/24")
