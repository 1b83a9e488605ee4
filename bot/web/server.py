"""Uvicorn inside the bot's event loop: it neither takes over the signals nor ends the process when a port is taken.

A client may be slow, but not for long: whoever has not sent a whole request :data:`PATIENCE` seconds after connecting
(or after the first byte of a later request) is hung up on, and beyond :data:`MOST_CLIENTS` nobody is let in, so that
idle connections can never use up the files the poller needs.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from ipaddress import ip_address
from typing import cast

import structlog
import uvicorn
from h11 import Request
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from bot.errors import ConfigError, Problem

log = structlog.get_logger()

PATIENCE = 10.0  # seconds for one whole request to arrive
MOST_CLIENTS = 100  # connections at a time
LARGEST_MESSAGE = 4_000_000  # bytes from a page: a file of rules has at most half of it
GRACE = 2  # seconds for answers under way when we are told to stop


class WebServer:
    """Serves ``app`` from ``start`` to ``stop``. A port of 0 means any free one."""

    def __init__(self, app: ASGIApp, host: str, port: int) -> None:
        self.host = host
        self.port = port  # after start: the one in use
        self._server = _Server(
            uvicorn.Config(
                app,
                http=_Impatient,
                ws="websockets-sansio",
                ws_max_size=LARGEST_MESSAGE,
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                timeout_graceful_shutdown=GRACE,
            )
        )
        self._task: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        """Where it can be asked, ``http://127.0.0.1:8080``."""
        return f"http://[{self.host}]:{self.port}" if ":" in self.host else f"http://{self.host}:{self.port}"

    async def start(self) -> None:
        """Open the port: from now on nobody is refused. Raises ConfigError if it is taken or the host is not ours."""
        listener = _listener(self.host, self.port)
        self.port = listener.getsockname()[1]
        self._task = asyncio.create_task(self._server.serve(sockets=[listener]), name="web")
        if not is_loopback(self.host):
            log.warning(
                "web.open", host=self.host, port=self.port, note="everybody who reaches it can read it"
            )
        log.info("web.started", url=self.url)

    async def stop(self) -> None:
        """Finish what is being answered and close the port. Safe to call twice, or without a start."""
        self._server.should_exit = True
        if self._task is not None:
            await self._task
            self._task = None


def is_loopback(host: str) -> bool:
    """Is this an address of this very machine only?"""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _listener(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        message = f"cannot listen on {host}:{port}: {reason}"
        remedy = "another program has it; choose another NEWSALERT_WEB_PORT, or 0 for any free one"
        raise ConfigError([Problem("settings", 0, "NEWSALERT_WEB_HOST", message, remedy)]) from None


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are the bot's business: it stops its loops in order, this one last."""
        yield


class _Impatient(H11Protocol):
    """Hangs up on clients that keep a connection without asking for anything."""

    _waiting: asyncio.TimerHandle | None = None
    _upgraded = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > MOST_CLIENTS:
            transport.abort()
        self._watch()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget()
        super().connection_lost(exc)

    def handle_websocket_upgrade(self, event: Request) -> None:
        super().handle_websocket_upgrade(event)
        self._upgraded = (
            True  # from now on another protocol reads; pages may be silent for as long as they like
        )
        self._forget()

    def _watch(self) -> None:
        if self._upgraded:
            return
        cycle = cast("RequestResponseCycle | None", self.cycle)
        if cycle is not None and not cycle.response_complete:
            self._forget()
        elif self._waiting is None:
            self._waiting = self.loop.call_later(PATIENCE, self.transport.close)

    def _forget(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None
