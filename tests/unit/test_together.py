"""Answers belong to their questions, however many are asked at once, and a failure is everybody's who was in it."""

import asyncio
from collections.abc import Sequence
from threading import Event

import pytest

from digest.web.together import MOST, Together


async def test_what_comes_while_work_is_done_is_done_together() -> None:
    seen: list[int] = []
    first, go = asyncio.Event(), Event()
    loop = asyncio.get_running_loop()

    def work(questions: Sequence[int]) -> list[int]:
        seen.append(len(questions))
        loop.call_soon_threadsafe(first.set)
        go.wait(5)
        return [each * 2 for each in questions]

    doubled = Together(work)
    asked = [asyncio.create_task(doubled(0))]
    await first.wait()
    asked += [asyncio.create_task(doubled(each)) for each in range(1, MOST + 11)]
    await asyncio.sleep(0)
    go.set()
    assert await asyncio.gather(*asked) == [each * 2 for each in range(MOST + 11)]
    assert seen == [1, MOST, 10]
    assert await doubled(7) == 14


async def test_who_goes_away_disturbs_nobody_and_a_failure_is_told_to_all_of_its_group() -> None:
    def work(questions: Sequence[str]) -> Sequence[str]:
        if "bad" in questions:
            raise ValueError("no")
        return questions

    said = Together(work)
    gone, stays = asyncio.create_task(said("gone")), asyncio.create_task(said("stays"))
    await asyncio.sleep(0)
    gone.cancel()
    assert await stays == "stays"
    failed = await asyncio.gather(said("bad"), said("good"), return_exceptions=True)
    assert [type(each) for each in failed] == [ValueError, ValueError]
    assert await said("again") == "again"
    with pytest.raises(asyncio.CancelledError):
        await gone
