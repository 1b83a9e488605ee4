"""Every request and every response passes here: a Host we answer to, and headers that make a browser careful.

*DNS rebinding* turns a visitor's browser into a door to this machine: a page of evil.example lets its own name point
to 127.0.0.1 and reads what we serve. The request then carries ``Host: evil.example``. So a name is answered only if
it is ours: localhost, this machine's name, or one given by the deployment. An address cannot be rebound and is always
answered, which is how probes and scrapes come.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable
from ipaddress import ip_address

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SECURITY_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "interest-cohort=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class Guard:
    """ASGI middleware; ``hosts`` are names answered beside localhost and this machine's own."""

    def __init__(self, app: ASGIApp, *, hosts: Iterable[str] = ()) -> None:
        self._app = app
        self._hosts = {"localhost", socket.gethostname().lower(), *(host.lower() for host in hosts)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        known = self.answers(Headers(scope=scope).get("host", ""))
        if scope["type"] == "websocket":
            await (self._app if known else refuse_socket)(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)  # a page of the console has a policy of its own
            await send(message)

        await (self._app if known else _REFUSAL)(scope, receive, send_guarded)

    def answers(self, host: str) -> bool:
        """May a request with this Host header be answered? ``[::1]:8080``, ``localhost``, ``10.1.2.3:80``."""
        name = host_name(host)
        return name in self._hosts or _is_address(name)


async def refuse_socket(_scope: Scope, receive: Receive, send: Send) -> None:
    """No to a WebSocket, before it is one."""
    await receive()
    await send({"type": "websocket.close", "code": 1008})


_REFUSAL = PlainTextResponse("This service does not go by that name.\n", 421)


def host_name(host: str) -> str:
    """The name or address in a Host header, without port, brackets and final dot."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0].lower().rstrip(".")


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
