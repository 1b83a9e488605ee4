"""One POST to an address an operator gave us, and what may be said about it when it fails.

The session comes from the guarded client, which refuses addresses that are not public; nothing here opens one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import NamedTuple

from aiohttp import ClientConnectorError, ClientError, ClientSession, ClientTimeout, ConnectionTimeoutError

from bot.errors import Ambiguous, DeliveryError, FetchError, NotSent, ReceiverGone

LONGEST_ANSWER = 8_192  # bytes of an answer we look at


class Answer(NamedTuple):
    """What came back: the status, the beginning of the text, and the seconds we were asked to wait."""

    status: int
    text: str
    retry_after: float | None = None


Post = Callable[[str, bytes, Mapping[str, str]], Awaitable[Answer]]
"""``post(url, body, headers)``; raises the leaves of DeliveryError."""


def poster(session: ClientSession, *, seconds: float = 15.0) -> Post:
    """POST through this session: no redirects, a total deadline, no more of the answer than we need."""

    async def post(url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        deadline = ClientTimeout(total=seconds)
        try:
            async with session.post(
                url, data=body, headers=headers, allow_redirects=False, timeout=deadline
            ) as answer:
                text = (await answer.content.read(LONGEST_ANSWER)).decode("utf-8", "replace")
                return Answer(answer.status, text, retry_after(answer.headers))
        except (ClientError, FetchError, TimeoutError, asyncio.IncompleteReadError, ValueError) as error:
            raise transport_error(error) from None  # the original would carry the address, which is a secret

    return post


def transport_error(error: Exception) -> DeliveryError:
    """No answer: did anything leave? Only a connection that was never made is a sure no."""
    name = type(error).__name__
    if isinstance(error, FetchError):
        return ReceiverGone("the address is not a public one; nothing was connected")
    if isinstance(error, ClientConnectorError | ConnectionTimeoutError):
        return NotSent(f"not connected: {name}")
    if isinstance(error, ValueError):
        return ReceiverGone("the address is not a usable URL")
    return Ambiguous(f"no answer: {name}")


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Retry-After in seconds; the HTTP-date form is left to the caller's default."""
    try:
        return float(headers["Retry-After"])
    except (KeyError, ValueError):
        return None
