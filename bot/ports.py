"""The seams on one page. Edges implement them, loops use them, only :mod:`bot.app` knows both.

Each seam is as narrow as its caller and says what it raises. Every edge has a pure half (``parse``,
``render``), where the bugs are, and an I/O half; edges classify errors, :mod:`bot.core.retries` decides.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, runtime_checkable

from bot.core.model import (
    Decision,
    Delivery,
    Entry,
    Feed,
    Feedback,
    FeedState,
    Fetched,
    KnownEntry,
    Match,
    Message,
    RawEntry,
    Receipt,
    Receiver,
    Silence,
    StoryRecord,
    Subscription,
)
from bot.ports_views import Archive, Counts, Delays, StoredDecision, Views

__all__ = [
    "Archive",
    "Clock",
    "Counts",
    "DeadLetters",
    "Delays",
    "Digests",
    "FeedStates",
    "Filed",
    "KnownEntry",
    "Ledger",
    "News",
    "Notifier",
    "Outbox",
    "PollRecord",
    "Polled",
    "Remembering",
    "Source",
    "StoredDecision",
    "StoryRecord",
    "Views",
    "Wishes",
]


class Clock(Protocol):
    """Time as an argument for the loops; tests and ``replay`` bring their own."""

    def now(self) -> datetime:
        """The wall clock, aware, UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds that never jump."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait that long on this clock."""
        ...


# ── reading ──────────────────────────────────────────────────────────────────────────────────────────
class Source(Protocol):
    """Code that reads one kind of thing."""

    async def fetch(
        self, feed: Feed, state: FeedState, *, now: datetime, limit: int | None = None
    ) -> Fetched:
        """One polite request; of a document ``limit`` bytes at most. Raises FetchError (BlockedAddress, Gone)."""
        ...

    def parse(self, feed: Feed, fetched: Fetched) -> Sequence[RawEntry]:
        """Pure. Raises ParseError when what came is not a feed."""
        ...


@runtime_checkable
class Remembering(Protocol):
    """A source that leaves out what it brought before, and so knows more than ``parse`` tells."""

    def shown(self, feed: Feed) -> int:
        """How many items the document parsed last had, known ones too."""
        ...


# ── what was read and decided ────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True, slots=True)
class Filed:
    """An entry with a story, as the story index is rebuilt from."""

    cursor: int  # grows with every row
    story: str
    reading: bytes  # as the index packed it when the entry was decided; b"" = it is not there


@dataclass(frozen=True, slots=True)
class Polled:
    """What a poll brought for the decider. ``state`` is the feed's state to be written with the decision."""

    feed: Feed
    state: FeedState
    raws: Sequence[RawEntry]
    url: str  # where it was read, the base of relative links
    at: datetime
    baseline: bool = False  # the feed's first poll: archived, not told
    shown: int | None = None  # items the document had, with those left out of ``raws``; None = none were
    pushed: bool = False  # a hub brought it: it says nothing of what else the feed shows
    older: bool = False  # a page behind the feed's document, read to fill a gap
    amends: bool = False  # known items with their pages' text: never new, and no edit by the publisher


@dataclass(frozen=True, slots=True)
class PollRecord:
    """All that one poll changes, written in one transaction or not at all."""

    state: FeedState | None  # None leaves it as it is: an article's page changes nothing about its feed
    entries: Sequence[tuple[Entry, Decision]] = ()
    edited: Sequence[tuple[Entry, Decision]] = ()  # known entries whose words changed
    aliases: Mapping[str, Sequence[str]] = field(default_factory=dict)  # known key → further aliases seen now
    stories: Sequence[StoryRecord] = ()
    owed: Sequence[Delivery] = ()
    readings: Mapping[str, bytes] = field(default_factory=dict)  # key → what the story index made of it


class Ledger(Protocol):
    """One open transaction of the decider. On PostgreSQL it holds the advisory lock that makes deciding single file."""

    async def known(self, aliases: Collection[str]) -> Mapping[str, KnownEntry]:
        """Alias → the entry it belongs to, for those of ``aliases`` that are known."""
        ...

    async def filed_since(self, cursor: int, since: datetime) -> Sequence[Filed]:
        """The next entries with a story seen since then, above ``cursor``, in cursor order; empty: no more."""
        ...

    async def texts(self, cursors: Collection[int]) -> Mapping[int, tuple[Entry, Sequence[Match]]]:
        """Cursor → entry and matches, of those whose reading is of no use."""
        ...

    async def stories(self, ids: Collection[str]) -> Mapping[str, StoryRecord]:
        """The stories of these ids."""
        ...

    async def write(self, *records: PollRecord) -> int:
        """Write it all; returns the highest cursor given out (0 when no entry was new). Raises StoreError."""
        ...


class News(Protocol):
    """The decider's side of the store."""

    def deciding(self) -> AbstractAsyncContextManager[Ledger]:
        """One transaction, one decider at a time; commits on leaving, rolls back on an exception."""
        ...


class FeedStates(Protocol):
    """The poller's side of the store."""

    async def states(self) -> Mapping[str, FeedState]:
        """State of every feed ever polled, by feed name."""
        ...

    async def save_state(self, state: FeedState) -> None:
        """For polls that brought nothing to decide (304, error)."""
        ...

    async def save_states(self, states: Collection[FeedState]) -> None:
        """The same for many feeds, in one transaction. Raises StoreError."""
        ...


