"""The courier dies between two steps, is told to stop or has no database, and another one goes on from its outbox."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from bot.core.model import DeliveryState, Receipt
from tests.fakes.alerts import AT, owed, receiver
from tests.fakes.courier import DESK, PHONES, World, died_in


async def test_fault_006_dying_after_the_intent_before_a_byte_left_sends_once() -> None:
    world = World(died_in(DeliveryState.SENDING))
    await world.for_seconds(10)
    assert world.slack.texts() == ["st-1/desk/1#0"]
    assert world.outbox.states() == {"st-1/desk/1": "sent"}


async def test_fault_007_dying_after_the_send_before_the_mark_doubles_nothing_where_history_can_be_read() -> (
    None
):
    world = World(died_in(DeliveryState.SENDING))
    world.slack.arrived.append((0.0, "C0DESK0001", "st-1/desk/1#0"))
    await world.for_seconds(10)
    assert len(world.slack.arrived) == 1
    assert world.outbox.states() == {"st-1/desk/1": "sent"}


async def test_fault_007_and_repeats_once_visibly_where_it_cannot() -> None:
    world = World(died_in(DeliveryState.SENDING, to=PHONES))
    world.telegram.arrived.append((0.0, "4711", "st-1/phones/1#0"))
    await world.for_seconds(10)
    assert world.telegram.texts() == ["st-1/phones/1#0", "st-1/phones/1#0 (repeat)"]


@pytest.mark.parametrize(
    ("arrived", "written"),
    [(0, 0), (1, 0), (1, 1), (2, 1), (2, 2), (3, 2), (3, 3)],  # one part is in doubt at most
)
async def test_fault_009_dying_within_a_split_message_sends_only_the_missing_parts(
    arrived: int, written: int
) -> None:
    receipts = tuple(Receipt("C0DESK0001", f"st-1/desk/1#{number}", AT) for number in range(written))
    world = World(died_in(DeliveryState.SENDING, *receipts))
    world.slack.parts = 3
    world.slack.arrived.extend((0.0, "C0DESK0001", f"st-1/desk/1#{number}") for number in range(arrived))
    await world.for_seconds(20)
    assert world.slack.texts() == [f"st-1/desk/1#{number}" for number in range(3)]
    assert world.outbox.states() == {"st-1/desk/1": "sent"}
    assert len(world.outbox.rows["st-1/desk/1"].receipts) == 3


def dying(verb: Callable[..., Awaitable[object]], *, before: bool) -> Callable[..., Awaitable[object]]:
    async def die(*args: object, **kwargs: object) -> object:
        if not before:
            await verb(*args, **kwargs)
        raise asyncio.CancelledError

    return die


@pytest.mark.parametrize("platform", ["slack", "telegram"])
@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
@pytest.mark.parametrize("step", ["intend", "part_sent", "sent"])
async def test_fault_008_dying_around_any_write_loses_nothing(platform: str, before: bool, step: str) -> None:
    world = World(owed(to=DESK if platform == "slack" else PHONES))
    notifier = world.slack if platform == "slack" else world.telegram
    whole = getattr(world.outbox, step)
    setattr(world.outbox, step, dying(whole, before=before))
    await world.for_seconds(0.5)
    setattr(world.outbox, step, whole)
    world.courier = world.new_courier()
    await world.for_seconds(20)
    assert set(world.outbox.states().values()) == {"sent"}
    told = notifier.texts()
    assert len([text for text in told if "repeat" not in text]) <= 1
    assert len(told) == 1 if platform == "slack" else len(told) <= 2
    assert told


async def test_fault_015_what_was_sent_is_written_down_as_soon_as_the_disk_takes_it() -> None:
    world = World(owed(to=DESK))
    async with world.running():
        world.outbox.failing = 0
        part_sent = world.outbox.part_sent

        async def full(delivery: str, receipt: Receipt) -> None:
            world.outbox.failing = 3 if not world.outbox.failing and world.clock.now() == AT else 0
            await part_sent(delivery, receipt)

        world.outbox.part_sent = full  # type: ignore[method-assign]
        await world.clock.advance(30)
    assert world.slack.texts() == ["st-1/desk/1#0"]
    assert world.outbox.states() == {"st-1/desk/1": "sent"}


async def test_fault_026_a_worker_cut_from_its_database_sends_nothing() -> None:
    world = World(owed(to=DESK))
    world.outbox.failing = 3
    await world.for_seconds(2.5)
    assert world.slack.arrived == []
    await world.for_seconds(5)
    assert world.slack.texts() == ["st-1/desk/1#0"]


async def test_fault_012_stopping_drains_what_is_under_way_and_leaves_the_rest_owed() -> None:
    chats = [receiver(f"chat {number}", "telegram", str(number)) for number in range(500)]
    world = World(*(owed(to=chat) for chat in chats))
    world.telegram.slow = 3.0
    task = asyncio.create_task(world.courier.run())
    await world.clock.advance(2.0)
    stopping = asyncio.create_task(world.courier.stop())
    await world.clock.advance(10.0)
    assert stopping.done()
    assert task.done()
    states = list(world.outbox.states().values())
    assert set(states) == {"sent", "owed"}
    assert states.count("sent") == len(world.telegram.arrived)


async def test_fault_012_a_platform_that_does_not_answer_is_left_after_ten_seconds() -> None:
    world = World(owed(to=DESK))
    world.slack.slow = 60.0
    task = asyncio.create_task(world.courier.run())
    await world.clock.advance(1.0)
    stopping = asyncio.create_task(world.courier.stop())
    await world.clock.advance(9.9)
    assert not stopping.done()
    await world.clock.advance(0.1)
    assert stopping.done()
    assert task.done()
    assert world.outbox.states() == {"st-1/desk/1": "sending"}  # in doubt: the next start asks
