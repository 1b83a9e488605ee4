"""What concerns all feeds together: their pace is learnt, bursts begin, and the operators hear when a group went dark.

The pace learns from what the decider found new, for only it knows what is; at start from what the store remembers; and
anew after every midnight, a few feeds at a time so that nothing else waits.

Blindness is told when it begins and when it ends. Time in which we slept ourselves counts for nobody.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from bot import metrics
from bot.core.eyes import Blind, Groups, Silence, missed
from bot.core.model import AlertKind, Decision, Feed
from bot.core.pacing import Pacemaker
from bot.errors import StoreError
from bot.ports import Clock, Polled, PollRecord

log = structlog.get_logger()

LEARNT_FROM = timedelta(days=28)
AT_A_TIME = 20  # feeds rebuilt or looked at, or two hundred items learnt, before others may run

History = Callable[[datetime], Awaitable[Iterable[tuple[str, datetime, datetime]]]]
"""Feed, publication and first sight of every dated item first seen since then."""
Notice = Callable[[str, str], Awaitable[None]]
Gap = Callable[[Polled], None]
"""Told of a poll of which nothing was known: items before it may have been missed."""


async def no_history(_since: datetime) -> Iterable[tuple[str, datetime, datetime]]:
    """Nothing is remembered."""
    return ()


async def tell_nobody(topic: str, text: str) -> None:
    """For want of operators a notice goes into the log."""
    log.warning("notice", topic=topic, text=text)


@dataclass(frozen=True, slots=True)
class Asked:
    """A feed that is asked by itself, and when it last answered, on the monotonic clock."""

    feed: Feed
    answered: float


class Lookout:
    """One a poller."""

    def __init__(
        self,
        pace: Pacemaker,
        clock: Clock,
        *,
        notice: Notice,
        history: History,
        gap: Gap,
        longest_tick: float,
    ) -> None:
        self._pace = pace
        self._clock = clock
        self._notice = notice
        self._history = history
        self._gap = gap
        self._longest_tick = longest_tick  # seconds between two ticks, beyond which we must have slept
        self._awake = self._last = clock.monotonic()
        self._blind: dict[str, Blind] = {}
        self._carried: set[str] = set()  # feeds whose news came from a hub the last time

    # ── learning ─────────────────────────────────────────────────────────────────────────────────────
    async def remember(self) -> None:
        """Learn from what the store remembers; without it we start as on the first day."""
        try:
            rows = await self._history(self._clock.now() - LEARNT_FROM)
        except StoreError as error:
            log.warning("pace.unremembered", error=str(error))
            return
        for count, (feed, published, first_seen) in enumerate(rows):
            self._pace.saw(feed, published, first_seen, live=False)
            if count % (10 * AT_A_TIME) == 0:
                await asyncio.sleep(0)
        await self.rebuild()

    async def rebuild(self) -> None:
        """Learn from the days that are over, if one is since the last time."""
        now = self._clock.now()
        if not self._pace.stale(now):
            return
        for count, _ in enumerate(self._pace.rebuilding(now)):
            if count % AT_A_TIME == 0:
                await asyncio.sleep(0)
        log.info("pace.rebuilt")

    def decided(self, polled: Polled, record: PollRecord) -> Sequence[str]:
        """A poll was decided: learn from what was new in it. Returns the feeds that go faster from now on."""
        if polled.amends:
            return ()
        feed, now = polled.feed, self._clock.now()
        asked = not (polled.pushed or polled.older)
        left_out = bool(record.entries) and asked and self.is_carried(feed.name)
        if record.entries and not polled.older:
            self.carries(feed.name, carried=polled.pushed)
        expected = self._pace.expected_since_last(feed.name)
        for entry, _ in record.entries:
            if entry.dated:
                self._pace.saw(
                    feed.name, entry.published, entry.first_seen, live=not (polled.baseline or polled.older)
                )
        lost = 0
        if asked and not polled.baseline:
            shown = len(polled.raws) if polled.shown is None else polled.shown
            lost = missed(len(record.entries), shown, expected)
        if lost:
            log.warning("feed.window_gap", feed=feed.name, missed=lost)
            metrics.window_gap()
            self._pace.hurry(feed.name, now, f"may have missed {lost}")
            self._gap(polled)
        rule = _fired(decision for _, decision in (*record.entries, *record.edited))
        faster = self._pace.burst(feed.name, now, rule) if rule else [feed.name] * bool(lost or left_out)
        if rule:
            log.info("pace.burst", feed=feed.name, rule=rule, feeds=len(faster))
        return faster

    # ── hubs ─────────────────────────────────────────────────────────────────────────────────────────
    def carries(self, name: str, *, carried: bool) -> None:
        """This feed's last news came from a hub; not ``carried`` = we had to find it ourselves."""
        (self._carried.add if carried else self._carried.discard)(name)

    def is_carried(self, name: str) -> bool:
        """Whether its hub can be relied on, as far as the last news tells: a live lease alone is no proof."""
        return name in self._carried

    # ── watching ─────────────────────────────────────────────────────────────────────────────────────
    async def watch(self, asked: Iterable[Asked]) -> bool:
        """Tell of groups that went dark or see again. True when all had been dark and one answers again."""
        now = self._clock.monotonic()
        if now - self._last > self._longest_tick:
            self._awake = now
        self._last = now
        groups = Groups()
        for count, each in enumerate(asked):
            groups.add(self._silence(each, now))
            if count % AT_A_TIME == 0:
                await asyncio.sleep(0)
        found = {blind.who: blind for blind in groups.blind()}
        over = [blind for who, blind in self._blind.items() if who not in found]
        for blind in found.values():
            if blind.who not in self._blind and await self._tell(blind.who, blind.told()):
                self._blind[blind.who] = blind
        for blind in over:
            if await self._tell(blind.who, blind.over()):
                del self._blind[blind.who]
        if not any(blind.everyone for blind in over):
            return False
        self._awake = now  # the others have yet to be asked
        return True

    def _silence(self, asked: Asked, now: float) -> Silence:
        since = timedelta(seconds=max(0.0, now - max(asked.answered, self._awake)))
        return Silence(asked.feed, since, self._pace.usual(asked.feed, self._clock.now()))

    async def _tell(self, who: str, text: str) -> bool:
        try:
            await self._notice(f"blind/{who}", text)
        except StoreError as error:
            log.warning("notice.unwritable", who=who, error=str(error))
            return False
        return True


def _fired(decisions: Iterable[Decision]) -> str:
    """The rule of the loudest alert that is more than one more source of a known story; "" if there is none."""
    alerts = (decision.alert for decision in decisions)
    news = [alert for alert in alerts if alert is not None and alert.kind is not AlertKind.SOURCE]
    return max(news, key=lambda alert: alert.score).rule if news else ""
