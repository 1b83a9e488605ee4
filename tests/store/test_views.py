"""Questions people ask of what was read, decided, owed and sent."""

from __future__ import annotations

from datetime import timedelta

from bot.core.model import DeliveryState, MessageKind, Receipt, Subscription
from bot.ports import Delays
from bot.store import Store
from tests.fakes.alerts import AT, alert, message, owed, receiver, report
from tests.store.samples import SECOND, decided, entry, read_at, record, story, write


async def test_counts_are_of_everything(store: Store) -> None:
    await write(
        store, record(entry(), story="st-1", stories=[story()], owed=[owed(), owed(alert(story="st-2"))])
    )
    await write(store, record(entry("wire:2")))
    await store.outbox.intend("st-1/desk/1", AT)
    await store.wishes.save_subscription(Subscription("telegram", "7"))
    await store.wishes.save_subscription(Subscription("telegram", "8", active=False))
    counts = await store.views.counts()
    assert (counts.entries, counts.stories, counts.subscriptions) == (2, 1, 1)
    assert counts.outcomes == {"repeat": 1, "no match": 1}
    assert counts.deliveries == {"owed": 1, "sending": 1}
    assert await store.views.owed() == 1


async def test_a_decision_is_found_by_key_alias_or_link_the_newest_first(store: Store) -> None:
    await write(store, record(entry(link="https://x.example/live")))
    await write(store, record(entry("wire:2", link="https://x.example/live")))
    for asked, key in (("wire:1", "wire:1"), ("link:wire:1", "wire:1"), ("https://x.example/live", "wire:2")):
        found = await store.views.decision(asked)
        assert found is not None
        assert found.entry.key == key
    assert await store.views.decision("nobody") is None


async def test_a_story_is_told_in_order(store: Store) -> None:
    for key in ("a", "b"):
        await write(store, record(entry(key), story="st-1", stories=[story()]))
    assert [each.entry.key for each in await store.views.told("st-1")] == ["a", "b"]
    assert await store.views.story("st-1") == story()
    assert await store.views.story("nobody") is None


async def test_the_latest_come_newest_first_and_by_outcome(store: Store) -> None:
    for key, told in (("a", "st-1"), ("b", ""), ("c", "st-1")):
        await write(store, record(entry(key), story=told))
    assert [each.entry.key for each in await store.views.latest(2)] == ["c", "b"]
    assert [each.entry.key for each in await store.views.latest(9, "repeat")] == ["c", "a"]
    assert await store.views.latest(9, "alert") == []


async def test_the_archive_is_streamed_oldest_first(store: Store) -> None:
    await read_at(store, "long ago", AT - timedelta(days=8))
    many = [entry(f"wire:{number}") for number in range(1_203)]
    await write(store, record(*many))
    assert [each async for each in store.views.archive(AT - timedelta(days=7))] == many
    assert [each async for each in store.views.archive(AT + SECOND)] == []


async def test_the_outbox_is_shown_newest_first(store: Store) -> None:
    rows = [owed(alert(story=f"s{number}"), created=AT + number * SECOND) for number in range(4)]
    await store.outbox.owe(rows)
    await store.outbox.intend("s0/desk/1", AT)
    assert [each.story for each in await store.views.outbox(limit=3)] == ["s3", "s2", "s1"]
    (sending,) = await store.views.outbox("sending")
    assert (sending.id, sending.state) == ("s0/desk/1", DeliveryState.SENDING)


async def send(store: Store, feed: str, published: int, seen: int, decided: int, sent: int) -> None:
    """An alert of that feed, sent; seconds after :data:`AT`."""
    news = report(feed=feed, published=AT + published * SECOND, first_seen=AT + seen * SECOND)
    told = alert(story=f"{feed} {published}", reports=(report(), news), decided=AT + decided * SECOND)
    delivery = owed(told, receiver(f"to {feed} {published}"))
    await store.outbox.owe([delivery])
    await store.outbox.intend(delivery.id, AT)
    await store.outbox.part_sent(delivery.id, Receipt("C1", "1", AT))
    await store.outbox.sent(delivery.id, AT + sent * SECOND)


async def test_delays_are_counted_from_the_newest_report(store: Store) -> None:
    await send(store, "wire", 60, 90, 91, 95)
    await send(store, "wire", 120, 125, 126, 127)
    assert sorted(await store.views.delays()) == [7.0, 35.0]
    assert await store.views.delays(AT + timedelta(seconds=100)) == [7.0]


async def test_delays_are_told_stage_by_stage_the_latest_feed_first(store: Store) -> None:
    for number in range(1, 21):
        await send(
            store,
            "wire",
            number * 60,
            number * 60 + number,
            number * 60 + number + 1,
            number * 60 + number + 3,
        )
    await send(store, "slow gazette", 0, 600, 601, 602)
    notice = owed(alert(story="digest"), message=message(alert(), alert(), delivery="digest/desk/1"))
    assert notice.message.kind is MessageKind.DIGEST
    await store.outbox.owe([notice, owed()])
    assert await store.views.delays_by_feed(AT) == [
        Delays("slow gazette", 1, (600, 600), (1, 1), (1, 1), (602, 602)),
        Delays("wire", 20, (10, 19), (1, 1), (2, 2), (13, 22)),
    ]
    assert await store.views.delays_by_feed(AT + timedelta(hours=2)) == []


async def test_publications_are_those_with_a_date(store: Store) -> None:
    await read_at(store, "old", AT - timedelta(days=30))
    await read_at(store, "undated", AT, dated=False)
    await read_at(store, "b", AT + SECOND, feed="gazette", published=AT)
    await read_at(store, "a", AT, published=AT - 40 * SECOND)
    assert list(await store.views.publications(AT - timedelta(days=14))) == [
        ("northern-wire-world", AT - 40 * SECOND, AT),
        ("gazette", AT, AT + SECOND),
    ]


async def test_what_was_decided_about_a_repeat_keeps_its_steps(store: Store) -> None:
    await write(store, record(entry(), story="st-1"))
    found = await store.views.decision("wire:1")
    assert found is not None
    assert found.decision == decided(story="st-1")
    assert found.at == AT


async def test_who_is_asked_to_wait_is_told_with_the_reason_until_it_is_over(store: Store) -> None:
    later = AT + timedelta(minutes=5)
    await write(store, record(entry(), story="st-1", stories=[story()], owed=[owed()]))
    await store.outbox.postpone("st-1/desk/1", later, "asked to wait 300 s")
    await store.outbox.throttle("desk", later)
    assert await store.views.throttles(AT) == [("desk", later, "asked to wait 300 s")]
    assert await store.views.throttles(later) == []
