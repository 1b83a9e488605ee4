"""A courier with real notifiers over real HTTP, on a clock that waits for them: only answers cost real time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from bot.core.model import DeliveryState, Receipt, Receiver
from bot.delivery import Courier, CourierOptions
from bot.ports import Notifier
from tests.fakes.clock import FakeClock, settle
from tests.fakes.outbox import MemoryOutbox

OPEN = {DeliveryState.OWED, DeliveryState.SENDING, DeliveryState.UNKNOWN}


class OnTheWire:
    """A notifier that says how many of its messages are under way."""

    def __init__(self, inner: Notifier) -> None:
        self._inner = inner
        self.under_way = 0
        self.render, self.find, self.close = inner.render, inner.find, inner.close

    async def send(
        self, receiver: Receiver, part: Mapping[str, object], *, after: Receipt | None, now: datetime
    ) -> Receipt:
        self.under_way += 1
        try:
            return await self._inner.send(receiver, part, after=after, now=now)
        finally:
            self.under_way -= 1


class Line:
    """``courier`` pays what ``outbox`` owes through these notifiers; time stands still while a message is under way."""

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
        self._wires = {kind: OnTheWire(notifier) for kind, notifier in notifiers.items()}
        self.courier = Courier(
            outbox,
            self._wires,
            clock=self.clock,
            wake=asyncio.Event(),
            admins=admins,
            options=CourierOptions(grace=0),
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
            await self._step()
        await self.clock.advance(0.5)

    async def for_seconds(self, seconds: float) -> None:
        """Sweep every half second that long."""
        end = self.clock.monotonic() + seconds
        while self.clock.monotonic() < end:
            await self.turn()

    async def _step(self) -> None:
        await settle(5)
        if any(wire.under_way for wire in self._wires.values()):
            await asyncio.sleep(0.0005)  # sockets answer in real time …
        else:
            await self.clock.leap()  # … pauses pass on ours
