"""WebSub (W3C): publishers' hubs call us when something new is out, seconds after it is.

::

    feed names a hub ─▶ subscribe ─▶ hub asks "did you?" ─▶ verified ─▶ pushes, signed ─▶ read at once
                         ▲                                    │
                         └───────── lease runs out ◀──────────┘

Whoever knows the callback's address may call it, so nothing is believed but what we asked for:

* a verification is confirmed only for the topic, the mode and the time we asked for it;
* a push is used only if it is signed with the secret of that very subscription; unsigned or wrongly signed it is
  answered as if all were well and dropped, as the standard wants, and counted;
* the same signed push a second time is dropped;
* a signed push without a document is a ping: the feed is polled at once.

The callback's path holds an unguessable token, different for every topic. Token and secret are derived from one master
secret, so they survive a restart without being stored.

Polling goes on, more rarely: hubs die without a word. The first half of this module is pure.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import re
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

import structlog

from bot import metrics
from bot.core import urls
from bot.core.model import Feed
from bot.errors import FetchError
from bot.sources.headers import links
from bot.sources.http import Client

log = structlog.get_logger()

LEASE = timedelta(days=7)
"""The lease we ask for; hubs may grant another."""
LONGEST_LEASE = timedelta(days=30)
SHORTEST_LEASE = timedelta(minutes=5)
ANSWER_WITHIN = timedelta(minutes=10)
"""A hub that has not verified by then is asked again, at doubled intervals up to a day."""
MOST_REPLAYS = 200  # signatures kept of each subscription
_HEAD = 16_384  # bytes of a document in which its hub is looked for
_HUB_LINK = re.compile(rb"<(?:[\w.-]{1,30}:)?link\b([^<>]{1,2000})>", re.IGNORECASE)
_ATTRIBUTE = re.compile(rb"""([\w-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_METHODS = {"sha1", "sha256", "sha384", "sha512"}


# ── pure: discovery ──────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True, slots=True)
class Hub:
    """Who calls us, and the topic's own name for itself, which the hub wants to hear."""

    url: str
    topic: str


def hub_of(headers: Mapping[str, str], body: bytes, url: str) -> Hub | None:
    """The hub of a document read at ``url``: from its headers, else from itself. None if it names none."""
    named = dict(reversed(announced(headers, body, "hub")))
    hub = urls.absolute(url, named.get("hub", ""))
    topic = urls.absolute(url, named.get("self", "")) or url
    return Hub(hub, topic) if hub and urls.split(topic) else None


def announced(headers: Mapping[str, str], body: bytes, wanted: str = "") -> list[tuple[str, str]]:
    """(relation, target) of the links a document announces: in its headers if ``wanted`` is there, else in itself.

    Without ``wanted`` both, headers first.
    """
    told = links(headers.get("Link", ""))
    if wanted and any(relation == wanted for relation, _ in told):
        return told
    return ([] if wanted else told) + _links_in(body[:_HEAD])


def _links_in(head: bytes) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for link in _HUB_LINK.findall(head):
        told = {
            name.lower(): (one or two).decode("utf-8", "replace")
            for name, one, two in _ATTRIBUTE.findall(link)
        }
        target = told.get(b"href", "").replace("&amp;", "&")
        found.extend((relation, target) for relation in told.get(b"rel", "").lower().split())
    return found


# ── pure: one subscription ───────────────────────────────────────────────────────────────────────────
class Standing(StrEnum):
    """Where a subscription is."""

    WANTED = "wanted"
    ASKED = "asked"  # the hub has our request, its verification is awaited
    LIVE = "live"
    DENIED = "denied"


@dataclass(frozen=True, slots=True)
class Subscription:
    """What we want of one hub for one feed."""

    feed: str
    hub: Hub
    token: str = field(repr=False)
    secret: str = field(repr=False)
    standing: Standing = Standing.WANTED
    asked: datetime | None = None
    tries: int = 0
    until: datetime | None = None  # end of the lease

    @property
    def request(self) -> Mapping[str, str]:
        """The form a hub is sent, but for the callback."""
        return {
            "hub.mode": "subscribe",
            "hub.topic": self.hub.topic,
            "hub.secret": self.secret,
            "hub.lease_seconds": str(int(LEASE.total_seconds())),
        }


def subscription(feed: str, hub: Hub, master: bytes) -> Subscription:
    """Token and secret are different for every feed, hub and topic, and the same after a restart."""
    what = f"{feed}\n{hub.url}\n{hub.topic}"
    return Subscription(
        feed, hub, _derived(master, f"token\n{what}")[:43], _derived(master, f"secret\n{what}")
    )


def _derived(master: bytes, what: str) -> str:
    return hmac.new(master, what.encode(), hashlib.sha256).hexdigest()


def is_due(wanted: Subscription, now: datetime) -> bool:
    """Is it time to ask the hub (again)?"""
    if wanted.asked is None:
        return True
    if wanted.standing is Standing.LIVE and wanted.until is not None and wanted.tries == 0:
        return now >= wanted.asked + (wanted.until - wanted.asked) * 0.8
    pause = min(ANSWER_WITHIN * 2 ** min(wanted.tries, 10), timedelta(days=1))
    return now >= wanted.asked + (timedelta(days=1) if wanted.standing is Standing.DENIED else pause)


def asked(wanted: Subscription, now: datetime) -> Subscription:
    """The request is out. One that was live stays so until its lease ends: pushes go on meanwhile."""
    is_live = wanted.standing is Standing.LIVE and wanted.until is not None and wanted.until > now
    standing = Standing.LIVE if is_live else Standing.ASKED
    return replace(wanted, standing=standing, asked=now, tries=wanted.tries + 1)


def verified(wanted: Subscription, query: Mapping[str, str], now: datetime) -> Subscription | None:
    """The hub asks whether we meant it. The live subscription if we did, else None."""
    if query.get("hub.mode") != "subscribe" or query.get("hub.topic") != wanted.hub.topic:
        return None
    if wanted.asked is None or now - wanted.asked > ANSWER_WITHIN * 6:
        return None
    lease = query.get("hub.lease_seconds", "")
    seconds = (
        int(lease) if lease.isascii() and lease.isdigit() and len(lease) < 10 else int(LEASE.total_seconds())
    )
    granted = min(max(timedelta(seconds=seconds), SHORTEST_LEASE), LONGEST_LEASE)
    return replace(wanted, standing=Standing.LIVE, until=now + granted, asked=now, tries=0)


def is_signed(secret: str, signature: str, body: bytes) -> bool:
    """Is this ``X-Hub-Signature`` the secret's over this body? Compared in constant time."""
    method, _, told = signature.partition("=")
    if method.lower() not in _METHODS or not told.isascii():
        return False
    ours = hmac.new(secret.encode(), body, method.lower()).hexdigest()
    return hmac.compare_digest(ours, told.strip().lower())


# ── the subscriber ───────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True, slots=True)
class Reply:
    """What the hub is answered."""

    status: int
    text: str = ""


Deliver = Callable[[str, bytes, str], None]
"""``deliver(feed, body, content_type)``: a signed push; an empty body asks for an immediate poll."""


class Subscriber:
    """Subscribes to hubs as feeds name them, and judges what they say.

    ``callback`` is the public address under which :meth:`confirm` and :meth:`push` are reachable, a token behind it;
    ``master`` the secret everything is derived from.
    """

    def __init__(self, client: Client, *, callback: str, master: bytes, deliver: Deliver) -> None:
        self._client = client
        self._callback = callback.rstrip("/")
        self._master = master
        self._deliver = deliver
        self._by_feed: dict[str, Subscription] = {}
        self._by_token: dict[str, str] = {}  # token → feed
        self._heard: dict[str, OrderedDict[str, None]] = {}  # feed → signatures of pushes

    def named(self, feed: Feed, hub: Hub | None) -> bool:
        """A feed was read and names this hub, or none. True if that hub has yet to be asked."""
        known = self._by_feed.get(feed.name)
        if hub is None or (known is not None and known.hub == hub):
            return False
        self.forget(feed.name)
        wanted = self._by_feed[feed.name] = subscription(feed.name, hub, self._master)
        self._by_token[wanted.token] = feed.name
        return True

    def keep(self, feeds: Collection[str]) -> None:
        """Only these feeds are watched; all others are forgotten."""
        for name in self._by_feed.keys() - set(feeds):
            self.forget(name)

    def forget(self, feed: str) -> None:
        """The feed is not watched any more; its lease is left to run out, its pushes are unknown from now on."""
        known = self._by_feed.pop(feed, None)
        self._heard.pop(feed, None)
        if known is not None:
            self._by_token.pop(known.token, None)

    def knows(self, token: str) -> bool:
        """Is this the token of a subscription?"""
        return token in self._by_token

    def is_live(self, feed: str, now: datetime) -> bool:
        """Does a hub call us for this feed, so that polling may be slow?"""
        known = self._by_feed.get(feed)
        return (
            known is not None
            and known.standing is Standing.LIVE
            and known.until is not None
            and known.until > now
        )

    async def ask_hubs(self, now: datetime) -> None:
        """Ask the hubs whose turn it is, side by side; to be called every minute or so."""
        due = [each for each in self._by_feed.values() if is_due(each, now)]
        await asyncio.gather(*(self._ask(each, now) for each in due))

    async def _ask(self, wanted: Subscription, now: datetime) -> None:
        self._by_feed[wanted.feed] = asked(wanted, now)  # before: some hubs verify while they are being asked
        form = {**wanted.request, "hub.callback": f"{self._callback}/{wanted.token}"}
        try:
            status = await self._client.post_form(wanted.hub.url, wanted.feed, form)
        except FetchError as error:
            log.info("websub.hub_unreachable", feed=wanted.feed, reason=str(error))
            return
        if not 200 <= status < 300:
            log.info("websub.hub_refused", feed=wanted.feed, status=status)

    def confirm(self, token: str, query: Mapping[str, str], now: datetime) -> Reply:
        """A hub's GET: "did you ask for this?" or "no"."""
        wanted = self._wanted(token)
        if wanted is None:
            return self._ignored("unknown", Reply(404))
        if query.get("hub.mode") == "denied" and query.get("hub.topic") == wanted.hub.topic:
            self._by_feed[wanted.feed] = replace(wanted, standing=Standing.DENIED, asked=now)
            return self._ignored("denied", Reply(200))
        live = verified(wanted, query, now)
        challenge = query.get("hub.challenge", "")
        if live is None or not challenge:
            return self._ignored("not-asked", Reply(404))
        self._by_feed[wanted.feed] = live
        metrics.pushed("verified")
        log.info("websub.live", feed=wanted.feed, until=str(live.until))
        return Reply(200, challenge)

    def push(self, token: str, headers: Mapping[str, str], body: bytes, now: datetime) -> Reply:
        """A hub's POST. Never tells a caller whether it was believed."""
        wanted = self._wanted(token)
        if wanted is None:
            return self._ignored("unknown", Reply(404))
        if not self.is_live(wanted.feed, now):
            return self._ignored("not-live", Reply(202))
        signature = headers.get("X-Hub-Signature", "")
        if not is_signed(wanted.secret, signature, body):
            return self._ignored("unsigned" if not signature else "wrong-signature", Reply(202))
        if self._is_repeat(wanted.feed, body):
            return self._ignored("repeat", Reply(202))
        metrics.pushed("used" if body else "pinged")
        self._deliver(wanted.feed, body, headers.get("Content-Type", ""))
        return Reply(202)

    def _wanted(self, token: str) -> Subscription | None:
        return self._by_feed.get(self._by_token.get(token, ""))

    def _is_repeat(self, feed: str, body: bytes) -> bool:
        if not body:
            return False  # every ping is alike, and costs one polite poll at most
        heard = self._heard.setdefault(feed, OrderedDict())
        mark = hashlib.blake2b(body, digest_size=16).hexdigest()
        if mark in heard:
            return True
        heard[mark] = None
        if len(heard) > MOST_REPLAYS:
            heard.popitem(last=False)
        return False

    @staticmethod
    def _ignored(why: str, reply: Reply) -> Reply:
        metrics.pushed(why)
        return reply
