"""Publishers in memory: a source that answers what a test put up, and the poller's store as a dictionary."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.core.model import Feed, FeedState, Fetched, RawEntry
from bot.errors import FetchError, ParseError, StoreError
from bot.ports import Clock


@dataclass(slots=True)
class Site:
    """What stands at one address. ``error`` goes before everything, ``takes`` is seconds until the answer."""

    entries: tuple[RawEntry, ...] = ()
    error: Exception | None = None
    takes: float = 0.0
    etag: str = "v0"
    moved_to: str = ""
    max_age: timedelta | None = None
    pushed: tuple[RawEntry, ...] = ()  # what a hub has brought and nobody read yet
    broken: bool = False  # it answers, and what it answers is no feed
    size: int = 0  # bytes of its document, at least

    def publish(self, *titles: str, published: datetime | None = None) -> None:
        """New items on top, and with them another ETag."""
        new = (RawEntry(guid=title, title=title, link="", published=published) for title in titles)
        self.entries = (*new, *self.entries)
        self.etag = f"v{len(self.entries)}"


@dataclass(slots=True)
class Request:
    """One request as it came in."""

    url: str
    at: float  # monotonic
    state: FeedState


@dataclass(slots=True)
class FakeSource:
    """Implements :class:`bot.ports.Source`; ``sites`` maps addresses to what stands there."""

    clock: Clock
    sites: dict[str, Site] = field(default_factory=lambda: defaultdict(Site))
    requests: list[Request] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0

    async def fetch(
        self, feed: Feed, state: FeedState, *, now: datetime, limit: int | None = None
    ) -> Fetched:
        site = self.sites[feed.url]
        if site.pushed:
            return Fetched(feed.url, 200, b"pushed", etag=state.etag, pushed=True)
        self.requests.append(Request(feed.url, self.clock.monotonic(), state))
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await self.clock.sleep(site.takes)
        finally:
            self.at_once -= 1
        if site.error is not None:
            raise site.error
        if site.etag and site.etag == state.etag:
            return Fetched(feed.url, 304, None, moved_to=site.moved_to, max_age=site.max_age)
        if limit is not None and site.size > limit:
            raise FetchError(feed.name, "too-large", f"more than {limit} bytes")
        body = site.etag.encode().ljust(site.size)
        return Fetched(
            feed.url,
            200,
            body,
            etag=site.etag,
            body_hash=site.etag,
            moved_to=site.moved_to,
            max_age=site.max_age,
        )

    def parse(self, feed: Feed, fetched: Fetched) -> Sequence[RawEntry]:
        if self.sites[feed.url].broken:
            raise ParseError(feed.name, "a page, not a feed")
        site = self.sites[feed.url]
        if fetched.pushed:
            pushed, site.pushed = site.pushed, ()
            return pushed
        return site.entries

    def times(self, url: str) -> list[float]:
        """When this address was asked."""
        return [request.at for request in self.requests if request.url == url]


class MemoryStates:
    """Implements :class:`bot.ports.FeedStates`. ``failing`` > 0 makes that many next writes raise StoreError."""

    def __init__(self, *states: FeedState) -> None:
        self.rows: dict[str, FeedState] = {state.feed: state for state in states}
        self.transactions: list[list[str]] = []  # the feeds saved in each
        self.failing = 0

    async def states(self) -> Mapping[str, FeedState]:
        return dict(self.rows)

    async def save_state(self, state: FeedState) -> None:
        await self.save_states([state])

    async def save_states(self, states: Collection[FeedState]) -> None:
        if self.failing:
            self.failing -= 1
            raise StoreError("the disk is full")
        self.transactions.append([state.feed for state in states])
        self.rows.update({state.feed: state for state in states})
