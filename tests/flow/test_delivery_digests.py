"""What is held for a digest: told together at its time, and in nobody's way until then."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bot.core.model import Delivery, DeliveryState, Level, MessageKind
from bot.errors import (
    Ambiguous,
)
from tests.fakes.alerts import AT, alert, owed, raised
from tests.fakes.clock import settle
from tests.fakes.courier import DESK, World


def held(story: str, revision: int = 1) -> Delivery:
    """An alert held until half past eight."""
    delivery = owed(alert(story=story, revision=revision), DESK, not_before=AT + timedelta(minutes=30))
    return replace(delivery, message=replace(delivery.message, kind=MessageKind.DIGEST))


async def test_alerts_held_for_a_digest_are_told_together_when_its_time_comes() -> None:
    world = World(held("st-1"), held("st-2"), held("st-1", 2), owed(alert(story="loud"), DESK))
    world.outbox.rows["st-9/desk/1"] = replace(held("st-9"), not_before=AT + timedelta(hours=1))
    await world.for_seconds(29 * 60)
    assert world.slack.texts() == ["loud/desk/1#0"]
    await world.for_seconds(2 * 60)
    assert len(world.slack.arrived) == 2
    [digest] = [row for row in world.outbox.rows.values() if len(row.message.alerts) > 1]
    assert [(each.story, each.revision) for each in digest.message.alerts] == [("st-1", 2), ("st-2", 1)]
    assert [row.id for row in world.outbox.rows.values() if row.state is DeliveryState.OWED] == [
        "st-9/desk/1"
    ]


async def test_a_held_digest_holds_back_no_louder_word_on_its_story() -> None:
    world = World(held("st-1"), owed(raised(), DESK))
    await world.for_seconds(5)
    assert world.slack.texts() == ["st-1/desk/2#0"]


async def test_what_is_critical_overtakes_digests_that_are_due() -> None:
    waiting = [replace(held(f"st-{number}"), not_before=AT) for number in range(3)]
    world = World(owed(alert(story="first"), DESK), *waiting)
    async with world.running():
        await settle()
        await world.outbox.owe([owed(alert(story="war", level=Level.CRITICAL), DESK)])
        await world.clock.advance(10)
    assert [text.split("/")[0] for text in world.slack.texts()][1] == "war"


async def test_a_digest_in_doubt_keeps_its_words() -> None:
    world = World(held("st-1"), held("st-2"))
    world.slack.faults["desk"] = [Ambiguous("reset")]
    async with world.running():
        await world.clock.advance(30 * 60)
        await world.outbox.owe([held("st-3")])
        await world.clock.advance(60)
    assert len(world.slack.arrived) == 2
    assert sorted(len(row.message.alerts) for row in world.outbox.rows.values()) == [1, 1, 2]
