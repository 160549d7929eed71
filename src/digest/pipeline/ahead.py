"""What a run holds ready for its connections: deliveries claimed some hundreds ahead and, where signing is slow, messages too.

OpenSSL lets go of the interpreter while it makes an RSA signature, so a thread signs the next messages while others go out. They
are written a handful at a time: for one alone, changing threads costs more than it brings.
"""

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

from digest.core.delivery import State
from digest.core.envelope import Parcel
from digest.core.pacing import WHOLE
from digest.pipeline.account import Account, Result
from digest.pipeline.compose import Draft, Mailroom
from digest.store.deliveries import Claimed

CLAIM_AHEAD = 200
"""So many are claimed at once; the next so many when half of them are gone."""
WRITE_AHEAD = 20
"""So many messages are kept ready: what is ready can be announced with the dot before it, which saves a round trip."""
HANDFUL = 10
"""So many are written at once."""
WAIT_FOR_PACE = timedelta(seconds=60)
"""The longest that a run waits for the next message that the pacing allows; it ends when that comes later."""


@dataclass(frozen=True, slots=True)
class Written:
    """A claimed delivery and what goes over the wire; None with the state that it has instead, and why."""

    claimed: Claimed
    parcel: Parcel | None
    unsent: tuple[State, str] = (State.SKIPPED, "nothing to say: all of it is over")


class Ahead:
    """The one place that a run's connections take from. `over`: whether the run is; `fail` ends it."""

    def __init__(
        self,
        account: Account,
        room: Mailroom,
        clock: Callable[[], datetime],
        stop: asyncio.Event,
        over: Callable[[], bool],
        fail: Callable[[Exception], None],
    ) -> None:
        self._account, self._room, self._clock, self._stop = account, room, clock, stop
        self._over, self._fail = over, fail
        self._claimed: deque[Claimed] = deque()
        self._written: deque[Written] = deque()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="writer") if room.signs_slowly else None
        self._more = True
        self._claiming: asyncio.Task[bool] | None = None
        self._writing: asyncio.Task[None] | None = None
        self._patient = True

    async def begin(self) -> int:
        """Make the first claim. How many that was."""
        await self._claim(patient=True)
        return len(self._claimed)

    def close(self) -> None:
        """What is claimed and was not taken is for the account to give back."""
        for task in filter(None, (self._claiming, self._writing)):
            task.cancel()
        if self._thread is not None:
            self._thread.shutdown()

    async def next(self, held: list[Result]) -> Written | None:
        """The next one, None when there is no more. `held` is recorded before a wait that may take long."""
        while not self._over():
            if self._account.closed:
                await self._give_back()
            if (written := self.at_hand()) is not None:
                return written
            if (writing := self._writing) is not None:
                await asyncio.shield(writing)
            elif (claiming := self._claiming) is not None:
                patient = self._patient
                await self._account.record(held)  # the claim may wait for the pace, and an acceptance should not
                if not await asyncio.shield(claiming) and patient:
                    return None
        return None

    def at_hand(self) -> Written | None:
        """The next one, if nothing has to be waited for."""
        if self._over() or self._account.closed:
            return None
        self._claim_more()
        self._write_more()
        if self._written:
            return self._written.popleft()
        if self._claimed and self._thread is None:
            return self._write(self._claimed.popleft(), self._clock())
        return None

    # Messages.

    def _draft(self, claimed: Claimed, now: datetime) -> Draft | Written:
        """What goes out, not yet signed; or that nothing does."""
        try:
            draft = self._room.draft(claimed, now)
        except ValueError as error:
            return Written(claimed, None, (State.FAILED, f"it cannot be composed: {error}"))
        return draft or Written(claimed, None)

    def _sign(self, claimed: Claimed, draft: Draft | Written) -> Written:
        if isinstance(draft, Written):
            return draft
        sender, envelope_id = self._room.sender.envelope(claimed.id)
        return Written(claimed, Parcel(sender, claimed.address, draft.wire(), envelope_id))

    def _write(self, claimed: Claimed, now: datetime) -> Written:
        return self._sign(claimed, self._draft(claimed, now))

    def _write_more(self) -> None:
        if self._thread is None or self._writing is not None or self._over() or self._account.closed:
            return
        if self._claimed and len(self._written) < WRITE_AHEAD:
            batch = [self._claimed.popleft() for _ in range(min(HANDFUL, len(self._claimed)))]
            self._writing = asyncio.create_task(self._write_all(batch))

    async def _write_all(self, batch: Sequence[Claimed]) -> None:
        now = self._clock()
        try:
            drafts = [self._draft(each, now) for each in batch]
            signed = await asyncio.get_running_loop().run_in_executor(
                self._thread, lambda: [*map(self._sign, batch, drafts)]
            )
            self._written += signed
        except Exception as error:
            self._fail(error)
        finally:
            self._writing = None
        self._write_more()

    # Claims.

    def _claim_more(self) -> None:
        if self._claiming is None and (not self._claimed or (self._more and len(self._claimed) <= CLAIM_AHEAD // 2)):
            self._patient = not self._claimed
            self._claiming = asyncio.create_task(self._claim(patient=self._patient))

    async def _claim(self, *, patient: bool) -> bool:
        """Claim more; a `patient` claim waits for the pace where only that is in the way. Whether there was any."""
        try:
            claim = await self._account.claim(CLAIM_AHEAD)
            while patient and not claim.rows and claim.opens_at is not None:
                if not await self._wait(claim.opens_at - self._clock()):
                    break
                claim = await self._account.claim(CLAIM_AHEAD)
            self._claimed += claim.rows
            self._more = bool(claim.rows)
        except Exception as error:
            self._fail(error)
            return False
        finally:
            self._claiming = None
        return bool(claim.rows)

    async def _wait(self, pause: timedelta) -> bool:
        """Wait for the pace, unless that takes too long or the run is over."""
        if pause > WAIT_FOR_PACE:
            return False
        ends = time.monotonic() + max(pause.total_seconds(), 1.0)
        while not self._over() and (left := ends - time.monotonic()) > 0:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), min(left, 1.0))
        return not self._over()

    async def _give_back(self) -> None:
        """A domain closed: what was claimed ahead for it is somebody's for later."""
        if self._writing is not None:
            await asyncio.shield(self._writing)
        closed, self._account.closed = self._account.closed, set()
        waiting: Iterable[Claimed] = (*(each.claimed for each in self._written), *self._claimed)
        back = {each.id: each for each in waiting if WHOLE in closed or each.domain in closed}
        self._written = deque(each for each in self._written if each.claimed.id not in back)
        self._claimed = deque(each for each in self._claimed if each.id not in back)
        if back:
            await self._account.give_back(back.values())
