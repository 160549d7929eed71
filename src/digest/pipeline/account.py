"""One sender's part of an edition's ledger: claims, marks and results, in durable groups (docs/adr/0003-the-mark.md)."""

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from sqlalchemy import Connection as Db
from sqlmodel import Session

from digest.core.delivery import State
from digest.core.edition import EditionState
from digest.core.pacing import WHOLE, Limits
from digest.pipeline import receive
from digest.pipeline.ledger import Ledger, OneByOne, Work
from digest.store import deliveries, editions, pacing
from digest.store.database import Database
from digest.store.deliveries import Acceptance, Claimed
from digest.store.pacing import Claim

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
    """What became of the mark: when it was made, as `uptime` counts; or the state that the delivery has `instead`."""

    at: float
    instead: State | None = None


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
        owner: str,
        limits: Limits,
        clock: Callable[[], datetime],
        progress: Callable[[State], None],
    ) -> None:
        self._ledger = Ledger(database, self._record_all)
        self._edition_id, self._owner = edition_id, owner
        self._limits, self._clock, self._progress = limits, clock, progress
        self._after = 0
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
        if marking.instead is not None:
            self._progress(marking.instead)
        return marking

    def unsent(self, claimed: Claimed, state: State, why: str) -> Result:
        """Nothing was offered to the server, and nothing will be."""
        return self.finish(claimed, State.CLAIMED, state, last_reply=why)

    def finish(self, claimed: Claimed, expected: State, state: State, **values: Any) -> Result:
        """Out of the state that is `expected` into another one. A reply that leaves the delivery open is kept beside it."""
        now = self._clock()

        def work(db: Db) -> None:
            if deliveries.finish(db, claimed.id, self._owner, expected, state, **values) and state in AGAIN:
                receive.not_taken(Session(bind=db), claimed, values["last_reply"], now)

        return Result(state, (work,))

    def halt(self, reason: str) -> None:
        """Begin nothing more; the first reason stands."""
        self.halted = self.halted or reason

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

    # In the ledger's transaction, which may be tried several times: nothing here counts up or tells.

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
                answers.append(Marking(at, None if marked else self._unmarked(db, request.mark, now)))
        return answers

    def _unmarked(self, db: Db, claimed: Claimed, now: datetime) -> State:
        """The mark was refused: what becomes of the delivery, and of the run if the edition may not be sent any more."""
        if (state := editions.get(Session(bind=db), self._edition_id).state) != EditionState.SENDING:
            self.halt(f"the edition is {state}")
        values: dict[str, Any] = {"state": State.PENDING}
        if reason := deliveries.why_unmarked(db, claimed.id, now):
            values = {"state": State.SKIPPED, "last_reply": reason}
        deliveries.finish(db, claimed.id, self._owner, State.CLAIMED, **values)
        return State(values["state"])


def skip_cancelled(session: Session) -> None:
    """What a cancelled edition still had open is skipped."""
    for row in editions.in_states(session, EditionState.CANCELLED):
        deliveries.skip_open(session, row.identity, "the edition was cancelled")
