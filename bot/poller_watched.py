"""A feed in force, as the poller keeps it, and the small things its loop is made of."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass

from bot.core.model import Feed, FeedState, FeedStatus
from bot.ports import Polled


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


async def first_of(*waits: Coroutine[None, None, object]) -> None:
    """Wait for one of these; the others are given up."""
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
