"""A courier with real notifiers over real HTTP, on a clock that waits for them: only answers cost real time."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from bot.core.model import DeliveryState, Receiver
from bot.delivery import Courier, CourierOptions
from bot.ports import Notifier
from tests.fakes.clock import FakeClock, settle
from tests.fakes.outbox import MemoryOutbox

OPEN = {DeliveryState.OWED, DeliveryState.SENDING, DeliveryState.UNKNOWN}


class UnderWay:
    """How many calls to the outside are not answered yet: while there are any, our clock must stand still."""

    def __init__(self, clock: FakeClock) -> None:
        self.count = 0
        self._clock = clock

    def watch(self, inner: object) -> Any:
        """The same object, its coroutines counted."""
        return _Watched(inner, self)

    async def step(self) -> None:
        """Let a little real time pass, or leap to the next moment of ours."""
        await settle(3)
        if self.count:
            await asyncio.sleep(0.0005)  # sockets answer in real time …
        else:
            await self._clock.leap()  # … pauses pass on ours


class _Watched:
    def __init__(self, inner: object, under_way: UnderWay) -> None:
        self._inner, self._under_way = inner, under_way

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if not inspect.iscoroutinefunction(found):
            return found

        async def counted(*arguments: Any, **named: Any) -> Any:
            self._under_way.count += 1
            try:
                return await found(*arguments, **named)
            finally:
                self._under_way.count -= 1

        return counted


class Line:
    """``courier`` pays what ``outbox`` owes through these notifiers."""

    def __init__(
        self,
        outbox: MemoryOutbox,
        notifiers: Mapping[str, Notifier],
        *,
        clock: FakeClock | None = None,
        admins: Callable[[], Sequence[Receiver]] = tuple,
    ) -> None:
        self.outbox = outbox
        self.clock = clock or FakeClock()
        self._under_way = UnderWay(self.clock)
        self.courier = Courier(
            outbox,
            {kind: cast(Notifier, self._under_way.watch(notifier)) for kind, notifier in notifiers.items()},
            clock=self.clock,
            wake=asyncio.Event(),
            admins=admins,
            options=CourierOptions(grace=0, restart_grace=0),
            jitter=lambda: 0.0,
        )

    async def until_paid(self) -> None:
        """Deliver until nothing is owed or in doubt."""
        await self.courier.recover()
        for _ in range(200):
            if not any(row.state in OPEN for row in self.outbox.rows.values()):
                return
            await self.turn()
        raise AssertionError(self.outbox.states())

    async def turn(self) -> None:
        """One sweep and all that comes of it, and half a second more."""
        await self.courier.sweep()
        idle = asyncio.create_task(self.courier.idle())
        while not idle.done():
            await self._under_way.step()
        await self.clock.advance(0.5)

    async def for_seconds(self, seconds: float) -> None:
        """Sweep every half second that long."""
        end = self.clock.monotonic() + seconds
        while self.clock.monotonic() < end:
            await self.turn()
