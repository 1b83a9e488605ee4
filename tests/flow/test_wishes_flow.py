"""From a chat's wishes to the outbox: the real service, decider and store; what is owed to whom, and when."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from bot.app_desk import new_story_index
from bot.core.model import AlertKind, Delivery, Feed, FeedState, MessageKind, RawEntry
from bot.ingest import Ingest
from bot.ports import Polled
from bot.service import Service
from bot.service_ground import Doors, Ground
from bot.store import Store, open_store
from tests.fakes.clock import FakeClock
from tests.fakes.desk import Desk

WIRE, GAZETTE = (
    Feed("wire", "https://wire.example/f", "Wire"),
    Feed("gazette", "https://gazette.example/f", "Gazette"),
)
ADA, BOB = Doors().telegram(7, 7, keeps=True), Doors().telegram(8, 8, keeps=True)
TROOPS = "Soldiers return from the border after drills end"


@dataclass
class Newsroom:
    """Decider and service over one store, on one clock."""

    store: Store
    clock: FakeClock
    desk: Desk

    def __post_init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """A new process: nothing is remembered but what the store holds."""
        orders = self.desk.orders
        self.ingest = Ingest(
            self.store.news, self.store.wishes, orders=lambda: orders, new_index=new_story_index, wake=asyncio.Event()
        )  # fmt: skip
        ground = Ground(
            self.store.wishes, self.store.views, self.store.feeds, self.store.outbox, self.store.outbox,
            lambda: orders, self.clock, Doors(), asyncio.Event(),
        )  # fmt: skip
        self.service = Service(ground)

    async def publish(self, title: str, *, feed: Feed = WIRE, key: str = "") -> Sequence[Delivery]:
        """What comes to be owed when a feed carries this."""
        await self.clock.advance(60)
        now = self.clock.now()
        link = f"{feed.url}/{key or title.lower().replace(' ', '-')}"
        raw = RawEntry(guid=link, link=link, title=title, published=now - timedelta(minutes=1), lang="en")
        polled = Polled(feed, FeedState(feed.name, baseline_done=True), (raw,), feed.url, now)
        return (await self.ingest.handle(polled)).owed


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Newsroom]:
    store = await open_store(f"sqlite+aiosqlite:///{tmp_path}/wishes.sqlite3")
    desk = Desk()
    yield Newsroom(store, desk.clock, desk)
    await store.close()


def to(owed: Sequence[Delivery]) -> list[str]:
    return [each.receiver.name for each in owed]


async def test_a_subscriber_is_told_beside_the_desk(room: Newsroom) -> None:
    await room.service.chats.subscribe(ADA, ["conflict"], "high")
    await room.service.chats.subscribe(BOB, ["cyber"])
    assert to(await room.publish(TROOPS)) == ["desk", "telegram:7"]
    assert to(await room.publish("Ministry hacked, data breach confirmed")) == ["desk", "telegram:8"]


async def test_quiet_hours_defer_to_one_digest_and_critical_passes(room: Newsroom) -> None:
    await room.service.chats.subscribe(ADA, ["conflict"])
    await room.service.chats.quiet(ADA, "7-10")  # it is 8
    held = [each for each in await room.publish(TROOPS) if each.receiver.kind == "telegram"]
    held += [
        each
        for each in await room.publish("Invasion begins in the north")
        if each.receiver.kind == "telegram"
    ]
    assert [each.message.kind for each in held] == [MessageKind.DIGEST] * 2
    assert {each.not_before.hour for each in held} == {10}
    await room.clock.advance(2 * 3600)
    first, *_ = await room.store.outbox.claim(room.clock.now(), busy=("desk",))
    folded = await room.store.outbox.fold(first.id, room.clock.now())
    assert len(folded.message.alerts) == 2  # on wake, one message


async def test_another_source_of_what_is_held_is_no_line_of_the_digest(room: Newsroom) -> None:
    await room.service.chats.subscribe(ADA, ["conflict"])
    await room.service.chats.digest(ADA, "30m")
    await room.publish(TROOPS)
    for number, paper in enumerate(("Gazette", "Herald", "Courier")):
        feed = Feed(paper.lower(), f"https://{paper.lower()}.example/f", paper)
        owed = await room.publish(TROOPS, feed=feed, key=f"{number}")
    assert "telegram:7" not in to(owed)
    assert "desk" in to(owed)


async def test_a_chats_own_keyword_rings_for_that_chat_alone(room: Newsroom) -> None:
    await room.service.chats.watch(ADA, "pancake + record")
    await room.service.chats.subscribe(BOB)
    (owed,) = await room.publish("Village breaks pancake record at the fair")
    assert owed.receiver.name == "telegram:7"
    (alert,) = owed.message.alerts
    assert (alert.rule, alert.rule_title) == ("watch:telegram:7:1", "pancake + record")


async def test_an_own_keyword_changes_nothing_of_what_others_are_told(room: Newsroom) -> None:
    await room.service.chats.subscribe(ADA, ["conflict"])
    await room.service.chats.watch(ADA, "drills + end")
    await room.service.chats.watch(BOB, "soldiers, troops + border")
    owed = await room.publish(TROOPS)
    assert sorted(to(owed)) == ["desk", "telegram:7", "telegram:8"]  # by topic and by keyword, but once
    for each in owed:
        assert ("watch:" in str(each.message)) is (each.receiver.name == "telegram:8")
    stored = await room.store.views.latest(1)
    assert "watch:" not in str(stored[0].decision)  # one's own keywords are nobody else's to read


async def test_an_own_keyword_rings_once_a_story_over_restarts_too(room: Newsroom) -> None:
    await room.service.chats.watch(ADA, "pancake + record")
    first = await room.publish("Village breaks pancake record at the fair")
    room.restart()
    again = await room.publish("Village breaks pancake record at the fair", feed=GAZETTE)
    assert to(first) == ["telegram:7"]
    assert [(each.story, each.message.alerts[0].kind) for each in again] == [
        (first[0].story, AlertKind.SOURCE)
    ]
    room.restart()
    assert await room.publish("Village breaks pancake record at fair", feed=GAZETTE, key="retitled") == []


async def test_who_mutes_a_story_hears_no_more_of_it_and_others_do(room: Newsroom) -> None:
    await room.service.chats.subscribe(ADA, ["conflict"])
    owed = await room.publish(TROOPS)
    await room.service.silences.mute_story(ADA, owed[0].story)
    assert to(await room.publish(TROOPS, feed=GAZETTE)) == ["desk"]


async def test_why_and_wrong_work_on_an_own_keyword_as_it_was_stored(room: Newsroom) -> None:
    await room.service.chats.watch(ADA, "pancake + record")
    (owed,) = await room.publish("Village breaks pancake record at the fair")
    found = await room.service.questions.why(ADA, owed.story)
    assert [sheet.rule.id for sheet in found.sheets] == ["watch:telegram:7:1"]
    await room.service.questions.wrong(ADA, owed.story)
    assert [each.rule for each in await room.store.wishes.feedback()] == ["watch:telegram:7:1"]


async def test_the_archive_answers_a_keyword_before_it_is_kept(room: Newsroom) -> None:
    await room.publish("Village breaks pancake record at the fair")
    await room.publish("Rain expected in the valley")
    hits = await room.service.questions.search(ADA, "pancake")
    assert (hits.count, hits.newest[0].title) == (1, "Village breaks pancake record at the fair")


async def test_an_own_keyword_met_by_an_old_or_first_polled_article_is_silent(room: Newsroom) -> None:
    await room.service.chats.watch(ADA, "pancake")
    now = room.clock.now()
    old = RawEntry(
        guid="a", link="https://wire.example/a", title="Pancake day", published=now - timedelta(days=3)
    )
    fresh = RawEntry(guid="b", link="https://wire.example/b", title="Pancake week", published=now)
    state = FeedState("wire", baseline_done=True)
    assert not (await room.ingest.handle(Polled(WIRE, state, (old,), WIRE.url, now))).owed
    baseline = Polled(GAZETTE, FeedState("gazette"), (fresh,), GAZETTE.url, now, baseline=True)
    assert not (await room.ingest.handle(baseline)).owed
