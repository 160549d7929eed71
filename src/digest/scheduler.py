"""The service: APScheduler ticks, the table decides (docs/adr/0005-ticks.md).

APScheduler only calls `tick` every few seconds; slots are computed from the calendar. A watchdog outside it moves its next
run when a clock that was set back would stall it.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Generator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from digest import logs
from digest.app import Installation
from digest.core.delivery import Balance
from digest.core.errors import Refused
from digest.mailbox import lmtp
from digest.pipeline import dispatch, feeds, letters, retention, staff
from digest.pipeline.dispatch import Watch
from digest.pipeline.receive import Received
from digest.pipeline.tick import tick
from digest.transports.smtp import ServerRefuses

TICK_SECONDS = 15
COLLECT_SECONDS = 20
"""Between two looks into the Maildir."""
POST_SECONDS = 5
"""Between two looks at which letters are due: somebody who signed up waits for theirs."""
EXPIRE_SECONDS = 600
"""Between two looks at what is kept no longer."""
RETRY_SECONDS = 60
"""How long letters wait after the mail server was in the way."""
POLL_SECONDS = 60
"""Between two looks into the mailbox on a server."""
MISSED = 10
"""Looks into it in a row that may fail before staff hear of it: servers are restarted."""
FETCH_SECONDS = 60
"""Between two looks at which feeds are due; each is asked once an hour at most."""
STRIKES = 3
"""Times in a row that the mail server may refuse us before the edition is paused with an alarm."""

log = logs.Log("scheduler")


class Service:
    """One process's share of the work. Any number may run on one database."""

    def __init__(self, here: Installation, stop: asyncio.Event) -> None:
        self._here, self._stop = here, stop
        self._told: set[str] = set()
        self._strikes: dict[int, int] = {}
        self._missed = 0
        self._busy, self._posting = asyncio.Lock(), asyncio.Lock()
        self._letters_wait_until = 0.0

    async def turn(self) -> list[tuple[str, Balance]]:
        """One tick, and all that it finds due is sent. Period and balance of each edition that was touched."""
        if self._busy.locked():
            return []
        async with self._busy:
            notices: list[tuple[str, str]] = []
            due = await asyncio.to_thread(
                tick, self._here.office, self._here.plan, lambda *notice: notices.append(notice), self._here.check
            )
            for notice in notices:
                await self._tell(*notice)
            sent = []
            for edition_id in due:
                if not self._stop.is_set():
                    sent += await self._send(edition_id)
            return sent

    async def fetch(self) -> None:
        """Take in the feeds that are due. What fails is told, and is nobody else's trouble."""
        here = self._here
        notices: list[tuple[str, str]] = []
        try:
            collected = await feeds.collect(
                here.database, here.client, here.sources, timezone=here.settings.timezone,
                language=here.settings.language, weeks=here.settings.item_weeks, now=here.clock(), gallery=here.gallery,
                notify=lambda *notice: notices.append(notice),
            )  # fmt: skip
        except Refused as error:
            log.warning("feeds were not fetched", reason=str(error))
            return
        for each in collected:
            added, updated = len(each.intake.added), len(each.intake.updated)
            log.info("feed", url=each.source.url, added=added, updated=updated, problem=each.problem)
        for notice in notices:
            await self._tell(*notice)

    async def collect(self) -> None:
        """Take in the mail that waits in the Maildir. What cannot be taken in now waits on."""
        if self._here.settings.maildir:
            await asyncio.to_thread(self._collect, self._here.settings.maildir)

    def _collect(self, folder: Path) -> None:
        try:
            self._take_in(self._here.inbound.collect(folder))
        except Refused as error:
            log.warning("mail was not taken in", reason=str(error))

    async def poll(self) -> None:
        """Take in the mail that waits in a mailbox on a server. Staff hear of one that stays out of reach."""
        try:
            await asyncio.to_thread(self._poll)
            self._missed = 0
        except Refused as error:
            log.warning("the mailbox was not emptied", reason=str(error))
            self._missed += 1
            if self._missed == MISSED:
                since = (self._here.clock() - timedelta(seconds=MISSED * POLL_SECONDS)).strftime("%d.%m. %H:%M UTC")
                await self._tell("What comes back is not read", f"{error} It has been so since {since}.")

    def _poll(self) -> None:
        if account := self._here.account():
            self._take_in(self._here.inbound.poll(account))

    def _take_in(self, mail: Generator[Received, None, None]) -> None:
        with contextlib.closing(mail):
            for got in mail:
                took_in(got)
                if self._stop.is_set():
                    break

    async def post(self) -> None:
        """Send the letters that are due. What cannot be sent now is due again later."""
        here, loop = self._here, asyncio.get_running_loop()
        if loop.time() < self._letters_wait_until:
            return
        async with self._posting:
            try:
                await letters.post(here.office, here.plan, self._stop)
            except Refused as error:
                log.warning("letters wait", reason=str(error))
                self._letters_wait_until = loop.time() + RETRY_SECONDS

    async def expire(self) -> None:
        """Erase what is kept no longer."""
        here, left = self._here, self._here.settings.kept_after_leaving
        try:
            await asyncio.to_thread(
                retention.expire, here.database, left, pepper=here.pepper, clear=here.clear, now=here.clock()
            )
        except Refused as error:
            log.warning("what is over was not erased", reason=str(error))

    async def idle(self) -> None:
        """Wait for a turn that is under way, and for a letter."""
        async with self._busy, self._posting:
            return

    async def _send(self, edition_id: int) -> list[tuple[str, Balance]]:
        office = self._here.office
        row = dispatch.get(office.database, edition_id)
        try:
            balance = await dispatch.send(office, edition_id, approval_required=True, stop=self._stop, watch=Watch())
        except ServerRefuses as error:
            self._strikes[edition_id] = self._strikes.get(edition_id, 0) + 1
            if self._strikes[edition_id] >= STRIKES:
                dispatch.change(office.database, edition_id, "pause", held_reason=str(error))
            await self._tell(f"{row.period} cannot be sent", str(error))
            return []
        except Refused as error:
            await self._tell(f"{row.period} is not going out", str(error))
            return []
        self._strikes.pop(edition_id, None)
        log.info("sent", period=row.period, **{name: getattr(balance, name) for name in balance.__dataclass_fields__})
        if balance.uncertain:
            await self._tell(
                f"{row.period} has deliveries in doubt",
                f"The server's answer was lost for {balance.uncertain}; see `digest edition uncertain {row.period}`.",
            )
        return [(row.period, balance)]

    async def _tell(self, subject: str, text: str) -> None:
        """Log it always; mail it to staff, once for each thing there is to say."""
        log.warning("notice", subject=subject, text=text)
        if (subject + text) in self._told or not self._here.settings.staff:
            return
        self._told.add(subject + text)
        try:
            await staff.tell(self._here.office, self._here.settings.staff.split(", "), subject, text)
        except Refused as error:
            log.warning("staff could not be told", reason=str(error))


