"""When to poll a feed next, so that a fixed number of requests sees the news as soon as it can."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.core.model import Feed


@dataclass(frozen=True, slots=True)
class Budget:
    """One request a feed per ``interval`` on average; never less than ``shortest`` nor more than ``longest`` apart.

    A feed's own ``min_interval`` and ``max_interval`` go before the last two.
    """

    interval: timedelta = timedelta(minutes=5)
    shortest: timedelta = timedelta(minutes=1)
    longest: timedelta = timedelta(hours=1)

    def bounds(self, feed: Feed) -> tuple[timedelta, timedelta]:
        """The shortest and the longest time between two polls of this feed."""
        shortest = self.shortest if feed.min_interval is None else feed.min_interval
        longest = self.longest if feed.max_interval is None else feed.max_interval
        return min(shortest, longest), longest


class Pacemaker:
    """The pace of every feed."""

    def __init__(self, budget: Budget | None = None) -> None:
        self._budget = budget or Budget()

    def wait(
        self, feed: Feed, now: datetime, *, not_before: timedelta = timedelta(), share: float = 1.0
    ) -> timedelta:
        """From a poll at ``now`` until the next. ``share`` < 1 shortens it, to part feeds that started together."""
        shortest, longest = self._budget.bounds(feed)
        del now
        return min(max(self._budget.interval * share, shortest, not_before), longest)
