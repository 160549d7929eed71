"""The tick: look at the clock and the table, do what is due, return. Any number of schedulers may do it at any time.

Slots come from the calendar; the row of a period is the lock between schedulers. What is late by less than the limit is sent,
what is later waits for a person.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from digest.core.edition import EditionState
from digest.core.errors import Refused
from digest.core.finding import Finding, blocking
from digest.core.when import in_words, length_in_words
from digest.pipeline import notices, preflight, standing
from digest.pipeline.assemble import Plan, freeze
from digest.pipeline.dispatch import Office, approve
from digest.pipeline.notices import Notify
from digest.store import clock, editions
from digest.store.database import Database
from digest.store.tables import EditionRow

CLOCK_BACK, CLOCK_AHEAD = timedelta(hours=1), timedelta(days=10)
"""Jumps of the clock since the last tick beyond which it is not trusted."""
MINIMUM_GAP = timedelta(days=1)
"""Between two slots of which both may be sent unasked."""
MOST = 10
"""Findings in a notice: `digest edition check` shows all."""
Check = Callable[[int], list[Finding]]
"""What is to be said of an edition before it goes out."""


def tick(office: Office, plan: Plan, notify: Notify, check: Check) -> list[int]:
    """Make the drafts that are due, approve what may be; the editions to send now."""
    db, now = office.database, office.clock()
    last = _last_tick(db, now)
    standing.settle(db, now)
    upcoming, newest = plan.schedule.next(now), plan.schedule.latest(now)
    if now >= upcoming - plan.lead:
        _draft(db, plan, upcoming, now, notify, check, _distrust(last, now))
    if now - newest <= plan.late_limit:
        _draft(db, plan, newest, now, notify, check, _distrust(last, now))
    for slot in plan.schedule.between(last or now, now):
        if slot < newest or now - newest > plan.late_limit:
            _miss(db, plan, slot, now, notify)
    with db.read() as session:
        drafts = editions.in_states(session, EditionState.DRAFT)
    for row in drafts:
        if row.slot <= now and row.held_reason is None:
            _approve(office, plan, row, now, notify, check)
    with db.read() as session:
        approved = editions.in_states(session, EditionState.APPROVED)
        due = [row.identity for row in editions.in_states(session, EditionState.SENDING)]
    for row in approved:
        ready = max(row.slot, row.approved_at or row.slot)
        if row.slot > now or row.held_reason is not None:
            continue
        if now - ready > plan.late_limit:
            hold(db, row, f"it was due on {in_words(row.slot, row.timezone)}, which is too long ago", notify)
        else:
            due.append(row.identity)
    notices.tell(db, now, notify)
    return due


def hold(db: Database, row: EditionRow, reason: str, notify: Notify, remedy: str | None = None) -> None:
    """Keep an edition from going out unasked, and say so once. Whoever moved it since `row` was read has decided otherwise."""
    with db.write() as session:
        current = editions.get(session, row.identity)
        if current.held_reason is not None or current.state != row.state:
            return
        editions.set_values(session, row.identity, held_reason=reason)
    remedy = remedy or (
        f"Look at it with `digest preview`; to send it all the same, use `digest edition approve {row.period}` and "
        f"`digest edition send {row.period}`."
    )
    due = in_words(row.slot, row.timezone)
    notify(f"{row.period} is held", f"The edition {row.period}, due on {due}, was not sent: {reason}. {remedy}")


def _draft(
    db: Database, plan: Plan, slot: datetime, now: datetime, notify: Notify, check: Check, distrust: str | None
) -> None:
    period = plan.schedule.period(slot)
    with db.write() as session:
        row = editions.create(session, period, slot, plan.schedule.timezone, EditionState.DRAFT)
        if row is None:
            return
        freeze(session, row, now=now, weeks=plan.weeks)
        count = len(editions.items(session, row.identity))
    if distrust:
        hold(db, row, distrust, notify)
        return
    then = "It waits for approval." if plan.approval_required else f"It goes out on {in_words(slot, row.timezone)}."
    items = "1 item" if count == 1 else f"{count} items"
    found = preflight.in_words(check(row.identity), MOST)
    notes = f"\n\n{found}" if found else ""
    notify(f"The draft of {period} is ready", f"It has {items}. {then} Look at it with `digest preview`.{notes}")


def _approve(office: Office, plan: Plan, row: EditionRow, now: datetime, notify: Notify, check: Check) -> None:
    if now - row.slot > plan.late_limit:
        late = "nobody approved it in time" if plan.approval_required else "its time passed while nothing was running"
        hold(office.database, row, late, notify)
        return
    if plan.approval_required:
        return
    with office.database.read() as session:
        before = editions.last_sent(session, row.slot)
    if before is not None and row.slot - before.slot < MINIMUM_GAP:
        hold(office.database, row, "another edition went out less than a day before", notify)
        return
    if found := blocking(check(row.identity)):
        remedy = (
            f"Mend it and `digest edition assemble --period {row.period}`, then `digest edition approve {row.period}`; "
            f"with --anyway it goes out as it is.\n\n{preflight.in_words(found, MOST)}"
        )
        hold(office.database, row, preflight.reasons(found), notify, remedy)
        return
    try:
        approve(office, row.identity, "automatic")
    except Refused as error:
        hold(office.database, row, str(error).rstrip("."), notify)


def _miss(db: Database, plan: Plan, slot: datetime, now: datetime, notify: Notify) -> None:
    period = plan.schedule.period(slot)
    with db.write() as session:
        if editions.create(session, period, slot, plan.schedule.timezone, EditionState.MISSED) is None:
            return
    notify(
        f"{period} was missed",
        f"The edition due on {in_words(slot, plan.schedule.timezone)} was not made: nothing was running, and it is "
        f"{length_in_words(now - slot)} late. To send it all the same, use `digest edition assemble --period {period}`.",
    )


def _last_tick(db: Database, now: datetime) -> datetime | None:
    with db.write() as session:
        return clock.note(session, now)


def _distrust(last: datetime | None, now: datetime) -> str | None:
    """Why the clock is not to be trusted with an automatic edition, if so."""
    if last is None:
        return None
    if now < last - CLOCK_BACK:
        return f"the clock was set back by {length_in_words(last - now)}"
    if now > last + CLOCK_AHEAD:
        return f"the clock is {length_in_words(now - last)} ahead of the last look at it"
    return None
