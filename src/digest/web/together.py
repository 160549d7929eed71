"""Requests that are answered together: what comes while others are being worked on is done with the next, in one go.

So a database commits once for as many as have come in the meantime, and nobody waits for company.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

MOST = 100

Q = TypeVar("Q")
A = TypeVar("A")


class Together(Generic[Q, A]):
    """`work` answers several questions, in their order, in a thread; what it raises, all of them get."""

    def __init__(self, work: Callable[[Sequence[Q]], Sequence[A]]) -> None:
        self._work = work
        self._waiting: list[tuple[Q, asyncio.Future[A]]] = []
        self._working: asyncio.Task[None] | None = None

    async def __call__(self, question: Q) -> A:
        answer: asyncio.Future[A] = asyncio.get_running_loop().create_future()
        self._waiting.append((question, answer))
        if self._working is None:
            self._working = asyncio.create_task(self._all())
        return await answer

    async def _all(self) -> None:
        while self._waiting:
            now, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
            try:
                answers = await asyncio.to_thread(self._work, [question for question, _ in now])
            except Exception as error:
                for _, waits in now:
                    if not waits.done():
                        waits.set_exception(error)
            else:
                for (_, waits), answer in zip(now, answers, strict=True):
                    if not waits.done():  # nobody waits for it any more
                        waits.set_result(answer)
        self._working = None