def took_in(got: Received) -> None:
    log.info("mail", kind=got.kind, rule=got.rule, effect=got.effect)


@contextlib.asynccontextmanager
async def door(here: Installation) -> AsyncIterator[None]:
    """Takes in mail over LMTP while the block runs, where the settings say so. Refused if nothing can listen there."""
    bind = here.settings.lmtp
    if bind is None:
        yield
        return
    inbound = here.inbound

    def take(message: bytes, recipient: str) -> None:
        try:
            took_in(inbound.take(message, recipient))
        except Refused as error:
            log.warning("mail was not taken in", reason=str(error))
            raise

    async with lmtp.listening(bind, lmtp.Door(inbound.expects, take)):
        log.info("lmtp", at=here.settings.lmtp_bind)
        yield


async def once(here: Installation) -> list[tuple[str, Balance]]:
    """One turn: for a timer outside, and for tests. Feeds first, so that a draft which is due has what is new.

    And mail, so that nobody is written to who left.
    """
    service = Service(here, asyncio.Event())
    await service.fetch()
    await service.collect()
    await service.poll()
    sent = await service.turn()
    await service.post()
    await service.expire()
    return sent


async def run(here: Installation, stop: asyncio.Event) -> None:
    """Tick and send until `stop` is set; what is in flight is finished first."""
    service = Service(here, stop)

    async def turn() -> None:
        try:
            await service.turn()
        except Refused as error:
            log.warning("the tick failed", reason=str(error))

    scheduler = AsyncIOScheduler(timezone=UTC)
    job = scheduler.add_job(
        turn, "interval", seconds=TICK_SECONDS, coalesce=True, max_instances=1, misfire_grace_time=None,
        next_run_time=datetime.now(UTC),
    )  # fmt: skip
    beside = (
        (service.fetch, FETCH_SECONDS), (service.collect, COLLECT_SECONDS), (service.poll, POLL_SECONDS),
        (service.post, POST_SECONDS), (service.expire, EXPIRE_SECONDS),
    )  # fmt: skip
    for work, seconds in beside:
        scheduler.add_job(  # beside the turns: a slow server somewhere holds up nothing that is sent
            work, "interval", seconds=seconds, coalesce=True, max_instances=1, misfire_grace_time=None,
            next_run_time=datetime.now(UTC),
        )  # fmt: skip
    scheduler.start()
    log.info("running", next=here.plan.schedule.next(here.clock()).isoformat())
    while not stop.is_set():
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), TICK_SECONDS)
        if job.next_run_time and job.next_run_time - datetime.now(UTC) > timedelta(seconds=2 * TICK_SECONDS):
            job.modify(next_run_time=datetime.now(UTC))  # the clock was set back
    scheduler.pause()
    await service.idle()  # before the shutdown, which cancels what runs: a message in flight would be left in doubt
    scheduler.shutdown(wait=False)
    log.info("stopped")
