"""What a chat can be told to be told: topics, levels, channels; and how replies get through."""

from __future__ import annotations

import asyncio

import pytest
import structlog

from bot.core.model import Level
from tests.fakes.botapi import TOKEN
from tests.flow.rooms import Room


async def test_start_greets_and_subscribes_nobody() -> None:
    room = Room()
    assert "silent otherwise" in await room.say("/start")
    assert room.desk.wishes.writes == []


async def test_a_topic_and_a_level_are_chosen_by_buttons() -> None:
    room = Room()
    await room.say("/start")
    await room.press("Topics")
    await room.press("conflict")
    await room.press("Back")
    await room.press("Loudness")
    said = await room.press("high")
    wish = room.desk.wishes.wishes["telegram", "7"]
    assert (wish.active, wish.topics, wish.level) == (True, ("conflict",), Level.HIGH)
    assert "✅ important (high)" in said.buttons
    assert len(room.api.said) == 1  # one message, edited


async def test_a_topic_may_have_a_loudness_of_its_own_by_buttons() -> None:
    room = Room()
    await room.say("/subscribe conflict cyber")
    await room.press("Loudness")
    assert (await room.press("cyber: medium")).text.startswith("<b>cyber</b>")
    said = await room.press("critical")
    assert room.desk.wishes.wishes["telegram", "7"].topics == ("conflict", "cyber@critical")
    assert "✅ only the gravest (critical)" in said.buttons
    assert "cyber (critical)" in said.text
    await room.press("as all others")
    assert room.desk.wishes.wishes["telegram", "7"].topics == ("conflict", "cyber")
    await room.press("Back")
    await room.press("high")
    assert room.desk.wishes.wishes["telegram", "7"].level is Level.HIGH


async def test_a_deep_link_subscribes_to_its_topic() -> None:
    room = Room()
    await room.say("/start topic-conflict")
    assert room.desk.wishes.wishes["telegram", "7"].topics == ("conflict",)


@pytest.mark.parametrize("link", ["topic-weather", "topic-", "conflict", "topic-<b>"])
def test_a_deep_link_to_nothing_greets(link: str) -> None:
    async def talk() -> None:
        room = Room()
        assert "silent otherwise" in await room.say(f"/start {link}")
        assert room.desk.wishes.writes == []

    asyncio.run(talk())


async def test_commands_do_what_buttons_do() -> None:
    room = Room()
    await room.say("/subscribe conflict, cyber high")
    await room.say("/level critical")
    await room.say("/quiet 22-7 Kyiv")
    await room.say("/digest 30m")
    status = await room.say("/status")
    wish = room.desk.wishes.wishes["telegram", "7"]
    assert wish.topics == ("conflict@high", "cyber@high")
    assert (wish.level, wish.quiet, wish.zone, wish.digest) == (
        Level.CRITICAL,
        "22:00-07:00",
        "Europe/Kyiv",
        "30m",
    )
    assert "22:00-07:00" in status
    assert "every 30 minutes" in status
    await room.say("/unsubscribe")
    assert not room.desk.wishes.wishes["telegram", "7"].active


async def test_a_mistake_is_answered_and_changes_nothing() -> None:
    room = Room()
    assert "Did you mean conflict?" in await room.say("/subscribe conflikt")
    assert "/topics lists them" in await room.say("/subscribe weather")
    assert "is no level" in await room.say("/level loud")
    assert "know no time zone" in await room.say("/zone Atlantis")
    assert "Did you mean Europe/Berlin?" in await room.say("/zone Berlim")
    assert room.desk.wishes.writes == []


async def test_what_somebody_typed_comes_back_as_letters() -> None:
    said = await Room().say("/level <a href='tg://user?id=1'>@everyone</a>")
    assert "<a" not in said
    assert "@everyone" not in said


async def test_a_forum_topic_is_a_chat_of_its_own() -> None:
    room = Room()
    room.api.rulers.add((-100, 7))
    await room.say("/subscribe cyber", chat=-100, message_thread_id=12, is_topic_message=True)
    assert [*room.desk.wishes.wishes] == [("telegram", "-100/12")]
    assert room.api.said[-1].thread == 12


async def test_a_channel_is_subscribed_by_its_admin_from_a_private_chat() -> None:
    room = Room()
    room.api.channels["@gazette"] = -1007
    refused = await room.say("/subscribe @gazette cyber")
    assert room.desk.wishes.writes == []
    assert await room.say("/subscribe @nowhere cyber") == refused  # who asks learns nothing
    room.api.rulers.add((-1007, 8))
    await room.say("/subscribe @gazette cyber high", person=8)
    assert room.desk.wishes.wishes["telegram", "-1007"].topics == ("cyber@high",)
    assert room.api.said[-1].buttons == {}  # they would be about the private chat


async def test_a_chat_that_blocks_us_is_told_nothing_more() -> None:
    room = Room()
    await room.say("/subscribe")
    user = {"id": 7, "is_bot": False, "first_name": "Ada"}
    me = {"id": 4242, "is_bot": True, "first_name": "News"}
    change = {
        "chat": {"id": 7, "type": "private"},
        "from": user,
        "date": 0,
        "old_chat_member": {"status": "member", "user": me},
        "new_chat_member": {"status": "kicked", "user": me, "until_date": 0},
    }
    await room.handle(room.api.update(my_chat_member=change))
    assert not room.desk.wishes.wishes["telegram", "7"].active


# ── replies ──────────────────────────────────────────────────────────────────────────────────────────
async def test_a_reply_we_wrote_badly_gets_through_as_plain_text() -> None:
    room = Room()
    bad = {
        "ok": False,
        "error_code": 400,
        "description": "Bad Request: can't parse entities: unsupported tag",
    }
    room.api.faults["sendMessage"] = [(400, bad)]
    assert "You are not subscribed." in await room.say("/status")
    assert (room.api.said[-1].mode, "<" in room.api.said[-1].text) == ("", False)


@pytest.mark.filterwarnings(
    "ignore::telegram.warnings.PTBDeprecationWarning"
)  # the library's own, of RetryAfter
async def test_a_short_throttle_is_waited_for_and_a_long_one_is_not() -> None:
    room = Room()
    for seconds, heard in ((3, True), (600, False)):
        throttled = {
            "ok": False,
            "error_code": 429,
            "description": "slow",
            "parameters": {"retry_after": seconds},
        }
        room.api.faults["sendMessage"] = [(429, throttled)]
        before = len(room.api.said)
        task = asyncio.create_task(room.handle(room.api.say("/help")))
        await room.desk.clock.advance(seconds)
        await task
        assert (len(room.api.said) > before) is heard


async def test_nothing_logged_holds_the_token_or_what_people_write() -> None:
    room = Room()
    room.api.faults["sendMessage"] = [
        (403, {"ok": False, "error_code": 403, "description": "Forbidden: blocked"})
    ]
    with structlog.testing.capture_logs() as logs:
        await room.say("/watch my own secret")
        await room.say("/reload my own secret")
    assert logs
    assert TOKEN not in str(logs)
    assert "my own secret" not in str(logs)
