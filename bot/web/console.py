"""The console on the one app: who is let in, the API, the pages; and what a page may load.

*Content security policy*: scripts come from us alone, and of inline scripts only those the answer itself names by a
nonce, which is new with every answer; no plug-ins, no frames, no base, no forms to elsewhere. Two concessions are
NiceGUI's: it compiles its components' templates and evaluates the messages of its own server, so ``unsafe-eval``
stands there, and Quasar positions by style attributes, so styles may be inline. Feed text meets neither: it is only
ever set as text.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from fastapi import FastAPI

from bot.config.settings import Settings
from bot.errors import ConfigError, Problem
from bot.service import Service
from bot.web.api import put_api
from bot.web.keys import Keys
from bot.web.login import login_routes
from bot.web.server import is_loopback


def keys_of(settings: Settings, monotonic: Callable[[], float]) -> Keys:
    """Who is let in. Raises ConfigError for an address others reach without anybody named."""
    users, here = settings.console_users, is_loopback(settings.web_host)
    if not users and not here:
        message = f"the console would be open to everybody who reaches {settings.web_host}"
        remedy = "newsalert console-user makes a login for NEWSALERT_WEB_USERS; or NEWSALERT_WEB_CONSOLE=no"
        raise ConfigError([Problem("settings", 0, "NEWSALERT_WEB_USERS", message, remedy)])
    return Keys(users, open_here=here, monotonic=monotonic)


@asynccontextmanager
async def console(app: FastAPI, service: Service, keys: Keys) -> AsyncIterator[None]:
    """Put the console on an app made with these keys, for as long as this lasts."""
    app.include_router(login_routes(keys))
    put_api(app, service)
    from bot.web.pages import pages  # a second of work and some megabytes that only the console needs
    from bot.web.pages.frame import Front

    async with pages(Front(service, keys)) as made:
        app.mount("/", made)
        yield
