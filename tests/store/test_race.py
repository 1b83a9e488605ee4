"""Two feeds break one story at the same moment, two deciders decide: one alert, every time.

``NEWSALERT_RACES=1000`` runs the full thousand on each database.
"""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta

import pytest

from bot.app_desk import new_story_index
from bot.core.model import AlertKind, Delivery, Feed, FeedState, Outcome, RawEntry
from bot.ingest import Ingest
from bot.ports import Polled, PollRecord
from bot.store import Store, open_store
from tests.fakes.clock import START
from tests.fakes.desk import Desk
from tests.store.samples import entry

RACES = int(os.environ.get("NEWSALERT_RACES", "200"))
APART = timedelta(hours=80)  # between two races: no story of one is in the other's window
WIRE = Feed("wire", "https://wire.example/f", "Wire")
GAZETTE = Feed("gazette", "https://gazette.example/f", "Gazette")


@dataclass
class Decider:
    """One of the processes over one database: a store and an index of its own."""

    store: Store
    ingest: Ingest

    async def read(self, feed: Feed, title: str, race: int) -> PollRecord:
        """Its feed brings this headline."""
        now = START + race * APART
        link = f"{feed.url}/{race}"
        raw = RawEntry(guid=link, link=link, title=title, published=now - timedelta(minutes=1), lang="en")
        state = FeedState(feed.name, baseline_done=True)
        return await self.ingest.handle(Polled(feed, state, (raw,), feed.url, now))


@pytest.fixture
async def deciders(url: str) -> AsyncIterator[Sequence[Decider]]:
    orders = Desk().orders
    new_story_index()  # as the bot does at its start: the first poll must not hold its transaction over loading
    orders.rulebook.match(entry())
    async with AsyncExitStack() as stack:
        made = []
        for _ in range(2):
            store = await open_store(url, lock=False, durable=False)
            stack.push_async_callback(store.close)
            ingest = Ingest(
                store.news,
                store.wishes,
                orders=lambda: orders,
                new_index=new_story_index,
                wake=asyncio.Event(),
            )
            made.append(Decider(store, ingest))
        yield made


def firsts(owed: Sequence[Delivery]) -> list[Delivery]:
    return [each for each in owed if each.message.alerts[0].kind is AlertKind.NEW]


async def test_two_feeds_one_story_one_alert(deciders: Sequence[Decider]) -> None:
    first, second = deciders
    won: Counter[int] = Counter()
    for race in range(RACES):
        headline = f"Soldiers return from the border near Oakford {race} after drills end"
        records = await asyncio.gather(
            first.read(WIRE, headline, race),
            second.read(GAZETTE, f"{headline}, ministry says", race),
        )
        outcomes = [record.entries[0][1].outcome for record in records]
        alerts = [number for number, outcome in enumerate(outcomes) if outcome is Outcome.ALERT]
        assert len(alerts) == 1, (race, outcomes)
        assert len(firsts([each for record in records for each in record.owed])) == 1
        assert len({record.entries[0][1].story for record in records}) == 1
        won[alerts[0]] += 1
    stored = await first.store.views.outbox(limit=RACES * 4)
    assert len(firsts(stored)) == RACES
    assert (await second.store.views.counts()).stories == RACES


async def test_one_item_read_by_two_workers_is_one_entry(deciders: Sequence[Decider]) -> None:
    for race in range(max(20, RACES // 5)):
        headline = f"Soldiers return from the border near Oakford {race} after drills end"
        records = await asyncio.gather(*(each.read(WIRE, headline, race) for each in deciders))
        assert sorted(len(record.entries) for record in records) == [0, 1]
        assert len(firsts([each for record in records for each in record.owed])) == 1
