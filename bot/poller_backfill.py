"""What a feed may have shown while we did not look is looked for behind it.

::

    gap ─▶ older pages the feed names ─▶ decided like a poll ─▶ until something known, or MOST_PAGES
       └─▶ none named: the news sitemap of the same publisher, if it is watched, is polled at once

An older page changes nothing about the feed's state, and never counts as a gap itself.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import structlog

from bot.core.model import Feed, RawEntry
from bot.errors import FetchError, ParseError, StoreError
from bot.ports import Clock, Polled, PollRecord

log = structlog.get_logger()

MOST_PAGES = 5
MOST_WAITING = 200  # feeds; the gaps longest ago are given up
SITEMAP = "sitemap"


class Page(Protocol):
    """An older page."""

    @property
    def entries(self) -> Sequence[RawEntry]: ...

    @property
    def url(self) -> str: ...

    @property
    def older(self) -> str:
        """The page before; "" = none."""
        ...


@dataclass(frozen=True, slots=True)
class Ways:
    """What filling a gap needs of others. ``read`` raises FetchError and ParseError, ``decide`` StoreError."""

    older: Callable[[Feed], str]  # where the page before the feed's document stands, "" = it named none
    read: Callable[[str], Awaitable[Page]]
    decide: Callable[[Polled], Awaitable[PollRecord]]
    poll_now: Callable[[str], object]
    feeds: Callable[[], Iterable[Feed]]


class Backfill:
    """Fills gaps one after another, so that a thousand at once cost no more than their time."""

    def __init__(self, ways: Ways, clock: Clock) -> None:
        self._ways = ways
        self._clock = clock
        self._gaps: OrderedDict[str, Polled] = OrderedDict()
        self._offered = asyncio.Event()

    def offer(self, polled: Polled) -> None:
        """The poller's hook: nothing this poll showed was known."""
        self._gaps[polled.feed.name] = polled
        if len(self._gaps) > MOST_WAITING:
            self._gaps.popitem(last=False)
        self._offered.set()

    async def run(self) -> None:
        """Fill for ever."""
        while True:
            while not self._gaps:
                self._offered.clear()
                await self._offered.wait()
            _, gap = self._gaps.popitem(last=False)
            await self.fill(gap)

    async def fill(self, gap: Polled) -> int:
        """Look for what was missed; returns how many items were found. Gives up on the first trouble."""
        url = self._ways.older(gap.feed)
        if not url:
            self._ask_sitemaps(gap.feed)
            return 0
        found = 0
        try:
            for _ in range(MOST_PAGES):
                page = await self._ways.read(url)
                new = await self._decided(gap, page)
                found += new
                url = page.older
                if not url or new < len(page.entries):  # something on it was known: the gap ends here
                    break
        except (FetchError, ParseError, StoreError) as error:
            log.info("backfill.ended", feed=gap.feed.name, error=str(error))
        log.info("backfill.done", feed=gap.feed.name, found=found)
        return found

    async def _decided(self, gap: Polled, page: Page) -> int:
        polled = replace(
            gap, raws=page.entries, url=page.url, at=self._clock.now(), shown=None, pushed=False, older=True
        )
        return len((await self._ways.decide(polled)).entries)

    def _ask_sitemaps(self, feed: Feed) -> None:
        for other in self._ways.feeds():
            if other.kind == SITEMAP and other.owner == feed.owner and other.name != feed.name:
                self._ways.poll_now(other.name)
