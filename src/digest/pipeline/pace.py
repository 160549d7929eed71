"""What staff ask of the pacing: who is held back, until when and why; and to forget it."""

from dataclasses import dataclass
from datetime import datetime

from digest.core import pacing as arithmetic
from digest.core.errors import Refused
from digest.core.pacing import WHOLE, Limits
from digest.pipeline.assemble import find
from digest.store import pacing
from digest.store.database import Database


@dataclass(frozen=True, slots=True)
class Learned:
    """One domain (`*`: everything together). `rate`: messages a minute, None for no limit; `until`: closed so long, with `why`.

    `sent` and `refused` are of the day (UTC) of the last change; `level` is how far back-off has grown.
    """

    domain: str
    rate: float | None
    until: datetime | None
    why: str
    level: int
    sent: int
    refused: int


def listing(db: Database, limits: Limits, now: datetime) -> list[Learned]:
    """Every domain of which anything was learned."""
    with db.read() as session:
        found = pacing.every(session.connection())
    rows = []
    for domain, pace in found:
        limit = limits.whole if domain == WHOLE else limits.domain
        until, held = arithmetic.opens_at(pace, limit, now), arithmetic.rate(pace, limit)
        why = pace.why
        if until and not (pace.backoff_until and pace.backoff_until > now):
            full = (most := arithmetic.cap(pace, limit)) is not None and pace.sent >= most
            why = f"the {most} messages of the warm-up plan's day are sent" if full else "its rate is used up"
        rows.append(Learned(domain, held, until, why, pace.level, pace.sent, pace.refused))
    return rows


def reset(db: Database, domain: str) -> None:
    """Forget what was learned of a domain, so that it is written to at once. Refused if nothing was."""
    with db.write() as session:
        if not pacing.forget(session.connection(), domain.strip().lower()):
            raise Refused(f"Nothing was learned of {domain}; `digest pacing` lists the domains of which something was.")


def goes_on_at(db: Database, reference: str, limits: Limits, now: datetime) -> datetime | None:
    """When sending the edition will find something to do, by its retries and the pace; None for now."""
    with db.read() as session:
        return pacing.goes_on_at(session.connection(), find(session, reference).identity, limits, now)
