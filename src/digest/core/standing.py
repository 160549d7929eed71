"""What a bounce does to a person: where they stand, made of all that came back for them. Values in, values out.

Nothing is counted up as it comes. Each answer is laid beside the message that it answers, and these are read in the order in
which they went out, so that repeated, late and jumbled answers come to the same (docs/adr/0016-standing.md).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from digest.core.dsn import Verdict
from digest.core.subscriber import SubscriberState

BELIEVED_FOR = timedelta(days=14)
"""What comes later than this after its message changes nothing."""
REACHED_AFTER = timedelta(days=7)
"""A message of which nothing came back for so long has arrived; what comes then does not undo it."""
RUN, SPAN = 3, timedelta(days=21)
"""Soft bounces of so many editions in a row, the first and the last so far apart, pause a person."""
PROBE_AFTER = timedelta(days=14)
"""After their last message, somebody who was paused is tried again."""
LEAST_TO_HOLD, SHARE_TO_HOLD = 20, 0.05
"""Over so many bounces that would change somebody, and over that share of the messages, the others wait for staff."""
STATES = (SubscriberState.ACTIVE, SubscriberState.PAUSED, SubscriberState.UNSUBSCRIBED, SubscriberState.SUPPRESSED)
"""What bounces and complaints make of a subscriber, each worse than the one before."""

HARD, SOFT, COMPLAINT, UNSUBSCRIBED = "hard bounce", "soft bounces", "complaint", "unsubscribed"
"""Reasons of a suppression."""
LIFTED = (HARD, SOFT)
"""Those that staff may lift: they tell of a mailbox, the others of a person's will."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back of a message. `event`: its number; `certain`: by a token that only the mail system saw."""

    event: int
    verdict: Verdict
    at: datetime
    certain: bool = True


@dataclass(frozen=True, slots=True)
class Mailing:
    """A message of an edition to one person. `at`: when a server took or refused it, else when it was queued."""

    edition: str
    at: datetime
    accepted: bool
    probe: bool = False
    answers: tuple[Answer, ...] = ()

    def reached(self, now: datetime) -> bool:
        """Whether it can be taken to have arrived."""
        until = self.at + REACHED_AFTER
        return self.accepted and until <= now and all(answer.at >= until for answer in self.answers)


@dataclass(frozen=True, slots=True)
class Standing:
    """One of STATES, by which rule, and the events that it rests on. `reason`: of the suppression, if it is one.

    `run`: the editions in a row that came back soft, the last of them last.
    """

    state: SubscriberState
    rule: str = ""
    reason: str = ""
    evidence: tuple[int, ...] = ()
    run: tuple[Mailing, ...] = ()


def worse(state: SubscriberState, than: SubscriberState) -> bool:
    """Whether `state` is a step down; from pending, which is none of STATES, any but active is."""
    return STATES.index(state) > (STATES.index(than) if than in STATES else 0)


def standing(mailings: Sequence[Mailing], now: datetime) -> Standing:
    """Where a person stands who got these messages."""
    answers = sorted(
        ((mailing, answer) for mailing in mailings for answer in mailing.answers if _believed(mailing, answer)),
        key=lambda each: (each[1].at, each[1].event),
    )

    def of(*verdicts: Verdict) -> list[tuple[Mailing, Answer]]:
        return [each for each in answers if each[1].verdict in verdicts]

    if complaints := of(Verdict.COMPLAINT):
        return Standing(SubscriberState.SUPPRESSED, "a complaint ends all mail", COMPLAINT, (complaints[0][1].event,))
    hard = of(Verdict.HARD)
    if certain := [answer for _, answer in hard if answer.certain]:
        rule = "the address does not exist any more: one hard bounce is enough"
        return Standing(SubscriberState.SUPPRESSED, rule, HARD, (certain[0].event,))
    if len({mailing.edition for mailing, _ in hard}) > 1:
        rule = "the address does not exist any more: hard bounces of two editions, known by tokens that travel with forwards"
        return Standing(SubscriberState.SUPPRESSED, rule, HARD, tuple(answer.event for _, answer in hard))
    if asked := of(Verdict.OPT_OUT, Verdict.UNSUBSCRIBE):
        return Standing(SubscriberState.UNSUBSCRIBED, "they asked to be taken off", UNSUBSCRIBED, (asked[0][1].event,))
    return _softness(mailings, now)


def _softness(mailings: Sequence[Mailing], now: datetime) -> Standing:
    run: list[tuple[Mailing, Answer]] = []
    paused = False

    def found(state: SubscriberState, rule: str, reason: str = "") -> Standing:
        return Standing(state, rule, reason, tuple(each.event for _, each in run), tuple(each for each, _ in run))

    for mailing in sorted(mailings, key=lambda each: (each.at, each.edition)):
        soft = [
            each for each in mailing.answers if each.verdict is Verdict.SOFT and each.at < mailing.at + REACHED_AFTER
        ]
        if mailing.reached(now):
            run, paused = [], False
        elif soft:
            run.append((mailing, min(soft, key=lambda each: (each.at, each.event))))
            if paused and mailing.probe:
                return found(
                    SubscriberState.SUPPRESSED, f"{in_a_row(len(run))} came back, the last of them the probe", SOFT
                )
            paused = paused or (len(run) >= RUN and run[-1][0].at - run[0][0].at >= SPAN)
    if paused:
        return found(
            SubscriberState.PAUSED, f"{in_a_row(len(run))} came back, over {(run[-1][0].at - run[0][0].at).days} days"
        )
    return found(SubscriberState.ACTIVE, "")


def in_a_row(editions: int) -> str:
    return f"{editions} editions in a row" if editions > 1 else "one edition"


def probe_due(mailings: Sequence[Mailing], now: datetime) -> bool:
    """Whether to try somebody again who is paused for what came back."""
    return standing(mailings, now).state == SubscriberState.PAUSED and probe_from(mailings) <= now


def probe_from(mailings: Sequence[Mailing]) -> datetime:
    return max(mailing.at for mailing in mailings) + PROBE_AFTER


def too_many(changes: int, sent: int) -> bool:
    """Whether so many bounces of `sent` messages are more likely a server's mistake, or a forger's work, than so many people."""
    return changes > LEAST_TO_HOLD and changes > SHARE_TO_HOLD * sent


def _believed(mailing: Mailing, answer: Answer) -> bool:
    return answer.at - mailing.at <= BELIEVED_FOR
