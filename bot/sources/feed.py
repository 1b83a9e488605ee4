"""RSS 0.90 to 2.0, RDF, Atom and JSON Feed: how a feed is asked for, and what its document says.

feedparser reads what no two publishers write alike; it stays the judge. We take three things out of its hands: the
charset is decided first (:mod:`bot.sources.charset`), its HTML sanitiser and its rewriting of relative links inside
markup stay off (71 % of its time, and two quadratic inputs; :mod:`bot.core.plain` cleans what we keep), and it never
sees an address or a file name, which it would open. And it sees only what is new (:mod:`bot.sources.reading`).

``parse`` reads in this very process, which is right for a command a person waits for. The poller's documents are read
by :class:`bot.sources.parsers.Parsers`, in processes that can be killed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import blake2b

from bot import metrics
from bot.core.model import Feed, FeedState, Fetched, RawEntry
from bot.errors import FetchError, ParseError
from bot.sources.cutting import DIGEST
from bot.sources.document import NotAFeedError
from bot.sources.headers import max_age
from bot.sources.http import Answer, Client
from bot.sources.memory import Memory
from bot.sources.readers import READERS
from bot.sources.reading import Reading, Seen
from bot.sources.websub import Hub, hub_of

FULL_FETCH_EVERY = timedelta(hours=6)
"""The whole document is asked for so often, whatever its validators say: some publishers answer 304 for ever."""

ACCEPT = (
    "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml;q=0.9, "
    "application/xml;q=0.8, text/xml;q=0.8, application/json;q=0.7, */*;q=0.5"
)


MOST_PUSHED = 2
"""Documents of hubs that wait for one feed; as soon as there are two, the feed itself is asked."""

Answered = Callable[[Feed, Answer], None]
"""Shown every whole answer, before it is parsed."""
HubNamed = Callable[[Feed, Hub | None], object]
"""Told at every reading which hub the feed names."""


class FeedSource:
    """Implements :class:`bot.ports.Source` over the guarded client. Remembers what it read; see ``parse``."""

    reader = "feed"
    """In :data:`bot.sources.readers.READERS`."""
    accept = ACCEPT

    def __init__(self, client: Client) -> None:
        self._client = client
        self._memory = Memory()
        self._shown: dict[str, int] = {}
        self._pushed: dict[str, list[Fetched]] = {}
        self._met: set[str] = set()  # feeds read since we started
        self.hub_named: HubNamed | None = None
        self.answered: Answered | None = None

    async def fetch(
        self, feed: Feed, state: FeedState, *, now: datetime, limit: int | None = None
    ) -> Fetched:
        """One polite request, or none when a hub has brought the news. Raises FetchError (BlockedAddress, Gone)."""
        self._memory.begin(feed.name, state.body_hash)
        pushed = self._pushed.pop(feed.name, ())
        if len(pushed) == 1:
            return replace(pushed[0], url=feed.url, etag=state.etag, last_modified=state.last_modified)
        conditions = {} if self._must_name_its_hub(feed) else conditional(state, now)
        headers = {"Accept": self.accept, **conditions}
        answer = await self._client.get(feed.url, feed.name, headers=headers, limit=limit)
        if answer.status == 304 and not conditions:
            raise FetchError(feed.name, "status-3xx", "304 to a question without conditions", status=304)
        if answer.status != 304 and self.hub_named is not None:
            self._met.add(feed.name)
            self.hub_named(feed, hub_of(answer.headers, answer.body, answer.url))
        if answer.status != 304 and self.answered is not None:
            self.answered(feed, answer)
        return fetched(answer, state)

    def _must_name_its_hub(self, feed: Feed) -> bool:
        """After a start the hub is not known any more, and a 304 names none."""
        return self.hub_named is not None and feed.name not in self._met

    def parse(self, feed: Feed, fetched: Fetched) -> Sequence[RawEntry]:
        """The entries, without those that an earlier document brought whose poll was written.

        Raises ParseError when what came is not a feed.
        """
        read = READERS[self.reader]
        try:
            reading = read(fetched.body or b"", fetched.content_type, fetched.url, self.seen(feed))
        except NotAFeedError as error:
            raise ParseError(feed.name, str(error)) from None
        return self.take(feed, fetched, reading)

    def push(self, feed: str, body: bytes, content_type: str) -> None:
        """A hub brings a document: the next ``fetch`` gives it, without asking. Where several wait, the feed is asked.

        It says nothing of the feed's own document: validators and hash stay as they are. An empty one is a mere ping.
        """
        waiting = self._pushed.setdefault(feed, [])
        if body and len(waiting) < MOST_PUSHED:
            waiting.append(Fetched("", 200, body, content_type, pushed=True))

    def shown(self, feed: Feed) -> int:
        """How many items the document parsed last had, those read before too."""
        return self._shown.get(feed.name, 0)

    # ── for those who read elsewhere ─────────────────────────────────────────────────────────────────
    def seen(self, feed: Feed) -> Seen:
        """What need not be read again."""
        return self._memory.seen(feed.name)

    def take(self, feed: Feed, fetched: Fetched, reading: Reading) -> Sequence[RawEntry]:
        """Remember a reading of this answer; returns its entries."""
        self._memory.read(feed.name, fetched.body_hash, reading.seen)
        self._shown[feed.name] = max(len(reading.entries), len(reading.seen.items) // DIGEST)
        metrics.decoded(overridden=reading.overridden, unsure=reading.unsure)
        return reading.entries


class SitemapSource(FeedSource):
    """The same for news sitemaps, see :mod:`bot.sources.sitemap`."""

    reader = "sitemap"
    accept = "application/xml, text/xml;q=0.9, */*;q=0.5"


def conditional(state: FeedState, now: datetime) -> Mapping[str, str]:
    """The conditions of the next request: the validators of the last answer, unless the whole is due again."""
    if state.last_full_fetch is None or now - state.last_full_fetch >= FULL_FETCH_EVERY:
        return {}
    conditions = {"If-None-Match": state.etag, "If-Modified-Since": state.last_modified}
    return {name: value for name, value in conditions.items() if value}


def fetched(answer: Answer, state: FeedState) -> Fetched:
    """An answer as the poller takes it; ``body`` None where it shows that nothing changed."""
    seen = Fetched(
        url=answer.url,
        status=answer.status,
        body=None,
        content_type=answer.headers.get("Content-Type", ""),
        etag=_one_line(answer.headers.get("ETag", "")),
        last_modified=_one_line(answer.headers.get("Last-Modified", "")),
        moved_to=answer.moved_to,
        max_age=max_age(answer.headers),
    )
    if answer.status == 304:
        return seen
    digest = blake2b(answer.body, digest_size=16).hexdigest()
    return replace(seen, body=None if digest == state.body_hash else answer.body, body_hash=digest)


def _one_line(value: str) -> str:
    """A validator that can be sent back; one that is too long or strange is better not sent at all."""
    return value if len(value) <= 1_000 and value.isprintable() and value.isascii() else ""
