"""What is forgotten, and what never is."""

from __future__ import annotations

from datetime import timedelta

import pytest

import bot.store.retention as retention
from bot.core.model import Silence
from bot.store import Store
from tests.fakes.alerts import AT, alert, owed, receiver
from tests.store.samples import SECOND, entry, read_at, record, story, write

OLD = AT - timedelta(days=100)
CUT = AT - timedelta(days=90)


async def keys(store: Store) -> list[str]:
    return [each.key async for each in store.views.archive(OLD - timedelta(days=9_999))]


async def test_old_entries_go_with_their_aliases(store: Store) -> None:
    await read_at(store, "old", OLD)
    await read_at(store, "new", AT)
    assert await store.purge(CUT) == 1
    assert await keys(store) == ["new"]
    async with store.news.deciding() as ledger:
        assert set(await ledger.known(["old", "link:old", "new"])) == {"new"}


async def test_they_go_step_by_step(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "STEP", 7)
    await write(store, record(*(entry(f"e{number}", first_seen=OLD) for number in range(30)), entry("new")))
    assert await store.purge(CUT) == 30
    assert await keys(store) == ["new"]


@pytest.mark.parametrize("state", ["owed", "sending", "unknown"])
async def test_nothing_that_is_still_owed_goes(store: Store, state: str) -> None:
    waiting = owed(created=OLD, not_before=OLD)
    old = entry("old", first_seen=OLD)
    await write(store, record(old, story="st-1", stories=[story(updated=OLD)], owed=[waiting]))
    if state != "owed":
        await store.outbox.intend(waiting.id, OLD)
    if state == "unknown":
        await store.outbox.unknown(waiting.id, "no answer")
    assert await store.purge(CUT) == 0
    assert await store.views.story("st-1") is not None
    assert len(await store.views.deliveries("st-1")) == 1
    assert await keys(store) == ["old"]


async def test_a_settled_story_goes_whole(store: Store) -> None:
    sent, dead = owed(created=OLD), owed(alert(), receiver("far"), created=OLD)
    old = entry("old", first_seen=OLD)
    await write(store, record(old, story="st-1", stories=[story(updated=OLD)], owed=[sent, dead]))
    await store.outbox.intend(sent.id, OLD)
    await store.outbox.sent(sent.id, OLD)
    await store.outbox.dead(dead.id, "refused")
    assert await store.purge(CUT) == 1
    counts = await store.views.counts()
    assert (counts.entries, counts.stories, counts.deliveries) == (0, 0, {})


async def test_a_story_that_goes_on_keeps_its_messages(store: Store) -> None:
    """They are edited and answered."""
    sent = owed(created=OLD)
    await write(store, record(entry("new"), story="st-1", stories=[story(updated=AT)], owed=[sent]))
    await store.outbox.intend(sent.id, OLD)
    await store.outbox.sent(sent.id, OLD)
    await store.purge(CUT)
    assert len(await store.views.deliveries("st-1")) == 1


async def test_a_feed_without_dates_keeps_what_it_may_still_show(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else each of its old items would be news the morning after."""
    monkeypatch.setattr(retention, "UNDATED_KEPT", 3)
    for number in range(5):
        await read_at(store, f"slow{number}", OLD + number * SECOND, dated=False)
    await read_at(store, "other", OLD, dated=False, feed="gazette")
    await read_at(store, "dated", OLD)
    assert await store.purge(CUT) == 3
    assert await keys(store) == ["slow2", "slow3", "slow4", "other"]


async def test_wishes_that_ended_go_and_those_in_force_stay(store: Store) -> None:
    await store.wishes.save_silence(Silence("old", {"rule": "a"}, OLD, "ada"))
    await store.wishes.save_silence(Silence("new", {"rule": "b"}, AT, "ada"))
    await store.wishes.seen_update("telegram", "1", OLD)
    await store.wishes.seen_update("telegram", "2", AT)
    await store.purge(CUT)
    assert [each.id for each in await store.wishes.silences(OLD - SECOND)] == ["new"]
    assert not await store.wishes.handled("telegram", "1")
    assert await store.wishes.handled("telegram", "2")


async def test_a_throttle_in_force_outlives_the_broom(store: Store) -> None:
    await store.outbox.owe([owed(created=OLD, not_before=OLD)])
    await store.outbox.throttle("desk", AT + timedelta(hours=1))
    await store.purge(AT)
    assert await store.outbox.claim(AT) == []
