"""Feed states and what people wished, in both databases."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from bot.core.model import Feedback, Level, Receiver, Silence, Subscription
from bot.store import Store
from tests.fakes.alerts import AT, alert, evidence, owed
from tests.store.samples import SECOND, state

ADA = Subscription("telegram", "7", ("conflict",), Level.HIGH, name="Ada", created=AT)


def wrong(id: str = "f1", **changes: object) -> Feedback:  # noqa: A002
    values = {
        "id": id, "rule": "invasion", "story": "st-1", "title": "A title", "lang": "en",
        "link": "https://x.example/1", "score": 60, "terms": (evidence(),), "by": "telegram:7", "at": AT,
    }  # fmt: skip
    return Feedback(**{**values, **changes})  # type: ignore[arg-type]


async def test_states_are_kept_by_feed(store: Store) -> None:
    await store.feeds.save_state(state("a"))
    await store.feeds.save_states([state("b"), state("a", etag='"z"')])
    assert await store.feeds.states() == {"a": state("a", etag='"z"'), "b": state("b")}


async def test_a_subscription_is_one_a_chat(store: Store) -> None:
    await store.wishes.save_subscription(ADA)
    left = Subscription("telegram", "7", active=False, language="uk")
    await store.wishes.save_subscription(left)
    assert await store.wishes.subscription("telegram", "7") == left
    assert await store.wishes.subscription("slack", "7") is None
    assert await store.wishes.subscriptions() == []
    assert await store.wishes.subscriptions(active_only=False) == [left]


async def test_a_silence_ends_by_itself(store: Store) -> None:
    muted = Silence("s1", {"rule": "invasion"}, AT + SECOND, "ada")
    await store.wishes.save_silence(muted)
    assert await store.wishes.silences(AT) == [muted]
    assert await store.wishes.silences(AT + SECOND) == []
    assert await store.wishes.drop_silence("s1")
    assert not await store.wishes.drop_silence("s1")


async def test_an_update_is_handled_once_however_many_ask_at_once(store: Store) -> None:
    assert not await store.wishes.handled("telegram", "1")
    answers = await asyncio.gather(*(store.wishes.seen_update("telegram", "1", AT) for _ in range(8)))
    assert sorted(answers) == [False] + [True] * 7
    assert await store.wishes.handled("telegram", "1")
    assert not await store.wishes.handled("slack", "1")


async def test_feedback_is_one_a_press_newest_first(store: Store) -> None:
    await store.wishes.save_feedback(wrong())
    await store.wishes.save_feedback(wrong("f2", rule="breach", at=AT + SECOND))
    await store.wishes.save_feedback(wrong(by="telegram:8"))
    assert [each.id for each in await store.wishes.feedback()] == ["f2", "f1"]
    assert await store.wishes.feedback(rule="invasion") == [wrong(by="telegram:8")]
    assert len(await store.wishes.feedback(limit=1)) == 1
    assert await store.wishes.drop_feedback("f1")
    assert not await store.wishes.drop_feedback("f1")


@pytest.mark.parametrize(("old", "new"), [("-3", "-1003"), ("-3/45", "-1003/45")])
async def test_a_chat_that_moved_keeps_its_wishes(store: Store, old: str, new: str) -> None:
    await store.wishes.save_subscription(Subscription("telegram", old, ("conflict",), Level.LOW))
    road = Receiver(f"telegram:{old}", "telegram", "-3")
    await store.outbox.owe([owed(alert(), road)])
    await store.outbox.redirect(road.name, "-1003")
    assert await store.wishes.subscriptions() == [Subscription("telegram", new, ("conflict",), Level.LOW)]
    (found,) = await store.outbox.claim(AT)
    assert found.receiver == Receiver(road.name, "telegram", "-1003")


async def test_who_subscribed_anew_after_moving_is_left_as_they_wished(store: Store) -> None:
    newer = Subscription("telegram", "-1003", ("cyber",))
    await store.wishes.save_subscription(Subscription("telegram", "-3", ("conflict",)))
    await store.wishes.save_subscription(newer)
    await store.outbox.redirect("telegram:-3", "-1003")
    assert await store.wishes.subscriptions(active_only=False) == [newer]


async def test_a_throttle_outlives_the_wish_for_less(store: Store) -> None:
    await store.outbox.owe([owed()])
    await store.outbox.throttle("desk", AT + timedelta(hours=1))
    await store.outbox.throttle("desk", AT + timedelta(hours=2))
    assert await store.outbox.claim(AT + timedelta(hours=1)) == []
    assert len(await store.outbox.claim(AT + timedelta(hours=2))) == 1
