"""``emulate``, other people's stateful Slack, with a proxy in front that knows when nothing is under way any more.

The proxy also loses replies (``faults``), and turns the reading methods' GET into the POST that ``emulate`` knows:
Slack takes both, slack_sdk asks by GET. ``oldest`` and ``include_all_metadata`` mean nothing to it: it always gives the
whole history with metadata, so that part is judged by our own fake alone. It knows no limits of blocks either.
"""

from __future__ import annotations

import asyncio
import json
import re
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from aiohttp import ClientSession, web
from aiohttp.test_utils import BaseTestServer, TestServer, unused_port

from tests.fakes.calm import calm
from tests.judges.node import MODULES, program

READER = "xoxb-who-looks-at-what-stands-there"  # ours, with every scope
TOKEN = "xoxb-canary-token-of-nobody-4242"  # the one it is told to accept


class Emulate:
    """One workspace with the channels named. ``base_url`` is where a client finds it, through the proxy."""

    def __init__(
        self, *channels: str, scopes: Sequence[str] = ("chat:write", "channels:read", "channels:history")
    ) -> None:
        self.base_url = ""
        self.token = TOKEN
        self.faults: dict[
            str, list[str]
        ] = {}  # method → "lose" (do it, never answer), "reset" (do nothing) or "hold" (answer when released)
        self.held, self.released = asyncio.Event(), asyncio.Event()
        self.calls: list[str] = []
        self._names = channels
        self._scopes = scopes
        self._ids: dict[str, str] = {}
        self._inner = ""
        self._server: BaseTestServer | None = None
        self._session: ClientSession | None = None
        self._under_way = 0

    def address(self, name: str) -> str:
        """The id of a channel."""
        return self._ids[name]

    async def messages(self, channel: str) -> Sequence[dict[str, Any]]:
        """What stands in a channel of this name, threads too, oldest first, as the server tells it."""
        found, cursor = [], ""
        while True:
            asked = {"channel": self._ids[channel], "limit": 200, "cursor": cursor}
            page = await self.ask("conversations.history", **asked)
            found += page["messages"]
            cursor = page["response_metadata"]["next_cursor"]
            if not cursor:
                break
        for first in [each for each in found if each.get("reply_count")]:
            thread = await self.ask("conversations.replies", channel=self._ids[channel], ts=first["ts"])
            found += [each for each in thread["messages"] if each["ts"] != first["ts"]]
        return sorted(found, key=lambda each: str(each["ts"]))

    async def settled(self) -> None:
        """Wait until whoever spoke has hung up and all that was asked is done."""
        assert self._server is not None
        await calm(self._server)
        while self._under_way:  # noqa: ASYNC110 — as above
            await asyncio.sleep(0.005)

    async def ask(self, method: str, **arguments: Any) -> dict[str, Any]:
        """Ask the server itself, past the proxy."""
        assert self._session is not None
        header = {"Authorization": f"Bearer {READER}"}
        async with self._session.post(
            f"{self._inner}/api/{method}", json=arguments, headers=header
        ) as answer:
            said: dict[str, Any] = await answer.json()
        assert said["ok"], (method, said)
        return said

    # ── serving ──────────────────────────────────────────────────────────────────────────────────────
    @asynccontextmanager
    async def serving(self) -> AsyncIterator[Emulate]:
        """Start the server and the proxy, both on 127.0.0.1."""
        app = web.Application()
        app.router.add_route("*", "/api/{method}", self._pass_on)
        async with (
            _running(self._names, self._scopes) as self._inner,
            ClientSession() as self._session,
            TestServer(app, host="127.0.0.1") as server,
        ):
            self._server = server
            self.base_url = str(server.make_url("/api/"))
            listed = await self.ask("conversations.list", limit=1000)
            self._ids = {each["name"]: each["id"] for each in listed["channels"]}
            yield self

    async def _pass_on(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        body: bytes = await request.read()
        self.calls.append(method)
        waiting = self.faults.get(method, [])
        fault = waiting.pop(0) if waiting else ""
        if fault != "reset":
            status, text = await self._do(request, method, body)
        if fault == "hold":
            self.held.set()
            await self.released.wait()
        elif fault:
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        return web.Response(status=status, text=text, content_type="application/json")

    async def _do(self, request: web.Request, method: str, body: bytes) -> tuple[int, str]:
        assert self._session is not None
        header = {
            name: request.headers[name]
            for name in ("Authorization", "Content-Type")
            if name in request.headers
        }
        if request.method == "GET":
            body, header["Content-Type"] = request.query_string.encode(), "application/x-www-form-urlencoded"
        self._under_way += 1
        try:
            async with self._session.post(f"{self._inner}/api/{method}", data=body, headers=header) as answer:
                return answer.status, await answer.text()
        finally:
            self._under_way -= 1


@asynccontextmanager
async def _running(channels: Sequence[str], scopes: Sequence[str]) -> AsyncIterator[str]:
    """The server as a process of its own; where it answers."""
    node = program()
    assert node is not None
    slack = {
        "team": {"name": "Newsroom", "domain": "newsroom"},
        "users": [{"name": "klaxon"}],
        "channels": [{"name": name} for name in channels],
        "tokens": [
            {"token": TOKEN, "user": "klaxon", "scopes": list(scopes)},
            {"token": READER, "user": "klaxon"},
        ],
        "strict_scopes": True,
    }
    with tempfile.TemporaryDirectory(prefix="newsalert-emulate-") as folder:
        seed = Path(folder) / "seed.json"
        seed.write_text(json.dumps({"slack": slack}), "utf-8")
        script, port = str(MODULES / "emulate" / "dist" / "index.js"), str(unused_port())
        start = script, "start", "--service", "slack", "--port", port
        process = await asyncio.create_subprocess_exec(
            str(node),
            *start,
            "--seed",
            str(seed),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            yield await _address(process)
        finally:
            process.kill()
            await process.wait()


async def _address(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    while line := (await process.stdout.readline()).decode():
        if found := re.search(r"http://[\w.]+:\d+", line):
            return found[0].replace("localhost", "127.0.0.1")
    raise AssertionError("emulate did not start")
