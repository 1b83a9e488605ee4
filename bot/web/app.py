"""What the bot tells about itself over HTTP; nothing here changes anything.

==========  ===================================================================================
/healthz    200 while the process and every supervised loop live; 503 names the loops that do not
/readyz     200 once the store is open, the rules are loaded and every feed was asked once
/metrics    the registry, in Prometheus' text format
==========  ===================================================================================

The difference matters to whoever restarts us: a bot that is not *healthy* should be restarted, one that is not
*ready* should be waited for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from fastapi import FastAPI, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from bot.web.access import Access
from bot.web.guard import Guard
from bot.web.keys import Keys


@dataclass(frozen=True, slots=True)
class Health:
    """What is known at this moment. ``failing`` names loops that died and have not yet proven themselves again."""

    failing: tuple[str, ...] = ()
    store_open: bool = False
    rules_loaded: bool = False
    first_round: bool = False  # every enabled feed was asked at least once

    @property
    def alive(self) -> bool:
        """Nothing that a restart would repair."""
        return not self.failing

    @property
    def missing(self) -> tuple[str, ...]:
        """What keeps the bot from being ready, in words."""
        wanted = {
            "the store is not open": self.store_open,
            "no rules are loaded": self.rules_loaded,
            "the first round of polls is not over": self.first_round,
        }
        return tuple(words for words, there in wanted.items() if not there)


def create_app(
    health: Callable[[], Health],
    registry: CollectorRegistry,
    *,
    hosts: Iterable[str] = (),
    keys: Keys | None = None,
) -> FastAPI:
    """The app. ``health`` is asked at every request; ``hosts`` are further names it may be called by.

    With ``keys`` whatever is put on it is for those who are let in (:mod:`bot.web.access`).
    """
    app = FastAPI(title="newsalert", docs_url=None, redoc_url=None, openapi_url=None)
    if keys is not None:
        app.add_middleware(Access, keys=keys)
    app.add_middleware(Guard, hosts=hosts)  # the last one added is asked first

    @app.api_route("/healthz", methods=["GET", "HEAD"], include_in_schema=False)
    async def healthz() -> JSONResponse:
        now = health()
        body = {"status": "ok" if now.alive else "failing", "failing": list(now.failing)}
        return JSONResponse(body, 200 if now.alive else 503)

    @app.api_route("/readyz", methods=["GET", "HEAD"], include_in_schema=False)
    async def readyz() -> JSONResponse:
        now = health()
        missing = [*now.missing, *(f"{loop} failed" for loop in now.failing)]
        body = {"status": "not ready" if missing else "ready", "missing": missing}
        return JSONResponse(body, 503 if missing else 200)

    @app.api_route("/metrics", methods=["GET", "HEAD"], include_in_schema=False)
    async def metrics() -> Response:
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    return app
