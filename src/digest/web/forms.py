"""What a browser or a mail program posts: read within limits, and believed only where it comes from our own pages."""

import asyncio
import io
from collections.abc import Iterable
from datetime import datetime
from urllib.parse import unquote_to_bytes, urlsplit

from fastapi import HTTPException
from python_multipart import parse_form
from starlette.requests import ClientDisconnect, Request

from digest.core.token import Keyring, Purpose

LARGEST_BODY = 10_000
SLOWEST_BODY = 10
"""Seconds."""
STAMP = "form"
"""The field with which a form of ours says when it was shown."""
STAMP_LASTS = 60
"""Minutes."""


async def body_of(request: Request, largest: int) -> bytes:
    """What was posted. HTTPException 413 beyond `largest` bytes, 408 if it takes too long, 400 if it breaks off."""
    body = bytearray()
    try:
        async with asyncio.timeout(SLOWEST_BODY):
            async for chunk in request.stream():
                body += chunk
                if len(body) > largest:
                    raise HTTPException(413)
    except TimeoutError:
        raise HTTPException(408) from None
    except ClientDisconnect:
        raise HTTPException(400) from None
    return bytes(body)


async def posted(request: Request) -> list[tuple[bytes, bytes]]:
    """Names and values of a posted form, urlencoded or multipart. HTTPException 400, 408 or 413 for what is none."""
    body = await body_of(request, LARGEST_BODY)
    kind = request.headers.get("content-type", "application/x-www-form-urlencoded")
    multipart = kind.strip().lower().startswith("multipart/")
    fields: list[tuple[bytes, bytes]] = []

    def read(raw: bytes | None) -> bytes:
        """The parser leaves percents and pluses as they came."""
        return (raw or b"") if multipart else unquote_to_bytes((raw or b"").replace(b"+", b" "))

    try:
        parse_form(
            {"Content-Type": kind.encode("latin-1")},
            io.BytesIO(body),
            lambda field: fields.append((read(field.field_name), read(field.value))),
            None,
        )
    except ValueError:
        raise HTTPException(400) from None
    return fields


def stamp(ring: Keyring, now: datetime) -> str:
    """What a form carries that is shown now."""
    return ring.issue(Purpose.FORM, _minute(now))


def stamped(ring: Keyring, fields: Iterable[tuple[bytes, bytes]], now: datetime) -> bool:
    """Whether these fields are of a form that one of our pages showed within the hour, to whomever."""
    said = dict(fields).get(STAMP.encode(), b"").decode("ascii", "replace")
    shown = ring.verify(Purpose.FORM, said)
    return shown is not None and 0 <= _minute(now) - shown <= STAMP_LASTS


def _minute(now: datetime) -> int:
    return int(now.timestamp()) // 60


def came_from_us(request: Request, public_url: str | None, *, silent: bool) -> bool:
    """Whether a browser says that one of our own pages posted this. Without a cookie there is little to forge: a second lock.

    Browsers of today say so themselves (Fetch Metadata); older ones name the page, or its origin. `silent` is the answer where
    one is kept from saying anything.
    """
    if said := request.headers.get("sec-fetch-site"):
        return said == "same-origin"
    named = [said for name in ("origin", "referer") if (said := request.headers.get(name, "null")) != "null"]
    if not named:
        return silent
    origin = urlsplit(named[0])
    ours = {request.headers.get("host"), urlsplit(public_url or "").netloc}
    return origin.scheme in ("http", "https") and origin.netloc in ours
