"""Which feeds does this site have? Asked for a person who knows an address and not its feed.

In this order, and each candidate is read before it is offered: the address itself; what its page announces
(``<link rel="alternate">``); links on the page that look like feeds; the news sitemaps ``robots.txt`` names; and, when
nothing was found, the places where feeds usually stand. Not more than :data:`MOST_TRIES` requests in all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urlsplit, urlunsplit

from lxml import etree
from lxml import html as markup

from bot.core import urls
from bot.errors import FetchError, ParseError
from bot.sources.charset import decode
from bot.sources.feed import ACCEPT
from bot.sources.http import Answer, Client
from bot.sources.parsers import Parsers
from bot.sources.websub import Hub, hub_of

MOST_TRIES = 12
LARGEST_PAGE = 3_000_000  # bytes
_FEED_TYPES = re.compile(
    r"application/(?:rss|atom|rdf|feed)\+(?:xml|json)|(?:application|text)/(?:xml|json|rss)", re.I
)
_LOOKS_LIKE_FEED = re.compile(
    r"(?:^|[/._-])(?:rss|feeds?|atom|rdf)(?:$|[/._?&-]|\d)|\.(?:rss|rdf|atom)$", re.IGNORECASE
)
USUAL_PLACES = (
    "/feed", "/rss", "/rss.xml", "/feed.xml", "/atom.xml", "/index.xml", "/feed.json",
    "/news-sitemap.xml", "/sitemap-news.xml",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Candidate:
    """An address that may be a feed, and where we have it from."""

    url: str
    found: str  # "the address itself", "announced", "linked", "robots.txt", "a usual place"
    kind: str = "feed"
    title: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """A feed that was read."""

    url: str  # after redirects that are for good
    kind: str
    found: str
    title: str
    items: int
    newest: datetime | None
    hub: Hub | None = None


class Discovery:
    """Looks for feeds over the guarded client, and reads them as the poller would."""

    def __init__(self, client: Client, parsers: Parsers) -> None:
        self._client = client
        self._parsers = parsers
        self._left = MOST_TRIES

    async def feeds_of(self, url: str) -> list[Found]:
        """The feeds of a site or page, the likeliest first. Raises FetchError when the address itself fails."""
        self._left = MOST_TRIES
        answer = await self._ask(url)
        itself = await self._read(Candidate(url, "the address itself"), answer)
        if itself is not None:
            return [itself]
        page = candidates_in(answer.body, answer.headers.get("Content-Type", ""), answer.url)
        found = await self._try([*page, *await self._from_robots(answer.url)])
        return found or await self._try(usual_places(answer.url))

    async def _try(self, candidates: list[Candidate]) -> list[Found]:
        found: dict[str, Found] = {}
        for candidate in candidates:
            if self._left <= 0:
                break
            try:
                one = await self._read(candidate, await self._ask(candidate.url))
            except FetchError:
                continue
            if one is not None:
                found.setdefault(urls.canonical(one.url), one)
        return list(found.values())

    async def _ask(self, url: str) -> Answer:
        self._left -= 1
        subject = urls.host_of(url) or "address"
        return await self._client.get(
            url, subject, headers={"Accept": f"text/html, {ACCEPT}"}, limit=LARGEST_PAGE
        )

    async def _from_robots(self, url: str) -> list[Candidate]:
        try:
            answer = await self._ask(_at_root(url, "/robots.txt"))
        except FetchError:
            return []
        return sitemaps_in(answer.body.decode("utf-8", "replace"))

    async def _read(self, candidate: Candidate, answer: Answer) -> Found | None:
        """What stands there, if it is a feed or a news sitemap with news in it."""
        for kind in dict.fromkeys((candidate.kind, "feed", "sitemap")):
            content_type = answer.headers.get("Content-Type", "")
            try:
                reading = await self._parsers.read(kind, answer.body, content_type, answer.url)
            except ParseError:
                continue
            if kind == "sitemap" and not reading.entries:
                continue
            dates = [date for entry in reading.entries if (date := entry.published or entry.updated)]
            return Found(
                answer.moved_to or candidate.url,
                kind,
                candidate.found,
                candidate.title,
                len(reading.entries),
                max(dates, default=None),
                hub_of(answer.headers, answer.body, answer.url),
            )
        return None


# ── pure ─────────────────────────────────────────────────────────────────────────────────────────────
def candidates_in(body: bytes, content_type: str, url: str) -> list[Candidate]:
    """Feeds a page announces, then links that look like feeds; each address once."""
    try:
        page = markup.fromstring(decode(body, content_type).utf8, parser=markup.HTMLParser(encoding="utf-8"))
    except (etree.ParserError, etree.XMLSyntaxError, ValueError):
        return []
    base = urls.absolute(url, str(page.xpath("string(//base/@href)"))) or url
    found: dict[str, Candidate] = {}
    for candidate in (*_announced(page), *_linked(page)):
        address = urls.absolute(base, candidate.url)
        if address:
            found.setdefault(urls.canonical(address), replace(candidate, url=address))
    return list(found.values())


def _announced(page: markup.HtmlElement) -> Iterator[Candidate]:
    for link in page.iter("link"):
        relations = str(link.get("rel", "")).lower().split()
        if {"alternate", "feed"} & set(relations) and _FEED_TYPES.match(str(link.get("type", ""))):
            yield Candidate(str(link.get("href", "")), "announced", title=_short(str(link.get("title", ""))))


def _linked(page: markup.HtmlElement) -> Iterator[Candidate]:
    for link in page.iter("a"):
        address = str(link.get("href", ""))
        parts = urls.split(address)
        if _LOOKS_LIKE_FEED.search(parts.path if parts is not None else address.partition("?")[0]):
            yield Candidate(address, "linked", title=_short(str(link.text_content())))


def sitemaps_in(robots: str) -> list[Candidate]:
    """News sitemaps that a ``robots.txt`` names, by their names."""
    lines = (line.partition(":") for line in robots.splitlines())
    named = (where.strip() for name, _, where in lines if name.strip().lower() == "sitemap")
    return [
        Candidate(where, "robots.txt", "sitemap")
        for where in named
        if "news" in where.lower() and urls.split(where)
    ]


def usual_places(url: str) -> list[Candidate]:
    """Where feeds usually stand."""
    return [
        Candidate(_at_root(url, path), "a usual place", "sitemap" if "sitemap" in path else "feed")
        for path in USUAL_PLACES
    ]


def _at_root(url: str, path: str) -> str:
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc, path, "", ""))


def _short(text: str) -> str:
    return " ".join(text.split())[:100]
