"""JSON Feed 1.0 and 1.1 → raw entries. Pure.

Publishers are as careless here as in XML: ids are numbers, authors are strings, fields have the wrong type. What is
not what the format says is left out, field by field; an item is never lost for one of its fields.
"""

from __future__ import annotations

import html
import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from bot.core.model import RawEntry
from bot.sources.dates import iso_date

DEEPEST = 60
"""Brackets within brackets; a feed has five."""


def looks_like_json(text: str) -> bool:
    """Does the document begin as a JSON object?"""
    return text.lstrip()[:1] == "{"


def parse_json(text: str) -> Sequence[RawEntry]:
    """The items, in order. Raises ValueError saying why it is no JSON Feed."""
    if _depth(text) > DEEPEST:
        raise ValueError("JSON nested too deeply")
    try:
        document = json.loads(text, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        raise ValueError("broken JSON") from None
    items = document.get("items") if isinstance(document, dict) else None
    if not isinstance(items, list):
        raise ValueError("JSON without a list of items")
    language = _text(document, "language")
    authors = ", ".join(_authors(document))
    return [_entry(item, language, authors) for item in items if isinstance(item, dict)]


def _entry(item: dict[str, Any], language: str, authors: str) -> RawEntry:
    link = _text(item, "url") or _text(item, "external_url")
    return RawEntry(
        guid=_text(item, "id") or link,
        link=link,
        title=html.escape(_text(item, "title"), quote=False),
        summary=html.escape(_text(item, "summary"), quote=False),
        content=_text(item, "content_html") or html.escape(_text(item, "content_text"), quote=False),
        author=html.escape(", ".join(_authors(item)) or authors, quote=False),
        lang=_text(item, "language") or language,
        published=_date(item, "date_published"),
        updated=_date(item, "date_modified"),
        tags=tuple(tag for tag in _list(item, "tags") if isinstance(tag, str) and tag),
    )


def _authors(thing: dict[str, Any]) -> Iterator[str]:
    """Version 1.1 has a list, 1.0 one object, and some write a name."""
    for author in [*_list(thing, "authors"), thing.get("author")]:
        name = (
            author if isinstance(author, str) else _text(author, "name") if isinstance(author, dict) else ""
        )
        if name:
            yield name


def _text(thing: dict[str, Any], name: str) -> str:
    value = thing.get(name)
    return value.strip() if isinstance(value, str) else ""


def _list(thing: dict[str, Any], name: str) -> list[Any]:
    value = thing.get(name)
    return value if isinstance(value, list) else []


def _date(item: dict[str, Any], name: str) -> datetime | None:
    return iso_date(_text(item, name))


def _depth(text: str) -> int:
    """How deep brackets open, those in strings included: an upper bound, found without recursion."""
    depth = deepest = 0
    for character in text:
        if character in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif character in "]}":
            depth -= 1
    return deepest
