"""The Telegram front over the Bot API in memory: who is heard, what is done, what is said, and what a crash changes."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

import pytest
import structlog
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient
from telegram import Update

from bot.chat import ChatFront, Webhook
from bot.core.model import Level
from bot.service_ground import Doors
from bot.web.hook import PATH, telegram_hook
from tests.fakes.botapi import TOKEN, BotApi, Said
from tests.fakes.clock import settle
from tests.fakes.desk import ADMIN, Desk


@dataclass
class Room:
    """A front with its fake, driven update by update."""

    desk: Desk = field(default_factory=Desk)
    api: BotApi = field(default_factory=BotApi)
    webhook: Webhook | None = None

    def __post_init__(self) -> None:
        self.bot = self.api.bot()
        self.front = ChatFront(self.desk.service(), self.bot, webhook=self.webhook)

    async def handle(self, *updates: dict[str, Any]) -> None:
        await self.bot.initialize()  # the front does this when it runs; twice does no harm
        await self.front.handle_all([Update.de_json(each, self.bot) for each in updates])

    async def say(self, text: str, **more: Any) -> str:
        """What the newest message says after somebody wrote this."""
        before = len(self.api.said)
        await self.handle(self.api.say(text, **more))
        return self.api.said[-1].text if len(self.api.said) > before else ""

    async def press(self, label: str, **more: Any) -> Said:
        await self.handle(self.api.press(label, **more))
        return self.api.said[-1]


# ── subscribing ──────────────────────────────────────────────────────────────────────────────────────
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
    assert "did you mean" in await room.say("/subscribe conflikt")
    assert "is no level" in await room.say("/level loud")
    assert "know no time zone" in await room.say("/zone Atlantis")
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


# ── row 111: who may ─────────────────────────────────────────────────────────────────────────────────
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
        "adm:nothing", "x" * 64, "set:topic:", "set:unmute:zzz", "rule:st-1:00000000",
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


# ── row 113: the webhook ─────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("secret", "body", "status"),
    [
        ("right-secret", None, 200),
        ("wrong-secret", None, 401),
        ("", None, 401),
        (None, None, 401),
        ("right-secretx", None, 401),
        ("ключ", None, 401),
        ("right-secret", b"{", 400),
        ("right-secret", b'"text"', 400),
        ("right-secret", b"[]", 400),
    ],
)
async def test_fault_113_only_telegram_knows_the_secret(
    secret: str | None, body: bytes | None, status: int
) -> None:
    room = Room(webhook=Webhook("right-secret", "https://bot.example/telegram"))
    running = asyncio.create_task(room.front.run())
    await settle()
    try:
        update = room.api.say("/subscribe")
        with structlog.testing.capture_logs() as logs:
            assert await room.front.accept(secret, body or json.dumps(update).encode()) == status
        assert bool(room.desk.wishes.writes) is (status == 200)
        assert "secret" not in str([entry for entry in logs if entry["event"] != "service.allowed"])
    finally:
        running.cancel()
    asked = next(arguments for name, arguments in room.api.calls if name == "setWebhook")
    assert (asked["url"], asked["secret_token"]) == ("https://bot.example/telegram", "right-secret")


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({"X-Telegram-Bot-Api-Secret-Token": "right-secret"}, None, 200),
        ({"X-Telegram-Bot-Api-Secret-Token": "wrong"}, None, 401),
        ({}, None, 401),
        ({"X-Telegram-Bot-Api-Secret-Token": "right-secret"}, b"x" * 1_000_001, 413),
        ({"X-Telegram-Bot-Api-Secret-Token": "right-secret"}, b"\xff\xfe", 400),
    ],
)
async def test_fault_113_over_http(headers: dict[str, str], body: bytes | None, status: int) -> None:
    room = Room(webhook=Webhook("right-secret"))
    running = asyncio.create_task(room.front.run())
    await settle()
    app = FastAPI()
    app.include_router(telegram_hook(room.front.accept))
    update = json.dumps(room.api.say("/subscribe")).encode()
    async with AsyncClient(transport=ASGITransport(app), base_url="http://bot.example") as client:
        answer = await client.post(PATH, content=body or update, headers=headers)
    await stopped(running)
    assert (answer.status_code, answer.content) == (status, b"")
    assert bool(room.desk.wishes.writes) is (status == 200)
    assert "setWebhook" not in {name for name, _ in room.api.calls}  # the deployment has set it


async def test_fault_113_without_webhook_mode_nobody_is_let_in() -> None:
    assert await Room().front.accept("anything", b"{}") == 503


# ── rows 109, 107, 114: polling ──────────────────────────────────────────────────────────────────────
async def polling(room: Room) -> asyncio.Task[None]:
    task = asyncio.create_task(room.front.run())
    await settle()
    return task


async def stopped(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_fault_109_against_another_instance_we_are_patient() -> None:
    room = Room()
    conflict = {
        "ok": False,
        "error_code": 409,
        "description": "Conflict: terminated by other getUpdates request",
    }
    room.api.faults["getUpdates"] = [(409, conflict), (409, conflict)]
    task = await polling(room)
    room.api.say("/subscribe")
    await room.desk.clock.advance(29)
    assert room.desk.wishes.writes == []
    await room.desk.clock.advance(1 + 60)
    assert room.desk.wishes.writes == ["subscription"]
    await stopped(task)


async def test_fault_107_a_refused_token_ends_the_front_and_is_not_hammered() -> None:
    room = Room()
    refused = {"ok": False, "error_code": 401, "description": "Unauthorized"}
    room.api.faults["getMe"] = [(401, refused)]
    with structlog.testing.capture_logs() as logs:
        await asyncio.wait_for(room.front.run(), 5)
    assert [each["event"] for each in logs] == ["chat.stopped"]
    assert [name for name, _ in room.api.calls] == ["getMe"]


async def test_a_bad_gateway_is_outwaited() -> None:
    room = Room()
    room.api.faults["getUpdates"] = [
        (502, {"ok": False, "error_code": 502, "description": "Bad Gateway"})
    ] * 3
    task = await polling(room)
    room.api.say("/subscribe")
    await room.desk.clock.advance(1 + 2 + 4)
    assert room.desk.wishes.writes == ["subscription"]
    await stopped(task)


async def test_an_update_is_confirmed_when_it_was_handled_and_not_before() -> None:
    room = Room()
    gate = asyncio.Event()
    save = room.desk.wishes.save_subscription

    async def slowly(wish: Any) -> None:
        await gate.wait()
        await save(wish)

    room.desk.wishes.save_subscription = slowly  # type: ignore[assignment]
    task = await polling(room)
    room.api.say("/subscribe")
    await settle()
    assert len(room.api.waiting) == 1  # Telegram would give it again
    gate.set()
    await settle()
    await stopped(task)
    assert room.api.waiting == []
    assert room.desk.wishes.writes == ["subscription"]


async def test_fault_114_killed_while_handling_the_command_is_done_once() -> None:
    room = Room()
    started = asyncio.Event()
    save = room.desk.wishes.save_subscription

    async def dies(wish: Any) -> None:
        started.set()
        await asyncio.Event().wait()

    room.desk.wishes.save_subscription = dies  # type: ignore[assignment]
    task = await polling(room)
    room.api.say("/subscribe cyber")
    await started.wait()
    await stopped(task)
    room.desk.wishes.save_subscription = save  # type: ignore[method-assign]
    again = Room(room.desk, room.api)
    task = await polling(again)
    await stopped(task)
    assert room.desk.wishes.writes == ["subscription"]
    assert len(room.api.said) == 1


async def test_fault_114_killed_before_confirming_the_update_is_not_done_again() -> None:
    room = Room()
    update = room.api.say("/subscribe cyber")
    await room.handle(update)
    again = Room(room.desk, room.api)  # the same update comes to the next process
    await again.handle(update)
    assert room.desk.wishes.writes == ["subscription"]
    assert len(room.api.said) == 1


async def test_an_update_that_breaks_us_is_told_and_does_not_come_again() -> None:
    room = Room()

    def broken() -> Any:
        raise RuntimeError("a mistake of ours")

    room.desk.service()
    room.front._talk._service.chats.topics = broken  # type: ignore[method-assign]
    with structlog.testing.capture_logs() as logs:
        await room.handle(update := room.api.say("/topics"))
    assert "chat.failed" in {each["event"] for each in logs}
    assert await room.desk.wishes.handled("telegram", str(update["update_id"]))


async def test_while_the_store_is_down_people_are_told_so() -> None:
    room = Room()
    room.desk.wishes.broken = True
    assert "try again" in await room.say("/subscribe")


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
