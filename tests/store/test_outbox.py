"""The outbox's contract, held against the one in memory and both databases alike."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest

from bot.core.model import Delivery, DeliveryState, Level, MessageKind, Receipt, Receiver
from tests.fakes.alerts import AT, alert, message, owed, raised, receiver
from tests.store.conftest import WholeOutbox

LATER = AT + timedelta(minutes=1)
NEAR, FAR = receiver("near", "telegram", "1"), receiver("far", "telegram", "2")


def receipt(number: str = "7") -> Receipt:
    return Receipt("C0DESK0001", number, AT)


def held(story: str, **changes: object) -> Delivery:
    made = owed(alert(story=story))
    kind = message(alert(story=story), alert(story=story), delivery=made.id).kind
    told = message(alert(story=story), delivery=made.id)
    told = type(told)(told.delivery, kind, told.alerts)
    return type(made)(
        **{**{name: getattr(made, name) for name in made.__slots__}, "message": told, **changes}
    )


def ids(deliveries: Sequence[Delivery]) -> list[str]:
    return [each.id for each in deliveries]


async def claimed(outbox: WholeOutbox, **wishes: object) -> list[str]:
    return ids(await outbox.claim(LATER, **wishes))  # type: ignore[arg-type]


async def test_what_is_owed_is_claimed_whole(outbox: WholeOutbox) -> None:
    delivery = owed(raised(), receiver("ünï ☂", "slack", "C1", thread="9"), reason="späť", attempts=2)
    await outbox.owe([delivery])
    assert list(await outbox.claim(LATER)) == [delivery]


async def test_nothing_is_claimed_before_its_time(outbox: WholeOutbox) -> None:
    await outbox.owe([owed(not_before=LATER + timedelta(microseconds=1))])
    assert await claimed(outbox) == []
    assert len(await outbox.claim(LATER + timedelta(microseconds=1))) == 1


async def test_the_loudest_goes_first_then_the_oldest(outbox: WholeOutbox) -> None:
    await outbox.owe([
        owed(alert(story="old", level=Level.LOW), NEAR, created=AT - timedelta(hours=1)),
        owed(alert(story="loud", level=Level.CRITICAL), FAR),
        owed(alert(story="older", level=Level.CRITICAL), NEAR, created=AT - timedelta(seconds=1)),
    ])  # fmt: skip
    assert await claimed(outbox) == ["older/near/1", "loud/far/1"]


async def test_one_a_receiver_and_as_many_as_asked_for(outbox: WholeOutbox) -> None:
    roads = [receiver(f"r{number}") for number in range(7)]
    await outbox.owe([owed(alert(story=story), road) for story in ("a", "b") for road in roads])
    assert len(await claimed(outbox)) == 7
    assert len(await claimed(outbox, limit=3)) == 3
    assert len({each.receiver.name for each in await outbox.claim(LATER)}) == 7


async def test_busy_receivers_are_left_alone(outbox: WholeOutbox) -> None:
    await outbox.owe([owed(alert(), NEAR), owed(alert(), FAR)])
    assert await claimed(outbox, busy={"near"}) == ["st-1/far/1"]
    assert await claimed(outbox, busy={"near", "far", "nobody"}) == []


async def test_forty_thousand_busy_receivers_are_no_limit(outbox: WholeOutbox) -> None:
    await outbox.owe([owed(alert(), NEAR), owed(alert(), FAR)])
    assert await claimed(outbox, busy=["near", *(f"r{number}" for number in range(40_000))]) == ["st-1/far/1"]


async def test_a_throttled_receiver_waits_and_nobody_else(outbox: WholeOutbox) -> None:
    await outbox.owe([owed(alert(), NEAR), owed(alert(), FAR)])
    await outbox.throttle("near", LATER + timedelta(seconds=30))
    assert await claimed(outbox) == ["st-1/far/1"]
    assert len(await outbox.claim(LATER + timedelta(seconds=30))) == 2


@pytest.mark.parametrize("state", ["owed", "sending", "unknown"])
async def test_no_update_overtakes_what_it_updates(outbox: WholeOutbox, state: str) -> None:
    first = owed(not_before=LATER + timedelta(hours=1) if state == "owed" else AT)
    await outbox.owe([first, owed(raised(level=Level.CRITICAL))])
    if state != "owed":
        await outbox.intend(first.id, AT)
    if state == "unknown":
        await outbox.unknown(first.id, "no answer")
    assert await claimed(outbox) == []


@pytest.mark.parametrize("end", ["sent", "dead"])
async def test_an_update_goes_when_what_it_updates_is_settled(outbox: WholeOutbox, end: str) -> None:
    await outbox.owe([owed(), owed(raised())])
    await outbox.intend("st-1/desk/1", AT)
    await (outbox.sent("st-1/desk/1", AT) if end == "sent" else outbox.dead("st-1/desk/1", "refused"))
    assert await claimed(outbox) == ["st-1/desk/2"]


async def test_another_story_or_receiver_need_not_wait(outbox: WholeOutbox) -> None:
    await outbox.owe(
        [owed(not_before=LATER + timedelta(hours=1)), owed(raised(), FAR), owed(raised(story="st-2"))]
    )
    assert sorted(await claimed(outbox)) == ["st-1/far/2", "st-2/desk/2"]


async def test_a_held_digest_holds_back_nothing(outbox: WholeOutbox) -> None:
    await outbox.owe([held("st-1", not_before=LATER + timedelta(hours=1)), owed(raised())])
    assert await claimed(outbox) == ["st-1/desk/2"]


async def test_an_intent_counts_an_attempt_and_is_made_once(outbox: WholeOutbox) -> None:
    await outbox.owe([owed()])
    await outbox.intend("st-1/desk/1", AT)
    (found,) = await outbox.interrupted()
    assert (found.state, found.attempts) == (DeliveryState.SENDING, 1)
    assert await claimed(outbox) == []


async def test_receipts_are_kept_in_order_of_parts(outbox: WholeOutbox) -> None:
    await outbox.owe([owed()])
    await outbox.intend("st-1/desk/1", AT)
    await outbox.part_sent("st-1/desk/1", receipt("1"))
    await outbox.part_sent("st-1/desk/1", receipt("2"))
    (found,) = await outbox.interrupted()
    assert found.receipts == (receipt("1"), receipt("2"))


async def test_later_means_owed_again_with_its_reason(outbox: WholeOutbox) -> None:
    await outbox.owe([owed()])
    await outbox.intend("st-1/desk/1", AT)
    await outbox.postpone("st-1/desk/1", LATER, "no connection")
    (found,) = await outbox.claim(LATER)
    assert (found.reason, found.attempts, found.message.repeat) == ("no connection", 1, False)


async def test_what_may_have_arrived_is_marked_for_good(outbox: WholeOutbox) -> None:
    await outbox.owe([owed()])
    await outbox.intend("st-1/desk/1", AT)
    await outbox.unknown("st-1/desk/1", "no answer")
    await outbox.postpone("st-1/desk/1", LATER, "it cannot be told", repeat=True)
    await outbox.intend("st-1/desk/1", LATER)
    await outbox.postpone("st-1/desk/1", LATER, "no connection")
    (found,) = await outbox.claim(LATER)
    assert found.message.repeat
    assert found.attempts == 2


@pytest.mark.parametrize("verb", ["postpone", "unknown", "dead", "sent"])
async def test_what_is_sent_stays_sent(outbox: WholeOutbox, verb: str) -> None:
    """Whoever was stopped in the middle and comes back too late changes nothing."""
    await outbox.owe([owed()])
    await outbox.intend("st-1/desk/1", AT)
    await outbox.sent("st-1/desk/1", AT)
    match verb:
        case "postpone":
            await outbox.postpone("st-1/desk/1", AT, "late")
        case "unknown":
            await outbox.unknown("st-1/desk/1", "late")
        case "dead":
            await outbox.dead("st-1/desk/1", "late")
        case _:
            await outbox.sent("st-1/desk/1", LATER)
    assert await claimed(outbox) == []
    assert await outbox.interrupted() == []
    assert not await outbox.revive("st-1/desk/1", LATER)


async def test_a_lane_is_buried_with_all_it_was_owed(outbox: WholeOutbox) -> None:
    await outbox.owe([owed(alert(story=story), road) for story in ("a", "b", "c") for road in (NEAR, FAR)])
    await outbox.intend("a/near/1", AT)
    await outbox.sent("a/near/1", AT)
    assert await outbox.bury_lane("near", "the chat is gone") == 2
    assert await claimed(outbox) == ["a/far/1"]
    assert not await outbox.revive("a/near/1", AT)
    assert await outbox.revive("b/near/1", AT)


async def test_all_that_is_owed_moves_to_the_new_address(outbox: WholeOutbox) -> None:
    moved = Receiver("near", "telegram", "-100200", {"language": "uk"})
    await outbox.owe(
        [owed(alert(), Receiver("near", "telegram", "-3", {"language": "uk"})), owed(alert(), FAR)]
    )
    await outbox.redirect("near", "-100200")
    found = {each.receiver.name: each.receiver for each in await outbox.claim(LATER)}
    assert found == {"near": moved, "far": FAR}


async def test_the_dead_are_revived_anew_or_forgotten(outbox: WholeOutbox) -> None:
    await outbox.owe([owed(), owed(alert(story="st-2"), FAR)])
    await outbox.intend("st-1/desk/1", AT)
    await outbox.dead("st-1/desk/1", "refused")
    assert await outbox.revive("st-1/desk/1", LATER)
    assert not await outbox.revive("st-1/desk/1", LATER)
    assert not await outbox.forget("st-2/far/1")
    assert not await outbox.forget("nothing")
    (found,) = [each for each in await outbox.claim(LATER) if each.story == "st-1"]
    assert (found.attempts, found.not_before, found.reason) == (0, LATER, "")
    await outbox.dead("st-1/desk/1", "refused")
    assert await outbox.forget("st-1/desk/1")
    assert await claimed(outbox) == ["st-2/far/1"]


async def test_owing_twice_changes_nothing(outbox: WholeOutbox) -> None:
    await outbox.owe([owed()])
    await outbox.intend("st-1/desk/1", AT)
    await outbox.sent("st-1/desk/1", AT)
    await outbox.owe([owed(), owed(alert(story="st-2"))])
    assert await claimed(outbox) == ["st-2/desk/1"]


async def test_the_last_told_message_of_the_story_is_the_one_to_edit(outbox: WholeOutbox) -> None:
    await outbox.owe([owed(), owed(raised()), owed(raised(), FAR)])
    assert await outbox.last_receipt("st-1", "desk") is None
    for delivery, number in (("st-1/desk/1", "1"), ("st-1/desk/2", "2")):
        await outbox.intend(delivery, AT)
        await outbox.part_sent(delivery, receipt(number))
        await outbox.part_sent(delivery, receipt(f"{number}b"))
        await outbox.sent(delivery, AT)
    assert await outbox.last_receipt("st-1", "desk") == receipt("2")
    assert await outbox.last_receipt("st-1", "far") is None


async def test_due_digests_are_folded_into_one(outbox: WholeOutbox) -> None:
    await outbox.owe(
        [held("a"), held("b"), held("late", not_before=LATER + timedelta(hours=1)), owed(alert(story="c"))]
    )
    told = await outbox.fold("a/desk/1", LATER)
    assert told.message.kind is MessageKind.DIGEST
    assert [each.story for each in told.message.alerts] == ["a", "b"]
    await outbox.intend("a/desk/1", LATER)
    (found,) = await outbox.interrupted()
    assert found.message == told.message
    assert await claimed(outbox, limit=9) == ["c/desk/1"]
    assert not await outbox.revive("b/desk/1", LATER)


async def test_a_long_queue_that_may_not_go_hides_nobody(outbox: WholeOutbox) -> None:
    """More throttled and held rows than the short road reads stand in front of what may go."""
    loud = [owed(alert(story=f"s{number}", level=Level.CRITICAL), NEAR) for number in range(700)]
    await outbox.owe([*loud, owed(alert(story="quiet", level=Level.LOW), FAR)])
    await outbox.throttle("near", LATER + timedelta(hours=1))
    assert await claimed(outbox) == ["quiet/far/1"]


async def test_what_left_lately_is_remembered_part_by_part(outbox: WholeOutbox) -> None:
    await outbox.owe([owed(alert(), NEAR), owed(alert(), FAR), owed(alert(story="st-2"), FAR)])
    for delivery, seconds in (("st-1/near/1", (9, 20)), ("st-1/far/1", (5, 15))):
        await outbox.intend(delivery, AT)
        for second in seconds:
            left = Receipt("1", str(second), AT + timedelta(seconds=second))
            await outbox.part_sent(delivery, left)
    await outbox.sent("st-1/near/1", AT + timedelta(seconds=20))  # the other one is still under way
    since = AT + timedelta(seconds=9)
    seconds_of = [(each.name, (at - AT).seconds) for each, at in await outbox.left_since(since)]
    assert seconds_of == [("near", 9), ("far", 15), ("near", 20)]
