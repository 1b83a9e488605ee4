"""A clock that moves only when a test says so: no test waits for the wall."""

from __future__ import annotations

import asyncio
import heapq
from datetime import UTC, datetime, timedelta

START = datetime(2022, 2, 15, 8, 0, tzinfo=UTC)


class FakeClock:
    """Implements :class:`bot.ports.Clock`. Sleepers wake in order of their time, each at exactly its time."""

    def __init__(self, start: datetime = START) -> None:
        self._start = start
        self._elapsed = 0.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._count = 0

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self._elapsed)

    def monotonic(self) -> float:
        return self._elapsed

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._count += 1
        heapq.heappush(self._sleepers, (self._elapsed + seconds, self._count, woken))
        await woken

    async def advance(self, seconds: float) -> None:
        """Let that much time pass; everything that is due on the way happens on the way."""
        end = self._elapsed + seconds
        await settle()
        while self._sleepers and self._sleepers[0][0] <= end:
            self._elapsed, _, woken = heapq.heappop(self._sleepers)
            if not woken.done():
                woken.set_result(None)
                await settle()
        self._elapsed = end
        await settle()

    async def leap(self) -> None:
        """To the very next moment at which somebody wakes; no time passes if nobody sleeps."""
        await settle(2)
        if self._sleepers:
            await self.advance(max(self._sleepers[0][0] - self._elapsed, 0.0))


async def settle(rounds: int = 30) -> None:
    """Let every task run that can run without time passing (tasks in memory; sockets need more)."""
    for _ in range(rounds):
        await asyncio.sleep(0)
