"""What becomes of each delivery of a run, and how that is recorded: with the mark before the dot, in durable groups."""

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self

from sqlalchemy import Connection as Db
from sqlmodel import Session

from digest.core.delivery import GIVE_UP_AFTER, State, retry_at
from digest.core.dsn import Verdict, judge
from digest.core.edition import MOVES, EditionState
from digest.core.pacing import Limits, at_once, slows
from digest.core.reply import Accepted, Lost, Outcome, Rejected, Reply, Unknown
from digest.pipeline import receive
from digest.pipeline.ledger import Ledger, OneByOne, Work
from digest.pipeline.receive import Keys
from digest.store import deliveries, editions, pacing
from digest.store.database import Database
from digest.store.deliveries import Acceptance, Claimed
from digest.store.pacing import WHOLE, Claim

OURS_IN_A_ROW = 3
REFUSED_IN_A_ROW = 20


AGAIN = (State.PENDING, State.UNCERTAIN)
"""What may be tried again: the next reply then takes the place of this one on the row."""

_UPTIME = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def uptime() -> float:
    """Seconds that go on while the machine sleeps, which Linux's monotonic clock does not count."""
    return time.clock_gettime(_UPTIME)


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a delivery: the state to tell of once that is durable, and how it is recorded.

    An `acceptance` goes together with all others of its group, then the `works` are done.
    """

    state: State
    works: tuple[Work, ...] = ()
    acceptance: Acceptance | None = None

    def then(self, work: Work) -> "Result":
        return Result(self.state, (*self.works, work), self.acceptance)


@dataclass(frozen=True, slots=True)
class Marking:
    """What became of the mark: `result` instead of a message to finish, or None and when it was made, as `uptime` counts."""

    result: State | None
    at: float


@dataclass(frozen=True, slots=True)
class Request:
    """What is recorded together: results, and then the mark of the next one, or work, whose answer is the answer."""

    results: tuple[Result, ...] = ()
    mark: Claimed | None = None
    work: Work | None = None


class Account:
    """One sender's part of an edition's ledger, as an asynchronous context. `halted` is why the edition may not be sent any more.

    `learning`: domains whose acceptances the pacing wants to hear of; `closed`: those that closed since the last claim.

    What is called `held` are results that wait to be recorded with whatever comes next.
    """

    def __init__(
        self,
        database: Database,
        edition_id: int,
        expires_at: datetime,
        owner: str,
        keys: Keys,
        limits: Limits,
        clock: Callable[[], datetime],
        progress: Callable[[State], None],
    ) -> None:
        self._ledger = Ledger(database, self._record_all)
        self._edition_id, self._expires_at, self._owner = edition_id, expires_at, owner
        self._keys, self._limits, self._clock, self._progress = keys, limits, clock, progress
        self._after = self._ours = self._refusals = 0
        self.learning: set[str] = set()
        self.closed: set[str] = set()
        self.halted: str | None = None

    async def __aenter__(self) -> Self:
        await self._ledger.__aenter__()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._ledger.__aexit__(*error)

    async def claim(self, limit: int) -> Claim:
        """Up to so many more that are due and that the pacing allows, for this sender alone."""
        claim: Claim = await self._do(
            lambda db: pacing.claim(db, self._edition_id, self._owner, self._clock(), limit, self._limits, self._after)
        )
        self._after = claim.after
        self.learning |= claim.learning
        return claim

    async def give_back(self, claimed: Collection[Claimed]) -> None:
        """What was claimed and not begun is pending again, and so is its share of the pace."""
        numbers = [each.id for each in claimed]
        await self._do(lambda db: pacing.give_back(db, self._owner, self._limits, self._clock(), numbers))

    async def let_go(self) -> None:
        """The same for all that is still claimed; of an edition cancelled meanwhile, it is skipped with the rest."""

        def work(db: Db) -> None:
            pacing.give_back(db, self._owner, self._limits, self._clock())
            skip_cancelled(Session(bind=db))

        await self._do(work)

    async def busy(self, said: str) -> bool:
        """The server answers, and wants no connection now. Whether it is to be left alone for a while."""
        now = self._clock()
        self.learning.add(WHOLE)
        closed: bool = await self._do(lambda db: pacing.refused(db, WHOLE, self._limits, now, said))
        return closed

    async def record(self, held: list[Result]) -> None:
        """What is held, now."""
        if held:
            await self._record(held, None)

    async def mark(self, claimed: Claimed, held: list[Result]) -> Marking:
        """What is held and the mark of the next one, together."""
        marking: Marking = await self._record(held, claimed)
        if marking.result is not None:
            self._progress(marking.result)
        return marking

    def unsent(self, claimed: Claimed, state: State, why: str) -> Result:
        """Nothing was offered to the server, and nothing will be."""
        return self._finish(claimed, State.CLAIMED, state, last_reply=why)

    async def _do(self, work: Work) -> Any:
        return await self._ledger.do(Request(work=work))

    async def _record(self, held: list[Result], mark: Claimed | None) -> Any:
        """In one durable group; after that the bar hears of it."""
        request = Request(tuple(held), mark)
        answer = await self._ledger.do(request)
        held.clear()
        for each in request.results:
            self._progress(each.state)
        return answer

    # In the ledger's transaction. A group may be tried several times: nothing here counts or tells.

    def _record_all(self, db: Db, requests: Sequence[Request]) -> list[Any]:
        """Everything that can be is one statement for the whole group: so a message costs a fraction of a round trip."""
        results = [result for request in requests for result in request.results]
        deliveries.accept(db, (each.acceptance for each in results if each.acceptance), self._owner)
        for work in (work for each in results for work in each.works):
            work(db)
        now, at = self._clock(), uptime()
        wanted = [request.mark.id for request in requests if request.mark]
        marked = deliveries.mark(db, wanted, self._owner, now) if wanted else 0
        if 0 < marked < len(wanted):
            raise OneByOne
        answers: list[Any] = []
        for request in requests:
            if request.mark is None:
                answers.append(request.work(db) if request.work else None)
            else:
                answers.append(Marking(None if marked else self._unmarked(db, request.mark, now), at))
        return answers

    def _unmarked(self, db: Db, claimed: Claimed, now: datetime) -> State:
        """The mark was refused: what becomes of the delivery, and of the run if the edition may not be sent any more."""
        if (state := editions.get(Session(bind=db), self._edition_id).state) != EditionState.SENDING:
            self.halted = self.halted or f"the edition is {state}"
        values: dict[str, Any] = {"state": State.PENDING}
        if reason := deliveries.why_unmarked(db, claimed.id, now):
            values = {"state": State.SKIPPED, "last_reply": reason}
        deliveries.finish(db, claimed.id, self._owner, State.CLAIMED, **values)
        return State(values["state"])

    def _finish(self, claimed: Claimed, expected: State, state: State, **values: Any) -> Result:
        now = self._clock()

        def work(db: Db) -> None:
            if deliveries.finish(db, claimed.id, self._owner, expected, state, **values) and state in AGAIN:
                receive.not_taken(Session(bind=db), claimed, values["last_reply"], now)

        return Result(state, (work,))

    # What an outcome means.

    def settle(self, claimed: Claimed, outcome: Outcome, state: State) -> Result:
        """The row's next state. `attempts` was raised by the mark, if there was one."""
        now = self._clock()
        tries = claimed.attempts + 1
        counted = {} if state is State.TRANSMITTING else {"attempts": tries}
        match outcome:
            case Accepted(reply):
                self._ours = self._refusals = 0
                acceptance = Acceptance(claimed.id, str(reply), reply.text[:200], now)
                return self._went_well(Result(State.ACCEPTED, (), acceptance), claimed.domain, now)
            case Unknown(detail):
                return self._finish(
                    claimed, state, State.UNCERTAIN, last_reply=f"no answer after the dot: {detail}"[:500]
                )
            case Lost(detail):
                later = None if tries == 1 else retry_at(claimed.id, tries - 1, now)
                lost = self._finish(claimed, state, State.PENDING, last_reply=detail[:500], not_before=later, **counted)
                return self._slower(lost, WHOLE, detail, now) if outcome.closing else lost
            case Rejected(reply) if outcome.ours:
                trouble = self._our_trouble(claimed, state, outcome, now)
                return trouble if outcome.permanent else self._slower(trouble, WHOLE, str(reply), now)
            case Rejected(reply):
                self._ours = 0
                if outcome.permanent:
                    return self._refused(claimed, state, reply, now, counted)
                again = self._again(claimed, state, reply, now, counted)
                if not slows(reply.code, reply.enhanced):
                    return again
                domain = WHOLE if reply.code == 421 else claimed.domain
                return self._slower(again, domain, str(reply), now, enough=at_once(reply))
        raise AssertionError(f"an outcome without a consequence: {outcome}")

    def _again(self, claimed: Claimed, state: State, reply: Reply, now: datetime, counted: dict[str, Any]) -> Result:
        """Another try, unless that would be after the edition expired."""
        later = retry_at(claimed.id, claimed.attempts + 1, now)
        if later >= self._expires_at:
            return self._failed(claimed, state, reply, now, f"given up after {GIVE_UP_AFTER.days} days: ", counted)
        return self._finish(claimed, state, State.PENDING, last_reply=str(reply), not_before=later, **counted)

    def _failed(
        self, claimed: Claimed, state: State, reply: Reply, now: datetime, why: str, counted: dict[str, Any]
    ) -> Result:
        """An event through the same door as a bounce."""

        def work(db: Db) -> None:
            with Session(bind=db) as session:
                receive.rejected(session, claimed.id, reply, self._keys, now)
                session.flush()

        return self._finish(claimed, state, State.FAILED, last_reply=f"{why}{reply}", **counted).then(work)

    def _refused(self, claimed: Claimed, state: State, reply: Reply, now: datetime, counted: dict[str, Any]) -> Result:
        """Refused for good. A long run of that, and nobody's address dead, is the sender's trouble: policy, or what is sent."""
        dead = judge(reply.code, reply.enhanced, reply.text) is Verdict.HARD
        self._refusals = 0 if dead else self._refusals + 1
        failed = self._failed(claimed, state, reply, now, "", counted)
        if self._refusals < REFUSED_IN_A_ROW:
            return failed
        count = f"{self._refusals} messages in a row were refused, and not for want of a mailbox"
        return self._pausing(failed, f"{count}, the last with: {reply}")

    def _our_trouble(self, claimed: Claimed, state: State, rejected: Rejected, now: datetime) -> Result:
        """The server takes nothing from this sender: no recipient's fault, so nobody's delivery fails by it."""
        self._ours += rejected.permanent
        later = None if rejected.permanent else now + timedelta(minutes=1)
        waiting = self._finish(claimed, state, State.PENDING, last_reply=str(rejected.reply), not_before=later)
        if self._ours < OURS_IN_A_ROW:
            return waiting
        return self._pausing(waiting, f"the mail server refuses this sender: {rejected.reply}")

    def _pausing(self, result: Result, reason: str) -> Result:
        """The same, and the edition is paused with it."""
        self.halted = self.halted or reason
        froms, to = MOVES["pause"]
        return result.then(lambda db: editions.move(Session(bind=db), self._edition_id, froms, to, held_reason=reason))

    # What the pacing hears of it.

    def _went_well(self, result: Result, domain: str, now: datetime) -> Result:
        told = [each for each in (domain, WHOLE) if each in self.learning]

        def work(db: Db) -> None:
            for each in told:
                if not pacing.accepted(db, each, self._limits, now):
                    self.learning.discard(each)

        return result.then(work) if told else result

    def _slower(self, result: Result, domain: str, said: str, now: datetime, *, enough: bool = False) -> Result:
        """The same, and the domain is set back by it; once it is closed, what was claimed ahead for it is given back."""

        def work(db: Db) -> None:
            self.learning.add(domain)
            if pacing.refused(db, domain, self._limits, now, said, enough=enough):
                self.closed.add(domain)

        return result.then(work)


def skip_cancelled(session: Session) -> None:
    """What a cancelled edition still had open is skipped."""
    for row in editions.in_states(session, EditionState.CANCELLED):
        deliveries.skip_open(session, editions.identity(row), "the edition was cancelled")
