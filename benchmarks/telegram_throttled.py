"""One chat that Telegram makes wait for ten minutes, and what that costs the others: ours beside the library's limiter.

    python -m benchmarks telegram_throttled

Fifty chats are owed a message every two seconds, one chat after the other, within Telegram's limits; one of them is
told by 429 to wait 600 seconds. The same client sends to the same fake over HTTP on loopback; once the bot's courier
decides when, once ``AIORateLimiter``, the library's own, with as many retries as it takes. A message's delay is the
time from when it was due until it stands in its chat; the throttled chat itself is not counted. (In a crowd the library
does better by accident: every request that ends opens the gate the 429 had closed.)

The clock leaps while both sides only wait: time passes on the loop that counts requests under way, so that ten minutes
take seconds. ``AIORateLimiter`` needs the package aiolimiter; without it only our own figure is printed.
"""

from __future__ import annotations

import asyncio
import logging
import selectors
import statistics
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from typing import Any, cast

import structlog
from telegram.ext import ExtBot
from telegram.request import HTTPXRequest

from bot.delivery import Courier
from bot.notify import Telegram, telegram_bot
from tests.fakes.alerts import alert, owed, receiver
from tests.fakes.outbox import MemoryOutbox
from tests.fakes.telegram import TOKEN, Chat, Pace, TelegramFake

CHATS = range(1_001, 1_051)
THROTTLED = CHATS[0]
ROUNDS, EVERY = 6, 2.0  # messages a chat, and the seconds between two of them
WAIT = 600
CREEP = 1e-7  # seconds each look at the clock takes: timers a hair ahead must come, too


# ── a clock that leaps ───────────────────────────────────────────────────────────────────────────────
class LeapingLoop(asyncio.SelectorEventLoop):
    """Real sockets, and a time of its own: it stands while anything is ``under_way``, else leaps to the next timer."""

    def __init__(self) -> None:
        self.under_way = 0
        self._ahead = 1_000.0
        super().__init__(_Leaping(self))

    def time(self) -> float:
        self._ahead += CREEP
        return self._ahead

    def leap(self, seconds: float) -> None:
        """So much time has passed."""
        self._ahead += seconds


