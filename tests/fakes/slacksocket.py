"""Socket Mode beside the Slack that remembers: a WebSocket on 127.0.0.1 that sends envelopes and sends them again."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.fakes.slack import Channel, SlackFake, judge_blocks


class SlackSocket(SlackFake):
    """``whispers`` are ephemeral messages: (channel, user, arguments). ``acknowledged`` are ids of envelopes."""

    def __init__(self, *channels: Channel) -> None:
        super().__init__(*channels, now=lambda: 1_644_912_000.0)
        self.whispers: list[tuple[str, str, Mapping[str, Any]]] = []
        self.acknowledged: list[str] = []
        self.socket_url = ""
        self._listener: web.WebSocketResponse | None = None
        self._connected = asyncio.Event()
        self._changed = asyncio.Event()
        self._number = 0

    def apps_connections_open(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        return {"url": self.socket_url}

    def chat_post_ephemeral(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        channel = self._channel(asked)
        judge_blocks(asked)
        self.whispers.append((channel.id, str(asked["user"]), asked))
        self._changed.set()
        return {"message_ts": "1.0"}

    # ── people ───────────────────────────────────────────────────────────────────────────────────────
    async def slash(
        self, text: str, *, user: str = "U1", channel: Channel | None = None, again: str = ""
    ) -> str:
        """Somebody types ``/newsalert text``; returns the envelope's id. ``again`` sends that envelope once more."""
        where = channel or self.desk
        return await self._send(
            "slash_commands",
            {
                "command": "/newsalert", "text": text, "user_id": user, "user_name": "ada",
                "channel_id": where.id, "channel_name": where.name,
            },
            again,
        )  # fmt: skip

    async def press(
        self, value: str, *, user: str = "U1", channel: Channel | None = None, ts: str = ""
    ) -> str:
        """Somebody presses the button that carries this value."""
        where = channel or self.desk
        return await self._send(
            "interactive",
            {
                "type": "block_actions", "user": {"id": user, "name": "ada"},
                "channel": {"id": where.id, "name": where.name}, "message": {"ts": ts} if ts else {},
                "actions": [{"action_id": "newsalert", "value": value}],
            },
            "",
        )  # fmt: skip

    async def until(self, count: int, what: str = "whispers") -> None:
        """Wait for that many whispers, acknowledgements, or messages of the desk."""
        while len(self._things(what)) < count:
            self._changed.clear()
            await asyncio.wait_for(self._changed.wait(), 10)

    def _things(self, what: str) -> list[Any]:
        return self.desk.messages if what == "messages" else list(getattr(self, what))

    def chat_post_message(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        self._changed.set()
        return super().chat_post_message(asked)

    async def _send(self, kind: str, payload: Mapping[str, Any], again: str) -> str:
        await asyncio.wait_for(self._connected.wait(), 10)
        assert self._listener is not None
        self._number += 1
        identity = again or f"envelope-{self._number}"
        envelope = {
            "type": kind,
            "envelope_id": identity,
            "payload": payload,
            "accepts_response_payload": True,
        }
        await self._listener.send_str(json.dumps(envelope))
        return identity

    # ── the socket ───────────────────────────────────────────────────────────────────────────────────
    async def _socket(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_str(json.dumps({"type": "hello", "num_connections": 1}))
        self._listener = socket
        self._connected.set()
        async for message in socket:
            self.acknowledged.append(json.loads(message.data)["envelope_id"])
            self._changed.set()
        return socket

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[SlackSocket]:
        """The Web API and the socket, on a free port of 127.0.0.1."""
        app = web.Application()
        app.router.add_get("/socket", self._socket)
        app.router.add_route("*", "/api/{method}", self._api)
        async with TestServer(app, host="127.0.0.1") as server:
            self.base_url = str(server.make_url("/api/"))
            self.socket_url = str(server.make_url("/socket")).replace("http", "ws", 1)
            yield self
            if self._listener is not None:
                await self._listener.close()
