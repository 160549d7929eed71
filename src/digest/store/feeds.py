"""What is known of the feeds that are followed: when each was asked, what it was like then, what keeps failing."""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from digest.store.database import insert_or_nothing
from digest.store.tables import FeedRow

EVERY = timedelta(hours=1)
"""How often a feed is asked at most."""
LONGEST = timedelta(days=1)
"""How long one is left alone that fails and fails; the time doubles with each failure."""


def claim(session: Session, urls: Iterable[str], now: datetime, *, at_once: bool) -> list[FeedRow]:
    """Those that are due (all with `at_once`), marked as asked now, so that no other process asks them too."""
    claimed = []
    for url in urls:
        new = session.execute(
            insert_or_nothing(session, FeedRow, "url").returning(col(FeedRow.url)),
            {"url": url, "asked_at": now, "failures": 0, "problem": ""},
        ).first()
        row = session.get_one(FeedRow, url, with_for_update=True)
        if new or at_once or not row.asked_at <= now < row.asked_at + _pause(row):
            row.asked_at = now
            claimed.append(row)
    return claimed


def answered(session: Session, url: str, etag: str | None, last_modified: str | None, now: datetime) -> None:
    """It answered, and what it has is stored in this transaction."""
    row = session.get_one(FeedRow, url)
    row.etag, row.last_modified, row.answered_at, row.failures, row.problem = etag, last_modified, now, 0, ""


def failed(session: Session, url: str, problem: str) -> int:
    """It failed; how many times in a row."""
    row = session.get_one(FeedRow, url, with_for_update=True)
    row.failures, row.problem = row.failures + 1, problem[:500]
    return row.failures


def known(session: Session, urls: Collection[str]) -> dict[str, FeedRow]:
    """URL → what is known, of those that were ever asked."""
    return {row.url: row for row in session.exec(select(FeedRow).where(col(FeedRow.url).in_(urls)))}


def _pause(row: FeedRow) -> timedelta:
    return min(EVERY * (1 << min(row.failures, 10)), LONGEST)
