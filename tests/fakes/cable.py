"""A line to a PostgreSQL that can be cut without a word to its client, and mended."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy.engine import make_url

Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Cable:
    """``url`` is the way through it. What is said into a cut line is swallowed; nothing comes back."""

    def __init__(self, url: str) -> None:
        self._there = make_url(url)
        self._port = 0
        self._ends: list[tuple[asyncio.StreamWriter, asyncio.StreamWriter]] = []  # the client's, the server's
        self._silent: list[asyncio.StreamWriter] = []
        self._is_cut = False

    @property
    def url(self) -> str:
        """The same database, as a server on loopback."""
        there = self._there.difference_update_query(["host"])
        return there.set(host="127.0.0.1", port=self._port).render_as_string(hide_password=False)

    def cut(self) -> None:
        """As after half a minute of silence: the server has given the client up, who knows of nothing."""
        self._is_cut = True
        for client, server in self._ends:
            server.transport.abort()
            self._silent.append(client)
        self._ends.clear()

    def mend(self, *, forgotten: bool = False) -> None:
        """New connections go through. Old ones are reset, or ``forgotten``: nobody tells the client, ever."""
        self._is_cut = False
        if not forgotten:
            for client in self._silent:
                client.transport.abort()
            self._silent.clear()

    @asynccontextmanager
    async def laid(self) -> AsyncIterator[Cable]:
        """On a free port of 127.0.0.1."""
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self._port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            self.cut()
            self.mend()

    async def _connected(self, reader: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        if self._is_cut:
            self._silent.append(client)
            return
        from_server, server = await self._reached()
        self._ends.append((client, server))
        await asyncio.gather(self._pass_on(reader, server), self._pass_on(from_server, client))

    async def _pass_on(self, said: asyncio.StreamReader, to: asyncio.StreamWriter) -> None:
        try:
            while data := await said.read(1 << 16):
                to.write(data)
        except ConnectionError:
            return
        if not self._is_cut:
            to.close()

    async def _reached(self) -> Stream:
        query: Any = self._there.query
        host, port = str(query.get("host") or self._there.host), self._there.port or 5432
        if host.startswith("/"):
            return await asyncio.open_unix_connection(f"{host}/.s.PGSQL.{port}")
        return await asyncio.open_connection(host, port)