# ── what is owed ─────────────────────────────────────────────────────────────────────────────────────
class Outbox(Protocol):
    """Delivery's side of the store: what is owed, and how it went. Every verb is its own transaction."""

    async def claim(
        self, now: datetime, *, busy: Collection[str] = (), limit: int = 50
    ) -> Sequence[Delivery]:
        """Due deliveries of receivers not in ``busy`` and not throttled: at most one a receiver, loudest first,
        and within a story never a later revision before an earlier one (a held digest holds back nothing). Still
        OWED afterwards."""
        ...

    async def intend(self, delivery: str, now: datetime) -> None:
        """OWED → SENDING, before any byte leaves. Counts an attempt."""
        ...

    async def part_sent(self, delivery: str, receipt: Receipt) -> None:
        """One part of a split message arrived; it is never sent again."""
        ...

    async def sent(self, delivery: str, now: datetime) -> None:
        """SENDING/UNKNOWN → SENT."""
        ...

    async def postpone(
        self, delivery: str, not_before: datetime, reason: str, *, repeat: bool = False
    ) -> None:
        """→ OWED again, later. ``repeat`` marks the message as one that may have arrived before."""
        ...

    async def unknown(self, delivery: str, reason: str) -> None:
        """SENDING → UNKNOWN: it may have arrived."""
        ...

    async def dead(self, delivery: str, reason: str) -> None:
        """→ DEAD, with the reason people will read."""
        ...

    async def bury_lane(self, receiver: str, reason: str) -> int:
        """Everything still owed to this receiver → DEAD; returns how many."""
        ...

    async def throttle(self, receiver: str, not_before: datetime) -> None:
        """Nothing to this receiver before then, over restarts too."""
        ...

    async def redirect(self, receiver: str, address: str) -> None:
        """The receiver moved: its subscription and all it is owed carry the new address from now on."""
        ...

    async def interrupted(self) -> Sequence[Delivery]:
        """Deliveries found SENDING at start, or UNKNOWN: what a crash left to reconcile."""
        ...

    async def last_receipt(self, story: str, receiver: str) -> Receipt | None:
        """The message that stands for this story at this receiver, for edits and replies: the first part of what was
        told last, which is the first message ever as long as edits find it."""
        ...

    async def owe(self, deliveries: Sequence[Delivery]) -> None:
        """Owe messages outside a poll (notices, digests). An id already known is left as it is."""
        ...

    async def left_since(self, since: datetime) -> Sequence[tuple[Receiver, datetime]]:
        """To whom parts of messages left since then, and when, oldest first: the pace a restart goes on with."""
        ...


class Digests(Protocol):
    """The outbox's side of digests; apart from :class:`Outbox`, since delivery also works without."""

    async def fold(self, digest: str, now: datetime) -> Delivery:
        """One transaction: the other digests due to the same receiver, owed and never tried, go into this one
        by :func:`bot.core.digests.folded` and become SENT, ``told in <digest>``. Returns the digest as it is now."""
        ...


class DeadLetters(Protocol):
    """What a person may do with a delivery that died. Every verb is its own transaction."""

    async def revive(self, delivery: str, now: datetime) -> bool:
        """DEAD → OWED at once, attempts counted anew. False if there is no such dead delivery."""
        ...

    async def forget(self, delivery: str) -> bool:
        """A dead delivery is removed for good. False if there is none."""
        ...


class Notifier(Protocol):
    """Code that speaks to one kind of place."""

    def render(self, message: Message, receiver: Receiver) -> Sequence[Mapping[str, object]]:
        """Pure, golden-tested: one payload a part, JSON-like, in order of sending. Never raises on feed text."""
        ...

    async def send(
        self, receiver: Receiver, part: Mapping[str, object], *, after: Receipt | None, now: datetime
    ) -> Receipt:
        """Send one part. ``after`` is the receiver's first message of the story: an update edits it or replies to
        it, as the part says. Raises the leaves of DeliveryError and nothing else."""
        ...

    async def find(self, receiver: Receiver, message: Message, *, since: datetime) -> Receipt | None:
        """Did this very message arrive? None = surely not. Raises Ambiguous where the platform cannot tell."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


# ── wishes ───────────────────────────────────────────────────────────────────────────────────────────
class Wishes(Protocol):
    """What people asked for while the bot runs. Every verb is its own transaction."""

    async def subscriptions(self, *, active_only: bool = True) -> Sequence[Subscription]: ...

    async def subscription(self, kind: str, address: str) -> Subscription | None: ...

    async def save_subscription(self, subscription: Subscription) -> None:
        """Insert or replace, by kind + address."""
        ...

    async def silences(self, now: datetime) -> Sequence[Silence]:
        """Those still in force."""
        ...

    async def save_silence(self, silence: Silence) -> None: ...

    async def drop_silence(self, id: str) -> bool:  # noqa: A002 — the field's name
        """True if there was one."""
        ...

    async def handled(self, front: str, update: str) -> bool:
        """True if this platform update was handled before; remembers nothing."""
        ...

    async def seen_update(self, front: str, update: str, now: datetime) -> bool:
        """True if this platform update was handled before; remembers it otherwise."""
        ...

    async def save_feedback(self, feedback: Feedback) -> None:
        """Insert or replace, by id."""
        ...

    async def feedback(self, *, rule: str = "", limit: int = 100) -> Sequence[Feedback]:
        """Newest first."""
        ...

    async def drop_feedback(self, id: str) -> bool:  # noqa: A002 — the field's name
        """True if there was one."""
        ...
