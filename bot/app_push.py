"""Hubs on one side, the poller on the other: what a hub pushes is read, decided and told like any other poll.

::

    feed names its hub ─▶ Subscriber ─▶ hub is asked ─▶ it calls /websub/<token> ─▶ source.push ─▶ poller.pushed

A feed whose news its hub brings is polled rarely, until a poll finds something the hub did not bring.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping

from bot.config.settings import Settings
from bot.core.model import Feed
from bot.poller import Poller
from bot.ports import Clock
from bot.sources import FeedSource
from bot.sources.http import Client
from bot.sources.websub import Hub, Reply, Subscriber
from bot.waiting import first_of

PATH = "/websub"
ASK_EVERY = 60.0  # seconds between two looks at which hubs want to be asked; a new one is asked at once


class Hubs:
    """Made by :func:`hubs_of`. ``run`` is a loop like the others; ``confirm`` and ``push`` are what hubs call."""

    def __init__(
        self,
        client: Client,
        sources: Iterable[FeedSource],
        poller: Callable[[], Poller],
        clock: Clock,
        *,
        callback: str,
        master: bytes,
    ) -> None:
        self._poller = poller
        self._clock = clock
        self._named = asyncio.Event()
        self._brought_to: dict[str, FeedSource] = {}  # feed → the source that reads it
        self.subscriber = Subscriber(client, callback=callback, master=master, deliver=self._deliver)
        for source in sources:
            source.hub_named = self._naming(source)

    def _naming(self, source: FeedSource) -> Callable[[Feed, Hub | None], None]:
        def named(feed: Feed, hub: Hub | None) -> None:
            self._brought_to[feed.name] = source
            if self.subscriber.named(feed, hub):
                self._named.set()

        return named

    def _deliver(self, feed: str, body: bytes, content_type: str) -> None:
        self._brought_to[feed].push(feed, body, content_type)
        poller = self._poller()
        if body:
            poller.pushed(feed)
        elif not poller.is_paused(feed):
            poller.poll_now(feed)

    def calls(self, feed: str) -> bool:
        """Does a hub call us for this feed?"""
        return self.subscriber.is_live(feed, self._clock.now())

    def knows(self, token: str) -> bool:
        """Is this the token of a subscription?"""
        return self.subscriber.knows(token)

    def confirm(self, token: str, query: Mapping[str, str]) -> Reply:
        """A hub asks whether we meant it."""
        return self.subscriber.confirm(token, query, self._clock.now())

    def push(self, token: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """A hub brings something."""
        return self.subscriber.push(token, headers, body, self._clock.now())

    async def run(self) -> None:
        """Ask the hubs whose turn it is, for ever."""
        while True:
            self._named.clear()
            self.subscriber.keep(self._poller().names())
            await self.subscriber.ask_hubs(self._clock.now())
            await first_of(self._named.wait(), self._clock.sleep(ASK_EVERY))


def hubs_of(
    settings: Settings,
    client: Client,
    sources: Mapping[str, FeedSource],
    poller: Callable[[], Poller],
    clock: Clock,
) -> Hubs | None:
    """None where the deployment has no public address: then no hub is asked, and none is believed."""
    if not settings.public_url or settings.websub_secret is None:
        return None
    master = settings.websub_secret.get_secret_value().encode()
    return Hubs(
        client, sources.values(), poller, clock, callback=f"{settings.public_url}{PATH}", master=master
    )
