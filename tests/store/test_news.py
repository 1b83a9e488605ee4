"""What a poll writes is there as it was written, whole or not at all."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.core.model import Decision, KnownEntry, Outcome
from bot.errors import StoreError
from bot.ports import Filed, PollRecord
from bot.store import Store
from bot.store.news import PAGE
from tests.fakes.alerts import AT, alert, owed, raised
from tests.store.samples import SECOND, decided, entry, match, record, state, story, write


async def known(store: Store, *aliases: str) -> dict[str, KnownEntry]:
    async with store.news.deciding() as ledger:
        return dict(await ledger.known(aliases))


async def test_one_poll_writes_everything_it_changed(store: Store) -> None:
    told = alert()
    poll = PollRecord(
        state(etag='"b"'),
        entries=[(entry(), decided(story="st-1", told=told))],
        stories=[story()],
        owed=[owed(told)],
    )
    assert await write(store, poll) == 1
    assert await store.feeds.states() == {state().feed: state(etag='"b"')}
    found = await store.views.decision("wire:1")
    assert found is not None
    assert (found.entry, found.decision, found.at) == (
        entry(),
        decided(story="st-1", told=told),
        told.decided,
    )
    assert await store.views.story("st-1") == story()
    assert await store.views.deliveries("st-1") == [owed(told)]


async def _die_while_deciding(store: Store, poll: PollRecord) -> None:
    async with store.news.deciding() as ledger:
        await ledger.write(poll)
        raise RuntimeError("the decider died here")


async def test_a_poll_that_fails_leaves_nothing_behind(store: Store) -> None:
    with pytest.raises(RuntimeError):
        await _die_while_deciding(store, record(entry(), owed=[owed()], stories=[story()]))
    counts = await store.views.counts()
    assert (counts.entries, counts.stories, counts.deliveries) == (0, 0, {})
    assert await store.feeds.states() == {}


async def test_a_poll_that_is_given_up_is_there_whole_or_not_at_all_and_the_next_is_written(
    store: Store,
) -> None:
    """As when the bot is told to stop: wherever it stood."""
    for turns in range(0, 60, 3):
        key = f"wire:{turns}"
        deciding = asyncio.create_task(write(store, record(entry(key), owed=[owed(alert(story=key))])))
        for _ in range(turns):
            await asyncio.sleep(0)
        deciding.cancel()
        (done,) = await asyncio.gather(deciding, return_exceptions=True)
        there = key in await known(store, key)
        assert there or not isinstance(done, int)
        assert len(await store.views.deliveries(key)) == there
    assert await write(store, record(entry())) > 0


async def test_an_item_is_known_by_each_of_its_aliases(store: Store) -> None:
    await write(store, record(entry(), entry("wire:2"), story="st-1"))
    first = KnownEntry("wire:1", "print of wire:1", "st-1", AT)
    found = await known(store, "wire:1", "link:wire:1", "link:wire:2", "nobody")
    assert found == {
        "wire:1": first,
        "link:wire:1": first,
        "link:wire:2": KnownEntry("wire:2", "print of wire:2", "st-1", AT),
    }


async def test_aliases_are_asked_for_by_the_thousand(store: Store) -> None:
    await write(store, record(*(entry(f"wire:{number}") for number in range(1_200))))
    asked = [f"link:wire:{number}" for number in range(0, 40_000, 4)]
    assert len(await known(store, *asked)) == 300


async def test_further_aliases_lead_to_the_known_entry(store: Store) -> None:
    await write(store, record(entry()))
    await write(store, record(aliases={"wire:1": ["guid:9", "guid:9", "wire:1"]}))
    assert (await known(store, "guid:9"))["guid:9"].key == "wire:1"


async def test_an_alias_belongs_to_whom_it_belonged_first(store: Store) -> None:
    await write(store, record(entry(aliases=("wire:1", "shared"))))
    await write(store, record(entry("wire:2", aliases=("wire:2", "shared"))))
    assert (await known(store, "shared"))["shared"].key == "wire:1"


async def test_an_edit_changes_the_words_and_not_the_place(store: Store) -> None:
    await write(store, record(entry(), entry("wire:2")))
    edited = entry(title="Troops stay at the border", fingerprint="new")
    after = Decision("wire:1", Outcome.EDITED, (), "st-1", (match(),))
    await write(store, PollRecord(state(), edited=[(edited, after)]))
    found = await store.views.decision("wire:1")
    assert found is not None
    assert (found.entry, found.decision) == (edited, after)
    assert (await known(store, "wire:1"))["wire:1"].fingerprint == "new"
    assert [each async for each in store.views.archive(AT)] == [edited, entry("wire:2")]


async def test_an_articles_page_leaves_the_feeds_state_as_it_is(store: Store) -> None:
    await write(store, record(entry()))
    edited = entry(body="A paragraph.\n\nAnother.")
    await write(store, PollRecord(None, edited=[(edited, decided(story="st-1"))]))
    assert await store.feeds.states() == {state().feed: state()}


async def test_stories_are_replaced_and_asked_for_together(store: Store) -> None:
    later = story(revision=2, updated=AT + SECOND)
    await write(store, record(stories=[story(), story("st-2")]))
    await write(store, record(stories=[later]))
    async with store.news.deciding() as ledger:
        assert await ledger.stories(["st-1", "st-2", "nobody"]) == {"st-1": later, "st-2": story("st-2")}


async def test_the_index_is_rebuilt_from_what_is_filed(store: Store) -> None:
    await write(store, record(entry("old", first_seen=AT - timedelta(hours=80)), story="st-0"))
    await write(store, record(entry("none")))
    last = await write(store, record(entry("a"), entry("b"), story="st-1", readings={"a": b"read of a"}))
    async with store.news.deciding() as ledger:
        filed = await ledger.filed_since(0, AT - timedelta(hours=72))
        assert filed == [Filed(last - 1, "st-1", b"read of a"), Filed(last, "st-1", b"")]
        assert await ledger.texts([last]) == {last: (entry("b"), (match(),))}
        assert await ledger.filed_since(last, AT - timedelta(hours=72)) == []
        assert await ledger.filed_since(last - 1, AT - timedelta(hours=72)) == [filed[1]]


async def test_a_reading_is_filed_with_its_entry_new_or_edited_and_goes_when_it_has_left_the_window(
    store: Store,
) -> None:
    await write(
        store, record(entry("a"), entry("b", first_seen=AT + SECOND), story="st-1", readings={"a": b"1"})
    )
    edited = [(entry("a"), decided("a", "st-1")), (entry("b", first_seen=AT + SECOND), decided("b", "st-1"))]
    await write(store, PollRecord(state(), edited=edited, readings={"a": b"2", "b": b"3"}))
    async with store.news.deciding() as ledger:
        assert [each.reading for each in await ledger.filed_since(0, AT)] == [b"2", b"3"]
    await store.forget_readings(AT + SECOND)
    async with store.news.deciding() as ledger:
        assert [each.reading for each in await ledger.filed_since(0, AT)] == [b"", b"3"]


async def test_the_window_is_told_page_by_page(store: Store) -> None:
    await write(store, record(*(entry(f"wire:{number}") for number in range(PAGE + 1)), story="st-1"))
    async with store.news.deciding() as ledger:
        first = await ledger.filed_since(0, AT)
        second = await ledger.filed_since(first[-1].cursor, AT)
        assert (len(first), len(second)) == (PAGE, 1)
        assert await ledger.filed_since(second[-1].cursor, AT) == []


async def test_cursors_are_never_given_out_twice(store: Store) -> None:
    first = await write(store, record(entry("a")))
    await store.purge(AT + timedelta(days=100))
    assert await write(store, record(entry("b"))) > first
    assert await write(store, record()) == 0


async def test_deciders_take_turns(store: Store) -> None:
    """The second sees all that the first wrote, or the first did not begin."""
    order: list[str] = []

    async def decide(name: str) -> None:
        async with store.news.deciding() as ledger:
            order.append(f"{name} in")
            seen = await ledger.known(["wire:1"])
            await asyncio.sleep(0)
            if not seen:
                await ledger.write(record(entry(), owed=[owed()]))
            order.append(f"{name} out")

    await asyncio.gather(*(decide(str(number)) for number in range(5)))
    assert [word.split()[1] for word in order] == ["in", "out"] * 5
    assert (await store.views.counts()).entries == 1


async def test_readers_need_not_wait_for_the_decider(store: Store) -> None:
    async with store.news.deciding() as ledger:
        await ledger.write(record(entry()))
        assert (await store.views.counts()).entries == 0
        assert await store.outbox.claim(AT) == []
    assert (await store.views.counts()).entries == 1


async def test_a_mistake_of_ours_is_told_as_the_stores(store: Store) -> None:
    with pytest.raises(StoreError) as told:
        await write(store, record(entry(), entry()))
    assert "wire:1" not in str(told.value)


async def test_an_update_is_owed_beside_the_first(store: Store) -> None:
    await write(store, record(owed=[owed()]))
    await write(store, record(owed=[owed(), owed(raised())]))
    assert [each.revision for each in await store.views.deliveries("st-1")] == [1, 2]
    assert replace(owed(), reason="") == (await store.views.deliveries("st-1"))[0]
