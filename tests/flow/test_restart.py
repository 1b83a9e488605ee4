"""A decider that starts again takes up what was read before, and decides as one that never stopped."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from sqlalchemy import text

from bot.config.storydata import load_story_data
from bot.core.stories import StoryIndex
from bot.core.storydata import StoryData
from bot.ingest import Ingest
from bot.ports import Polled, PollRecord
from bot.store import Store, open_store
from tests.fakes.desk import Desk
from tests.flow.test_together import poll

HEADLINES = (
    "Soldiers return from the border after drills end",
    "Hospital hacked over the weekend, patients' files gone",
    "Soldiers return from the border as drills end",
    "Village bakery wins a prize",
    "Clinic hacked in Orvalla, files of patients published",
    "Troops return to barracks in Orvalla, ministry says",
    "Army denies soldiers return from the border",
    "Hackers publish files of hospital hacked over the weekend",
)


async def polls() -> list[Polled]:
    desk, made = Desk(), []
    for at, title in enumerate(HEADLINES):
        await desk.clock.advance(420)
        made.append(poll(desk, f"paper{at}", title))
    return made


@cache
def data() -> StoryData:
    return load_story_data()


def decider(store: Store, stamp: bytes = b"our code") -> Ingest:
    orders = Desk().orders
    return Ingest(
        store.news,
        store.wishes,
        orders=lambda: orders,
        new_index=lambda: StoryIndex(replace(data(), stamp=stamp)),
        wake=asyncio.Event(),
    )


async def decided(path: Path, *, between: Sequence[str] | None = None) -> list[PollRecord]:
    """What comes of the polls; ``between`` them the decider starts again, after these statements."""
    store = await open_store(f"sqlite+aiosqlite:///{path}", durable=False)
    try:
        ingest, records = decider(store), []
        for each in await polls():
            records.append(await ingest.handle(each))
            for statement in between or ():
                async with store.database.write() as connection:
                    await connection.execute(text(statement))
            ingest = ingest if between is None else decider(store)
    finally:
        await store.close()
    return records


@pytest.fixture
def read_anew(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The headlines that a rebuild had to read anew."""
    titles: list[str] = []
    whole = StoryIndex.absorb_filed

    def spied(index: StoryIndex, entry, matches, story) -> None:  # type: ignore[no-untyped-def]
        titles.append(entry.title)
        whole(index, entry, matches, story)

    monkeypatch.setattr(StoryIndex, "absorb_filed", spied)
    return titles


async def test_a_restart_reads_no_text_twice_and_decides_the_same(
    tmp_path: Path, read_anew: list[str]
) -> None:
    never_stopped = await decided(tmp_path / "one.sqlite3")
    assert await decided(tmp_path / "two.sqlite3", between=()) == never_stopped
    assert read_anew == []
    stories = {decision.story for record in never_stopped for _, decision in record.entries}
    assert 3 <= len(stories) < len(HEADLINES)


@pytest.mark.parametrize(
    "harm",
    [
        "DELETE FROM readings",
        "UPDATE readings SET doc = x''",
        "UPDATE readings SET doc = x'80049563' || doc",  # as a pickle begins
        "UPDATE readings SET doc = substr(doc, 1, length(doc) - 1)",
        "UPDATE readings SET doc = 'no bytes'",
    ],
)
async def test_readings_that_are_lost_or_damaged_are_made_anew(
    tmp_path: Path, read_anew: list[str], harm: str
) -> None:
    never_stopped = await decided(tmp_path / "one.sqlite3")
    restarted = await decided(tmp_path / "two.sqlite3", between=[harm])
    assert read_anew
    assert [each.entries for each in restarted] == [each.entries for each in never_stopped]


async def test_what_another_version_read_is_read_anew(tmp_path: Path, read_anew: list[str]) -> None:
    store = await open_store(f"sqlite+aiosqlite:///{tmp_path}/one.sqlite3", durable=False)
    first, second, *_ = await polls()
    await decider(store).handle(first)
    await decider(store, stamp=b"upgraded").handle(second)
    await store.close()
    assert read_anew == [raw.title for raw in first.raws]
