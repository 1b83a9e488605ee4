"""Gaps in what a feed showed, filled from the pages behind it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable

from bot.core.model import Feed
from bot.poller_backfill import Page, Ways
from bot.ports import Polled, PollRecord
from bot.sources import FeedSource
from bot.sources.archive import older_page, older_than
from bot.sources.http import Answer, Client
from bot.sources.parsers import Parsers

MOST_REMEMBERED = 20_000  # feeds with older pages


class OlderPages:
    """Remembers of every feed where the page behind its document stands."""

    def __init__(self, sources: Iterable[FeedSource]) -> None:
        self._of: OrderedDict[str, str] = OrderedDict()
        for source in sources:
            source.answered = self._answered

    def _answered(self, feed: Feed, answer: Answer) -> None:
        older = older_than(answer.headers, answer.body, answer.url)
        self._of.pop(feed.name, None)
        if older:
            self._of[feed.name] = older
        if len(self._of) > MOST_REMEMBERED:
            self._of.popitem(last=False)

    def of(self, feed: Feed) -> str:
        """The page's address, "" if the feed named none."""
        return self._of.get(feed.name, "")


def ways(
    client: Client,
    parsers: Parsers,
    sources: Iterable[FeedSource],
    *,
    decide: Callable[[Polled], Awaitable[PollRecord]],
    poll_now: Callable[[str], object],
    feeds: Callable[[], Iterable[Feed]],
) -> Ways:
    """What filling gaps needs, over these sources and this client."""

    async def read(url: str) -> Page:
        return await older_page(client, parsers, url)

    return Ways(OlderPages(sources).of, read, decide, poll_now, feeds)
