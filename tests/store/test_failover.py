"""A PostgreSQL of two whose primary is killed while workers write and send: what was acknowledged is there."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from bot.delivery import Courier, CourierOptions
from bot.errors import StoreError
from bot.store import Store, open_store
from bot.systemclock import SystemClock
from tests.fakes.alerts import alert, owed, receiver
from tests.fakes.notifier import MemoryNotifier
from tests.pg_pair import pair

CHATS = [receiver(f"r{number}", "wire") for number in range(20)]  # of a kind without limits


class Writer:
    """Owes one message after the other; ``acknowledged`` are those the database has taken."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.acknowledged: list[str] = []
        self.refused = 0

    async def run(self) -> None:
        """Until cancelled. What was refused is not tried again: whether it is there, nobody knows."""
        number = 0
        while True:
            number += 1
            delivery = owed(alert(story=f"st-{number}"), CHATS[number % len(CHATS)])
            try:
                await self._store.outbox.owe([delivery])
            except StoreError:
                self.refused += 1
            else:
                self.acknowledged.append(delivery.id)

    async def more(self, count: int) -> None:
        """Wait until so many more are acknowledged."""
        wanted = len(self.acknowledged) + count
        await until(lambda: len(self.acknowledged) >= wanted)


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(300):  # only ends what hangs
        while not true():  # noqa: ASYNC110 — a database tells nobody
            await asyncio.sleep(0.01)


@asynccontextmanager
async def sending(store: Store, wire: MemoryNotifier) -> AsyncIterator[None]:
    options = CourierOptions(sweep=0.05, grace=0, restart_grace=0, late_grace=0)
    courier = Courier(
        store.outbox, {"wire": wire}, clock=SystemClock(), wake=asyncio.Event(), options=options
    )
    running = asyncio.create_task(courier.run())
    try:
        yield
    finally:
        await courier.stop()
        await running


async def test_fault_024_the_primary_is_killed_and_nothing_acknowledged_is_lost_or_told_twice() -> None:
    wire = MemoryNotifier(SystemClock())
    async with pair() as both:
        store = await open_store(both.url)
        writer = Writer(store)
        async with sending(store, wire):
            writing = asyncio.create_task(writer.run())
            await writer.more(150)
            await both.kill_primary()
            await both.promote()
            await writer.more(150)
            writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)
            await until(lambda: len(set(texts(wire)) & set(writer.acknowledged)) == len(writer.acknowledged))
        assert max(Counter(texts(wire)).values()) == 1
        states = {each.id: each.state.value for each in await store.views.outbox(limit=10_000)}
        assert set(writer.acknowledged) <= set(states)
        assert {states[each] for each in writer.acknowledged} == {"sent"}
        await store.close()


def texts(wire: MemoryNotifier) -> list[str]:
    """Deliveries that arrived."""
    return [text.partition("#")[0] for text in wire.texts()]
