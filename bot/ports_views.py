"""Questions people ask of what was read, decided and sent, and their answers: the views' share of :mod:`bot.ports`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from bot.core.model import Decision, Delivery, Entry, StoryRecord


@dataclass(frozen=True, slots=True)
class Counts:
    """Numbers for ``status``."""

    entries: int = 0
    stories: int = 0
    outcomes: Mapping[str, int] = field(default_factory=dict)
    deliveries: Mapping[str, int] = field(default_factory=dict)  # by state
    subscriptions: int = 0


@dataclass(frozen=True, slots=True)
class Delays:
    """How late a feed's alerts were, in seconds; each pair is the median and the 95th percentile."""

    feed: str
    alerts: int  # sent
    seen: tuple[float, float]  # from publication until we read it
    decided: tuple[float, float]  # from there until we decided
    sent: tuple[float, float]  # from there until the platform took it
    whole: tuple[float, float]  # all of it

    @property
    def stages(self) -> Mapping[str, tuple[float, float]]:
        """By name, in order."""
        return {"seen": self.seen, "decided": self.decided, "sent": self.sent, "whole": self.whole}


@dataclass(frozen=True, slots=True)
class StoredDecision:
    """An entry with its stored decision, for ``why`` and ``whynot``."""

    entry: Entry
    decision: Decision
    at: datetime


class Archive(Protocol):
    """What was read, by cursor: for whoever keeps in mind what stood in it and asks only what changed since."""

    async def marks(self, since: datetime) -> Sequence[tuple[int, str]]:
        """Cursor and fingerprint of every entry first seen since then, in cursor order; no text is read."""
        ...

    async def entries(self, cursors: Sequence[int]) -> Sequence[tuple[int, Entry]]:
        """Those of the entries that are still there, in cursor order."""
        ...


class Views(Archive, Protocol):
    """Questions people ask; nothing here writes."""

    async def counts(self) -> Counts: ...

    async def owed(self) -> int:
        """How many deliveries are owed; cheap, unlike :meth:`counts`."""
        ...

    async def decision(self, key_or_link: str) -> StoredDecision | None:
        """By entry key, alias or link; the newest where several fit."""
        ...

    async def story(self, id: str) -> StoryRecord | None:  # noqa: A002 — the field's name
        ...

    async def latest(self, limit: int, outcome: str = "") -> Sequence[StoredDecision]: ...

    def archive(self, since: datetime) -> AsyncIterator[Entry]:
        """Every stored entry first seen since then, oldest first, streamed."""
        ...

    async def outbox(self, state: str = "", limit: int = 100) -> Sequence[Delivery]:
        """Deliveries, newest first."""
        ...

    async def throttles(
        self, now: datetime
    ) -> Sequence[tuple[str, datetime, str]]: ...  # receiver, until, why

    async def told(self, story: str) -> Sequence[StoredDecision]:
        """Every entry filed under a story with its decision, oldest first."""
        ...

    async def newest_stories(self, limit: int, *, since: datetime | None = None) -> Sequence[StoryRecord]:
        """Stories that were told, the last changed first; ``since`` = changed later than that."""
        ...

    async def sent(self, since: datetime) -> Iterable[tuple[str, int, datetime]]:
        """Receiver, priority (a level) and time of every alert the platforms took since then."""
        ...

    async def decided(self, since: datetime) -> Iterable[tuple[str, str, datetime]]:
        """Feed, outcome and time of every entry decided since then."""
        ...

    async def lately(self, feed: str, limit: int = 10) -> Sequence[StoredDecision]:
        """A feed's newest entries, newest first."""
        ...

    async def deliveries(self, story: str) -> Sequence[Delivery]:
        """What was owed about one story, in order."""
        ...

    async def delays(self, since: datetime | None = None) -> Sequence[float]:
        """Seconds from an article's publication until the platform took its alert, one an alert sent."""
        ...

    async def delays_by_feed(self, since: datetime) -> Sequence[Delays]:
        """The same for every feed whose alerts were sent since then, stage by stage, the latest feed first."""
        ...

    async def publications(self, since: datetime) -> Iterable[tuple[str, datetime, datetime]]:
        """Feed, publication and first sight of every dated entry since then: what the pace is learnt from."""
        ...
