"""A Slack that remembers: the Web API methods we use and an incoming webhook, as a real server on 127.0.0.1.

State lives in channels and their messages; faults are scripted, one a call and in order, for a method. Block Kit is
judged by slack_sdk's own models and by the limits Slack documents, plus the hidden one of about 13,200 characters.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from aiohttp.test_utils import BaseTestServer, TestServer
from slack_sdk.errors import SlackObjectFormationError
from slack_sdk.models.blocks import Block

TOKEN = "xoxb-test-0001-canary"  # what this server accepts
HOOK_PATH = "/services/T0001/B0001/hook-canary"
MOST_BLOCKS = 50
MOST_CHARACTERS = 13_200


# ── faults ───────────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True)
class Refuse:
    """Answer ``ok: false`` with this code, by default with the status 200 as Slack does; nothing happens."""

    error: str
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Say:
    """Answer with this status and text instead of JSON; nothing happens unless ``after``."""

    status: int
    text: str = "<html>Bad Gateway</html>"
    after: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class LoseReply:
    """Do it, then close the connection instead of answering."""


@dataclass(frozen=True)
class Reset:
    """Close the connection before doing anything."""


Fault = Refuse | Say | LoseReply | Reset


# ── the server's state ───────────────────────────────────────────────────────────────────────────────
@dataclass
class Channel:
    """One conversation; one with a person is named after them. Thread replies stand among ``messages``, too."""

    id: str
    name: str
    member: bool = True
    archived: bool = False
    private: bool = False
    messages: list[dict[str, Any]] = field(default_factory=list)

    def top(self) -> list[dict[str, Any]]:
        """What stands in the channel itself: no replies, unless they were broadcast."""
        return [
            each
            for each in self.messages
            if not self.is_reply(each) or each.get("subtype") == "thread_broadcast"
        ]

    def thread(self, ts: str) -> list[dict[str, Any]]:
        """The message and its replies."""
        return [each for each in self.messages if ts in (each["ts"], each.get("thread_ts"))]

    @staticmethod
    def is_reply(message: Mapping[str, Any]) -> bool:
        return "thread_ts" in message and message["thread_ts"] != message["ts"]


class SlackSaysNoError(Exception):
    """Becomes ``ok: false``."""


class SlackFake:
    """The workspace. ``calls`` keeps every request as (method, arguments)."""

    def __init__(self, *channels: Channel, now: Callable[[], float]) -> None:
        self.channels = {
            channel.id: channel for channel in channels or (Channel("C0DESK0001", "world-desk"),)
        }
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.faults: dict[str, list[Fault]] = {}
        self.server: BaseTestServer | None = None
        self.base_url = ""
        self.hook_url = ""
        self.page = 100  # the most messages a page of history holds
        self._now = now
        self._count = 0

    @property
    def desk(self) -> Channel:
        """The first channel."""
        return next(iter(self.channels.values()))

    def called(self, method: str) -> list[dict[str, Any]]:
        """Arguments of every call of this method."""
        return [arguments for name, arguments in self.calls if name == method]

    # ── methods ──────────────────────────────────────────────────────────────────────────────────────
    def chat_post_message(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        channel = self._channel(asked, by_name=True)
        if not channel.member:
            raise SlackSaysNoError("not_in_channel")
        judge_blocks(asked)
        parent = asked.get("thread_ts")
        if parent and not any(each["ts"] == parent for each in channel.messages):
            raise SlackSaysNoError("thread_not_found")
        self._count += 1
        message = {"ts": f"{self._now():.0f}.{self._count:06}", "type": "message", **self._content(asked)}
        if parent:
            message["thread_ts"] = parent
            channel.thread(parent)[0]["reply_count"] = len(channel.thread(parent))
            if asked.get("reply_broadcast"):
                message["subtype"] = "thread_broadcast"
        channel.messages.append(message)
        return {"channel": channel.id, "ts": message["ts"], "message": message}

    def chat_update(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        channel = self._channel(asked)
        judge_blocks(asked)
        message = next((each for each in channel.messages if each["ts"] == asked["ts"]), None)
        if message is None:
            raise SlackSaysNoError("message_not_found")
        message.update(self._content(asked))
        return {"channel": channel.id, "ts": message["ts"], "text": message["text"]}

    def conversations_history(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        channel = self._channel(asked)
        return self._paged(channel.top()[::-1], asked)

    def conversations_replies(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        thread = self._channel(asked).thread(asked["ts"])
        if not thread:
            raise SlackSaysNoError("thread_not_found")
        return self._paged(thread, asked)

    def conversations_list(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        listed = [
            {"id": each.id, "name": each.name, "is_private": each.private, "is_member": each.member}
            for each in self.channels.values()
            if not each.archived
        ]
        return {"channels": listed, "response_metadata": {"next_cursor": ""}}

    def conversations_join(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        channel = self._channel(asked)
        if channel.private:
            raise SlackSaysNoError("method_not_supported_for_channel_type")
        channel.member = True
        return {"channel": {"id": channel.id}}

    def conversations_open(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        return {"channel": {"id": self._channel({"channel": asked["users"]}, by_name=True).id}}

    # ── what Slack checks ────────────────────────────────────────────────────────────────────────────
    def _channel(self, asked: Mapping[str, Any], *, by_name: bool = False) -> Channel:
        wanted = str(asked.get("channel", ""))
        for channel in self.channels.values():
            if channel.id == wanted or (by_name and wanted.lstrip("#") == channel.name):
                if channel.archived:
                    raise SlackSaysNoError("is_archived")
                return channel
        raise SlackSaysNoError("channel_not_found")

    @staticmethod
    def _content(asked: Mapping[str, Any]) -> dict[str, Any]:
        kept = ("text", "blocks", "metadata", "unfurl_links", "unfurl_media", "mrkdwn", "parse")
        return {name: asked[name] for name in kept if name in asked}

    def _paged(self, messages: list[dict[str, Any]], asked: Mapping[str, Any]) -> dict[str, Any]:
        oldest = float(asked.get("oldest") or 0)
        fitting = [each for each in messages if float(each["ts"]) > oldest]
        if str(asked.get("include_all_metadata", "0")) not in {"1", "true", "True"}:
            fitting = [{key: value for key, value in each.items() if key != "metadata"} for each in fitting]
        start = int(asked.get("cursor") or 0)
        end = start + min(self.page, int(asked.get("limit") or 100))
        more = end < len(fitting)
        return {
            "messages": fitting[start:end],
            "has_more": more,
            "response_metadata": {"next_cursor": str(end) if more else ""},
        }

    # ── HTTP ─────────────────────────────────────────────────────────────────────────────────────────
    async def _api(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        asked = await request.json() if request.can_read_body else dict(request.query)
        self.calls.append((method, asked))
        act = getattr(self, _python_name(method), None)
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return web.json_response({"ok": False, "error": "invalid_auth"})
        if act is None:
            return web.json_response({"ok": False, "error": "unknown_method"})
        return await self._answer(request, method, lambda: {"ok": True, **act(asked)})

    async def _hook(self, request: web.Request) -> web.StreamResponse:
        asked = json.loads(await request.read())
        self.calls.append(("hook", asked))

        def act() -> None:
            judge_blocks(asked)
            self._count += 1
            self.desk.messages.append({"ts": f"{self._now():.0f}.{self._count:06}", **self._content(asked)})

        return await self._answer(request, "hook", act)

    async def _answer(
        self, request: web.Request, method: str, act: Callable[[], dict[str, Any] | None]
    ) -> web.StreamResponse:
        waiting = self.faults.get(method, [])
        fault = waiting.pop(0) if waiting else None
        if isinstance(fault, Reset):
            return _hang_up(request)
        if isinstance(fault, Refuse):
            answer = {"ok": False, "error": fault.error}
            return web.json_response(answer, status=fault.status, headers=fault.headers)
        if isinstance(fault, Say) and not fault.after:
            return web.Response(status=fault.status, text=fault.text, headers=fault.headers)
        try:
            done = act()
        except SlackSaysNoError as problem:
            if method == "hook":
                return web.Response(status=400, text=str(problem))
            return web.json_response({"ok": False, "error": str(problem)})
        if isinstance(fault, LoseReply):
            return _hang_up(request)
        if isinstance(fault, Say):
            return web.Response(status=fault.status, text=fault.text, headers=fault.headers)
        return web.Response(text="ok") if done is None else web.json_response(done)

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[SlackFake]:
        """Serve on a free port of 127.0.0.1 and say where in ``base_url`` and ``hook_url``."""
        app = web.Application()
        app.router.add_route("*", "/api/{method}", self._api)
        app.router.add_post(HOOK_PATH, self._hook)
        async with TestServer(app, host="127.0.0.1") as server:
            self.server = server
            self.base_url = str(server.make_url("/api/"))
            self.hook_url = str(server.make_url(HOOK_PATH))
            yield self


def _python_name(method: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in method).replace(
        ".", "_"
    )


def _hang_up(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


def judge_blocks(asked: Mapping[str, Any]) -> None:
    """Raises SlackSaysNoError for what Slack would refuse of a message's text and blocks."""
    blocks = asked.get("blocks") or []
    if not blocks and not asked.get("text"):
        raise SlackSaysNoError("no_text")
    if len(blocks) > MOST_BLOCKS:
        raise SlackSaysNoError("invalid_blocks")
    try:
        for block in Block.parse_all(blocks):
            block.validate_json()
    except (SlackObjectFormationError, TypeError) as error:
        raise SlackSaysNoError("invalid_blocks") from error
    if sum(map(len, texts_of(blocks))) > MOST_CHARACTERS:
        raise SlackSaysNoError("msg_blocks_too_long")


def elements_of(value: object) -> list[dict[str, Any]]:
    """Every block and element in these blocks, those within others too."""
    if isinstance(value, list):
        return [found for each in value for found in elements_of(each)]
    if not isinstance(value, dict):
        return []
    return [value, *(found for each in value.values() for found in elements_of(each))]


def texts_of(value: object) -> list[str]:
    """Every text a reader sees in these blocks."""
    if isinstance(value, list):
        return [text for each in value for text in texts_of(each)]
    if not isinstance(value, dict):
        return []
    own = [value["text"]] if isinstance(value.get("text"), str) else []
    return own + [text for each in value.values() for text in texts_of(each)]
