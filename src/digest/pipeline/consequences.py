"""What an outcome means: for the delivery, for its reader, for the edition, and for the pace of what follows."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection as Db
from sqlmodel import Session

from digest.core.delivery import GIVE_UP_AFTER, State, retry_at
from digest.core.dsn import Verdict, judge
from digest.core.edition import MOVES
from digest.core.pacing import WHOLE, Limits, at_once, slows
from digest.core.reply import Accepted, Lost, Outcome, Rejected, Reply, Unknown
from digest.pipeline import receive
from digest.pipeline.account import Account, Result
from digest.pipeline.receive import Keys
from digest.store import editions, pacing
from digest.store.deliveries import Acceptance, Claimed

OURS_IN_A_ROW = 3
"""Times that the server may refuse this sender for good before the edition is paused."""
REFUSED_IN_A_ROW = 20
"""Messages that it may refuse for good, none of them for want of a mailbox, before that is no recipient's fault either."""
OURS_AGAIN_AFTER = timedelta(minutes=1)
"""A server that takes nothing from this sender for now is tried again after this."""


@dataclass(frozen=True, slots=True)
class _Try:
    """A message that was tried, and its row's `state` until the outcome is recorded."""

    claimed: Claimed
    state: State
    at: datetime

    @property
    def number(self) -> int:
        return self.claimed.attempts + 1

    @property
    def counted(self) -> dict[str, int]:
        """What counts the try, unless the mark did."""
        return {} if self.state is State.TRANSMITTING else {"attempts": self.number}


class Consequences:
    """What is to be recorded of one sender's messages, each by its outcome. Runs of refusals are counted from one to the next."""

    def __init__(
        self,
        account: Account,
        edition_id: int,
        expires_at: datetime,
        keys: Keys,
        limits: Limits,
        clock: Callable[[], datetime],
    ) -> None:
        self._account, self._edition_id, self._expires_at = account, edition_id, expires_at
        self._keys, self._limits, self._clock = keys, limits, clock
        self._ours = self._refusals = 0

    def of(self, claimed: Claimed, outcome: Outcome, state: State) -> Result:
        """What becomes of a delivery, the state of which is `state` by now."""
        tried = _Try(claimed, state, self._clock())
        match outcome:
            case Accepted(reply):
                return self._accepted(tried, reply)
            case Unknown(detail):
                return self._ends(tried, State.UNCERTAIN, f"no answer after the dot: {detail}"[:500])
            case Lost(detail):
                lost = self._lost(tried, detail)
                return self._slower(lost, WHOLE, detail, tried.at) if outcome.closing else lost
            case Rejected(reply) if outcome.ours:
                trouble = self._our_trouble(tried, outcome)
                return trouble if outcome.permanent else self._slower(trouble, WHOLE, str(reply), tried.at)
            case Rejected(reply) if outcome.permanent:
                return self._refused(tried, reply)
            case Rejected(reply):
                again = self._again(tried, reply)
                if not slows(reply.code, reply.enhanced):
                    return again
                domain = WHOLE if reply.code == 421 else claimed.domain
                return self._slower(again, domain, str(reply), tried.at, enough=at_once(reply))

    def _ends(self, tried: _Try, state: State, said: str, **values: Any) -> Result:
        return self._account.finish(tried.claimed, tried.state, state, last_reply=said, **values)

    def _accepted(self, tried: _Try, reply: Reply) -> Result:
        """And the pacing is told, where it wants to hear of what goes well."""
        self._ours = self._refusals = 0
        acceptance = Acceptance(tried.claimed.id, str(reply), reply.text[:200], tried.at)
        result = Result(State.ACCEPTED, (), acceptance)
        learning = self._account.learning
        told = [each for each in (tried.claimed.domain, WHOLE) if each in learning]

        def work(db: Db) -> None:
            for each in told:
                if not pacing.accepted(db, each, self._limits, tried.at):
                    learning.discard(each)

        return result.then(work) if told else result

    def _lost(self, tried: _Try, detail: str) -> Result:
        """Another try: at once after the first, since a connection may just be old."""
        later = None if tried.number == 1 else retry_at(tried.claimed.id, tried.number - 1, tried.at)
        return self._ends(tried, State.PENDING, detail[:500], not_before=later, **tried.counted)

    def _again(self, tried: _Try, reply: Reply) -> Result:
        """Another try, unless that would be after the edition expired."""
        self._ours = 0
        later = retry_at(tried.claimed.id, tried.number, tried.at)
        if later >= self._expires_at:
            return self._failed(tried, reply, f"given up after {GIVE_UP_AFTER.days} days: ")
        return self._ends(tried, State.PENDING, str(reply), not_before=later, **tried.counted)

    def _failed(self, tried: _Try, reply: Reply, why: str = "") -> Result:
        """An event through the same door as a bounce."""

        def work(db: Db) -> None:
            with Session(bind=db) as session:
                receive.rejected(session, tried.claimed.id, reply, self._keys, tried.at)
                session.flush()

        return self._ends(tried, State.FAILED, f"{why}{reply}", **tried.counted).then(work)

    def _refused(self, tried: _Try, reply: Reply) -> Result:
        """Refused for good. A long run of that, and nobody's address dead, is the sender's trouble: policy, or what is sent."""
        self._ours = 0
        dead = judge(reply.code, reply.enhanced, reply.text) is Verdict.HARD
        self._refusals = 0 if dead else self._refusals + 1
        failed = self._failed(tried, reply)
        if self._refusals < REFUSED_IN_A_ROW:
            return failed
        count = f"{self._refusals} messages in a row were refused, and not for want of a mailbox"
        return self._pausing(failed, f"{count}, the last with: {reply}")

    def _our_trouble(self, tried: _Try, rejected: Rejected) -> Result:
        """The server takes nothing from this sender: no recipient's fault, so nobody's delivery fails by it."""
        self._ours += rejected.permanent
        later = None if rejected.permanent else tried.at + OURS_AGAIN_AFTER
        waiting = self._ends(tried, State.PENDING, str(rejected.reply), not_before=later)
        if self._ours < OURS_IN_A_ROW:
            return waiting
        return self._pausing(waiting, f"the mail server refuses this sender: {rejected.reply}")

    def _pausing(self, result: Result, reason: str) -> Result:
        """The same, and the edition is paused with it."""
        self._account.halt(reason)
        froms, to = MOVES["pause"]
        return result.then(lambda db: editions.move(Session(bind=db), self._edition_id, froms, to, held_reason=reason))

    def _slower(self, result: Result, domain: str, said: str, at: datetime, *, enough: bool = False) -> Result:
        """The same, and the domain is set back by it; once it is closed, what was claimed ahead for it is given back."""

        def work(db: Db) -> None:
            self._account.learning.add(domain)
            if pacing.refused(db, domain, self._limits, at, said, enough=enough):
                self._account.closed.add(domain)

        return result.then(work)