class _Leaping(selectors.DefaultSelector):
    def __init__(self, loop: LeapingLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> Any:
        if not timeout or self._loop.under_way:
            return super().select(0.01 if timeout else timeout)
        ready = super().select(0.001)
        if not ready:
            self._loop.leap(timeout)
        return ready


class Time:
    """Implements :class:`bot.ports.Clock` on the loop's time."""

    def __init__(self) -> None:
        self._loop = cast(LeapingLoop, asyncio.get_running_loop())
        self._began = self._loop.time()

    def monotonic(self) -> float:
        return self._loop.time() - self._began

    def now(self) -> datetime:
        return datetime(2022, 2, 15, tzinfo=UTC) + timedelta(seconds=self.monotonic())

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class Counted(HTTPXRequest):
    """The library's connection; the clock stands while it is asked something."""

    async def do_request(self, *arguments: Any, **named: Any) -> tuple[int, bytes]:
        loop = cast(LeapingLoop, asyncio.get_running_loop())
        loop.under_way += 1
        try:
            return await super().do_request(*arguments, **named)
        finally:
            loop.under_way -= 1


def due(chat: int, round_: int) -> float:
    """When a chat's message is owed."""
    return EVERY * (round_ + CHATS.index(chat) / len(CHATS))


# ── two senders ──────────────────────────────────────────────────────────────────────────────────────
@dataclass
class Post:
    """What is sent to whom, and the time both sides go by."""

    fake: TelegramFake
    time: Time

    async def turns(self) -> AsyncIterator[tuple[int, int]]:
        """Chat and round, each when its message is due."""
        for round_ in range(ROUNDS):
            for chat in CHATS:
                await asyncio.sleep(max(0.0, due(chat, round_) - self.time.monotonic()))
                yield chat, round_

    async def arrived(self) -> Mapping[int, list[float]]:
        """When what the others are owed stands in their chats, in the order of sending."""
        others = [chat for chat in self.fake.chats.values() if chat.id != THROTTLED]
        while any(len(chat.messages) < ROUNDS for chat in others):  # noqa: ASYNC110 — the fake tells nobody
            await asyncio.sleep(0.25)
        return {chat.id: [told.at for told in chat.told] for chat in others}


async def by_courier(post: Post) -> Mapping[int, list[float]]:
    """Our own: a lane a chat."""
    outbox, wake = MemoryOutbox(), asyncio.Event()
    bot = telegram_bot(TOKEN, post.fake.base_url)
    bot._request = (bot._request[0], Counted(connection_pool_size=64))
    courier = Courier(outbox, {"telegram": Telegram(bot)}, clock=post.time, wake=wake)
    running = asyncio.create_task(courier.run())
    async for chat, round_ in post.turns():
        now, to = post.time.now(), receiver(f"chat {chat}", "telegram", str(chat))
        await outbox.owe([owed(alert(story=f"{chat}-{round_}"), to, created=now, not_before=now)])
        wake.set()
    arrived = await post.arrived()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await courier.stop()
    await bot.shutdown()
    return arrived


async def by_limiter(post: Post) -> Mapping[int, list[float]]:
    """The library's: one limiter for all chats."""
    from telegram.ext import AIORateLimiter

    bot = ExtBot(
        TOKEN,
        base_url=f"{post.fake.base_url}/bot",
        request=Counted(connection_pool_size=512, pool_timeout=5_000),
        rate_limiter=AIORateLimiter(max_retries=10),
    )
    await bot.initialize()
    sending = []
    async for chat, round_ in post.turns():
        sending.append(asyncio.create_task(bot.send_message(chat, f"message {round_}")))
    arrived = await post.arrived()
    for each in sending:
        each.cancel()
    await asyncio.gather(*sending, return_exceptions=True)
    await bot.shutdown()
    return arrived


# ── measuring ────────────────────────────────────────────────────────────────────────────────────────
Sender = Callable[[Post], Awaitable[Mapping[int, list[float]]]]


async def p99(send: Sender, *, throttled: bool) -> float:
    """Seconds a message of the other chats came too late."""
    loop = cast(LeapingLoop, asyncio.get_running_loop())
    time = Time()
    pace = Pace(time.monotonic)
    async with TelegramFake(*map(Chat, CHATS), now=time.monotonic, pace=pace).serving() as fake:
        if throttled:
            fake[THROTTLED].throttled = WAIT
            loop.call_later(WAIT, setattr, fake[THROTTLED], "throttled", 0)
        arrived = await send(Post(fake, time))
    late = [at - due(chat, round_) for chat, times in arrived.items() for round_, at in enumerate(times)]
    return statistics.quantiles(late, n=100)[-1]


def measured(send: Sender, *, throttled: bool) -> float:
    """On a loop of its own."""
    with asyncio.Runner(loop_factory=LeapingLoop) as runner:
        return runner.run(p99(send, throttled=throttled))


def main() -> None:
    """Print both."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    senders: list[tuple[str, Sender]] = [("ours", by_courier)]
    if find_spec("aiolimiter"):
        senders.append(("AIORateLimiter", by_limiter))
    else:
        print("AIORateLimiter is left out: the package aiolimiter is not installed")
    for name, send in senders:
        calm, troubled = measured(send, throttled=False), measured(send, throttled=True)
        print(
            f"{name}: p99 of the other {len(CHATS) - 1} chats {calm:.2f} s without a throttled chat, "
            f"{troubled:.2f} s with one that waits {WAIT} s: {(troubled - calm) * 1000:+,.0f} ms"
        )


if __name__ == "__main__":
    main()
