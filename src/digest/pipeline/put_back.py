"""What becomes of a database that was put back: it does not know what happened after it, so nothing goes out unasked."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlmodel import Session

from digest.core.edition import EditionState
from digest.core.slot import Schedule
from digest.core.standing import UNSUBSCRIBED
from digest.core.subscriber import SubscriberState
from digest.core.token import address_hmac
from digest.core.when import in_words
from digest.pipeline import consent, dispatch, erasure
from digest.pipeline.assemble import Plan, freeze
from digest.store import editions, past, put_back, subscribers, suppressions
from digest.store.database import Database
from digest.store.erasure import ERASED
from digest.store.tables import EditionRow


@dataclass(frozen=True, slots=True)
class Back:
    """A database that was put back as it was at `made_at`, and what it keeps for staff to decide.

    Periods of the editions that are `held`, and of those that are `missed`: due since, and not made again. `doubtful`:
    deliveries that may have gone out since. `replaced`: the folder with what was in its place; `left`: how many left since,
    as that knows, None if it could not be asked.
    """

    made_at: datetime
    held: tuple[str, ...]
    missed: tuple[str, ...]
    doubtful: int
    replaced: Path | None = None
    left: int | None = None


def hold(database: Database, made_at: datetime, plan: Plan, now: datetime) -> Back:
    """Keep from going out again what may have gone out since `made_at`, the instant of which the database is.

    Editions are held, deliveries that were under way are in doubt, letters are given up, slots that have passed are missed, and
    no number is given again that a token may carry.
    """
    why = f"the database was put back as it was on {in_words(made_at, plan.schedule.timezone)}; it may have gone out since"
    with database.read() as session:
        rows = editions.in_states(session, EditionState.APPROVED, EditionState.SENDING)
    for row in rows:
        dispatch.change(database, row.identity, "reopen" if row.state == EditionState.APPROVED else "pause")
    with database.write() as session:
        put_back.leap(session)
        put_back.give_up_letters(session, now)
        doubtful = put_back.doubt(session, why)
        passed = plan.schedule.between(made_at - plan.late_limit, now)
        made = [_create(session, plan.schedule, slot, EditionState.MISSED) for slot in passed]
        # Its items may have gone out too, in an edition that is not known here.
        if draft := _create(session, plan.schedule, plan.schedule.next(now), EditionState.DRAFT):
            freeze(session, draft, now=now, weeks=plan.weeks)
        held = editions.in_states(session, EditionState.DRAFT, EditionState.PAUSED)
        for row in held:
            editions.set_values(session, row.identity, held_reason=why)
    return Back(made_at, tuple(row.period for row in held), tuple(row.period for row in made if row), doubtful)


def _create(session: Session, schedule: Schedule, slot: datetime, state: EditionState) -> EditionRow | None:
    return editions.create(session, schedule.period(slot), slot, schedule.timezone, state)


def take_off(database: Database, later: Database, pepper: str, now: datetime) -> int:
    """Take off the list who has left by what a `later` database knows, and erase who was erased there. How many.

    Past mail that was taken back there is taken back here.
    """
    with database.read() as session, later.read() as other:
        known = suppressions.reasons(session)
        since = {hmac: why for hmac, why in suppressions.reasons(other).items() if hmac not in known}
        removed = past.taken_back(other)
    erased, last = [], 0
    with database.write() as session:
        past.take_back(session, removed, now)
        while people := subscribers.page(session, after=last):
            for person in people:
                why = since.get(address_hmac(pepper, person.key))
                if why == ERASED:
                    erased.append(person.email)
                elif why:
                    state = SubscriberState.UNSUBSCRIBED if why == UNSUBSCRIBED else SubscriberState.SUPPRESSED
                    consent.leave(session, person, pepper=pepper, now=now, reason=why, state=state)
            last = people[-1].id
        for hmac, why in since.items():
            suppressions.put(session, hmac, why, now)
    for email in erased:
        erasure.erase(database, email, pepper=pepper, clear=lambda _email: None, now=now)
    return len(since)
