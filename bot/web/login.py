"""The login page: one form, no script. Wrong names and wrong passwords look and last the same."""

from __future__ import annotations

import secrets
from html import escape
from urllib.parse import parse_qs

import structlog
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from bot.config.words import Words, words
from bot.web.access import COOKIE, LOGIN, session_key
from bot.web.keys import LONGEST, Keys

log = structlog.get_logger()

LARGEST = 10_000  # bytes of a form

_PAGE = """<!doctype html>
<html lang="{lang}"><head><meta charset="utf-8"><title>newsalert</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">
<style nonce="{nonce}">
body {{ font: 16px system-ui, sans-serif; display: grid; place-items: center; min-height: 90vh; margin: 0 }}
form {{ display: grid; gap: .6rem; width: min(20rem, 90vw) }}
input, button {{ font: inherit; padding: .6rem; border-radius: .4rem; border: 1px solid gray }}
button {{ background: #1a56c4; color: white; border: 0; cursor: pointer }}
p {{ color: #c62828; margin: 0 }}
</style></head><body><main><form method="post" action="{action}">
<h1>newsalert</h1>{problem}
<label for="name">{name}</label><input id="name" name="name" autocomplete="username" autofocus>
<label for="secret">{secret}</label>
<input id="secret" name="secret" type="password" autocomplete="current-password" required>
<button>{enter}</button></form></main></body></html>
"""


def login_routes(keys: Keys) -> APIRouter:
    """GET shows the form, POST lets in; /logout ends a session."""
    router = APIRouter(include_in_schema=False)

    @router.get(LOGIN)
    async def form(request: Request) -> Response:
        return _form(request)

    @router.post(LOGIN)
    async def enter(request: Request) -> Response:
        fields = await _fields(request)
        address = request.client.host if request.client else ""
        wait = keys.wait(address)
        if wait:
            log.warning("web.login.throttled", address=address)
            return _form(request, "Too many tries; wait a little.", 429, {"Retry-After": str(int(wait) + 1)})
        key = await keys.login(fields.get("name", ""), fields.get("secret", ""), address)
        if key is None:
            log.warning("web.login.refused", address=address)
            return _form(request, "That is not right.", 401)
        keys.end(session_key(request.headers))
        log.info("web.login", by=fields.get("name", "")[:40], address=address)
        answer = RedirectResponse(own_path(request.query_params.get("next", "/")), 303)
        secure = request.headers.get("x-forwarded-proto", request.url.scheme) == "https"
        answer.set_cookie(COOKIE, key, int(LONGEST), httponly=True, samesite="lax", secure=secure)
        return answer

    @router.post("/logout")
    async def leave(request: Request) -> Response:
        keys.end(session_key(request.headers))
        answer = RedirectResponse(LOGIN, 303)
        answer.delete_cookie(COOKIE)
        return answer

    return router


def own_path(path: str) -> str:
    """A path of ours to go to after the login; anything that leads elsewhere becomes the first page."""
    fine = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if fine else "/"


async def _fields(request: Request) -> dict[str, str]:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST:
            return {}
    try:
        return {name: values[0] for name, values in parse_qs(body.decode(), max_num_fields=10).items()}
    except ValueError:
        return {}


def _form(
    request: Request, problem: str = "", status: int = 200, headers: dict[str, str] | None = None
) -> Response:
    t, nonce = spoken_to(request), secrets.token_urlsafe(16)
    shown = _PAGE.format(
        lang=t.language,
        nonce=nonce,
        action=escape(str(request.url.path) + (f"?{request.url.query}" if request.url.query else "")),
        problem=f'<p role="alert">{escape(t(problem))}</p>' if problem else "",
        name=escape(t("Name")),
        secret=escape(t("Password or token")),
        enter=escape(t("Log in")),
    )
    policy = f"default-src 'none'; style-src 'nonce-{nonce}'; form-action 'self'; "
    policy += "base-uri 'none'; frame-ancestors 'none'"
    own = {
        "Content-Security-Policy": policy,
        "Referrer-Policy": "same-origin",
    }  # or the form's Origin is "null"
    return HTMLResponse(shown, status, {**own, **(headers or {})})


def spoken_to(request: Request) -> Words:
    """The words of the first language the visitor's browser asks for."""
    return words(
        request.cookies.get("newsalert_language") or request.headers.get("accept-language", "en")[:2]
    )
