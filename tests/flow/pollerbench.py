"""A poller over publishers in memory, on a clock that obeys, with a decider that notes what it got."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta

from bot.core.model import Feed
from bot.core.pacing import Budget, Pacemaker
from bot.errors import StoreError
from bot.poller import Poller
from bot.poller_watched import PollerOptions
from bot.ports import Polled
from tests.fakes.clock import FakeClock
from tests.fakes.publisher import FakeSource, MemoryStates, Site

MINUTE = 60.0
BUDGET = Budget(timedelta(minutes=5), timedelta(minutes=1), timedelta(hours=1))
LONG = PollerOptions(tick=300)  # for days that pass in a test


def feed(name: str, **more: object) -> Feed:
    defaults = {"url": f"https://{name}.example/rss", "owner": name}
    return Feed(name, **(defaults | more))  # type: ignore[arg-type]


class JumpyClock(FakeClock):
    """A clock that can be set, and a machine that can be put to sleep."""

    def jump(self, by: timedelta) -> None:
        """Set the wall clock; the monotonic one goes on."""
        self._start += by

    def suspend(self, seconds: float) -> None:
        """Nothing runs for so long; who slept meanwhile wakes late."""
        self._elapsed += seconds
        self._sleepers = [(max(at, self._elapsed), *rest) for at, *rest in self._sleepers]  # type: ignore[misc]


@dataclass
class Bench:
    """A poller with all it needs, and a decider that notes what it got."""

    feeds: tuple[Feed, ...]
    states: MemoryStates = field(default_factory=MemoryStates)
    clock: JumpyClock = field(default_factory=JumpyClock)
    options: PollerOptions = field(default_factory=PollerOptions)
    polled: list[Polled] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)  # about single feeds
    blind: list[str] = field(default_factory=list)  # about groups of them
    undecided: int = 0  # so many next polls cannot be written
    deciding: bool = True
    unwritable_notices: int = 0
    hub_calls: bool = False  # … us for every feed

    def __post_init__(self) -> None:
        self.source = FakeSource(self.clock)
        self.queue: asyncio.Queue[Polled] = asyncio.Queue(maxsize=4)
        self.poller = Poller(
            {"feed": self.source},
            self.states,
            self.queue,
            feeds=lambda: self.feeds,
            clock=self.clock,
            pace=Pacemaker(BUDGET),
            notice=self._notice,
            hub_calls=lambda _name: self.hub_calls,
            options=self.options,
            jitter=lambda: 1.0,
        )

    async def _notice(self, topic: str, text: str) -> None:
        if self.unwritable_notices and topic.startswith("feed/"):
            self.unwritable_notices -= 1
            raise StoreError("the disk is full")
        (self.blind if topic.startswith("blind/") else self.notices).append(text)

    async def _decide(self) -> None:
        while True:
            polled = await self.queue.get()
            written = not self.undecided
            self.undecided -= not written
            self.polled.append(polled)
            if written:
                self.states.rows[polled.feed.name] = polled.state
            if self.deciding:
                self.poller.settled(polled, written)

    def site(self, name: str) -> Site:
        return self.source.sites[next(each.url for each in self.feeds if each.name == name)]

    def times(self, name: str) -> list[float]:
        return self.source.times(next(each.url for each in self.feeds if each.name == name))

    def brought(self, name: str) -> list[tuple[list[str], bool]]:
        """What the decider got of this feed: titles, and whether it was the baseline."""
        return [
            ([raw.title for raw in polled.raws], polled.baseline)
            for polled in self.polled
            if polled.feed.name == name
        ]

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Bench]:
        tasks = [asyncio.create_task(self.poller.run()), asyncio.create_task(self._decide())]
        try:
            await self.clock.advance(0)
            yield self
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
