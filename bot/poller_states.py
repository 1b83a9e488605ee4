"""What is remembered of each feed between two polls, and when it is written down.

States of polls that brought news are written with the decision. All others are saved together, about once a second:
one transaction instead of dozens. To lose that second is harmless. They hold no more than counters, times and
validators; an older validator costs one full answer whose items are all known, an older count of failures one try
that comes early.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

import structlog

from bot.core.feedstate import remembered
from bot.core.model import Feed, FeedState, FeedStatus
from bot.errors import StoreError
from bot.ports import FeedStates

log = structlog.get_logger()


class StateBook:
    """The states of all feeds ever polled."""

    def __init__(self, store: FeedStates) -> None:
        self._store = store
        self._states: dict[str, FeedState] = {}
        self._loaded = False
        self._unsaved: dict[str, FeedState] = {}
        self._saving: Mapping[str, FeedState] = {}

    async def load(self) -> None:
        """Read the store, once. Raises StoreError."""
        if not self._loaded:
            self._states = {**await self._store.states(), **self._states}
            self._loaded = True

    def of(self, name: str) -> FeedState:
        """What is remembered of this feed."""
        return self._states.get(name) or FeedState(name)

    def take_up(self, feed: Feed) -> FeedState:
        """What is remembered of this feed at its present address."""
        state = self._states[feed.name] = remembered(feed, self._states.get(feed.name))
        return state

    def put(self, state: FeedState, *, written: bool = False) -> None:
        """Go on with this state; ``written`` if the store has it already. A pause wished for meanwhile stays."""
        before = self.of(state.feed)
        if before.status is FeedStatus.PAUSED:
            state, written = (
                replace(state, status=FeedStatus.PAUSED, reason=before.reason, next_poll=None),
                False,
            )
        if (
            written and state.feed not in self._saving
        ):  # else what is being saved, an older one, would come last
            self._states[state.feed] = state
            self._unsaved.pop(state.feed, None)
        else:
            self.wish(state)

    def wish(self, state: FeedState) -> None:
        """The same for a person's wish: whatever was before."""
        self._states[state.feed] = self._unsaved[state.feed] = state

    def mark(self, name: str, faster: str, until: datetime | None, *, carried: bool) -> None:
        """Note what others may want to know of its pace: why it is in burst, whether a hub carries its news."""
        state = self.of(name)
        if (state.faster, state.faster_until, state.carried) != (faster, until, carried):
            self.wish(replace(state, faster=faster, faster_until=until, carried=carried))

    async def save(self) -> None:
        """Save what is not saved; what the store refuses is tried again the next time."""
        if not self._unsaved:
            return
        self._saving, self._unsaved = self._unsaved, {}
        try:
            await self._store.save_states(list(self._saving.values()))
        except StoreError as error:
            log.warning("feed_states.unsaved", feeds=len(self._saving), error=str(error))
            self._unsaved = {**self._saving, **self._unsaved}
        finally:
            self._saving = {}
