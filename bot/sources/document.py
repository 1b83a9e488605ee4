"""A decoded document → raw entries, by feedparser or, for JSON Feed, by ourselves. Pure.

Markup stays in: what people may see is made of it later, in one place (:mod:`bot.core.plain`).
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from typing import Any

import feedparser

from bot.core.model import RawEntry
from bot.sources.dates import from_struct
from bot.sources.jsonfeed import looks_like_json, parse_json

_DECLARATION = re.compile(r"\A\s*<\?xml[^>]*\?>")
_HTML = re.compile(r"\A\s*(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html)\b", re.IGNORECASE | re.DOTALL)
_LOOKED_AT = 4_000  # characters at the beginning


class NotAFeedError(Exception):
    """The document is no feed; the message says what it is instead."""


def parse_document(text: str) -> Sequence[RawEntry]:
    """The items of a document, in its order. Raises NotAFeedError."""
    if looks_like_json(text):
        try:
            return parse_json(text)
        except ValueError as error:
            raise NotAFeedError(f"not a feed: {error}") from None
    parsed = read(text)
    if not parsed.entries and not parsed.get("version"):
        raise NotAFeedError(f"not a feed: {_what(text)}")
    language = _text(parsed.feed, "language")
    return [raw_entry(entry, language) for entry in parsed.entries]


def read(text: str) -> Any:
    """feedparser's result for this text. Bytes that declare UTF-8 are all it sees, so it guesses nothing.

    It is not told where the document was read: it would make addresses of relative ids, other ones after a redirect.
    """
    body = _DECLARATION.sub("", text, count=1).encode("utf-8", "replace")
    return feedparser.parse(
        io.BytesIO(body),
        response_headers={"content-type": "application/xml; charset=utf-8"},
        sanitize_html=False,
        resolve_relative_uris=False,
    )


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


def _what(text: str) -> str:
    if not text.strip():
        return "an empty document"
    if _HTML.match(text[:_LOOKED_AT]):
        return "a web page"
    return "no items and no known format"
