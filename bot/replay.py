"""A dated archive through the whole pipeline on a fake clock, as fast as it goes.

The same :class:`~bot.ingest.Ingest` over the same store as the running bot; only the poller and the couriers are
missing: each item is one poll of its feed at the moment it was published, and what is owed is printed, not sent.
Memory stays constant: what was read lies in a temporary database file, the story index forgets after its window.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable, Iterable
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from bot.core.items import Item
from bot.core.model import Alert, AlertKind, FeedState
from bot.core.stories import StoryIndex
from bot.ingest import MOST_AT_ONCE, Ingest, Orders
from bot.ports import Polled, PollRecord
from bot.store import open_store


class ArchiveClock:
    """Time as the archive tells it: it only moves forward."""

    def __init__(self) -> None:
        self._now = datetime.fromtimestamp(0, UTC)

    def advance(self, to: datetime | None) -> datetime:
        """Move to this time, or stay where a later one was reached; returns the time in force."""
        self._now = max(self._now, to) if to is not None else self._now
        return self._now


async def replay(
    items: Iterable[Item], orders: Orders, new_index: Callable[[], StoryIndex]
) -> AsyncIterator[dict[str, object]]:
    """Decide every item in order; yields one JSON-like line for each alert and update."""
    clock = ArchiveClock()
    with tempfile.TemporaryDirectory(prefix="newsalert-replay-") as folder:
        store = await open_store(f"sqlite+aiosqlite:///{Path(folder) / 'replay.sqlite3'}", durable=False)
        try:
            ingest = Ingest(
                store.news,
                store.wishes,
                orders=lambda: orders,
                new_index=new_index,
                wake=asyncio.Event(),
            )
            polls = (_polled(item, clock) for item in items)
            while together := list(islice(polls, MOST_AT_ONCE)):
                for record in await ingest.handle_all(together):
                    for line in _lines(record):
                        yield line
        finally:
            await store.close()


def _polled(item: Item, clock: ArchiveClock) -> Polled:
    at, state = clock.advance(item.raw.published), FeedState(item.feed.name, baseline_done=True)
    return Polled(item.feed, state, (item.raw,), item.feed.url, at)


def _lines(record: PollRecord) -> list[dict[str, object]]:
    receivers: dict[str, list[str]] = {}
    for delivery in record.owed:
        receivers.setdefault(f"{delivery.story}/{delivery.revision}", []).append(delivery.receiver.name)
    decisions = (decision for _, decision in (*record.entries, *record.edited))
    return [
        alert_line(alert, receivers.get(f"{alert.story}/{alert.revision}", []))
        for decision in decisions
        if (alert := decision.alert) is not None
    ]


def alert_line(alert: Alert, receivers: list[str]) -> dict[str, object]:
    """An alert as one stable JSON object; its fields are part of the command line's promise."""
    return {
        "at": alert.decided.isoformat(),
        "published": alert.published.isoformat(),
        "kind": "alert" if alert.kind is AlertKind.NEW else "update",
        "change": alert.kind.value,
        "story": alert.story,
        "revision": alert.revision,
        "rule": alert.rule,
        "level": alert.level.word,
        "score": alert.score,
        "direction": alert.direction.value,
        "title": alert.title,
        "link": alert.link,
        "receivers": receivers,
        "sources": [report.owner for report in alert.reports],
        "reason": alert.reason,
    }
