"""A courier with an outbox, three platforms and a clock, all in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.core.model import Delivery, DeliveryState, MessageKind, Receipt, Receiver
from bot.delivery import Courier
from tests.fakes.alerts import owed, receiver
from tests.fakes.clock import FakeClock, settle
from tests.fakes.notifier import MemoryNotifier
from tests.fakes.outbox import MemoryOutbox

DESK = receiver("desk")
PHONES = receiver("phones", kind="telegram", address="4711")
ADMINS = receiver("admins", kind="console", address="-")


class World:
    """An outbox, three platforms and a courier between them, on a clock of our own."""

    def __init__(self, *deliveries: Delivery) -> None:
        self.clock = FakeClock()
        self.outbox = MemoryOutbox(*deliveries)
        self.slack = MemoryNotifier(self.clock)
        self.telegram = MemoryNotifier(self.clock, can_tell=False)
        self.console = MemoryNotifier(self.clock)
        self.wake = asyncio.Event()
        self.courier = self.new_courier()

    def new_courier(self) -> Courier:
        return Courier(
            self.outbox,
            {"slack": self.slack, "telegram": self.telegram, "console": self.console},
            clock=self.clock,
            wake=self.wake,
            admins=lambda: (ADMINS,),
            digests=self.outbox,
            jitter=lambda: 0.5,
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator[World]:
        task = asyncio.create_task(self.courier.run())
        try:
            yield self
        finally:
            task.cancel()
            for lane in list(self.courier._lanes.values()):
                lane.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await settle()

    async def for_seconds(self, seconds: float) -> None:
        async with self.running():
            await self.clock.advance(seconds)

    def notices(self) -> list[str]:
        return [
            row.message.notice for row in self.outbox.rows.values() if row.message.kind is MessageKind.NOTICE
        ]


def died_in(state: DeliveryState, *receipts: Receipt, to: Receiver = DESK) -> Delivery:
    return owed(to=to, state=state, attempts=1, receipts=receipts)
