"""Deny by default: whatever route there is or will be, only somebody who was let in reaches it.

Every request passes here before any route is looked for, so that a new page cannot be forgotten. Open are
:data:`OPEN` alone: what probes and scrapes ask (no news, no names), the login, and Telegram's webhook, whose secret
header is its guard. Whoever is not known gets 401, or the login page where a person is looking.

*Forgery*: a visitor's browser carries our cookie whoever made the request. So whatever may change something (any
method but GET and HEAD, and every WebSocket, which is how pages speak to us) must come from a page of ours by the
browser's own word: ``Sec-Fetch-Site: same-origin``, or, where it says nothing so plain, ``Origin`` with our host.
Scripts carry a token, which no browser adds by itself, or the header ``X-Newsalert``, which no foreign page may send
without asking us first. The
cookie is ``SameSite=Lax`` besides.

*No credentials set*: on loopback whoever sits at this machine is admin, as with the command line; the name
``localhost`` and addresses are answered and no others, and a request that came through a proxy is refused, since then
it is not this machine that asks.
"""

from __future__ import annotations

from http.cookies import CookieError, SimpleCookie
from urllib.parse import quote, urlsplit

import structlog
from starlette.datastructures import Headers
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from bot.web.guard import refuse_socket
from bot.web.hook import PATH as HOOK
from bot.web.keys import Keys, Visit

log = structlog.get_logger()

COOKIE = "newsalert_session"
LOGIN = "/login"
OPEN = frozenset(("/healthz", "/readyz", "/metrics", LOGIN, HOOK))
PUSHED = "/websub/"
"""Hubs deliver below it; their subscriptions are known by secret paths and signatures."""
SAFE = frozenset(("GET", "HEAD", "OPTIONS"))
_PROXIED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")
HERE = Visit("local", "admin")


class Access:
    """ASGI middleware. Puts a :class:`Visit` into ``scope["state"]["visit"]``."""

    def __init__(self, app: ASGIApp, *, keys: Keys) -> None:
        self._app = app
        self._keys = keys

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        refusal = self._refusal(scope, headers)
        if refusal is None:
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await refuse_socket(scope, receive, send)
        else:
            await refusal(scope, receive, send)

    def _refusal(self, scope: Scope, headers: Headers) -> Response | None:
        path = str(scope["path"])
        if path == HOOK or path.startswith(PUSHED):
            return None
        visit = self._visit(headers)
        by_token = headers.get("authorization", "").startswith("Bearer ")
        changes = scope["type"] == "websocket" or scope["method"] not in SAFE
        if changes and not by_token and not ours(headers):
            log.warning("web.forged", path=path, origin=headers.get("origin", "")[:200])
            return PlainTextResponse("This did not come from a page of ours.\n", 403)
        if path not in OPEN and visit is None:
            return _unknown(scope, headers)
        scope.setdefault("state", {})["visit"] = visit
        return None

    def _visit(self, headers: Headers) -> Visit | None:
        scheme, _, token = headers.get("authorization", "").partition(" ")
        if scheme == "Bearer":
            return self._keys.by_token(token.strip())
        if self._keys.open_here:
            return None if any(name in headers for name in _PROXIED) else HERE
        return self._keys.by_session(session_key(headers))


def session_key(headers: Headers) -> str:
    """The session's key in the cookies, "" if there is none."""
    try:
        found = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return ""
    return found.value if found else ""


def ours(headers: Headers) -> bool:
    """Did a page of ours make this request, by the browser's own word, or a script that says so?"""
    if "sec-fetch-site" in headers:
        return headers["sec-fetch-site"] == "same-origin"
    if "origin" in headers:
        return urlsplit(headers["origin"]).netloc == headers.get("host", "") != ""
    return "x-newsalert" in headers


def _unknown(scope: Scope, headers: Headers) -> Response:
    path = str(scope["path"])
    looking = scope["type"] == "http" and scope["method"] in SAFE and "text/html" in headers.get("accept", "")
    if looking and not path.startswith(("/api", "/_nicegui")):
        return RedirectResponse(f"{LOGIN}?next={quote(path)}", 303)
    return JSONResponse({"error": "Log in first."}, 401, {"WWW-Authenticate": "Bearer"})
