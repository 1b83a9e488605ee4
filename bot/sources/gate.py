"""The host gate: how many requests one host gets at a time, and the pause between two of them.

Everything we ask of a host passes here, feeds and article pages alike. Feeds go first: forty new articles must not
keep the next look at the feed waiting behind forty pauses.
"""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Protocol

_TIDY_ABOVE = 1_000  # lanes kept in mind before those nobody uses are dropped


class Waits(Protocol):
    """The part of a clock a gate needs; :class:`bot.ports.Clock` has it."""

    def monotonic(self) -> float: ...

    async def sleep(self, seconds: float) -> None: ...


class LoopTime:
    """The running event loop's own time."""

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


@dataclass(slots=True)
class _Lane:
    places: int
    opens: float = 0.0
    waiting: list[tuple[int, int, asyncio.Future[None]]] = field(default_factory=list)


class HostGate:
    """``concurrency`` requests to one host at a time, ``gap`` seconds from the start of one to the next."""

    def __init__(self, concurrency: int, gap: float, time: Waits | None = None) -> None:
        self._concurrency = concurrency
        self._gap = gap
        self._time = time or LoopTime()
        self._lanes: dict[str, _Lane] = {}
        self._order = count()

    @asynccontextmanager
    async def turn(self, host: str, *, urgent: bool = True) -> AsyncIterator[None]:
        """Wait until this host may be asked; its place is held as long as the block runs."""
        lane = self._lanes.get(host) or self._new_lane(host)
        await self._take_place(lane, urgent)
        try:
            now = self._time.monotonic()
            wait = max(0.0, lane.opens - now)
            lane.opens = now + wait + self._gap
            if wait:
                await self._time.sleep(wait)
            yield
        finally:
            self._give_back(lane)

    async def _take_place(self, lane: _Lane, urgent: bool) -> None:
        if lane.places:
            lane.places -= 1
            return
        ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(lane.waiting, (not urgent, next(self._order), ready))
        try:
            await ready
        except asyncio.CancelledError:
            if ready.done() and not ready.cancelled():
                self._give_back(lane)  # the place had just been handed to us
            raise

    @staticmethod
    def _give_back(lane: _Lane) -> None:
        while lane.waiting:
            ready = heapq.heappop(lane.waiting)[2]
            if not ready.done():
                ready.set_result(None)
                return
        lane.places += 1

    def _new_lane(self, host: str) -> _Lane:
        if len(self._lanes) >= _TIDY_ABOVE:
            now = self._time.monotonic()
            self._lanes = {
                name: lane
                for name, lane in self._lanes.items()
                if lane.places < self._concurrency or lane.opens > now
            }
        lane = self._lanes[host] = _Lane(self._concurrency)
        return lane
