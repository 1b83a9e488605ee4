"""Very many publishers in one process of their own, on loopback: ``python -m benchmarks._publishers FEEDS ITEMS``.

Prints its address and serves ``/feed/N``: RSS 2.0 with HTML descriptions in made-up headlines, an item on top of each
document for every ``POST /publish/EVERY`` that the feed took part in (each EVERY-th feed does) and the oldest gone;
``/asked/EVERY`` counts requests.
Every other feed has an entity tag and answers 304; the rest send the same bytes again, as half of the web does.
"""

from __future__ import annotations

import asyncio
import html
import random
import sys
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import cache

import uvloop
from aiohttp import web

_TEXT = (
    "the a of in to for on with at by from after over as and but says said report officials minister council school "
    "market company workers union budget energy water river snow summer winter match team coach season final goal film "
    "music book show museum artist village farmers harvest bread bakery tourists airport train road bridge driver car "
    "bus new old first last week month year day night morning plans meeting visit leader party critics urges opens wins"
)
WORDS = _TEXT.split()
GRAVE = (
    "troops leave the border after drills end",
    "army says missile attack hit a port",
    "strong earthquake shakes the coast",
    "central bank raises rates by half a point",
    "hackers steal data of a ministry",
)
"""Headlines that rules are about; one item in thirty has one."""
START = datetime.now(UTC) - timedelta(hours=20)
HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?><rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel>'
    "<title>Paper {feed}</title><link>https://paper{feed}.example/</link><description>All of it</description>"
    "<language>en</language>"
)


@cache
def _words(number: int) -> tuple[str, str]:
    """A headline and a description."""
    chance = random.Random(number)

    def some(count: int) -> str:
        return " ".join(chance.choices(WORDS, k=count))

    text = (
        f'<p>{some(28).capitalize()}. <a href="/more">{some(3)}</a></p>'
        f'<p>{some(24)}.<br/><img src="/i.jpg"/></p>'
    )
    grave = f"{chance.choice(GRAVE)}, " if number % 30 == 0 else ""
    return f"{grave}{some(4 if grave else 9)}".capitalize(), html.escape(text)


def item(feed: int, number: int) -> str:
    """An item of usual size; dates are of the last day, so that none is too old to be told."""
    title, description = _words((feed * 7919 + number) % 5_000)
    date = format_datetime(START + timedelta(seconds=number * 60 + feed % 60), usegmt=True)
    return (
        f"<item><title>{title} {feed}-{number}</title><link>https://paper{feed}.example/story/{number}</link>"
        f"<guid isPermaLink='false'>tag:paper{feed}.example,{number}</guid><dc:creator>Ada Writer</dc:creator>"
        f"<category>news</category><description>{description}</description><pubDate>{date}</pubDate></item>"
    )


class Publishers:
    """All feeds and how many items each has published since the start."""

    def __init__(self, feeds: int, items: int) -> None:
        self._items = items
        self._published = [0] * feeds
        self._asked = [0] * feeds

    def document(self, feed: int) -> bytes:
        """As it stands now."""
        first = self._published[feed]
        numbers = reversed(range(first, first + self._items))
        body = "\n".join(item(feed, number) for number in numbers)
        return f"{HEAD.format(feed=feed)}{body}</channel></rss>".encode()

    async def feed(self, request: web.Request) -> web.Response:
        """``/feed/N``."""
        feed = int(request.match_info["feed"])
        self._asked[feed] += 1
        headers = {} if feed % 2 else {"ETag": f'"{self._published[feed]}"'}
        if headers and request.headers.get("If-None-Match") == headers["ETag"]:
            return web.Response(status=304, headers=headers)
        return web.Response(body=self.document(feed), content_type="application/rss+xml", headers=headers)

    async def publish(self, request: web.Request) -> web.Response:
        """``/publish/EVERY``: one new item in each EVERY-th feed."""
        for feed in range(0, len(self._published), int(request.match_info["every"])):
            self._published[feed] += 1
        return web.Response()

    async def asked(self, request: web.Request) -> web.Response:
        """``/asked/EVERY``: how many requests came, and how many of them for each EVERY-th feed."""
        every = int(request.match_info["every"])
        return web.json_response({"all": sum(self._asked), "publishing": sum(self._asked[::every])})


async def _serve(feeds: int, items: int) -> None:
    publishers = Publishers(feeds, items)
    app = web.Application()
    app.add_routes(
        [
            web.get("/feed/{feed}", publishers.feed),
            web.post("/publish/{every}", publishers.publish),
            web.get("/asked/{every}", publishers.asked),
        ]
    )
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, backlog=1024).start()
    port = runner.addresses[0][1]
    print(f"http://127.0.0.1:{port}", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(_serve(int(sys.argv[1]), int(sys.argv[2])))
