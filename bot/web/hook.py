"""Where Telegram calls us, for deployments that prefer a webhook to asking.

Nothing is decided here: the front compares the secret and says what to answer (:meth:`bot.chat.ChatFront.accept`).
The path is no secret; the header is. An answer holds no body, whatever was wrong.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from fastapi import APIRouter, Request, Response

PATH = "/telegram/webhook"
HEADER = "X-Telegram-Bot-Api-Secret-Token"
LARGEST = 1_000_000  # bytes of one update

Accept = Callable[[str | None, bytes], Awaitable[int]]


def telegram_hook(accept: Accept) -> APIRouter:
    """The route; ``accept`` takes the header and the body, and returns the HTTP status."""
    router = APIRouter()

    @router.post(PATH)
    async def webhook(request: Request) -> Response:
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > LARGEST:
                return Response(status_code=413)
        return Response(status_code=await accept(request.headers.get(HEADER), bytes(body)))

    return router
