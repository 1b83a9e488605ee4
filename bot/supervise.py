"""Loops that must not die: a task that fails is told, counted and started again with back-off.

A failed loop makes ``/healthz`` red until it has run for :data:`PROVEN` seconds again, so a loop that dies at
once every time cannot look healthy between two deaths.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

from bot.ports import Clock

log = structlog.get_logger()

PROVEN = 30.0  # seconds a restarted loop must live to count as healthy
LONGEST_WAIT = 60.0  # seconds between two starts at most


@dataclass(slots=True)
class _Loop:
    run: Callable[[], Awaitable[None]]
    failures: int = 0
    started: float = 0.0
    task: asyncio.Task[None] | None = None


class Supervisor:
    """Runs named loops until :meth:`stop`."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._loops: dict[str, _Loop] = {}

    def start(self, name: str, run: Callable[[], Awaitable[None]]) -> None:
        """Run this loop from now on; ``run`` is called again after each failure."""
        loop = _Loop(run)
        self._loops[name] = loop
        loop.task = asyncio.create_task(self._keep(name, loop), name=name)

    async def _keep(self, name: str, loop: _Loop) -> None:
        while True:
            loop.started = self._clock.monotonic()
            try:
                await loop.run()
                return
            except Exception:  # the one place where a loop's death is caught: told, counted, restarted
                if self._clock.monotonic() - loop.started > PROVEN:
                    loop.failures = 0
                loop.failures += 1
                log.exception("loop.failed", loop=name, failures=loop.failures)
            await self._clock.sleep(min(LONGEST_WAIT, 2.0 ** (loop.failures - 1)))

    def unhealthy(self) -> list[str]:
        """Names of loops that failed and have not yet proven themselves again."""
        now = self._clock.monotonic()
        return [name for name, loop in self._loops.items() if loop.failures and now - loop.started < PROVEN]

    async def stop(self, *names: str) -> None:
        """Cancel these loops, or every one, and wait until each is gone."""
        ending = [self._loops.pop(name) for name in names or tuple(self._loops) if name in self._loops]
        tasks = [loop.task for loop in ending if loop.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
