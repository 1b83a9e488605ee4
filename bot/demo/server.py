"""The sample day's publishers: one HTTP server on loopback that publishes an item every second.

Publication begins when every feed has been read once, so that the bot meets each of them as it meets a real one: what
already stands there is archived, what comes after is news. From then on every answer is a function of the clock;
nothing runs in the background. Moments are whole seconds, for that is all a date in RSS can tell, and the delays the
bot reports are true.

Answers are what publishers give: gzip where it is asked for, ETag or Last-Modified or neither, 304 where nothing
changed.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from hashlib import blake2b

from aiohttp import ETag, web

from bot.demo.day import LENGTH, OUTLETS, Outlet
from bot.demo.documents import Document, Moment, Seen, feed, page, visible

HEAD_START = timedelta(seconds=1)
"""Between the last feed's first reading and the day's second 0, so that the baseline is decided before."""


class DemoServer:
    """Use through :func:`demo_server`. ``now`` is the wall clock; tests bring their own.

    ``requests`` counts answers by HTTP status.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._opened = _whole(now())
        self._started: datetime | None = None
        self._met: set[str] = set()  # outlets whose feed was read
        self._finished: set[str] = set()  # … and read again after the last change
        self._done = asyncio.Event()
        self.requests: Counter[int] = Counter()
        self.base_url = ""

    @property
    def started(self) -> datetime | None:
        """The day's second 0; None until every feed was read once."""
        return self._started

    @property
    def feeds(self) -> Mapping[str, str]:
        """Outlet → the address of its feed."""
        return {outlet.name: f"{self.base_url}/{outlet.name}/feed" for outlet in OUTLETS}

    def feeds_yaml(self) -> str:
        """These outlets as a ``feeds.yaml``, to be asked every second."""
        return "feeds:\n" + "".join(
            f"  - {{name: {outlet.name}, url: '{self.feeds[outlet.name]}', owner: {outlet.owner}, lang: en, "
            "min_interval: 1s, max_interval: 1s}\n"
            for outlet in OUTLETS
        )

    async def done(self) -> None:
        """Returns when the day is over and every feed has been read since."""
        await self._done.wait()

    # ── answering ────────────────────────────────────────────────────────────────────────────────────
    def app(self) -> web.Application:
        """The application, one path an outlet."""
        app = web.Application()
        app.router.add_get("/{outlet}/feed", self._feed)
        app.router.add_get("/{outlet}/{item}", self._page)
        return app

    async def _feed(self, request: web.Request) -> web.Response:
        outlet = _outlet(request)
        seen = visible(outlet, self._moment())
        base = f"{self.base_url}/{outlet.name}"
        response = _conditional(request, outlet, feed(outlet, seen, base), max(each.updated for each in seen))
        self._read(outlet)
        self.requests[response.status] += 1
        return response

    async def _page(self, request: web.Request) -> web.Response:
        outlet = _outlet(request)
        found = (
            seen for seen in visible(outlet, self._moment()) if seen.item.id == request.match_info["item"]
        )
        seen: Seen | None = next(found, None)
        self.requests[200 if seen else 404] += 1
        if seen is None:
            raise web.HTTPNotFound
        return _answer(page(seen, outlet))

    def _moment(self) -> Moment:
        return Moment(self._opened, self._started, self._now())

    def _read(self, outlet: Outlet) -> None:
        """Note that the feed was read: by all of them the day begins, and ends."""
        self._met.add(outlet.name)
        if self._started is None:
            if len(self._met) == len(OUTLETS):
                self._started = _whole(self._now() + HEAD_START + timedelta(seconds=1))
        elif self._now() >= self._started + LENGTH:
            self._finished.add(outlet.name)
            if len(self._finished) == len(OUTLETS):
                self._done.set()


@asynccontextmanager
async def demo_server(now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> AsyncIterator[DemoServer]:
    """The day's publishers, answering on a free port of 127.0.0.1 until left."""
    server = DemoServer(now)
    runner = web.AppRunner(server.app(), access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        server.base_url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield server
    finally:
        await runner.cleanup()


def _outlet(request: web.Request) -> Outlet:
    name = request.match_info["outlet"]
    outlet = next((outlet for outlet in OUTLETS if outlet.name == name), None)
    if outlet is None:
        raise web.HTTPNotFound
    return outlet


def _answer(document: Document) -> web.Response:
    response = web.Response(text=document.body, content_type=document.content_type, charset="utf-8")
    response.enable_compression()
    return response


def _conditional(request: web.Request, outlet: Outlet, document: Document, changed: datetime) -> web.Response:
    """The document, or 304 if the reader has it; If-None-Match goes before If-Modified-Since (RFC 9110, 13.2.2)."""
    etag = blake2b(document.body.encode(), digest_size=8).hexdigest() if "etag" in outlet.validators else ""
    modified = changed if "last-modified" in outlet.validators else None
    response = web.Response(status=304) if _has(request, etag, modified) else _answer(document)
    if etag:
        response.etag = ETag(etag)
    if modified:
        response.last_modified = modified
    return response


def _has(request: web.Request, etag: str, modified: datetime | None) -> bool:
    if etag and request.if_none_match:
        return any(each.value == etag for each in request.if_none_match)
    since = request.if_modified_since
    return modified is not None and since is not None and modified <= since


def _whole(time: datetime) -> datetime:
    return time.replace(microsecond=0)
