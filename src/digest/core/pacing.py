"""Pacing: how fast a recipient domain, or the mail server as a whole, may be written to. Values in, values out.

The rate is a leaky bucket kept as one instant (GCRA, ITU-T I.371 Annex A). What a server says moves it as TCP moves its
window (RFC 5681 §3.1): it rises by a constant a minute while all goes well, and is halved by refusals. These close the domain
as well, for a time that doubles.
"""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

from digest.core.reply import Reply

WHOLE = "*"
"""In the place of a recipient domain: everything together."""
BURST = timedelta(seconds=2)
"""How much of the rate may go at once: so no stretch of t sees more than what t + 2 s bring, and one message."""
FIRST_RATE = 60.0
"""Messages a minute to a domain that had no limit, after its first refusal. All rates are messages a minute."""
SLOWEST = 1.0
"""No refusal halves a rate below this."""
STEP = 10.0
"""What the rate gains in a minute in which all that it allowed was taken."""
FREE_FROM = 600.0
"""A learned rate that comes back to this is forgotten, if no setting limits the domain."""
STRIKES = 3
"""Refusals in a row that close a domain: one alone is a greylisting, a full disk, a mailbox."""
FIRST_BACKOFF, LONGEST_BACKOFF = timedelta(minutes=2), timedelta(hours=2)
"""How long a domain is closed at first, and at most."""
POLICY_PAUSE = timedelta(days=1)
POLICY_MESSAGES, POLICY_SHARE, POLICY_LEAST = 20, 0.05, 3
"""Messages of an edition that come back for policy and pause a domain: over so many, or over that share and at least three."""
ONE_MAILBOX = ("4.1.", "4.2.1", "4.2.2")
"""How those statuses begin that tell of an address or its mailbox, and not of the domain (RFC 3463 §3.2, §3.3)."""


@dataclass(frozen=True, slots=True)
class Limit:
    """What staff set: messages a minute, and the cap of the first day, which doubles with each day of sending. None: no limit."""

    rate: float | None = None
    first_day: int | None = None


UNLIMITED = Limit()


@dataclass(frozen=True, slots=True)
class Limits:
    """For everything together, and for each recipient domain."""

    whole: Limit = UNLIMITED
    domain: Limit = UNLIMITED


FREE = Limits()


@dataclass(frozen=True, slots=True)
class Pace:
    """What has been learned of a domain.

    `rate`: learned, None when nothing is. `next_at`: when the bucket is empty again. `level`: how far back-off has grown;
    `strikes`: refusals since the last acceptance; `why`: the last of them. `sent` and `refused` are of `day` (UTC), `days` the
    days of sending before it. `policy`: messages of the edition `edition_id` that came back for policy.
    """

    rate: float | None = None
    next_at: datetime | None = None
    backoff_until: datetime | None = None
    level: int = 0
    strikes: int = 0
    why: str = ""
    day: date | None = None
    sent: int = 0
    refused: int = 0
    days: int = 0
    policy: int = 0
    edition_id: int | None = None

    @property
    def learning(self) -> bool:
        """Whether an acceptance would change anything."""
        return self.rate is not None or self.strikes > 0


def slows(code: int, enhanced: str | None) -> bool:
    """Whether a reply or a returned status asks for less mail, rather than telling of one mailbox (RFC 3463, RFC 5321 §4.2.3)."""
    if enhanced and enhanced.startswith(ONE_MAILBOX):
        return False
    return code == 421 or code // 10 == 45 or bool(enhanced and enhanced.startswith("4.7."))


def at_once(reply: Reply) -> bool:
    """Whether one refusal is enough: a status of policy or security is meant for the sender, not for the recipient."""
    return bool(reply.enhanced and reply.enhanced.startswith("4.7."))


def rate(pace: Pace, limit: Limit) -> float | None:
    """The rate that holds now; None for as fast as it goes."""
    return min((each for each in (pace.rate, limit.rate) if each is not None), default=None)


def cap(pace: Pace, limit: Limit) -> int | None:
    """How many messages the warm-up plan allows on `pace.day`."""
    return None if limit.first_day is None else limit.first_day << min(pace.days, 40)


