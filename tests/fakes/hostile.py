"""A web server that says whatever a test wants, well-formed or not, and notes what it was asked.

It speaks raw bytes, since a real server library would refuse to misbehave. One connection answers one request.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

Handler = Callable[["Asked", asyncio.StreamWriter], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: path with its query, and the headers, names in small letters."""

    path: str
    headers: Mapping[str, str]


@dataclass
class HostileServer:
    """``base`` is its address. What stands at no path is 404."""

    base: str = ""
    port: int = 0
    connections: int = 0
    asked: list[Asked] = field(default_factory=list)
    _handlers: dict[str, Handler] = field(default_factory=dict)

    def url(self, path: str) -> str:
        return self.base + path

    def on(self, path: str, handler: Handler) -> str:
        """This handler answers there; returns the address."""
        self._handlers[path] = handler
        return self.url(path)

    def raw(self, path: str, *pieces: bytes, hang: bool = False) -> str:
        """These bytes, then the end of the connection, or silence for ever."""

        async def handler(_: Asked, writer: asyncio.StreamWriter) -> None:
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
            if hang:
                await asyncio.Event().wait()

        return self.on(path, handler)

    def reply(self, path: str, body: bytes = b"", status: int = 200, **headers: str) -> str:
        """A decent answer; ``Content_Type="text/xml"`` becomes a header."""
        return self.raw(path, answer(body, status, **headers))

    def feed(self, path: str, body: bytes, etag: str = "", **headers: str) -> str:
        """A feed that knows its ETag."""

        async def handler(asked: Asked, writer: asyncio.StreamWriter) -> None:
            if etag and asked.headers.get("if-none-match") == etag:
                writer.write(answer(b"", 304, ETag=etag, **headers))
            else:
                writer.write(answer(body, 200, **({"ETag": etag} if etag else {}), **headers))

        return self.on(path, handler)

    def times(self, path: str) -> int:
        """How often this path was asked for."""
        return sum(asked.path == path for asked in self.asked)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
                await self._answer(reader, writer)
        finally:
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = _asked(await reader.readuntil(b"\r\n\r\n"))
        self.asked.append(asked)
        handler = self._handlers.get(asked.path)
        if handler is None:
            writer.write(answer(b"", 404))
        else:
            await handler(asked, writer)
        await writer.drain()


def answer(body: bytes = b"", status: int = 200, **headers: str) -> bytes:
    """An HTTP answer as bytes."""
    lines = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(body)}", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def _asked(head: bytes) -> Asked:
    first, *lines = head.decode("latin-1").split("\r\n")
    pairs = (line.partition(":") for line in lines if line)
    return Asked(first.split(" ")[1], {name.lower(): value.strip() for name, _, value in pairs})


@asynccontextmanager
async def hostile_server(host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[HostileServer]:
    """A server on loopback, gone with the block. 127.0.0.2 serves as a canary: nothing may ever connect there."""
    server = HostileServer()
    tasks: set[asyncio.Task[None]] = set()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(server.serve(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    listening = await asyncio.start_server(accept, host, port)
    server.port = listening.sockets[0].getsockname()[1]
    server.base = f"http://{host}:{server.port}"
    try:
        yield server
    finally:
        listening.close()
        for task in tuple(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0)  # connections are closed in the loop's next round
        await listening.wait_closed()
