"""Where publishers' hubs call us (WebSub). Whether a call is believed is decided by :mod:`bot.sources.websub`.

The token in the path is unguessable and the only thing looked at before the body is read; whoever does not know one
learns nothing and costs nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from fastapi import APIRouter, Request, Response

from bot.sources.websub import Reply


class HubCalls(Protocol):
    """Who judges the calls."""

    def knows(self, token: str) -> bool: ...

    def confirm(self, token: str, query: Mapping[str, str]) -> Reply: ...

    def push(self, token: str, headers: Mapping[str, str], body: bytes) -> Reply: ...


def websub_hook(calls: HubCalls, path: str, largest: int) -> APIRouter:
    """The route below ``path``; no document larger than ``largest`` bytes is taken."""
    router = APIRouter()

    @router.get(f"{path}/{{token}}", include_in_schema=False)
    async def confirm(token: str, request: Request) -> Response:
        return _said(calls.confirm(token, request.query_params))

    @router.post(f"{path}/{{token}}", include_in_schema=False)
    async def push(token: str, request: Request) -> Response:
        body = bytearray()
        if calls.knows(token):
            async for chunk in request.stream():
                body += chunk
                if len(body) > largest:
                    return Response(status_code=413)
        return _said(calls.push(token, request.headers, bytes(body)))

    return router


def _said(reply: Reply) -> Response:
    """Plain text, for the challenge comes from a stranger."""
    return Response(reply.text, reply.status, media_type="text/plain")
