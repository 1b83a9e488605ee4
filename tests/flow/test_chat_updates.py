"""Rows 107, 109, 113 and 114 of the fault list: updates by webhook and by polling, and what a crash changes."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
import structlog
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient

from bot.chat import Webhook
from bot.web.hook import PATH, telegram_hook
from tests.fakes.clock import settle
from tests.flow.rooms import Room, polling, stopped


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
