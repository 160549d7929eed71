"""An edition is put together: the items that count, in order, frozen as they are; what is left out, with its reason."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session

from digest.core import edition as editions_core
from digest.core.edition import EditionItem, EditionState, EditionText
from digest.core.errors import Refused
from digest.core.item import Item, Status, closes_at, missing
from digest.core.slot import Schedule, following
from digest.core.when import When
from digest.pipeline import translations
from digest.store import editions, items
from digest.store.database import Database
from digest.store.items import Stored
from digest.store.tables import EditionRow


@dataclass(frozen=True, slots=True)
class Plan:
    """When editions are due, how long before a draft is made, how late one may go out unasked, and who approves."""

    schedule: Schedule
    lead: timedelta
    late_limit: timedelta
    weeks: int
    approval_required: bool


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An item that is not in the edition, and why."""

    id: int
    title: str
    reason: str


@dataclass(frozen=True, slots=True)
class Words:
    """What staff say in an edition themselves; None leaves it to the templates."""

    subject: str | None = None
    preheader: str | None = None
    intro: str | None = None


def choose(
    session: Session, row: EditionRow, *, now: datetime, weeks: int
) -> tuple[tuple[EditionItem, ...], tuple[LeftOut, ...]]:
    """The candidates in edition order, and what is left out: ready, not yet sent, young enough, and not over at the slot.

    What was sent comes once more as the last chance if it closes before the next edition (docs/adr/0008-last-chance.md).
    A translation comes and stays away with its original (docs/adr/0019-translations.md).
    """
    moment = max(now, row.slot)
    next_slot = following(row.slot, row.timezone, moment)
    sent, waiting = items.in_other_editions(session, row.id)
    kept: list[Stored] = []
    left: list[LeftOut] = []
    spoken: dict[str, list[Stored]] = defaultdict(list)
    for each in items.listing(session, (Status.READY, Status.DRAFT)):
        if each.item.translation_of:
            spoken[each.item.translation_of].append(each)
        elif each.id in sent:
            if each.status is Status.READY and (closes := closes_at(each.item)) and moment < closes <= next_slot:
                kept.append(each)
        elif reason := _reason(each, now, moment, weeks, waiting.get(each.id)):
            left.append(LeftOut(each.id, each.item.title, reason))
        else:
            kept.append(each)
    kept = editions_core.in_order(sorted(kept, key=lambda each: each.id))
    frozen = tuple(
        EditionItem(each.id, position, each.item, each.html, translations.said(each, spoken[each.uid]))
        for position, each in enumerate(kept, 1)
    )
    left += [
        LeftOut(each.id, each.item.title, why or _waits(each))
        for each, why in translations.unsaid(session, spoken, {each.id for each in kept}, {each.id for each in left})
    ]
    return frozen, tuple(left)


def _waits(draft: Stored) -> str:
    lacking = missing(draft.item)
    return f"it is a draft; it lacks {', '.join(lacking)}" if lacking else "it is a draft; nobody made it ready"


def _reason(each: Stored, now: datetime, moment: datetime, weeks: int, draft: str | None) -> str | None:
    """Why an item that was never sent is left out. `moment`: when the edition goes out; `draft`: another one that has it."""
    if each.status is Status.DRAFT:
        return _waits(each)
    closes = closes_at(each.item)
    if closes is not None and closes <= moment:
        return _over(each.item, already=closes <= now)
    if each.ready_at and each.ready_at < now - timedelta(weeks=weeks):
        return f"it has been ready for more than {weeks} weeks"
    return f"it is in {draft}, which is still a draft" if draft else None


def _over(item: Item, *, already: bool) -> str:
    when = item.deadline or item.ends or item.starts
    if when is None:
        return "it is over"
    day = _written(when, item.timezone)
    if already:
        return f"its deadline was {day}" if item.deadline else f"it was over on {day}"
    return f"{'its deadline is' if item.deadline else 'it ends on'} {day}, before this edition goes out"


def _written(when: When, timezone: str) -> str:
    day = f"{when.day.day} {when.day:%B %Y}"
    return day if when.at is None else f"{day} at {when.at:%H:%M} ({timezone})"


def assemble(
    db: Database,
    plan: Plan,
    *,
    period: str | None,
    now: datetime,
    words: Words,
    languages: Sequence[str],
) -> str:
    """Make the draft of a period (the next slot's by default), or make it anew while it is one. The period."""
    if period is None:
        with db.read() as session:
            period = plan.schedule.period(upcoming(session, plan, now)[0])
    try:
        slot = plan.schedule.in_period(period)
    except ValueError as error:
        raise Refused(f"{error}.") from None
    with db.write() as session:
        row = editions.create(session, period, slot, plan.schedule.timezone, EditionState.DRAFT) or editions.find(
            session, period
        )
        if row is None:
            raise AssertionError("an edition neither made nor found")
        if row.state == EditionState.MISSED:
            editions.move(session, row.identity, [EditionState.MISSED], EditionState.DRAFT, held_reason=None)
        elif row.state != EditionState.DRAFT:
            raise Refused(
                f"{period} is {row.state} already and its content is frozen; "
                + (
                    "reopen it first."
                    if row.state == EditionState.APPROVED
                    else f"make a special one with --period {period}-s1."
                )
            )
        freeze(session, row, now=now, weeks=plan.weeks)
        _put_words(session, row.identity, words, languages)
    return period


def upcoming(session: Session, plan: Plan, now: datetime) -> tuple[datetime, EditionRow | None]:
    """The slot that may be assembled next, and its draft if there is one.

    It is the last slot while that may still be sent, else the next; a later one where an edition has gone beyond a draft. One
    that was missed is made by its name alone: after a restore it may have gone out.
    """
    slot = plan.schedule.latest(now)
    if now - slot > plan.late_limit:
        slot = plan.schedule.next(now)
    while (row := editions.find(session, plan.schedule.period(slot))) and row.state != EditionState.DRAFT:
        slot = plan.schedule.after(slot)
    return slot, row


def freeze(session: Session, row: EditionRow, *, now: datetime, weeks: int) -> None:
    """Choose and freeze the items of a draft."""
    edition_id = row.identity
    chosen, left = choose(session, row, now=now, weeks=weeks)
    editions.freeze(session, edition_id, chosen, [_as_row(each) for each in left], now)


def _as_row(left: LeftOut) -> dict[str, Any]:
    return {"id": left.id, "title": left.title, "reason": left.reason}


def _put_words(session: Session, edition_id: int, words: Words, languages: Sequence[str]) -> None:
    """Staff's own words hold for every language, until they write them for one."""
    if words == Words():
        return
    for value in (words.subject, words.preheader):
        if value is not None and not value.isprintable():
            raise Refused("A subject or preheader must be one line without control characters.")
    before = editions.texts(session, edition_id)
    for language in languages:
        old = before.get(language, EditionText(language, "", "", ""))
        new = EditionText(
            language,
            old.subject if words.subject is None else words.subject,
            old.preheader if words.preheader is None else words.preheader,
            old.intro if words.intro is None else words.intro,
        )
        editions.put_text(session, edition_id, new)


def find(session: Session, reference: str) -> EditionRow:
    """The edition meant by a period, a number or `latest`. Refused if there is none."""
    row = editions.find(session, reference)
    if row is None:
        if reference == "latest":
            raise Refused("There is no edition yet; make one with `digest edition assemble`.")
        raise Refused(f"There is no edition “{reference}”; `digest edition list` shows those there are.")
    return row
