"""A feed in force, as the poller keeps it, its options, and the small things its loop is made of."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from bot.core.model import Feed, FeedState, FeedStatus, Fetched, RawEntry
from bot.core.turns import TurnLimits
from bot.ports import Polled, Source

Parse = Callable[[Source, Feed, Fetched], Awaitable[Sequence[RawEntry]]]
HubCalls = Callable[[str], bool]
"""Does a hub call us for this feed, so that polling may be slow?"""


async def parse_here(source: Source, feed: Feed, fetched: Fetched) -> Sequence[RawEntry]:
    """Parse in this very process. Raises ParseError."""
    return source.parse(feed, fetched)


@dataclass(frozen=True, slots=True)
class PollerOptions:
    """Seconds."""

    turns: TurnLimits = field(default_factory=TurnLimits)
    deadline: float = 120.0  # of a whole poll: behind the client's own, so that no feed goes silent for ever
    tick: float = 1.0  # states are saved, and the editors' feeds looked at, this often


@dataclass(slots=True)
class Watched:
    """``busy`` from its turn until it is settled; ``queued`` is what the decider has of it."""

    feed: Feed
    due: float = 0.0
    answered: float = 0.0  # when it last did, or was taken into force
    busy: bool = False
    again: bool = False  # poll it once more when it is free
    met: bool = False  # polled since we started
    queued: Polled | None = None
    undecided: int = 0  # polls in a row that could not be written


def is_asked(state: FeedState) -> bool:
    """Whether a feed in this state is polled by itself."""
    return state.status not in (FeedStatus.GONE, FeedStatus.PAUSED)
