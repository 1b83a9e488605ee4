"""Wishes, views and feed states in memory: the contracts of :mod:`bot.ports`, for tests of the fronts."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import replace
from datetime import datetime

from bot.core.model import (
    Delivery,
    Entry,
    Feedback,
    FeedState,
    Silence,
    StoryRecord,
    Subscription,
)
from bot.errors import StoreError
from bot.ports import Counts, StoredDecision


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
        self.deliveries: list[Delivery] = []
        self.numbers = Counts()

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

    async def outbox(self, state: str = "", limit: int = 100) -> Sequence[Delivery]:
        return [each for each in self.deliveries if not state or each.state.value == state][:limit]


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
