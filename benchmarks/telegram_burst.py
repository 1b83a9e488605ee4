"""A burst of alerts to Telegram under its real limits, against the least time those limits allow.

    python -m benchmarks telegram_burst

Outbox, courier, governor and notifier are the bot's own, over a database file and over HTTP on loopback. Telegram is
the tests' fake with one message a second in a chat, twenty a minute in a group and thirty a second from the bot, and
answers 429 to whoever is faster. Both sides live on one clock that stands still while anything is under way and leaps
while all wait, so the figures are of waiting alone and the same on any machine.

The last line: what 600 seconds of 429 in one chat cost the others. All of it takes a few minutes of processor time.
"""

from __future__ import annotations

import asyncio
import logging
import statistics
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from random import Random

import structlog

from bot.core.model import Delivery, Level, Receiver
from bot.delivery import Courier
from bot.notify import Telegram, telegram_bot
from bot.store import open_store
from tests.fakes.alerts import AT, alert, owed, receiver
from tests.fakes.clock import FakeClock
from tests.fakes.line import UnderWay
from tests.fakes.telegram import TOKEN, Chat, Pace, TelegramFake

PEOPLE = [receiver(f"person {number}", "telegram", str(1_000 + number)) for number in range(50)]
GROUPS = [receiver(f"group {number}", "telegram", str(-1_000 - number)) for number in range(10)]


@dataclass
class Burst:
    """What came of it. Times in seconds of the clock both sides share, from the moment all was owed."""

    fake: TelegramFake
    took: float
    waited: Mapping[str, list[float]]  # address → when its messages arrived

    @property
    def refused(self) -> int:
        """The most 429s any chat saw."""
        assert self.fake.pace is not None
        return max(self.fake.pace.refused.values(), default=0)

    def in_order(self) -> bool:
        """Did every chat get its alerts loudest first, and those of one level as they were owed?"""
        return all(titles == sorted(titles) for chat in self.fake.chats.values() if (titles := _titles(chat)))


def main() -> None:
    """Print the ratios."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    counts = {
        **dict.fromkeys((each.name for each in PEOPLE), 180),
        **dict.fromkeys((each.name for each in GROUPS), 100),
    }
    began = time.perf_counter()
    burst = asyncio.run(deliver(counts))
    least = least_time(counts)
    print(
        f"{sum(counts.values()):,} alerts to {len(counts)} chats: {burst.took:.1f} s, at least {least:.1f} s are needed"
    )
    print(f"  ratio {burst.took / least:.3f} (wanted: at most 1.10); most 429s in a chat: {burst.refused}")
    print(f"  every chat in order: {burst.in_order()}; {time.perf_counter() - began:.0f} s of real time")
    few = dict.fromkeys((each.name for each in PEOPLE), 6)
    calm, troubled = asyncio.run(deliver(few)), asyncio.run(deliver(few, throttled=PEOPLE[0]))
    without, added = _p99(calm, PEOPLE[0]), _p99(troubled, PEOPLE[0]) - _p99(calm, PEOPLE[0])
    print(
        f"one chat in 429 for 600 s: p99 of the others {without:.3f} s without it, {added * 1000:+.0f} ms with it"
    )


async def deliver(counts: Mapping[str, int], throttled: Receiver | None = None) -> Burst:
    """All is owed at once; until all but the throttled chat's has arrived."""
    clock = FakeClock()
    under_way = UnderWay(clock)
    chats = [Chat(int(each.address)) for each in (*PEOPLE, *GROUPS)]
    async with TelegramFake(*chats, now=clock.monotonic, pace=Pace(clock.monotonic)).serving() as fake:
        if throttled is not None:
            fake[int(throttled.address)].throttled = 600
        with tempfile.TemporaryDirectory() as folder:
            store = await open_store(f"sqlite+aiosqlite:///{Path(folder) / 'burst.db'}", durable=False)
            await store.outbox.owe(list(_owed(counts)))
            telegram = Telegram(telegram_bot(TOKEN, fake.base_url))
            courier = Courier(
                under_way.watch(store.outbox),
                {"telegram": under_way.watch(telegram)},
                clock=clock,
                wake=asyncio.Event(),
            )
            running = asyncio.create_task(courier.run())
            expected = sum(
                count for name, count in counts.items() if throttled is None or name != throttled.name
            )
            while sum(len(chat.messages) for chat in chats) < expected:
                await under_way.step()
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            await courier.stop()
            await telegram.close()
            await store.close()
    waited = {str(chat.id): [told.at for told in chat.told] for chat in chats}
    return Burst(fake, max(at for times in waited.values() for at in times), waited)


def _owed(counts: Mapping[str, int]) -> list[Delivery]:
    """In an order of chance; louder ones go first in every chat, whatever was owed before."""
    made = []
    for to in (*PEOPLE, *GROUPS):
        for number in range(counts.get(to.name, 0)):
            level = Level.CRITICAL if number < 3 else Level.HIGH
            told = alert(story=f"{to.address}-{number:03}", title=f"{number:03}", level=level)
            made.append(owed(told, to, created=AT + timedelta(microseconds=number)))
    Random(7).shuffle(made)
    return made


def least_time(counts: Mapping[str, int]) -> float:
    """Seconds between first and last message that no sender within the limits can beat."""
    groups = {each.name for each in GROUPS}
    bounds = [(sum(counts.values()) - 1) // 30 * 1.0]
    bounds += [(count - 1) * 1.0 for count in counts.values()]
    bounds += [(count - 1) // 20 * 60.0 for name, count in counts.items() if name in groups]
    return max(bounds)


def _p99(burst: Burst, without: Receiver) -> float:
    times = [at for address, arrived in burst.waited.items() if address != without.address for at in arrived]
    return statistics.quantiles(times, n=100)[-1]


def _titles(chat: Chat) -> list[str]:
    return [told.text.splitlines()[1] for told in chat.told]


if __name__ == "__main__":
    main()
