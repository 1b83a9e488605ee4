"""The client of the Bot API, one for the notifier and one for the chat front: the notifier sends longer than the front
listens, so each closes its own.

Certificates are read once a process: the library reads them anew for each of its connections, 40 ms every time.
"""

from __future__ import annotations

import ssl
from functools import cache

import httpx
from telegram import Bot
from telegram.request import HTTPXRequest

BASE = "https://api.telegram.org"
CONNECTIONS = 32
ASKING = 15.0  # seconds beyond a long poll's own for its answer


class QuietBot(Bot):
    """python-telegram-bot's client, whose ``repr`` would hold the token."""

    def __repr__(self) -> str:
        return "QuietBot"

    __str__ = __repr__


def telegram_bot(token: str, base: str = BASE, *, seconds: float = 15.0, long_poll: float = 0.0) -> QuietBot:
    """A client with ``seconds`` for every step of a call; asking for updates has a connection of its own."""
    return QuietBot(
        token,
        base_url=f"{base}/bot",
        base_file_url=f"{base}/file/bot",
        request=_connections(CONNECTIONS, seconds, seconds),
        get_updates_request=_connections(1, seconds, long_poll + ASKING),
    )


def _connections(count: int, seconds: float, reading: float) -> HTTPXRequest:
    return HTTPXRequest(
        connection_pool_size=count,
        connect_timeout=seconds,
        read_timeout=reading,
        write_timeout=seconds,
        pool_timeout=seconds,
        httpx_kwargs={"verify": certificates()},
    )


@cache
def certificates() -> ssl.SSLContext:
    """Whom we trust; httpx's own choice."""
    return httpx.create_ssl_context()
