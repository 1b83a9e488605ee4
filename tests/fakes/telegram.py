"""A Telegram that remembers: the Bot API methods we use, as a real server on 127.0.0.1.

How to use it::

    async with TelegramFake(Chat(1001), Chat(-1001234567890, topics={7: True})).serving() as telegram:
        bot = telegram_bot(TOKEN, telegram.base_url)        # any client: base_url is what api.telegram.org would be
        await Telegram(bot).send(…)
        telegram[1001].told[-1].text                           # what stands in a chat now; .buttons, .links(), .history
        telegram.say("/start", person=7)                       # an update for whoever polls (or is called by webhook)
        telegram.press("Why", person=1001)                     # a button under the newest message that has one
        telegram.faults["sendMessage"] = [LoseReply(), Refuse(403, "Forbidden: bot was blocked by the user")]
        telegram[1001].throttled = 600                         # every message there: 429, retry after 600
        telegram[-5].moved = -1005                             # the group became a supergroup

Four judges stand behind it: every request must fit the machine-readable Bot API description (:mod:`telegram_spec`),
every text is read by TDLib itself (:mod:`tdlib`), lengths and button data have Telegram's limits, and with ``pace`` its
real speed limits hold on the clock that is given. Refusals come in Telegram's own words.

A chat nobody named is "chat not found", except people, who start a conversation by speaking.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import ClientSession, web
from aiohttp.test_utils import BaseTestServer, TestServer

from tests.fakes.telegram_chats import BOT, Chat, Pace, RefusedError, Told, bad, content, shown
from tests.fakes.telegram_spec import NotInTheSpecError, by_looks, spec

__all__ = [
    "TOKEN",
    "Chat",
    "LoseReply",
    "Pace",
    "Refuse",
    "Reset",
    "Say",
    "Silence",
    "TelegramFake",
    "Told",
]

TOKEN = "4242:canary-token-of-nobody-0123456789ab"  # what this server accepts


# ── faults ───────────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True)
class Refuse:
    """Answer ``ok: false`` with this code and description; nothing happens."""

    code: int
    description: str
    parameters: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Say:
    """Answer with this status and text instead of JSON; nothing happens unless ``after``."""

    status: int
    text: str = "<html>Bad Gateway</html>"
    after: bool = False


@dataclass(frozen=True)
class LoseReply:
    """Do it, then close the connection instead of answering."""


@dataclass(frozen=True)
class Reset:
    """Close the connection before doing anything."""


@dataclass(frozen=True)
class Silence:
    """Do it, or not, and never answer."""

    after: bool = False


Fault = Refuse | Say | LoseReply | Reset | Silence


class TelegramFake:
    """``calls`` keeps every request as (method, arguments); ``now`` stamps messages."""

    def __init__(
        self, *chats: Chat, now: Callable[[], float] = lambda: 0.0, pace: Pace | None = None
    ) -> None:
        self.chats = {chat.id: chat for chat in chats or (Chat(1001),)}
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.faults: dict[str, list[Fault]] = {}
        self.toasts: list[str] = []  # answers to pressed buttons
        self.commands: list[dict[str, str]] = []
        self.rulers: set[tuple[int, int]] = set()  # (chat, person): administrators
        self.webhook: dict[str, Any] = {}
        self.waiting: list[dict[str, Any]] = []  # updates not yet confirmed
        self.server: BaseTestServer | None = None
        self.base_url = ""
        self.pace = pace
        self._now = now
        self._numbers = itertools.count(100)
        self._updates = itertools.count(1)
        self._news = asyncio.Event()
        self._closing = asyncio.Event()
        self._poller = 0
        self._queries: set[str] = set()  # pressed and not answered

    def __getitem__(self, chat: int) -> Chat:
        return self.chats[chat]

    @property
    def desk(self) -> Chat:
        """The first chat."""
        return next(iter(self.chats.values()))

    def called(self, method: str) -> list[dict[str, Any]]:
        """Arguments of every call of this method."""
        return [arguments for name, arguments in self.calls if name == method]

    # ── methods ──────────────────────────────────────────────────────────────────────────────────────
    def send_message(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        chat, thread = self._chat(asked), asked.get("message_thread_id", 0)
        chat.open_for(thread)
        said = content(asked)
        answers = (asked.get("reply_parameters") or {}).get("message_id", 0)
        if answers and answers not in chat.messages:
            if not asked["reply_parameters"].get("allow_sending_without_reply"):
                raise bad("message to be replied not found")
            answers = 0
        if self.pace is not None:
            self.pace.take(chat)
        told = Told(chat.id, next(self._numbers), thread=thread, answers=answers, at=self._now(), **said)
        told.silent = bool(asked.get("disable_notification"))
        told.history.append(told.text)
        chat.messages[told.number] = told
        return shown(told, chat)

    def edit_message_text(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        chat, told = self._edited(asked)
        said = content(asked, "MESSAGE_TOO_LONG")
        if (said["text"], said["entities"], said["keyboard"]) == (told.text, told.entities, told.keyboard):
            raise _unchanged()
        if self.pace is not None:
            self.pace.take(chat)
        told.text, told.entities, told.keyboard, told.mode = (
            said[each] for each in ("text", "entities", "keyboard", "mode")
        )
        told.history.append(told.text)
        return shown(told, chat)

    def edit_message_reply_markup(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        chat, told = self._edited(asked)
        keyboard = content({**asked, "text": "-"})["keyboard"]
        if keyboard == told.keyboard:
            raise _unchanged()
        told.keyboard = keyboard
        return shown(told, chat)

    def delete_message(self, asked: Mapping[str, Any]) -> bool:
        chat = self._chat(asked)
        if asked["message_id"] not in chat.messages:
            raise bad("message to delete not found")
        chat.delete(asked["message_id"])
        return True

    def answer_callback_query(self, asked: Mapping[str, Any]) -> bool:
        if asked["callback_query_id"] not in self._queries:
            raise bad("query is too old and response timeout expired or query ID is invalid")
        self._queries.remove(asked["callback_query_id"])
        self.toasts.append(asked.get("text", ""))
        return True

    def get_me(self, _: Mapping[str, Any]) -> dict[str, Any]:
        return BOT

    def get_chat(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        gifts = (
            "unlimited_gifts",
            "limited_gifts",
            "unique_gifts",
            "premium_subscription",
            "gifts_from_channels",
        )
        full = {
            "accent_color_id": 0,
            "max_reaction_count": 1,
            "accepted_gift_types": dict.fromkeys(gifts, False),
        }
        return self._chat(asked).json() | full

    def get_chat_member(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        chat, person = self._chat(asked), asked["user_id"]
        user = BOT if person == BOT["id"] else _person(person)
        if (chat.id, person) in self.rulers:
            return {"status": "creator", "user": user, "is_anonymous": False}
        return {"status": "member", "user": user}

    def set_my_commands(self, asked: Mapping[str, Any]) -> bool:
        self.commands = asked["commands"]
        return True

    def get_my_commands(self, _: Mapping[str, Any]) -> list[dict[str, str]]:
        return self.commands

    def set_webhook(self, asked: Mapping[str, Any]) -> bool:
        self.webhook = dict(asked) if asked.get("url") else {}
        return True

    def delete_webhook(self, _: Mapping[str, Any]) -> bool:
        self.webhook = {}
        return True

    def send_chat_action(self, asked: Mapping[str, Any]) -> bool:
        self._chat(asked)
        return True

    # ── updates ──────────────────────────────────────────────────────────────────────────────────────
    async def get_updates(self, asked: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Updates from ``offset`` on, waited for in real time; whoever asked before and still waits is told 409."""
        if self.webhook:
            raise RefusedError(409, "Conflict: can't use getUpdates method while webhook is active")
        self._poller = mine = self._poller + 1
        self._wake()
        self.waiting = [each for each in self.waiting if each["update_id"] >= asked.get("offset", 0)]
        deadline = asyncio.get_running_loop().time() + asked.get("timeout", 0)
        while not self._due(asked) and not self._closing.is_set():
            left = deadline - asyncio.get_running_loop().time()
            if left <= 0 or not await self._news_within(left):
                break
            if self._poller != mine:
                raise RefusedError(409, "Conflict: terminated by other getUpdates request")
        return self._due(asked)[: asked.get("limit", 100)]

    def _due(self, asked: Mapping[str, Any]) -> list[dict[str, Any]]:
        kinds = asked.get("allowed_updates") or ()
        return [each for each in self.waiting if not kinds or any(kind in each for kind in kinds)]

    async def _news_within(self, seconds: float) -> bool:
        try:
            await asyncio.wait_for(self._news.wait(), seconds)
        except TimeoutError:
            return False
        return True

    def _wake(self) -> None:
        self._news.set()
        self._news = asyncio.Event()

    # ── people ───────────────────────────────────────────────────────────────────────────────────────
    def say(self, text: str, *, person: int = 7, chat: int | None = None, **more: Any) -> dict[str, Any]:
        """An update with a message, commands marked as Telegram marks them; ``more`` are further fields of it."""
        where = self.chats.setdefault(
            person if chat is None else chat, Chat(person if chat is None else chat)
        )
        message = {
            "message_id": next(self._numbers),
            "date": int(self._now()),
            "chat": where.json(),
            "from": _person(person),
            **content({"text": text}),
            **more,
        }
        message = {
            key: value for key, value in message.items() if key not in ("keyboard", "mode") and value != []
        }
        return self.update(message=message)

    def press(
        self, label: str = "", *, person: int = 7, data: str = "", told: Told | None = None
    ) -> dict[str, Any]:
        """An update with the press of the button with this in its label; ``data`` forges one, ``told`` says where."""
        if told is None:
            every = [each for chat in self.chats.values() for each in chat.told if each.buttons]
            told = max(
                (each for each in every if data or _labelled(each, label)), key=lambda each: each.number
            )
        query: dict[str, Any] = {
            "id": str(next(self._numbers)),
            "from": _person(person),
            "chat_instance": "1",
            "data": data or _labelled(told, label)[0],
            "message": shown(told, self.chats[told.chat]),
        }
        self._queries.add(query["id"])
        return self.update(callback_query=query)

    def update(self, **what: Any) -> dict[str, Any]:
        """An update of any kind, queued for whoever polls."""
        update = {"update_id": next(self._updates), **what}
        self.waiting.append(update)
        self._wake()
        return update

    async def push(self, update: Mapping[str, Any], *, secret: str | None = None) -> int:
        """Call the webhook as Telegram does; returns the status. ``secret`` forges the header."""
        right = self.webhook.get("secret_token", "")
        header = {"X-Telegram-Bot-Api-Secret-Token": right if secret is None else secret}
        async with (
            ClientSession() as session,
            session.post(self.webhook["url"], json=update, headers=header) as answer,
        ):
            return answer.status

    # ── what Telegram checks ─────────────────────────────────────────────────────────────────────────
    def _chat(self, asked: Mapping[str, Any]) -> Chat:
        wanted = asked["chat_id"]
        for chat in self.chats.values():
            if wanted == chat.id or (chat.username and wanted == f"@{chat.username}"):
                return chat
        raise bad("chat not found")

    def _edited(self, asked: Mapping[str, Any]) -> tuple[Chat, Told]:
        chat = self._chat(asked)
        chat.open_for(0)
        told = chat.messages.get(asked["message_id"])
        if told is None:
            raise bad("message to edit not found")
        return chat, told

    # ── HTTP ─────────────────────────────────────────────────────────────────────────────────────────
    async def _api(self, request: web.Request) -> web.StreamResponse:
        method, token = request.match_info["method"], request.match_info["token"]
        if token != TOKEN:
            return _refusal(RefusedError(401, "Unauthorized"))
        if request.content_type == "application/json":
            form: Mapping[str, Any] = await request.json()
        else:
            form = {**request.query, **{name: str(value) for name, value in (await request.post()).items()}}
        known = spec()
        try:
            asked = known.read(method, form) if known else by_looks(form)
        except NotInTheSpecError as error:
            self.calls.append((method, dict(form)))
            return _refusal(bad(f"not in the Bot API: {error}"))
        self.calls.append((method, asked))
        return await self._answer(request, method, asked)

    async def _answer(self, request: web.Request, method: str, asked: dict[str, Any]) -> web.StreamResponse:
        scripted = self.faults.get(method, [])
        fault = scripted.pop(0) if scripted else None
        if isinstance(fault, Reset):
            return _hang_up(request)
        if isinstance(fault, Refuse):
            return _refusal(RefusedError(fault.code, fault.description, **fault.parameters))
        if isinstance(fault, Say | Silence) and not fault.after:
            return await self._instead(fault)
        try:
            result = getattr(self, _python_name(method), _no_such_method)(asked)
            result = await result if asyncio.iscoroutine(result) else result
            assert (known := spec()) is None or known.answers(method, result), (method, result)
        except RefusedError as error:
            return _refusal(error)
        if isinstance(fault, LoseReply):
            return _hang_up(request)
        if fault is not None:
            return await self._instead(fault)
        return web.json_response({"ok": True, "result": result})

    async def _instead(self, fault: Say | Silence) -> web.Response:
        if isinstance(fault, Say):
            return web.Response(status=fault.status, text=fault.text)
        await self._closing.wait()
        return web.Response(status=504)

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[TelegramFake]:
        """Serve on a free port of 127.0.0.1 and say where in ``base_url``."""
        app = web.Application()
        app.router.add_route("*", "/bot{token}/{method}", self._api)
        server = TestServer(app, host="127.0.0.1")
        await server.start_server(access_log=None)  # its lines would hold the token
        self.server = server
        self.base_url = str(server.make_url("")).rstrip("/")
        try:
            yield self
        finally:
            self._closing.set()
            self._wake()
            await server.close()


def _unchanged() -> RefusedError:
    new, old = "specified new message content and reply markup", "a current content and reply markup"
    return bad(f"message is not modified: {new} are exactly the same as {old} of the message")


def _labelled(told: Told, label: str) -> list[str]:
    return [data for name, data in told.buttons.items() if label in name]


def _person(person: int) -> dict[str, Any]:
    return {"id": person, "is_bot": False, "first_name": "Ada", "language_code": "en"}


def _no_such_method(_: Mapping[str, Any]) -> None:
    raise RefusedError(404, "Not Found")


def _refusal(error: RefusedError) -> web.Response:
    body = {"ok": False, "error_code": error.code, "description": error.description}
    body |= {"parameters": error.parameters} if error.parameters else {}
    return web.json_response(body, status=error.code)


def _python_name(method: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in method)


def _hang_up(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()