def allowed(pace: Pace, limit: Limit, now: datetime, wanted: int) -> int:
    """How many of `wanted` messages may go now."""
    pace = _today(pace, now)
    if pace.backoff_until is not None and pace.backoff_until > now:
        return 0
    if (most := cap(pace, limit)) is not None:
        wanted = min(wanted, max(0, most - pace.sent))
    if (interval := _interval(pace, limit)) is not None:
        room = now + BURST - max(pace.next_at or now, now)
        wanted = min(wanted, room // interval + 1 if room >= timedelta() else 0)
    return wanted


def take(pace: Pace, limit: Limit, now: datetime, count: int) -> Pace:
    """After `count` messages were let go; a negative count gives back what was not sent after all."""
    pace = _today(pace, now)
    next_at, interval = pace.next_at, _interval(pace, limit)
    if interval is not None:
        next_at = (max(next_at or now, now) if count > 0 else next_at or now) + count * interval
    return replace(pace, next_at=next_at, sent=max(0, pace.sent + count))


def opens_at(pace: Pace, limit: Limit, now: datetime) -> datetime | None:
    """When the next message may go; None for now."""
    pace = _today(pace, now)
    waits = [pace.backoff_until] if pace.backoff_until else []
    if pace.next_at and _interval(pace, limit):
        waits.append(pace.next_at - BURST)
    if (most := cap(pace, limit)) is not None and pace.sent >= most and pace.day:
        waits.append(datetime.combine(pace.day + timedelta(days=1), time(), UTC))
    return max((each for each in waits if each > now), default=None)


def accepted(pace: Pace, limit: Limit) -> Pace:
    """It goes well: the strikes are forgotten, and the rate rises by STEP for each minute's worth of messages."""
    if pace.rate is None:
        return replace(pace, strikes=0)
    risen = pace.rate + STEP / max(pace.rate, SLOWEST)
    ceiling = FREE_FROM if limit.rate is None else limit.rate
    return replace(pace, strikes=0, rate=risen if risen < ceiling else None)


def refused(pace: Pace, limit: Limit, now: datetime, why: str, *, enough: bool = False) -> Pace:
    """A refusal, for now. The third in a row, or one that is `enough`, closes the domain and halves its rate.

    What was already on the way when it was closed only counts. The back-off grows by a step each time, and has shrunk by one for
    every such stretch that passed since it ended.
    """
    pace = _today(pace, now)
    pace = replace(pace, strikes=min(pace.strikes + 1, STRIKES), refused=pace.refused + 1, why=why[:500])
    if (pace.backoff_until and pace.backoff_until > now) or (pace.strikes < STRIKES and not enough):
        return pace
    level = pace.level
    if pace.backoff_until and level:
        level = max(0, level - (now - pace.backoff_until) // backoff(level))
    level = min(level + 1, 30)
    known = rate(pace, limit)
    slower = FIRST_RATE if known is None else max(known / 2, SLOWEST)
    return replace(
        pace, rate=min(slower, known or slower), level=level, strikes=STRIKES, backoff_until=now + backoff(level)
    )


def backoff(level: int) -> timedelta:
    """How long a domain is closed: doubling from two minutes to two hours."""
    return min(FIRST_BACKOFF * (1 << min(level - 1, 30)), LONGEST_BACKOFF)


def came_back_for_policy(pace: Pace, edition_id: int) -> Pace:
    """One more of an edition's messages to this domain; another edition counts anew."""
    return replace(pace, policy=1 + (pace.policy if pace.edition_id == edition_id else 0), edition_id=edition_id)


def too_much_policy(policy: int, sent: int) -> bool:
    """Whether a domain pauses: over 20 of the edition's messages to it came back for policy, or over 5 % (and at least 3)."""
    return policy > POLICY_MESSAGES or (policy >= POLICY_LEAST and policy > POLICY_SHARE * sent)


def paused(pace: Pace, now: datetime, why: str) -> Pace:
    """Closed for a day: going on as before would make it worse, and staff should look."""
    return replace(pace, backoff_until=now + POLICY_PAUSE, why=why[:500])


def _interval(pace: Pace, limit: Limit) -> timedelta | None:
    held = rate(pace, limit)
    return None if held is None else timedelta(minutes=1) / held


def _today(pace: Pace, now: datetime) -> Pace:
    """With the counts of the day that it is. A clock that was set back begins no new day."""
    today = now.astimezone(UTC).date()
    if pace.day is not None and pace.day >= today:
        return pace
    return replace(pace, day=today, sent=0, refused=0, days=pace.days + (pace.sent > 0))
