"""Rows 111 and 112 of the fault list: who is heard, who may do what, and what a button can do."""

from __future__ import annotations

from typing import Any

import pytest
import structlog

from bot.service_ground import Doors
from tests.fakes.desk import ADMIN, Desk
from tests.flow.rooms import Room


@pytest.mark.parametrize("command", ["/admin", "/admin users", "/reload", "/retry x", "/drop x"])
async def test_fault_111_to_who_is_no_admin_the_admins_commands_do_not_exist(command: str) -> None:
    room = Room()
    assert await room.say(command) == await room.say("/nosuchcommand")
    assert await room.say(command, chat=-100) == ""


async def test_fault_111_an_admin_is_known_by_the_numeric_id_and_not_by_a_name() -> None:
    room = Room()
    spoofed = {"from": {"id": 7, "is_bot": False, "first_name": str(ADMIN), "username": f"id{ADMIN}"}}
    assert await room.say("/admin", **spoofed) == await room.say("/nosuchcommand")
    assert "feeds answer" in await room.say("/admin", person=ADMIN)


async def test_fault_111_without_a_list_of_admins_nobody_is_one() -> None:
    room = Room(Desk(doors=Doors()))
    assert await room.say("/admin", person=ADMIN) == await room.say("/nosuchcommand")


@pytest.mark.parametrize(
    "more",
    [
        {
            "forward_origin": {
                "type": "user",
                "date": 0,
                "sender_user": {"id": ADMIN, "is_bot": False, "first_name": "A"},
            }
        },
        {"via_bot": {"id": 5, "is_bot": True, "first_name": "B"}},
        {"from": {"id": ADMIN, "is_bot": True, "first_name": "B"}},
    ],
    ids=["a forwarded command", "sent through a bot", "a bot"],
)
async def test_fault_111_only_what_a_person_wrote_just_now_is_a_command(more: dict[str, Any]) -> None:
    room = Room()
    assert await room.say("/subscribe", **more) == ""
    assert room.desk.wishes.writes == []


@pytest.mark.parametrize("kind", ["edited_message", "channel_post", "edited_channel_post"])
async def test_fault_111_edits_and_channel_posts_are_no_commands(kind: str) -> None:
    room = Room()
    message = room.api.say("/subscribe", person=ADMIN)["message"]
    await room.handle(room.api.update(**{kind: message}))
    assert (room.desk.wishes.writes, room.api.said) == ([], [])


async def test_fault_111_who_hides_behind_the_group_is_asked_to_show_up() -> None:
    room = Room()
    room.api.rulers.add((-100, 1087968824))
    anonymous = {
        "from": {"id": 1087968824, "is_bot": True, "first_name": "Group"},
        "sender_chat": {"id": -100, "type": "supergroup"},
    }
    assert "write as yourself" in await room.say("/subscribe", chat=-100, **anonymous)
    assert room.desk.wishes.writes == []


async def test_fault_111_in_a_group_its_members_ask_and_its_admins_change() -> None:
    room = Room()
    assert "may not" in await room.say("/subscribe", chat=-100)
    assert "no alert" in await room.say("/latest", chat=-100)
    room.api.rulers.add((-100, 8))
    await room.say("/subscribe cyber", chat=-100, person=8)
    assert room.desk.wishes.wishes["telegram", "-100"].topics == ("cyber",)


async def test_fault_111_a_member_presses_a_setting_of_the_group_in_vain() -> None:
    room = Room()
    room.api.rulers.add((-100, 8))
    await room.say("/subscribe cyber", chat=-100, person=8)
    await room.press("Stop", person=9)
    assert room.desk.wishes.wishes["telegram", "-100"].active
    assert room.api.toasts[-1] == "You may not do that here."


async def test_fault_111_a_closed_door_says_the_same_to_every_stranger() -> None:
    room = Room(Desk(doors=Doors(may_subscribe=lambda chat: False)))
    answers = {await room.say(text) for text in ("/start", "/subscribe", "/latest", "/whynot x", "/nosuch")}
    assert answers == {"You may not do that here."}


async def test_fault_111_refusals_and_changes_are_audited() -> None:
    room = Room()
    with structlog.testing.capture_logs() as logs:
        await room.say("/reload")
        await room.say("/subscribe")
    found = [
        (each["event"], each["verb"], each["by"]) for each in logs if each["event"].startswith("service.")
    ]
    assert found == [
        ("service.refused", "reload", "telegram:7"),
        ("service.allowed", "subscribe", "telegram:7"),
    ]


async def test_fault_111_a_flood_is_met_with_silence_and_passes() -> None:
    room = Room()
    for _ in range(30):
        assert await room.say("/help")
    assert await room.say("/help") == ""
    assert await room.say("/help", person=8)  # nobody else waits
    await room.desk.clock.advance(61)
    assert await room.say("/help")


async def test_a_command_to_another_bot_is_not_ours() -> None:
    room = Room()
    assert await room.say("/help@other_bot", chat=-100) == ""
    assert await room.say("/help@News_Bot", chat=-100)


# ── row 112: buttons ─────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    "data",
    [
        "set:topic:+0:~0000000000000000", "set:nothing:1", "set:topics:x", "why:st-1 or 1=1", "own:keep:00000000",
        "adm:nothing", "x" * 64, "set:topic:", "set:unmute:zzz", "rule:st-1:00000000", "set:loud:nothing",
        "set:of:high:nothing", "set:of:loudest:conflict",
    ],
)  # fmt: skip
async def test_fault_112_a_forged_or_outlived_button_is_answered_and_does_nothing(data: str) -> None:
    room = Room()
    await room.say("/help")
    await room.press("", data=data, said=room.api.said[-1])
    assert room.desk.wishes.writes == []
    assert room.api.toasts[-1]


async def test_fault_112_a_forged_admin_button_is_refused() -> None:
    room = Room()
    await room.say("/help")
    await room.press("", data="adm:users", said=room.api.said[-1])
    assert room.api.toasts[-1] == "You may not do that here."
    assert room.api.said[-1].text.startswith("/subscribe")  # still the help


async def test_fault_112_a_button_pressed_twice_does_the_same() -> None:
    room = Room()
    await room.say("/topics")
    data = room.api.said[-1].buttons["conflict"]
    for _ in range(2):
        await room.press("", data=data, said=room.api.said[-1])
    assert room.desk.wishes.wishes["telegram", "7"].topics == ("conflict",)
