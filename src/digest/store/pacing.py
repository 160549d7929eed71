"""What was learned of each domain, shared by all senders: tokens are taken in the transaction that claims."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, bindparam, delete, func, literal, or_, select, update
from sqlmodel import SQLModel

from digest.core import pacing
from digest.core.delivery import State
from digest.core.pacing import FREE, UNLIMITED, WHOLE, Limit, Limits, Pace
from digest.store import deliveries
from digest.store.database import insert_or_nothing
from digest.store.deliveries import Claimed

_T, _D = (SQLModel.metadata.tables[name] for name in ("pacing", "delivery"))
_PACE = tuple(_T.c[name] for name in Pace.__dataclass_fields__)
_READ = select(_T.c.domain, *_PACE).where(_T.c.domain.in_(bindparam("domains", expanding=True))).order_by(_T.c.domain)
_LOCK = _READ.with_for_update()  # in one order, or two senders could wait for each other
_SAVE = (
    update(_T)
    .where(_T.c.domain == bindparam("key"))
    .values(closed_until=bindparam("new_closed_until"), **{each.name: bindparam("new_" + each.name) for each in _PACE})
)
_WAITS = (
    select(literal(1))
    .where(_D.c.edition_id == bindparam("edition"), _D.c.state == State.PENDING, _D.c.domain == _T.c.domain)
    .where(or_(_D.c.not_before.is_(None), _D.c.not_before <= _T.c.closed_until))
    .exists()
)
_CLOSED = select(_T.c.domain, _T.c.closed_until).where(_T.c.closed_until > bindparam("now"), _WAITS)
_BACKED_OFF = (
    select(_T.c.domain, _T.c.backoff_until, _T.c.why)
    .where(_T.c.backoff_until > bindparam("now"))
    .where(or_(_T.c.domain == WHOLE, _T.c.edition_id == bindparam("edition"), _WAITS))
    .order_by(_T.c.domain)
)


@dataclass(frozen=True, slots=True)
class Claim:
    """What a sender got. `after`: where its next claim goes on; `learning`: the domains whose acceptances are to be told.

    With no rows, `opens_at` is when the first domain opens for which mail is due; None if nothing waits for that.
    """

    rows: tuple[Claimed, ...]
    after: int
    learning: frozenset[str]
    opens_at: datetime | None = None


def claim(
    connection: Connection, edition_id: int, owner: str, now: datetime, limit: int, limits: Limits = FREE, after: int = 0
) -> Claim:  # fmt: skip
    """Take up to `limit` deliveries that are due, as far as their domains and the whole allow it.

    It goes through the edition by number, from `after` on and then from the start, so that what is held back is passed over once
    a round and not in every claim.
    """
    whole = _locked(connection, {WHOLE}, limits.whole).get(WHOLE)
    room = limit if whole is None else pacing.allowed(whole, limits.whole, now, limit)
    if whole is not None and not room:
        waits = deliveries.due(connection, edition_id, now, 1)
        return Claim((), 0, frozenset(), pacing.opens_at(whole, limits.whole, now) if waits else None)
    found = deliveries.due(connection, edition_id, now, room, after)
    if not found and after:
        found = deliveries.due(connection, edition_id, now, room)
    if not found:
        return Claim((), 0, frozenset(), connection.scalar(_OPENS, {"edition": edition_id, "now": now}))
    wanted = Counter(domain for _, domain in found)
    paces = _locked(connection, wanted.keys(), limits.domain)
    left = {domain: pacing.allowed(pace, limits.domain, now, wanted[domain]) for domain, pace in paces.items()}
    picked = []
    for delivery, domain in found:
        if domain in left:
            left[domain] -= 1
            if left[domain] < 0:
                continue
        picked.append(delivery)
    rows = deliveries.take(connection, picked, owner)
    if whole is not None:
        paces[WHOLE] = whole
    _charge(connection, paces, limits, now, Counter(row.domain for row in rows))
    learning = frozenset(domain for domain, pace in paces.items() if pace.learning)
    opens_at = None if rows else connection.scalar(_OPENS, {"edition": edition_id, "now": now})
    return Claim(tuple(rows), found[-1][0], learning, opens_at)


def give_back(
    connection: Connection, owner: str, limits: Limits, now: datetime, numbers: Collection[int] | None = None
) -> None:
    """What was claimed and not begun (of those `numbers`) is pending again, and its tokens are there again."""
    back = Counter({domain: -count for domain, count in deliveries.release(connection, owner, numbers).items()})
    if back:
        _charge(connection, _locked(connection, {*back, WHOLE}), limits, now, back)


def accepted(connection: Connection, domain: str, limits: Limits, now: datetime) -> bool:
    """A message was taken. Whether the next acceptance is to be told too."""
    pace = _change(connection, domain, limits, now, pacing.accepted)
    return pace is not None and pace.learning


def refused(
    connection: Connection, domain: str, limits: Limits, now: datetime, why: str, *, enough: bool = False
) -> bool:
    """A message was refused for now. Whether the domain is closed."""
    _insert(connection, {domain})
    pace = _change(connection, domain, limits, now, lambda p, limit: pacing.refused(p, limit, now, why, enough=enough))
    return pace is not None and pace.backoff_until is not None and pace.backoff_until > now


def came_back(
    connection: Connection, domain: str, edition_id: int, period: str, now: datetime, said: str, *, policy: bool
) -> str | None:
    """A message that a server had taken came back: for policy, or because it would not be delivered in time.

    Why the domain pauses, if it came to that.
    """
    _insert(connection, {domain})
    why: list[str] = []

    def change(pace: Pace, limit: Limit) -> Pace:
        pace = pacing.refused(pace, limit, now, f"it came back: {said}", enough=True)
        if not policy:
            return pace
        pace = pacing.came_back_for_policy(pace, edition_id)
        sent = deliveries.accepted_by(connection, edition_id, domain) if pace.policy <= pacing.POLICY_MESSAGES else 0
        if not pacing.too_much_policy(pace.policy, sent):
            return pace
        count = f"{pace.policy} messages of {period} came back for policy, the last with: {said}"
        why.append(count)
        return pacing.paused(pace, now, count)

    _change(connection, domain, FREE, now, change)
    return why[0] if why else None


def every(connection: Connection) -> list[tuple[str, Pace]]:
    """All that has been learned, everything together first."""
    found = connection.execute(select(_T.c.domain, *_PACE).order_by(_T.c.domain != WHOLE, _T.c.domain))
    return [(row[0], Pace(*row[1:])) for row in found]


def forget(connection: Connection, domain: str) -> bool:
    """As if nothing had been learned of it, its count of the day aside. Whether there was anything."""
    pace = _locked(connection, {domain}).get(domain)
    if pace is None:
        return False
    if domain == WHOLE:  # the warm-up plan goes on
        _save(connection, {domain: Pace(day=pace.day, sent=pace.sent, days=pace.days)}, FREE, None)
    else:
        connection.execute(delete(_T).where(_T.c.domain == domain))
    return True


def held_back(connection: Connection, edition_id: int, now: datetime) -> list[tuple[str, datetime, str]]:
    """(domain, until, why) of each domain backed off for which mail of an edition waits, or of which much came back."""
    return [(row[0], row[1], row[2]) for row in connection.execute(_BACKED_OFF, {"edition": edition_id, "now": now})]


def goes_on_at(connection: Connection, edition_id: int, limits: Limits, now: datetime) -> datetime | None:
    """When `claim` will next find something; None for now, or for never."""
    held = {row[0]: row[1] for row in connection.execute(_CLOSED, {"edition": edition_id, "now": now})}
    waiting = (
        select(_D.c.domain, func.min(func.coalesce(_D.c.not_before, literal(now, _D.c.not_before.type))))
        .where(_D.c.edition_id == edition_id, _D.c.state == State.PENDING)
        .group_by(_D.c.domain)
    )
    first = min((max(due, held.get(domain, due)) for domain, due in connection.execute(waiting)), default=None)
    whole = _read(connection, {WHOLE}).get(WHOLE)
    opens = pacing.opens_at(whole, limits.whole, now) if whole else None
    return None if first is None else max((each for each in (first, opens) if each and each > now), default=None)


_OPENS = select(func.min(_CLOSED.subquery().c.closed_until))


def _change(
    connection: Connection, domain: str, limits: Limits, now: datetime, change: Callable[[Pace, Limit], Pace]
) -> Pace | None:
    limit = limits.whole if domain == WHOLE else limits.domain
    if (pace := _locked(connection, {domain}).get(domain)) is None:
        return None
    changed = change(pace, limit)
    _save(connection, {domain: changed}, limits, now)
    return changed


def _charge(
    connection: Connection, paces: Mapping[str, Pace], limits: Limits, now: datetime, counts: Counter[str]
) -> None:
    """Take the tokens of that many messages to each domain, and of all of them from the whole; below zero gives back."""
    spent = {domain: pacing.take(pace, limits.domain, now, counts[domain]) for domain, pace in paces.items()}
    if WHOLE in paces:
        spent[WHOLE] = pacing.take(paces[WHOLE], limits.whole, now, sum(counts.values()))
    _save(connection, spent, limits, now)


def _read(connection: Connection, domains: Collection[str], statement: Select[Any] = _READ) -> dict[str, Pace]:
    return {row[0]: Pace(*row[1:]) for row in connection.execute(statement, {"domains": list(domains)})}


def _locked(connection: Connection, domains: Collection[str], limit: Limit = UNLIMITED) -> dict[str, Pace]:
    """The paces of those that have one, until the transaction ends; where there is a limit, all have."""
    found = _read(connection, domains, _LOCK)
    if limit == UNLIMITED or len(found) == len(domains):
        return found
    _insert(connection, set(domains) - found.keys())
    return _read(connection, domains, _LOCK)


def _insert(connection: Connection, domains: Collection[str]) -> None:
    rows = [{"domain": domain} | asdict(Pace()) for domain in sorted(domains)]
    connection.execute(insert_or_nothing(connection, _T, "domain"), rows)


def _save(connection: Connection, paces: Mapping[str, Pace], limits: Limits, now: datetime | None) -> None:
    rows: list[dict[str, Any]] = []
    for domain, pace in sorted(paces.items()):
        limit = limits.whole if domain == WHOLE else limits.domain
        closed = None if now is None else pacing.opens_at(pace, limit, now)
        rows.append({"key": domain, "new_closed_until": closed} | {"new_" + k: v for k, v in asdict(pace).items()})
    if rows:
        connection.execute(_SAVE, rows)
