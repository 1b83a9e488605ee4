"""How long an event loop did nothing else: noted while something is measured."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

BEAT = 0.002  # seconds between two looks


@dataclass
class Standstill:
    """How late each look was, in milliseconds."""

    late: list[float] = field(default_factory=list)

    @property
    def longest(self) -> float:
        """The worst."""
        return max(self.late, default=0.0)

    def share(self, share: float) -> float:
        """What so many of all looks were not later than: ``share(.999)``."""
        ordered = sorted(self.late)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0


@asynccontextmanager
async def watched() -> AsyncIterator[Standstill]:
    """Wakes every two milliseconds and notes how late."""
    seen = Standstill()

    async def tick() -> None:
        while True:
            before = time.perf_counter()
            await asyncio.sleep(BEAT)
            seen.late.append((time.perf_counter() - before - BEAT) * 1000)

    ticking = asyncio.create_task(tick())
    try:
        yield seen
    finally:
        ticking.cancel()
