"""Polls that wait share a transaction: decided in order, as if each had its own; one that fails harms no other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

from bot.app_desk import new_story_index
from bot.core.model import Feed, FeedState, RawEntry
from bot.errors import StoreError
from bot.ingest import MOST_AT_ONCE, Ingest
from bot.ports import Ledger, Polled, PollRecord
from bot.store import Store, open_store
from tests.fakes.desk import Desk

HEADLINES = (
    "Soldiers return from the border after drills end",
    "Hospital hacked over the weekend, patients' files gone",
    "Village bakery wins a prize",
    "Soldiers return from the border as drills end",
)


def poll(desk: Desk, paper: str, *titles: str) -> Polled:
    feed, now = Feed(paper, f"https://{paper}.example/f", paper.title()), desk.clock.now()
    raws = [
        RawEntry(
            link=f"https://{paper}.example/{title.lower().replace(' ', '-')}",
            title=title,
            published=now - timedelta(minutes=1),
            lang="en",
        )
        for title in titles
    ]
    return Polled(feed, FeedState(paper, baseline_done=True), raws, feed.url, now)


class Counting:
    """The store's news, its transactions counted; ``refuse`` names a feed whose polls cannot be written."""

    def __init__(self, store: Store, refuse: str = "") -> None:
        self._news, self._refuse = store.news, refuse
        self.begun = 0

    @asynccontextmanager
    async def deciding(self) -> AsyncIterator[Ledger]:
        self.begun += 1
        async with self._news.deciding() as ledger:
            yield Refusing(ledger, self._refuse)


class Refusing:
    def __init__(self, ledger: Ledger, refuse: str) -> None:
        self.known, self.filed_since, self.stories = ledger.known, ledger.filed_since, ledger.stories
        self.texts = ledger.texts
        self._ledger, self._refuse = ledger, refuse

    async def write(self, *records: PollRecord) -> int:
        if any(each.state is not None and each.state.feed == self._refuse for each in records):
            raise StoreError("the disk is full")
        return await self._ledger.write(*records)


@asynccontextmanager
async def decider(path: Path, desk: Desk, refuse: str = "") -> AsyncIterator[tuple[Ingest, Store, Counting]]:
    store = await open_store(f"sqlite+aiosqlite:///{path}")
    news = Counting(store, refuse)
    ingest = Ingest(
        news, store.wishes, orders=lambda: desk.orders, new_index=new_story_index, wake=asyncio.Event()
    )
    yield ingest, store, news
    await store.close()


async def consumed(ingest: Ingest, polls: list[Polled]) -> dict[str, bool]:
    """Which polls the running decider says it wrote."""
    queue: asyncio.Queue[Polled] = asyncio.Queue()
    for each in polls:
        queue.put_nowait(each)
    written: dict[str, bool] = {}
    running = asyncio.create_task(
        ingest.run(queue, lambda polled, done: written.__setitem__(polled.feed.name, done))
    )
    await queue.join()
    running.cancel()
    return written


async def test_polls_decided_together_come_out_as_they_would_one_by_one(tmp_path: Path) -> None:
    desk = Desk()
    polls = [poll(desk, f"paper{at}", title) for at, title in enumerate(HEADLINES)]
    async with decider(tmp_path / "single.sqlite3", desk) as (ingest, _, _):
        alone = [await ingest.handle(each) for each in polls]
    async with decider(tmp_path / "together.sqlite3", desk) as (ingest, store, _):
        together = await ingest.handle_all(polls)
        counts = await store.views.counts()
    assert list(together) == alone
    assert len({decision.story for each in together for _, decision in each.entries} - {""}) == 2
    assert counts.entries == len(HEADLINES)


async def test_what_waits_shares_a_transaction(tmp_path: Path) -> None:
    desk = Desk()
    polls = [poll(desk, f"paper{at}", f"Notes of day {at}") for at in range(MOST_AT_ONCE)]
    async with decider(tmp_path / "a.sqlite3", desk) as (ingest, _, news):
        written = await consumed(ingest, polls)
    assert news.begun < 4
    assert all(written.values())
    assert len(written) == MOST_AT_ONCE


async def test_a_poll_that_cannot_be_written_harms_no_other(tmp_path: Path) -> None:
    desk = Desk()
    polls = [poll(desk, name, HEADLINES[0]) for name in ("gazette", "wire", "herald")]
    async with decider(tmp_path / "a.sqlite3", desk, refuse="wire") as (ingest, store, _):
        written = await consumed(ingest, polls)
        (story,) = {each.decision.story for each in await store.views.latest(10)}
        counts = await store.views.counts()
    assert written == {"gazette": True, "wire": False, "herald": True}
    assert counts.entries == 2
    assert story
