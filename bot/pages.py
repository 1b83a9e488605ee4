"""Title now, body seconds later: articles of ``full_text`` feeds are read once their headline has been decided.

::

    ingest ── written ──▶ offer ──▶ queue ──▶ read the page ──▶ the publisher's own lines out ──▶ ingest again
                          (hook)    bounded    a few at a time    LineMemory                       amends=True

The headline has rung already where it deserved to; the page can only amend: raise the level, add the proving
sentence, take a weak match back into silence. What cannot be read is left at that, since a feed's own words were
enough to decide; nothing is retried. A flood of new items keeps the newest pages and forgets the oldest.
"""

from __future__ import annotations

import asyncio
import html
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import structlog

from bot.core.cleaning import LineMemory, article_lines
from bot.core.model import Entry, Feed, FeedState, Outcome, RawEntry
from bot.errors import FetchError, ParseError
from bot.ports import Clock, Polled, PollRecord

log = structlog.get_logger()

MOST_WAITING = 500  # pages; beyond it the oldest are given up
READERS = 4  # pages at a time; the client keeps its own pace for each host
UNREAD = (Outcome.BASELINE, Outcome.TOO_OLD)

ReadPage = Callable[[str], Awaitable[Sequence[str]]]
"""``read(link)``: the paragraphs of an article's page. Raises FetchError or ParseError."""


@dataclass(frozen=True, slots=True)
class _Wanted:
    feed: Feed
    state: FeedState
    entry: Entry


class Pages:
    """Reads pages behind decided headlines. ``amend`` hands the enriched item back to the decider."""

    def __init__(self, read: ReadPage, amend: Callable[[Polled], Awaitable[object]], clock: Clock) -> None:
        self._read = read
        self._amend = amend
        self._clock = clock
        self._memory = LineMemory()
        self._waiting: deque[_Wanted] = deque(maxlen=MOST_WAITING)
        self._offered = asyncio.Event()

    def offer(self, polled: Polled, record: PollRecord) -> None:
        """The decider's hook: note the new items of a ``full_text`` feed. Never raises."""
        if not polled.feed.full_text or polled.amends:
            return
        for entry, decision in record.entries:
            if entry.link and not entry.body and decision.outcome not in UNREAD:
                self._waiting.append(_Wanted(polled.feed, polled.state, entry))
                self._offered.set()

    async def run(self) -> None:
        """Read for ever, a few pages at a time."""
        async with asyncio.TaskGroup() as readers:
            for _ in range(READERS):
                readers.create_task(self._reader())

    async def _reader(self) -> None:
        while True:
            while not self._waiting:
                self._offered.clear()
                await self._offered.wait()
            await self._one(self._waiting.popleft())

    async def _one(self, wanted: _Wanted) -> None:
        entry, now = wanted.entry, self._clock.now()
        try:
            page = await self._read(entry.link)
        except (FetchError, ParseError) as error:
            log.info("page.unread", feed=wanted.feed.name, error=str(error))
            return
        lines = self._memory.filtered(entry.owner, entry.link, article_lines(page), now)
        if lines:
            raw = enriched(entry, lines)
            await self._amend(
                Polled(wanted.feed, wanted.state, (raw,), wanted.feed.url, self._clock.now(), amends=True)
            )


def enriched(entry: Entry, paragraphs: Sequence[str]) -> RawEntry:
    """The item as if its feed had carried the article; by link and title it is the same item."""
    return RawEntry(
        link=entry.link,
        title=html.escape(entry.title),
        summary=html.escape(entry.summary),
        content="".join(f"<p>{html.escape(line)}</p>" for line in paragraphs),
        author=html.escape(entry.author),
        lang=entry.lang,
        published=entry.published if entry.dated else None,
    )
