"""The courier against an outbox, a clock and platforms in memory: nothing lost, nothing doubled, nobody held up."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.core.model import DeliveryState, Level, Receipt
from bot.errors import (
    Ambiguous,
    Migrated,
    NotifierStopped,
    NotSent,
    ReceiverGone,
    Rejected,
    Throttled,
)
from bot.metrics import REGISTRY
from tests.fakes.alerts import AT, alert, joined, message, owed, raised, receiver
from tests.fakes.clock import settle
from tests.fakes.courier import DESK, PHONES, World, died_in


async def test_what_is_owed_is_sent_and_written_down() -> None:
    world = World(owed(to=DESK))
    await world.for_seconds(1)
    assert world.slack.texts() == ["st-1/desk/1#0"]
    assert world.outbox.log == ["intend st-1/desk/1", "part st-1/desk/1", "sent st-1/desk/1"]


async def test_a_wake_up_sends_at_once_and_the_sweep_within_a_second() -> None:
    world = World()
    async with world.running():
        await world.clock.advance(10.5)
        await world.outbox.owe([owed(to=DESK)])
        world.wake.set()
        await settle()
        assert world.slack.arrived[0][0] == 10.5
        await world.outbox.owe([owed(to=PHONES)])
        await world.clock.advance(1.0)
        assert len(world.telegram.arrived) == 1


async def test_a_story_is_told_in_order_and_an_update_knows_the_first_message() -> None:
    world = World(owed(raised(), DESK), owed(alert(), DESK))
    await world.for_seconds(3)
    assert world.slack.texts() == ["st-1/desk/1#0", "st-1/desk/2#0"]
    assert world.slack.after[0] is None
    assert world.slack.after[1] == Receipt("C0DESK0001", "st-1/desk/1#0", AT)


async def test_the_loudest_goes_first_and_overtakes_what_was_owed_earlier() -> None:
    quiet = [owed(alert(story=f"st-{number}", level=Level.LOW), DESK) for number in range(5)]
    world = World(*quiet)
    async with world.running():
        await world.clock.advance(1.5)
        loud = owed(alert(story="war", level=Level.CRITICAL), DESK, created=AT + timedelta(seconds=1))
        await world.outbox.owe([loud])
        await world.clock.advance(10)
    assert [text.split("/")[0] for text in world.slack.texts()][:3] == ["st-0", "st-1", "war"]
    assert len(world.slack.arrived) == 6


async def test_fault_100_one_chat_in_429_delays_no_other() -> None:
    chats = [receiver(f"chat {number}", "telegram", str(number)) for number in range(20)]
    world = World(*(owed(to=chat) for chat in chats))
    world.telegram.faults["chat 0"] = [Throttled(600)]
    await world.for_seconds(2)
    assert len(world.telegram.arrived) == 19
    assert max(at for at, _, _ in world.telegram.arrived) == 0.0
    await world.for_seconds(599)
    assert world.telegram.arrived[-1][:2] == (600.0, "0")


async def test_a_slow_receiver_holds_up_only_itself() -> None:
    world = World(owed(to=DESK), owed(to=PHONES))
    world.slack.slow = 25.0
    await world.for_seconds(30)
    assert world.telegram.arrived[0][0] == 0.0
    assert world.slack.arrived[0][0] == 25.0


async def test_fault_101_ten_thousand_alerts_to_sixty_chats_drain_in_the_time_the_limits_allow() -> None:
    # a tenth of it: the memory outbox is quadratic; the pace is the same
    chats = [receiver(f"chat {number}", "telegram", str(number)) for number in range(60)]
    stories = [owed(alert(story=f"st-{number:02}"), chat) for number in range(17) for chat in chats]
    world = World(*stories)
    await world.for_seconds(60)
    left = [at for at, _, _ in world.telegram.arrived]
    assert len(left) == 1020
    assert left[-1] <= (1020 / 30) * 1.10
    for chat in chats:
        told = [text for _, address, text in world.telegram.arrived if address == chat.address]
        assert told == sorted(told)


async def test_fault_102_a_throttle_survives_a_restart() -> None:
    world = World(owed(to=PHONES))
    world.telegram.faults["phones"] = [Throttled(600)]
    await world.for_seconds(5)
    world.courier = world.new_courier()
    await world.for_seconds(590)
    assert world.telegram.arrived == []
    await world.for_seconds(10)
    assert [at for at, _, _ in world.telegram.arrived] == [600.0]


async def test_fault_102_the_pace_survives_a_restart_too() -> None:
    group = receiver("group", "telegram", "-100200")
    world = World(*(owed(alert(story=f"st-{number}"), group) for number in range(40)))
    await world.for_seconds(25)
    before = len(world.telegram.arrived)
    assert 0 < before < 40
    world.courier = world.new_courier()
    await world.for_seconds(100)
    times = [at for at, _, _ in world.telegram.arrived]
    assert len(times) == 40
    assert max(sum(start <= each < start + 60 for each in times) for start in times) == 20


async def test_fault_103_a_chat_that_blocked_us_is_buried_and_the_admins_hear_of_it_elsewhere() -> None:
    world = World(*(owed(alert(story=f"st-{number}"), PHONES) for number in range(3)))
    world.telegram.faults["phones"] = [ReceiverGone("bot was blocked by the user")]
    await world.for_seconds(5)
    assert {row.state for row in world.outbox.rows.values() if row.receiver == PHONES} == {DeliveryState.DEAD}
    assert world.telegram.arrived == []
    assert len(world.notices()) == 1
    assert "phones" in world.notices()[0]
    assert len(world.console.arrived) == 1


async def test_fault_104_a_migrated_chat_gets_its_message_once_at_the_new_address() -> None:
    world = World(owed(to=PHONES))
    world.telegram.faults["phones"] = [Migrated("-100999")]
    await world.for_seconds(2)
    assert [(address, text) for _, address, text in world.telegram.arrived] == [
        ("-100999", "st-1/phones/1#0")
    ]
    assert world.outbox.rows["st-1/phones/1"].receiver.address == "-100999"


async def test_fault_107_refused_credentials_stop_one_notifier_with_one_notice_and_lose_nothing() -> None:
    chats = [receiver(f"chat {number}", "telegram", str(number)) for number in range(8)]
    world = World(*(owed(to=chat) for chat in chats), owed(to=DESK))
    for chat in chats:
        world.telegram.faults[chat.name] = [NotifierStopped("the token was revoked")]
    await world.for_seconds(60)
    assert len(world.slack.arrived) == 1
    assert len(world.notices()) == 1
    assert "revoked" in world.notices()[0]
    assert {world.outbox.rows[f"st-1/{chat.name}/1"].state for chat in chats} == {DeliveryState.OWED}
    asked = sum(row.attempts for row in world.outbox.rows.values() if row.receiver.kind == "telegram")
    assert asked <= len(chats)
    world.telegram.faults.clear()
    world.courier = world.new_courier()  # the operator mended it and started again
    await world.for_seconds(2)
    assert len(world.telegram.arrived) == 8


async def test_a_stopped_notifier_is_asked_again_after_an_hour() -> None:
    world = World(owed(to=PHONES))
    world.telegram.faults["phones"] = [NotifierStopped("refused")]
    await world.for_seconds(3599)
    assert world.telegram.arrived == []
    await world.for_seconds(5)
    assert len(world.telegram.arrived) == 1


async def test_a_receiver_whose_notifier_is_missing_waits_and_the_admins_hear_once() -> None:
    pager = receiver("pager", "smoke-signal", "hill")
    world = World(owed(to=pager), owed(alert(story="st-2"), pager))
    await world.for_seconds(30)
    assert set(world.outbox.states().values()) == {"owed", "sent"}
    assert len(world.notices()) == 1


async def test_fault_108_a_lost_reply_gives_at_most_one_repeat_and_marks_it() -> None:
    world = World(owed(to=PHONES))
    world.telegram.faults["phones"] = [Ambiguous("no answer within 15 s")]
    await world.for_seconds(10)
    assert world.telegram.texts() == ["st-1/phones/1#0", "st-1/phones/1#0 (repeat)"]
    assert world.outbox.states() == {"st-1/phones/1": "sent"}


async def test_who_wants_no_repeats_gets_a_dead_letter_instead() -> None:
    shy = receiver("shy", "telegram", "4711", policy="at_most_once")
    world = World(owed(to=shy))
    world.telegram.faults["shy"] = [Ambiguous("no answer within 15 s")]
    await world.for_seconds(10)
    assert world.telegram.texts() == ["st-1/shy/1#0"]
    assert world.outbox.rows["st-1/shy/1"].state is DeliveryState.DEAD
    assert len(world.notices()) == 1


@pytest.mark.parametrize("arrived", [True, False])
async def test_fault_116_a_lost_reply_is_asked_for_and_never_doubles(arrived: bool) -> None:
    lost_reply = Ambiguous("connection reset")
    world = World(owed(to=DESK))
    world.slack.faults["desk"] = [lost_reply]
    world.slack.lost = [] if arrived else [lost_reply]
    await world.for_seconds(10)
    assert world.slack.texts() == ["st-1/desk/1#0"]
    assert world.outbox.states() == {"st-1/desk/1": "sent"}


async def test_nothing_overtakes_what_is_in_doubt() -> None:
    world = World(owed(to=DESK), owed(alert(story="st-2", level=Level.LOW), DESK))
    world.slack.faults["desk"] = [Ambiguous("reset")]
    world.slack.answers = [NotSent("refused"), Throttled(30), NotSent("refused")]
    await world.for_seconds(20)
    assert world.outbox.states() == {"st-1/desk/1": "unknown", "st-2/desk/1": "owed"}
    await world.for_seconds(0)  # the process ends here; the next one asks again
    world.courier = world.new_courier()
    await world.for_seconds(20)
    assert world.slack.texts() == ["st-1/desk/1#0", "st-2/desk/1#0"]
    assert set(world.outbox.states().values()) == {"sent"}


async def test_fault_110_a_platform_down_for_six_hours_gets_everything_when_it_is_back() -> None:
    world = World(*(owed(alert(story=f"st-{number}"), PHONES) for number in range(5)))
    world.telegram.down_until = 6 * 3600.0
    await world.for_seconds(6 * 3600)
    assert world.telegram.arrived == []
    assert world.telegram.asked < 500  # once a minute, however much is owed
    await world.for_seconds(70)
    assert [text[:4] for text in world.telegram.texts()] == ["st-0", "st-1", "st-2", "st-3", "st-4"]
    assert world.notices() == []


async def test_a_refused_message_is_dead_and_the_lane_goes_on() -> None:
    world = World(owed(to=DESK), owed(alert(story="st-2"), DESK))
    world.slack.faults["desk"] = [Rejected("invalid_blocks")]
    await world.for_seconds(5)
    assert world.outbox.states() | {} == {
        "st-1/desk/1": "dead",
        "st-2/desk/1": "sent",
        "notice/admins/dead/desk/2022-02-15T08": "sent",
    }


async def test_what_a_dead_worker_left_in_doubt_is_asked_for_while_we_run() -> None:
    world = World()
    async with world.running():
        await world.clock.advance(10)
        left = died_in(DeliveryState.SENDING)
        world.outbox.rows[left.id] = left
        await world.clock.advance(40)
    assert world.outbox.states() == {left.id: "sent"}
    assert len(world.slack.arrived) == 1


async def test_what_a_failed_lane_left_in_doubt_is_asked_for_without_a_new_start() -> None:
    world = World(owed(to=DESK))
    sent, fails = world.outbox.sent, [RuntimeError("a mistake of ours")]

    async def failing(delivery: str, now: datetime) -> None:
        if fails:
            raise fails.pop()
        await sent(delivery, now)

    world.outbox.sent = failing  # type: ignore[method-assign]
    await world.for_seconds(40)
    assert world.outbox.states() == {"st-1/desk/1": "sent"}
    assert len(world.slack.arrived) == 1


async def test_what_is_sent_and_what_died_is_counted_for_the_operators() -> None:
    def counted(state: str) -> float:
        return (
            REGISTRY.get_sample_value("newsalert_deliveries_total", {"kind": "slack", "state": state}) or 0.0
        )

    sent, dead = counted("sent"), counted("dead")
    world = World(owed(to=DESK), owed(alert(story="st-2"), DESK))
    world.slack.faults["desk"] = [Rejected("invalid_blocks")]
    await world.for_seconds(5)
    assert (counted("sent"), counted("dead")) == (sent + 1, dead + 1)


async def test_a_dead_notice_breeds_no_notices() -> None:
    world = World(owed(to=DESK))
    world.slack.faults["desk"] = [Rejected("no")]
    world.console.faults["admins"] = [ReceiverGone("closed")]
    await world.for_seconds(30)
    assert len(world.outbox.rows) == 2


async def test_a_notifiers_own_mistake_is_treated_as_doubt() -> None:
    world = World(owed(to=DESK))
    world.slack.faults["desk"] = [ZeroDivisionError()]
    await world.for_seconds(10)
    assert world.slack.texts() == ["st-1/desk/1#0"]
    assert world.outbox.states() == {"st-1/desk/1": "sent"}


async def test_a_source_that_joins_edits_even_after_a_restart() -> None:
    world = World(owed(to=DESK))
    await world.for_seconds(2)
    world.courier = world.new_courier()
    await world.outbox.owe([owed(joined(), DESK)])
    await world.for_seconds(2)
    assert world.slack.after[-1] == Receipt("C0DESK0001", "st-1/desk/1#0", AT)


async def test_notices_and_digests_ask_for_no_earlier_message() -> None:
    digest = replace(
        owed(to=DESK), id="digest/1", story="", message=message(alert(), raised(), delivery="digest/1")
    )
    world = World(digest)
    await world.for_seconds(2)
    assert world.slack.after == [None]
