"""The Bot API in memory, below python-telegram-bot: people speak, the real client carries it to the front and back.

It stands where the HTTP connection would (``telegram.request.BaseRequest``), so updates are parsed and requests built
by the library itself. The strict fake over HTTP is :mod:`tests.fakes.telegram`; this one is for conversations.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

from telegram import Bot
from telegram.request import BaseRequest, RequestData

TOKEN = "4242:in-memory-token-of-nobody-0123456789"


@dataclass
class Said:
    """A message of the bot as it stands in the chat now."""

    chat: int
    number: int
    text: str
    buttons: dict[str, str] = field(default_factory=dict)  # label → data
    thread: int = 0
    mode: str = ""
    answers: int = 0  # the message it replies to


@dataclass
class BotApi(BaseRequest):
    """Answers every method the front uses. ``faults`` maps a method to answers given instead, first one first."""

    said: list[Said] = field(default_factory=list)
    toasts: list[str] = field(default_factory=list)
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    rulers: set[tuple[int, int]] = field(default_factory=set)  # (chat, person)
    channels: dict[str, int] = field(default_factory=dict)
    faults: dict[str, list[tuple[int, dict[str, Any]]]] = field(default_factory=dict)
    waiting: list[dict[str, Any]] = field(default_factory=list)  # updates not yet confirmed
    language: str = "en"
    _next: int = 1
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def bot(self) -> Bot:
        """The library's client over this fake."""
        return Bot(TOKEN, request=self, get_updates_request=self)

    # ── the connection ───────────────────────────────────────────────────────────────────────────────
    @property
    def read_timeout(self) -> float | None:
        return 5.0

    async def initialize(self) -> None:
        pass

    async def shutdown(self) -> None:
        pass

    async def do_request(  # type: ignore[override]
        self, url: str, method: str, request_data: RequestData | None = None, **_: Any
    ) -> tuple[int, bytes]:
        name = url.rpartition("/")[2]
        arguments = dict(request_data.parameters) if request_data else {}
        self.calls.append((name, arguments))
        if self.faults.get(name):
            status, answer = self.faults[name].pop(0)
            return status, json.dumps(answer).encode()
        result: Any = getattr(self, f"_{name}", lambda _: True)(arguments)
        if asyncio.iscoroutine(result):
            result = await result
        return 200, json.dumps({"ok": True, "result": result}).encode()

    # ── methods ──────────────────────────────────────────────────────────────────────────────────────
    def _getMe(self, _: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        return {"id": 4242, "is_bot": True, "first_name": "News", "username": "news_bot"}

    async def _getUpdates(self, arguments: dict[str, Any]) -> list[dict[str, Any]]:  # noqa: N802
        self.waiting = [each for each in self.waiting if each["update_id"] >= arguments.get("offset", 0)]
        while not self.waiting:
            self._news.clear()
            await self._news.wait()
        return self.waiting[:100]

    def _sendMessage(self, arguments: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        said = Said(arguments["chat_id"], self._number(), "", thread=arguments.get("message_thread_id", 0))
        said.answers = (arguments.get("reply_parameters") or {}).get("message_id", 0)
        self.said.append(said)
        return self._put(said, arguments)

    def _editMessageText(self, arguments: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        said = next(each for each in self.said if each.number == arguments["message_id"])
        return self._put(said, arguments)

    def _put(self, said: Said, arguments: dict[str, Any]) -> dict[str, Any]:
        said.text, said.mode = arguments["text"], arguments.get("parse_mode", "")
        keyboard = (arguments.get("reply_markup") or {}).get("inline_keyboard", [])
        said.buttons = {button["text"]: button["callback_data"] for row in keyboard for button in row}
        return {"message_id": said.number, "date": 0, "chat": _chat(said.chat), "text": "-"}

    def _answerCallbackQuery(self, arguments: dict[str, Any]) -> bool:  # noqa: N802
        self.toasts.append(arguments.get("text", ""))
        return True

    def _getChatMember(self, arguments: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        person = arguments["user_id"]
        user = {"id": person, "is_bot": False, "first_name": "A"}
        if (arguments["chat_id"], person) in self.rulers:
            return {"status": "creator", "user": user, "is_anonymous": False}
        return {"status": "member", "user": user}

    def _getChat(self, arguments: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        chat = self.channels.get(arguments["chat_id"], 0)
        kind = "channel" if chat else "private"
        return {
            "id": chat, "type": kind, "accent_color_id": 0, "max_reaction_count": 1,
            "accepted_gift_types": {
                "unlimited_gifts": False, "limited_gifts": False, "unique_gifts": False, "premium_subscription": False,
                "gifts_from_channels": False,
            },
        }  # fmt: skip

    # ── people ───────────────────────────────────────────────────────────────────────────────────────
    def say(self, text: str, *, person: int = 7, chat: int | None = None, **more: Any) -> dict[str, Any]:
        """An update with a message; ``more`` are further fields of the message."""
        message = {
            "message_id": self._number(),
            "date": 0,
            "chat": _chat(person if chat is None else chat),
            "from": {"id": person, "is_bot": False, "first_name": "Ada", "language_code": self.language},
            "text": text,
            **more,
        }
        if text.startswith("/"):
            command = text.split()[0]
            message["entities"] = [{"type": "bot_command", "offset": 0, "length": len(command)}]
        return self.update(message=message)

    def press(
        self, label: str, *, person: int = 7, data: str = "", said: Said | None = None
    ) -> dict[str, Any]:
        """An update with the press of the button whose label has this in it, under the newest message that has one."""
        if said is None:
            said = next(
                each for each in reversed(self.said) if data or any(label in found for found in each.buttons)
            )
        found = data or next(said.buttons[each] for each in said.buttons if label in each)
        query = {
            "id": str(self._number()),
            "from": {"id": person, "is_bot": False, "first_name": "Ada", "language_code": self.language},
            "chat_instance": "1",
            "data": found,
            "message": {"message_id": said.number, "date": 1, "chat": _chat(said.chat), "text": "-"},
        }
        return self.update(callback_query=query)

    def update(self, **what: Any) -> dict[str, Any]:
        """An update of any kind, queued for whoever polls."""
        update = {"update_id": self._number(), **what}
        self.waiting.append(update)
        self._news.set()
        return update

    def _number(self) -> int:
        self._next += 1
        return self._next


def _chat(chat: int) -> dict[str, Any]:
    if chat > 0:
        return {"id": chat, "type": "private", "first_name": "Ada"}
    return {"id": chat, "type": "supergroup", "title": "Newsroom", "is_forum": True}
