"""Items as people pipe them in: one JSON object a line, the same for ``score``, ``cluster``, ``replay``, ``backtest``.

Known fields: ``id, title, summary, text, html, lang, feed, owner, published, link, author``; others are ignored, so
that an archive may carry more than we read. Pure: a line in, an item out or an :class:`InputError` that says why not.
"""

from __future__ import annotations

import html
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

from bot.core.model import Feed, RawEntry
from bot.errors import InputError

TEXT_FIELDS = (
    "id",
    "title",
    "summary",
    "text",
    "html",
    "lang",
    "feed",
    "owner",
    "published",
    "link",
    "author",
)


@dataclass(frozen=True, slots=True)
class Item:
    """One line of an archive: what its publisher wrote, and the feed it stands for."""

    id: str
    raw: RawEntry
    feed: Feed


def parse_item(line: str) -> Item:
    """One JSON line → item. Raises InputError (no line number: the caller knows it)."""
    try:
        fields = json.loads(line)
    except json.JSONDecodeError as error:
        raise InputError(f"not JSON: {error.msg} at column {error.colno}") from None
    if not isinstance(fields, dict):
        raise InputError(f"a JSON object is wanted, this is {_kind(fields)}")
    text = {name: _text(fields, name) for name in TEXT_FIELDS}
    if not text["title"] and not text["summary"] and not text["text"] and not text["html"]:
        raise InputError("none of title, summary, text, html is given")
    published = _time(text["published"]) if text["published"] else None
    raw = RawEntry(
        guid=text["id"],
        link=text["link"],
        title=text["title"],
        summary=text["summary"],
        content=text["html"] or _paragraphs(text["text"]),
        author=text["author"],
        lang=text["lang"],
        published=published,
    )
    return Item(text["id"], raw, _feed(text))


def _feed(text: Mapping[str, str]) -> Feed:
    url = text["feed"] or text["link"]
    name = text["feed"] or publisher(text["link"]) or "stdin"
    return Feed(name=name, url=url, owner=text["owner"] or publisher(url) or name, lang=text["lang"])


def publisher(url: str) -> str:
    """The publisher family a bare address suggests: its host without ``www.``, ``feeds.``, ``rss.``."""
    host = (urlsplit(url).hostname or "") if "//" in url else ""
    for prefix in ("www.", "feeds.", "feed.", "rss.", "edition."):
        host = host.removeprefix(prefix)
    return host


def _text(fields: Mapping[str, object], name: str) -> str:
    value = fields.get(name)
    if value is None:
        return ""
    if isinstance(value, bool | list | dict):
        raise InputError(f"{name}: text is wanted, this is {_kind(value)}")
    return str(value)


def _kind(value: object) -> str:
    words = {dict: "an object", list: "a list", bool: "true or false", str: "a text", type(None): "null"}
    return words.get(type(value), "a number")


def _time(text: str) -> datetime:
    try:
        time = datetime.fromtimestamp(float(text), UTC) if _numeric(text) else datetime.fromisoformat(text)
    except (ValueError, OverflowError, OSError):
        raise InputError(f"published: {text!r} is no time; write 2022-02-15T11:55:00+00:00") from None
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


def _numeric(text: str) -> bool:
    return text.replace(".", "", 1).lstrip("-").isdigit()


def _paragraphs(text: str) -> str:
    """Plain text as the markup a feed would carry, so that one road cleans both."""
    return "".join(f"<p>{html.escape(line)}</p>" for line in text.splitlines() if line.strip())
