"""The text of an article's own page: politely asked for, extracted off the event loop.

Robots rules are the site's word on whether we may: ``robots.txt`` is read once a day for each origin, and pages it
closes are left alone. Where there is none (4xx) all is open; where it cannot be read (5xx, no answer) the site is left
alone for an hour (RFC 9309).

trafilatura finds the article among menus and teasers; appeals written as paragraphs survive it and are for
:mod:`bot.core.cleaning` to drop.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from urllib.parse import urlsplit, urlunsplit
from urllib.robotparser import RobotFileParser

from bot.core import urls
from bot.errors import FetchError, ParseError
from bot.sources.charset import decode
from bot.sources.headers import media_type
from bot.sources.http import Client

PAGE_LIMIT = 3_000_000  # bytes
ROBOTS_LIMIT = 500_000  # bytes, as search engines read it
ROBOTS_LAST = 24 * 3600.0  # seconds
ROBOTS_LAST_UNREAD = 3600.0
MOST_ORIGINS = 5_000
MOST_PARAGRAPHS = 2_000
MOST_ARTICLES = 500  # kept, since feeds of one publisher share articles

_ACCEPT = "text/html, application/xhtml+xml;q=0.9"
_HTML_TYPES = ("text/html", "application/xhtml+xml", "")

logging.getLogger("trafilatura").setLevel(logging.CRITICAL)  # it writes an error for every odd page


class PageSource:
    """``read(link)``: the paragraphs of an article."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._robots: OrderedDict[tuple[str, str, int], tuple[float, RobotFileParser]] = OrderedDict()
        self._articles: OrderedDict[str, list[str]] = OrderedDict()

    async def read(self, link: str) -> list[str]:
        """The article's paragraphs, in order. Raises FetchError, and ParseError where no article is found."""
        name = urls.canonical(link)
        if name not in self._articles:
            self._articles[name] = await self._read(link)
            if len(self._articles) > MOST_ARTICLES:
                self._articles.popitem(last=False)
        return list(self._articles[name])

    async def _read(self, link: str) -> list[str]:
        subject = urls.host_of(link)
        if not subject:
            raise FetchError("page", "bad-url", "its link is not an http or https address")
        if not await self._may_read(link, subject):
            raise FetchError(subject, "robots", "its robots.txt asks us not to read this page")
        answer = await self._client.get(
            link, subject, headers={"Accept": _ACCEPT}, limit=PAGE_LIMIT, urgent=False
        )
        content_type = answer.headers.get("Content-Type", "")
        if media_type(content_type) not in _HTML_TYPES:
            raise ParseError(subject, "not a web page")
        found = await asyncio.to_thread(article, answer.body, content_type)
        if not found:
            raise ParseError(subject, "no article found on the page")
        return found

    # ── robots.txt ───────────────────────────────────────────────────────────────────────────────────
    async def _may_read(self, link: str, subject: str) -> bool:
        robots = await self._robots_of(link, subject)
        try:
            return robots.can_fetch(self._client.options.user_agent, link)
        except ValueError:  # it unquotes the address, and what comes out may be none
            return False

    async def _robots_of(self, link: str, subject: str) -> RobotFileParser:
        origin = urls.origin(link)
        now = asyncio.get_running_loop().time()
        until, robots = self._robots.get(origin, (0.0, RobotFileParser()))
        if until <= now:
            robots, lasts = await self._read_robots(link, subject)
            self._robots[origin] = (now + lasts, robots)
            if len(self._robots) > MOST_ORIGINS:
                self._robots.popitem(last=False)
        return robots

    async def _read_robots(self, link: str, subject: str) -> tuple[RobotFileParser, float]:
        robots = RobotFileParser()
        try:
            answer = await self._client.get(
                _robots_address(link), subject, limit=ROBOTS_LIMIT, headers={"Accept": "text/plain"}
            )
        except FetchError as error:
            open_to_all = 400 <= error.status < 500 and error.status != 429
            robots.parse(() if open_to_all else ("User-agent: *", "Disallow: /"))
            return robots, ROBOTS_LAST if open_to_all else ROBOTS_LAST_UNREAD
        robots.parse(answer.body.decode("utf-8", "replace").splitlines())
        return robots, ROBOTS_LAST


def _robots_address(link: str) -> str:
    parts = urlsplit(link)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], "/robots.txt", "", ""))


def article(body: bytes, content_type: str = "") -> list[str]:
    """The paragraphs of the article in a page, markup removed; none where there is no article. Pure, and slow."""
    import trafilatura  # takes as long to import as all the rest: not for those who read no pages

    text = decode(body, content_type).text
    found = trafilatura.extract(text, include_comments=False, include_tables=False, deduplicate=False) or ""
    lines = (line.strip() for line in found.splitlines())
    return [line for line in lines if line][:MOST_PARAGRAPHS]
