"""The pace of the platforms, kept on our side."""

from __future__ import annotations

import pytest

from bot.core.governor import Governor, Limits, limits_of
from bot.core.model import Receiver

PRIVATE = Receiver("ann", "telegram", "4711")
GROUP = Receiver("group", "telegram", "-100200")
CHANNEL = Receiver("desk", "slack", "C0DESK0001")
HOOK = Receiver("pager", "webhook", "PAGER_URL")


def departures(receivers: list[Receiver]) -> list[float]:
    """When each message leaves if all are asked for at the second 0, in this order."""
    governor, left = Governor(), []
    clock: dict[str, float] = {}
    for receiver in receivers:
        now = clock.get(receiver.name, 0.0)
        now += governor.rest(receiver, now)
        now += governor.book(receiver, now)
        clock[receiver.name] = now
        left.append(now)
    return left


def worst(left: list[float], seconds: float) -> int:
    """The most departures in any window of this length."""
    return max(sum(start <= each < start + seconds for each in left) for start in left)


@pytest.mark.parametrize("receiver", [PRIVATE, CHANNEL], ids=lambda each: each.kind)
def test_one_message_a_second_in_a_chat(receiver: Receiver) -> None:
    left = departures([receiver] * 50)
    assert left[0] == 0
    assert worst(left, 1.0) == 1
    assert left[-1] <= 49 * 1.10


@pytest.mark.parametrize("receiver", [GROUP, Receiver("channel", "telegram", "@newsdesk")])
def test_twenty_a_minute_in_a_group_or_channel(receiver: Receiver) -> None:
    left = departures([receiver] * 100)
    assert worst(left, 60.0) == 20
    assert left[-1] <= 4 * 60 * 1.10 + 20


@pytest.mark.parametrize(
    ("receiver", "left", "rest"),
    [
        (PRIVATE, [9.5], 0.55),
        (PRIVATE, [3.0], 0.0),
        (GROUP, [-49.0 + 3 * number for number in range(20)], 4.0),  # twenty within this very minute
        (GROUP, [-49.0 + 3 * number for number in range(19)], 0.0),
        (HOOK, [9.9], 0.0),
    ],
)
def test_an_earlier_lifes_messages_count(receiver: Receiver, left: list[float], rest: float) -> None:
    governor = Governor()
    for at in left:
        governor.recall(receiver, at)
    assert governor.rest(receiver, 10.0) == pytest.approx(rest, abs=1e-9)


def test_thirty_a_second_over_all_chats() -> None:
    left = departures([Receiver(str(number), "telegram", str(number)) for number in range(600)])
    assert worst(left, 1.0) == 30
    assert left[-1] <= 19 * 1.10


def test_two_names_for_one_chat_share_its_pace() -> None:
    governor = Governor()
    governor.book(PRIVATE, 0.0)
    assert governor.rest(Receiver("the same chat", "telegram", "4711"), 0.0) > 0.9


def test_a_webhook_has_no_pace_of_its_own() -> None:
    assert limits_of(HOOK) == Limits()
    assert departures([HOOK] * 5) == [0.0] * 5
