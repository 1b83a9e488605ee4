"""A document in UTF-8 → raw entries, by feedparser or, for JSON Feed and plain RSS, by ourselves. Pure.

Markup stays in: what people may see is made of it later, in one place (:mod:`bot.core.plain`).
"""

from __future__ import annotations

import io
import re
import xml.sax
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import feedparser
import feedparser.api

from bot.core.model import RawEntry
from bot.sources.dates import from_struct
from bot.sources.jsonfeed import parse_json
from bot.sources.plainrss import plain_entries

feedparser.api.PREFERRED_XML_PARSERS.clear()
"""Expat, everywhere: it would look for another parser at every document, and take it where there is one."""

DECLARATION = re.compile(rb"\A\s*<\?xml\s[^>]*\?>")
_HTML = re.compile(rb"\A\s*(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html)\b", re.IGNORECASE | re.DOTALL)
MOST_ITEMS = 10_000
"""Of one document; the first ones, for publishers put the newest first."""
_LOOKED_AT = 4_000  # bytes at the beginning


class NotAFeedError(Exception):
    """The document is no feed; the message says what it is instead."""


@dataclass(frozen=True, slots=True)
class Items:
    """What a document holds; ``ill_formed`` when it is not XML as the standard has it."""

    entries: Sequence[RawEntry]
    ill_formed: bool = False


def is_json(document: bytes) -> bool:
    """Does it begin as a JSON object?"""
    return document[:_LOOKED_AT].lstrip()[:1] == b"{"


def items_of(document: bytes) -> Items:
    """The items of a whole document, in its order. Raises NotAFeedError."""
    if is_json(document):
        try:
            return Items(parse_json(document.decode("utf-8", "replace"))[:MOST_ITEMS])
        except ValueError as error:
            raise NotAFeedError(f"not a feed: {error}") from None
    if plain := plain_items(document):
        return plain
    parsed = read(document)
    if not parsed.entries and not parsed.get("version"):
        raise NotAFeedError(f"not a feed: {_what(document)}")
    return xml_items(parsed)


def plain_items(document: bytes) -> Items | None:
    """The items of a document that needs no feedparser, see :mod:`bot.sources.plainrss`; None for any other."""
    entries = plain_entries(DECLARATION.sub(b"", document, count=1))
    return Items(entries[:MOST_ITEMS]) if entries else None


def xml_items(parsed: Any) -> Items:
    """What feedparser found."""
    language = _text(parsed.feed, "language")
    ill_formed = isinstance(parsed.get("bozo_exception"), xml.sax.SAXException)
    return Items([raw_entry(entry, language) for entry in parsed.entries[:MOST_ITEMS]], ill_formed)


def read(document: bytes) -> Any:
    """feedparser's result. Bytes that declare UTF-8 are all it sees, so it guesses nothing. Raises NotAFeedError.

    It is not told where the document was read: it would make addresses of relative ids, other ones after a redirect.
    """
    try:
        return feedparser.parse(
            io.BytesIO(DECLARATION.sub(b"", document, count=1)),
            response_headers={"content-type": "application/xml; charset=utf-8"},
            sanitize_html=False,
            resolve_relative_uris=False,
        )
    except ValueError as error:  # a namespace with a space in it, for one
        raise NotAFeedError(f"not a feed: {error}") from None


def raw_entry(entry: Any, language: str) -> RawEntry:
    """One item as feedparser read it; ``language`` is the feed's."""
    return RawEntry(
        guid=_text(entry, "id"),
        link=_text(entry, "link"),
        title=_text(entry, "title"),
        summary=_text(entry, "summary"),
        content=max((_text(part, "value") for part in entry.get("content") or ()), key=len, default=""),
        author=_text(entry, "author"),
        lang=_text(entry.get("title_detail") or {}, "language") or language,
        published=from_struct(dict.get(entry, "published_parsed")),  # its own get answers one for the other
        updated=from_struct(dict.get(entry, "updated_parsed")),
        tags=tuple(_terms(entry)),
    )


def _terms(entry: Any) -> Iterator[str]:
    for tag in entry.get("tags") or ():
        term = _text(tag, "label") or _text(tag, "term")
        if term:
            yield term


def _text(thing: Any, name: str) -> str:
    value = thing.get(name)
    return value if isinstance(value, str) else ""


def _what(document: bytes) -> str:
    if not document.strip():
        return "an empty document"
    if _HTML.match(document[:_LOOKED_AT]):
        return "a web page"
    return "no items and no known format"
