"""What is watched, for editors: how each feed does, what stands at an address, adding, pausing, lists in and out."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import structlog

from bot.config.feedfile import add_feed
from bot.core.items import publisher
from bot.core.model import Feed, FeedState
from bot.core.urls import canonical, clean, redacted
from bot.errors import ConfigError, FetchError, InputError, ParseError, Problem
from bot.ports import Delays, StoredDecision
from bot.service_ground import Actor, Ground, Role
from bot.sources.discovery import Found
from bot.sources.opml import read_opml, write_opml

log = structlog.get_logger()

BACK = timedelta(days=7)
MOST_ADDED = 500  # feeds of one list


@dataclass(frozen=True, slots=True)
class FeedRow:
    """A configured feed and how it does. ``hours`` counts its items by hour of the day, UTC, over a week."""

    feed: Feed
    state: FeedState
    delays: Delays | None
    hours: tuple[int, ...]


class Feeds:
    """Every verb needs an editor."""

    def __init__(self, ground: Ground) -> None:
        self._on = ground
        self._asking = asyncio.Semaphore(2)

    async def rows(self, actor: Actor) -> Sequence[FeedRow]:
        """Every configured feed, those in trouble first."""
        actor.need(Role.EDITOR, "feed table")
        since = self._on.now - BACK
        states = await self._on.feeds.states()
        delays = {each.feed: each for each in await self._on.views.delays_by_feed(since)}
        hours = await self._hours()
        found = [
            FeedRow(
                feed, states.get(feed.name, FeedState(feed.name)), delays.get(feed.name), hours[feed.name]
            )
            for feed in self._on.orders().feeds
        ]
        return sorted(found, key=lambda row: (-row.state.failures, row.feed.name))

    async def _hours(self) -> Mapping[str, tuple[int, ...]]:
        counts: dict[str, Counter[int]] = {feed.name: Counter() for feed in self._on.orders().feeds}
        for feed, published, _ in await self._on.views.publications(self._on.now - BACK):
            if feed in counts:
                counts[feed][published.hour] += 1
        return {feed: tuple(each[hour] for hour in range(24)) for feed, each in counts.items()}

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
    async def discover(self, actor: Actor, address: str) -> Sequence[Found]:
        """The feeds of a site, page or feed address, each read once. Raises InputError."""
        actor.need(Role.EDITOR, "discover feeds")
        typed = address.strip()
        url = clean(typed if "://" in typed else f"https://{typed}")
        if not url:
            raise InputError("This is not an http or https address.")
        async with self._asking:
            try:
                return await self._on.discover(url)
            except (FetchError, ParseError) as error:
                raise InputError("I could not read that page: {error}", error=error) from None

    async def add(
        self, actor: Actor, url: str, *, name: str = "", owner: str = "", lang: str = "", kind: str = "feed"
    ) -> Feed:
        """Write a feed into feeds.yaml and watch it. Raises InputError."""
        actor.need(Role.EDITOR, "add feed")
        feed = self._described(Feed(name.strip(), url.strip(), owner.strip(), kind=kind, lang=lang))
        await self._added(feed)
        log.info("feeds.added", feed=feed.name, url=redacted(feed.url), by=actor.name)
        await self._on.reload()
        return feed

    def _described(self, feed: Feed, taken: frozenset[str] = frozenset()) -> Feed:
        host = publisher(feed.url)
        if not host or any(character in feed.url for character in " \n\r\t#\"'"):
            raise InputError("This is not an http or https address.")
        known = {each.name for each in self._on.orders().feeds} | taken
        base = feed.name or host.replace(".", "-")
        name, number = base, 2
        while name in known:
            if feed.name:
                raise InputError("There is a feed of that name already.")
            name, number = f"{base}-{number}", number + 1
        return Feed(name, feed.url, " ".join((feed.owner or host).split()), kind=feed.kind, lang=feed.lang)

    async def _added(self, feed: Feed) -> None:
        try:
            await asyncio.to_thread(add_feed, self._folder(), feed)
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
        known = {canonical(feed.url) for feed in self._on.orders().feeds}
        outlines = await asyncio.to_thread(read_opml, document)
        fresh = [each for each in outlines if canonical(each.url) not in known][:MOST_ADDED]
        taken: frozenset[str] = frozenset()
        for outline in fresh:
            feed = self._described(Feed("", outline.url, "", lang=outline.lang[:2].lower()), taken)
            await self._added(feed)
            taken |= {feed.name}
        log.info("feeds.imported", count=len(taken), by=actor.name)
        return len(taken), await self._on.reload()
