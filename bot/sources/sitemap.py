"""News sitemaps (``<news:news>``): what a publisher tells search engines within minutes, some before their feeds.

A sitemap lists up to a thousand addresses, newest or oldest first, each with headline, date and language. Addresses
without ``<news:news>`` are pages, not news, and are left out. An address that was seen before with the same headline
does not come out again, as with feeds (:mod:`bot.sources.reading`); its address alone identifies it.

Reading is the pure :func:`read_sitemap`; asking is what :class:`bot.sources.feed.FeedSource` does.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

from lxml import etree

from bot.core.model import RawEntry
from bot.sources.charset import decode
from bot.sources.cutting import digest
from bot.sources.dates import iso_date
from bot.sources.document import MOST_ITEMS, NotAFeedError
from bot.sources.reading import Reading, Seen
from bot.sources.unpack import Body, CodingError, TooLargeError

LARGEST = 20_000_000  # bytes of a packed sitemap, unpacked
_GZIP = b"\x1f\x8b"


def read_sitemap(
    body: bytes,
    content_type: str = "",
    url: str = "",  # noqa: ARG001 — what every reader is given; addresses in sitemaps are absolute
    seen: Seen | None = None,
) -> Reading:
    """The news not ``seen`` before, in document order. Raises NotAFeedError."""
    decoded = decode(_unpacked(body), content_type)
    entries = list(_entries(decoded.utf8))[:MOST_ITEMS]
    known = (seen or Seen()).places()
    digests = [_digest(entry) for entry in entries]
    fresh = [entry for entry, each in zip(entries, digests, strict=True) if each not in known]
    return Reading(fresh, Seen(b"".join(digests)), decoded.overridden, decoded.unsure)


def _unpacked(body: bytes) -> bytes:
    """``sitemap.xml.gz`` is a packed file, not a packed answer."""
    if not body.startswith(_GZIP):
        return body
    unpacked = Body("gzip", LARGEST)
    try:
        unpacked.add(body)
        return unpacked.whole()
    except (CodingError, TooLargeError):
        raise NotAFeedError("not a sitemap: a packed file that cannot be unpacked") from None


def _entries(document: bytes) -> Iterator[RawEntry]:
    parser = etree.XMLParser(recover=True, resolve_entities=False, no_network=True, load_dtd=False)
    try:
        root = etree.fromstring(re.sub(rb"\A\s*<\?xml[^>]*\?>", b"", document, count=1), parser)
    except etree.XMLSyntaxError:
        root = None
    kind = "" if root is None else _local(root)
    if kind == "sitemapindex":
        raise NotAFeedError("a list of sitemaps, not a sitemap: give the address of the one with news")
    if kind != "urlset":
        raise NotAFeedError("not a sitemap")
    for element in root:
        entry = _entry(element) if _local(element) == "url" else None
        if entry is not None:
            yield entry


def _entry(element: etree._Element) -> RawEntry | None:
    fields = {_local(child): child for child in reversed(element)}
    news = fields.get("news")
    if news is None:
        return None
    told = {_local(child): _text(child) for child in reversed(news.findall(".//*"))}
    link, title = _text(fields.get("loc")), told.get("title", "")
    if not link or not title:
        return None
    return RawEntry(
        guid=link,
        link=link,
        title=html.escape(title, quote=False),
        lang=told.get("language", ""),
        published=iso_date(told.get("publication_date", "")),
        updated=iso_date(_text(fields.get("lastmod"))),
        tags=tuple(tag for tag in map(str.strip, told.get("keywords", "").split(",")) if tag),
    )


def _local(element: etree._Element) -> str:
    """The element's name without its namespace; "" for comments."""
    return str(element.tag).rpartition("}")[2] if isinstance(element.tag, str) else ""


def _text(element: etree._Element | None) -> str:
    return "" if element is None else " ".join("".join(element.itertext()).split())


def _digest(entry: RawEntry) -> bytes:
    return digest(f"{entry.link}\n{entry.title}\n{entry.published}".encode("utf-8", "replace"))
