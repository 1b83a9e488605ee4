"""Wishes, views and feed states in memory: the contracts of :mod:`bot.ports`, for tests of the fronts."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import replace
from datetime import datetime

from bot.core.model import (
    Delivery,
    DeliveryState,
    Entry,
    Feedback,
    FeedState,
    Silence,
    StoryRecord,
    Subscription,
)
from bot.errors import StoreError
from bot.ports import Counts, Delays, StoredDecision


class MemoryWishes:
    """Implements :class:`bot.ports.Wishes`. ``broken`` makes every verb raise StoreError."""

    def __init__(self) -> None:
        self.wishes: dict[tuple[str, str], Subscription] = {}
        self.muted: dict[str, Silence] = {}
        self.seen: set[tuple[str, str]] = set()
        self.wrong: dict[str, Feedback] = {}
        self.broken = False
        self.writes: list[str] = []

    def _note(self, verb: str) -> None:
        if self.broken:
            raise StoreError("the disk is full")
        self.writes.append(verb)

    async def subscriptions(self, *, active_only: bool = True) -> Sequence[Subscription]:
        return [wish for wish in self.wishes.values() if wish.active or not active_only]

    async def subscription(self, kind: str, address: str) -> Subscription | None:
        if self.broken:
            raise StoreError("the disk is full")
        return self.wishes.get((kind, address))

    async def save_subscription(self, subscription: Subscription) -> None:
        self._note("subscription")
        self.wishes[subscription.kind, subscription.address] = subscription

    async def silences(self, now: datetime) -> Sequence[Silence]:
        return [silence for silence in self.muted.values() if silence.until > now]

    async def save_silence(self, silence: Silence) -> None:
        self._note("silence")
        self.muted[silence.id] = silence

    async def drop_silence(self, id: str) -> bool:  # noqa: A002
        self._note("drop")
        return self.muted.pop(id, None) is not None

    async def handled(self, front: str, update: str) -> bool:
        if self.broken:
            raise StoreError("the disk is full")
        return (front, update) in self.seen

    async def seen_update(self, front: str, update: str, now: datetime) -> bool:
        known = (front, update) in self.seen
        self.seen.add((front, update))
        return known

    async def save_feedback(self, feedback: Feedback) -> None:
        self._note("feedback")
        self.wrong[feedback.id] = feedback

    async def feedback(self, *, rule: str = "", limit: int = 100) -> Sequence[Feedback]:
        found = [each for each in self.wrong.values() if not rule or each.rule == rule]
        return sorted(found, key=lambda each: each.at, reverse=True)[:limit]

    async def drop_feedback(self, id: str) -> bool:  # noqa: A002
        self._note("drop feedback")
        return self.wrong.pop(id, None) is not None


class MemoryViews:
    """Implements :class:`bot.ports.Views` over what a test put in."""

    def __init__(self, *decisions: StoredDecision) -> None:
        self.decisions = list(decisions)  # oldest first
        self.stories: dict[str, StoryRecord] = {}
        self.owing: list[Delivery] = []
        self.numbers = Counts()
        self.closed: list[tuple[str, datetime, str]] = []
        self.read = 0  # articles asked for by their cursors

    async def counts(self) -> Counts:
        return self.numbers

    async def decision(self, key_or_link: str) -> StoredDecision | None:
        for stored in reversed(self.decisions):
            entry = stored.entry
            if key_or_link in {entry.key, entry.link, *entry.aliases}:
                return stored
        return None

    async def story(self, id: str) -> StoryRecord | None:  # noqa: A002
        return self.stories.get(id)

    async def latest(self, limit: int, outcome: str = "") -> Sequence[StoredDecision]:
        found = [each for each in self.decisions if not outcome or each.decision.outcome.value == outcome]
        return found[::-1][:limit]

    async def archive(self, since: datetime) -> AsyncIterator[Entry]:
        for stored in self.decisions:
            if stored.entry.first_seen >= since:
                yield stored.entry

    async def marks(self, since: datetime) -> Sequence[tuple[int, str]]:
        found = enumerate((stored.entry for stored in self.decisions), 1)
        return [(cursor, entry.fingerprint) for cursor, entry in found if entry.first_seen >= since]

    async def entries(self, cursors: Sequence[int]) -> Sequence[tuple[int, Entry]]:
        self.read += len(cursors)
        wanted = sorted(each for each in cursors if 0 < each <= len(self.decisions))
        return [(each, self.decisions[each - 1].entry) for each in wanted]

    async def outbox(self, state: str = "", limit: int = 100) -> Sequence[Delivery]:
        return [each for each in self.owing if not state or each.state.value == state][:limit]

    async def owed(self) -> int:
        return sum(each.state is DeliveryState.OWED for each in self.owing)

    async def throttles(self, now: datetime) -> Sequence[tuple[str, datetime, str]]:
        return [each for each in self.closed if each[1] > now]

    async def newest_stories(self, limit: int, *, since: datetime | None = None) -> Sequence[StoryRecord]:
        found = [
            each for each in self.stories.values() if each.revision and not (since and each.updated <= since)
        ]
        return sorted(found, key=lambda story: story.updated, reverse=True)[:limit]

    async def told(self, story: str) -> Sequence[StoredDecision]:
        return [each for each in self.decisions if each.decision.story == story]

    async def deliveries(self, story: str) -> Sequence[Delivery]:
        return [each for each in self.owing if each.story == story]

    async def delays(self, since: datetime | None = None) -> Sequence[float]:
        return ()

    async def sent(self, since: datetime) -> Sequence[tuple[str, int, datetime]]:
        return ()

    async def decided(self, since: datetime) -> Sequence[tuple[str, str, datetime]]:
        return [(each.entry.feed, each.decision.outcome.value, each.at) for each in self.decisions]

    async def lately(self, feed: str, limit: int = 10) -> Sequence[StoredDecision]:
        return [each for each in self.decisions if each.entry.feed == feed][::-1][:limit]

    async def delays_by_feed(self, since: datetime) -> Sequence[Delays]:
        return ()

    async def publications(self, since: datetime) -> Sequence[tuple[str, datetime, datetime]]:
        found = [each.entry for each in self.decisions if each.entry.first_seen >= since]
        return [(entry.feed, entry.published, entry.first_seen) for entry in found]


class MemoryFeedStates:
    """Implements :class:`bot.ports.FeedStates`."""

    def __init__(self, *states: FeedState) -> None:
        self.rows = {state.feed: state for state in states}

    async def states(self) -> dict[str, FeedState]:
        return dict(self.rows)

    async def save_state(self, state: FeedState) -> None:
        self.rows[state.feed] = replace(state)

    async def save_states(self, states: Collection[FeedState]) -> None:
        for state in states:
            await self.save_state(state)
