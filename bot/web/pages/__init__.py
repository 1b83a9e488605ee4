"""The pages, built with NiceGUI; imported only where the console is on.

NiceGUI is one per process: its app, its routes and its socket are module globals. So the pages are registered once
(:func:`_made`), and which bot a visitor talks to travels with the request, as ``scope["state"]["front"]``. Every page
is a function that takes :class:`bot.web.pages.frame.Here`: the service, who is visiting, and the visitor's words.

Feed text reaches a page as label text, as a table's cell or as a value of the Live component, all of which set text;
``ui.html`` and ``ui.markdown`` are not used, and a test looks for them.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache

from fastapi import FastAPI
from nicegui import ui
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.web.pages import deliveries, feeds, live, near, numbers, people, rules, story
from bot.web.pages.frame import Front

POLICY = (
    "default-src 'none'; script-src 'self' 'nonce-{nonce}' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self' data:; connect-src 'self'; media-src 'self'; worker-src 'self' blob:; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; object-src 'none'"
)
_PAGES = (live, story, rules, feeds, deliveries, people, near, numbers)


@cache
def _made() -> FastAPI:
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    for page in _PAGES:
        page.register()
    ui.run_with(
        app,
        title="newsalert",
        dark=None,
        tailwind=False,
        binding_refresh_interval=None,  # no page binds; an idle bot has nothing to refresh
        reconnect_timeout=10.0,
        gzip_middleware_factory=None,
        show_welcome_message=False,
    )
    return app


@asynccontextmanager
async def pages(front: Front) -> AsyncIterator[ASGIApp]:
    """The pages for one bot, as an app to be mounted at "/"."""
    app = _made()
    async with app.router.lifespan_context(app):
        yield _Mounted(app, front)


class _Mounted:
    """Puts the front into the request, and a nonce on every script of an answer and into its policy."""

    def __init__(self, app: ASGIApp, front: Front) -> None:
        self._app = app
        self._front = front

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope.setdefault("state", {})["front"] = self._front
        await self._app(scope, receive, _Nonced(send).send if scope["type"] == "http" else send)


class _Nonced:
    """An HTML answer is held back until it is whole; everything else passes as it comes."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._start: Message | None = None
        self._body = bytearray()

    async def send(self, message: Message) -> None:
        """One message of the answer."""
        if message["type"] == "http.response.start":
            if b"text/html" in dict(message["headers"]).get(b"content-type", b""):
                self._start = message
                return
        elif self._start is not None and message["type"] == "http.response.body":
            self._body += message.get("body", b"")
            if not message.get("more_body"):
                await self._finish(self._start)
            return
        await self._send(message)

    async def _finish(self, start: Message) -> None:
        nonce = secrets.token_urlsafe(16)
        # Every element's text stands in the page as JSON with its brackets escaped: "<script" is NiceGUI's own.
        body = bytes(self._body).replace(b"<script", f'<script nonce="{nonce}"'.encode())
        headers = MutableHeaders(scope=start)
        headers["content-length"] = str(len(body))
        headers["content-security-policy"] = POLICY.format(nonce=nonce)
        headers["cache-control"] = "no-store"
        headers["referrer-policy"] = "same-origin"
        await self._send(start)
        await self._send({"type": "http.response.body", "body": body})
