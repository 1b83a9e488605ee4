"""One web page as an item, for a person who asks about its address: its headline and its article.

A single request on a person's behalf, like opening the page; ``robots.txt`` is for what the bot reads by itself.
"""

from __future__ import annotations

import asyncio
import html

from lxml import html as markup
from lxml.etree import ParserError

from bot.core import urls
from bot.core.model import RawEntry
from bot.errors import ParseError
from bot.sources.charset import decode
from bot.sources.http import Client
from bot.sources.page import article

_HEADLINES = ("string(//meta[@property='og:title']/@content)", "string(//h1)", "string(//title)")


async def read_item(client: Client, url: str) -> RawEntry:
    """The page as an item. Raises FetchError, and ParseError where there is neither headline nor article."""
    answer = await client.get(url, urls.host_of(url) or "page", headers={"Accept": "text/html"})
    return await asyncio.to_thread(item_of, answer.url, answer.body, answer.headers.get("Content-Type", ""))


def item_of(url: str, body: bytes, content_type: str = "") -> RawEntry:
    """The same from bytes. Pure, and slow. Raises ParseError."""
    title = headline(decode(body, content_type).text)
    paragraphs = article(body, content_type)
    if not title and not paragraphs:
        raise ParseError(url, "neither a headline nor an article found on the page")
    content = "".join(f"<p>{html.escape(line)}</p>" for line in paragraphs)
    return RawEntry(link=url, title=html.escape(title), content=content)


def headline(text: str) -> str:
    """What the page calls itself: its sharing title, its first heading, or its window's title."""
    try:
        tree = markup.fromstring(text)
    except (ParserError, ValueError):
        return ""
    found = (" ".join(str(tree.xpath(path)).split()) for path in _HEADLINES)
    return next((each for each in found if each), "")
