"""A feed shows ten items and had twenty new ones: the ten in between come from the page behind it, over real HTTP."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.app import Parts, running_bot
from bot.config.settings import load_settings
from bot.demo.desk import SETTINGS
from bot.ports import Polled, PollRecord
from tests.e2e.editors import write_rules

WINDOW = 10


class Site:
    """Its feed shows the newest ten; ``/feed?page=2`` the ten before, and so on."""

    def __init__(self) -> None:
        self.count = WINDOW

    async def feed(self, request: web.Request) -> web.Response:
        page = int(request.query.get("page", "1"))
        newest = self.count - (page - 1) * WINDOW
        items = "".join(item(number) for number in range(newest, max(0, newest - WINDOW), -1))
        older = f'<{request.url.with_query(page=page + 1)}>; rel="next"'
        body = f"<rss version='2.0'><channel><title>Paper</title>{items}</channel></rss>"
        return web.Response(text=body, content_type="application/rss+xml", headers={"Link": older})


def item(number: int) -> str:
    date = format_datetime(datetime.now(UTC) - timedelta(minutes=100 - number), usegmt=True)
    return f"<item><title>Number {number}</title><guid>{number}</guid><pubDate>{date}</pubDate></item>"


async def test_what_went_through_the_window_is_read_from_the_page_behind_it(tmp_path: Path) -> None:
    site, got, all_here = Site(), set[str](), asyncio.Event()

    def observe(_polled: Polled, record: PollRecord) -> None:
        got.update(entry.title for entry, _ in record.entries)
        if len(got) == WINDOW:
            site.count = 3 * WINDOW  # two windows at once: ten items are never shown on the first page
        if len(got) == 3 * WINDOW:
            all_here.set()

    app = web.Application()
    app.router.add_get("/feed", site.feed)
    async with TestServer(app) as server:
        url = server.make_url("/feed")
        feed = f"{{name: paper, url: {url}}}"
        rules = write_rules(tmp_path, feed=feed, topic="keywords: [invasion]\n")
        database = f"sqlite+aiosqlite:///{tmp_path / 'bot.sqlite3'}"
        changes = {**SETTINGS, "rules_dir": rules, "database_url": database}
        settings = load_settings(env_file=None).model_copy(update=changes)
        async with running_bot(settings, Parts(observe=observe, web=False)):
            await asyncio.wait_for(all_here.wait(), 120)
    assert got == {f"Number {number}" for number in range(1, 3 * WINDOW + 1)}
