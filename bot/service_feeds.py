"""What is watched, for editors: how each feed does, what stands at an address, adding, pausing, lists in and out."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

import structlog

from bot.config.feedfile import add_feeds
from bot.core.eyes import FeedSight, sight_of
from bot.core.model import Feed, FeedState
from bot.core.urls import clean, redacted
from bot.errors import ConfigError, FetchError, InputError, ParseError, Problem
from bot.ports import Delays, FeedStates, StoredDecision, Views
from bot.service_feedlist import described, fresh_feeds
from bot.service_ground import Actor, Ground, Role
from bot.service_trial import Trial
from bot.sources.discovery import Found
from bot.sources.opml import read_opml, write_opml

log = structlog.get_logger()

BACK = timedelta(days=7)  # alerts and hours are counted over …
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class FeedRow:
    """A configured feed and how it does. ``hours`` counts its items by hour of the day, UTC, over a week."""

    feed: Feed
    state: FeedState
    sight: FeedSight
    delays: Delays | None
    hours: tuple[int, ...]


async def feed_rows(
    feeds: Sequence[Feed], states: FeedStates, views: Views, now: datetime
) -> Sequence[FeedRow]:
    """Every one of these feeds as the store knows it, those in trouble first. Raises StoreError."""
    known = await states.states()
    delays = {each.feed: each for each in await views.delays_by_feed(now - BACK)}
    hours: dict[str, Counter[int]] = {feed.name: Counter() for feed in feeds}
    newest: dict[str, datetime] = {}
    for feed, published, _ in await views.publications(now - BACK):
        if feed in hours:
            hours[feed][published.hour] += 1
            newest[feed] = max(published, newest.get(feed, published))
    found = []
    for each in feeds:
        name, counts = each.name, hours[each.name]
        state = known.get(name, FeedState(name))
        sight = sight_of(state, now, newest=newest.get(name), a_day=counts.total() / BACK.days)
        found.append(FeedRow(each, state, sight, delays.get(name), tuple(counts[hour] for hour in range(24))))
    return sorted(found, key=lambda row: (-row.state.failures, row.feed.name))


class Feeds:
    """Every verb needs an editor."""

    def __init__(self, ground: Ground) -> None:
        self._on = ground
        self._asking = asyncio.Semaphore(2)

    async def rows(self, actor: Actor) -> Sequence[FeedRow]:
        """Every configured feed, those in trouble first."""
        actor.need(Role.EDITOR, "feed table")
        return await feed_rows(self._on.orders().feeds, self._on.feeds, self._on.views, self._on.now)

    async def lately(self, actor: Actor, name: str) -> Sequence[StoredDecision]:
        """A feed's newest items with what was decided. Raises InputError."""
        actor.need(Role.EDITOR, "feed items")
        self._known(name)
        return await self._on.views.lately(name)

    def _known(self, name: str) -> Feed:
        found = next((feed for feed in self._on.orders().feeds if feed.name == name), None)
        if found is None:
            raise InputError("There is no feed of that name.")
        return found

    # ── one feed ─────────────────────────────────────────────────────────────────────────────────────
    async def poll(self, actor: Actor, name: str) -> None:
        """Poll it as soon as its host allows. Raises InputError."""
        actor.need(Role.EDITOR, "poll feed")
        if not self._on.hands.poll_now(self._known(name).name):
            raise InputError("This feed is not polled here.")

    async def pause(self, actor: Actor, name: str) -> None:
        """Poll it no more until it is resumed. Raises InputError."""
        actor.need(Role.EDITOR, "pause feed")
        if not self._on.hands.pause(self._known(name).name, f"paused by {actor.id}"):
            raise InputError("This feed is not polled here.")

    async def resume(self, actor: Actor, name: str) -> None:
        """Poll it again. Raises InputError."""
        actor.need(Role.EDITOR, "resume feed")
        if not self._on.hands.resume(self._known(name).name):
            raise InputError("This feed is not paused.")

    # ── adding ───────────────────────────────────────────────────────────────────────────────────────
    async def try_out(self, actor: Actor, address: str) -> Trial:
        """What one address would give, read once. Raises InputError."""
        actor.need(Role.EDITOR, "try feed")
        return await self._asked(self._on.try_out, address)

    async def discover(self, actor: Actor, address: str) -> Sequence[Found]:
        """The feeds of a site, page or feed address, each read once. Raises InputError."""
        actor.need(Role.EDITOR, "discover feeds")
        return await self._asked(self._on.discover, address)

    async def _asked(self, ask: Callable[[str], Awaitable[T]], address: str) -> T:
        typed = address.strip()
        url = clean(typed if "://" in typed else f"https://{typed}")
        if not url:
            raise InputError("This is not an http or https address.")
        async with self._asking:
            try:
                return await ask(url)
            except (FetchError, ParseError) as error:
                raise InputError("I could not read that page: {error}", error=error) from None

    async def add(
        self, actor: Actor, url: str, *, name: str = "", owner: str = "", lang: str = "", kind: str = "feed"
    ) -> Feed:
        """Write a feed into feeds.yaml and watch it. Raises InputError."""
        actor.need(Role.EDITOR, "add feed")
        names = {each.name for each in self._on.orders().feeds}
        feed = described(Feed(name.strip(), url.strip(), owner.strip(), kind=kind, lang=lang), names)
        await self._added([feed])
        log.info("feeds.added", feed=feed.name, url=redacted(feed.url), by=actor.name)
        await self._on.reload()
        return feed

    async def _added(self, feeds: Sequence[Feed]) -> None:
        try:
            await asyncio.to_thread(add_feeds, self._folder(), feeds)
        except ConfigError as error:
            raise InputError("{problem}", problem=error.problems[0].message) from None
        except OSError as error:
            raise InputError("The file cannot be written: {reason}", reason=error.strerror or "?") from None

    def _folder(self) -> Path:
        if self._on.rules_dir is None:
            raise InputError("This bot keeps no rules on disk.")
        return self._on.rules_dir

    # ── lists ────────────────────────────────────────────────────────────────────────────────────────
    async def opml(self, actor: Actor) -> bytes:
        """Every configured feed as OPML."""
        actor.need(Role.EDITOR, "export feeds")
        return write_opml(self._on.orders().feeds, "newsalert", self._on.now)

    async def take_opml(self, actor: Actor, document: bytes) -> tuple[int, Sequence[Problem]]:
        """Add a list's feeds that are not watched yet; returns how many, and what the reload found.

        Raises InputError for what is no list.
        """
        actor.need(Role.EDITOR, "import feeds")
        outlines = await asyncio.to_thread(read_opml, document)
        fresh = fresh_feeds(outlines, self._on.orders().feeds)
        if fresh.feeds:
            await self._added(fresh.feeds)
        log.info("feeds.imported", count=len(fresh.feeds), by=actor.name)
        return len(fresh.feeds), await self._on.reload()
