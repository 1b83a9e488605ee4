"""RSS 2.0 as most publishers write it, read in one pass: a tenth of what feedparser takes for the same answer.

feedparser stays the judge. This reader knows a closed list of elements, where each may stand and which attributes it
may have; of those it gives exactly what feedparser would. At anything else (a doctype, an element or attribute not in
the list, markup inside a text, one thing said twice, a document that is not well-formed) it gives up, and feedparser
reads the document. Held to it over its own corpus, captured feeds and generated ones in ``tests/sources``.

It is linear in the document whatever stands in it, so a small one may be read in the event loop. Pure.

Road not taken: a faster parser for everything. The hard part of feeds is what nobody should write, and that is what
feedparser knows.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from xml.parsers.expat import ExpatError, ParserCreate

from feedparser.datetimes import _parse_date
from feedparser.html import _cp1252
from feedparser.urls import _urljoin

from bot.core.model import RawEntry
from bot.sources.dates import LONGEST_DATE, from_struct

_DC = "http://purl.org/dc/elements/1.1/"
_MEDIA = "http://search.yahoo.com/mrss/"
_WORDPRESS = "com-wordpress:feed-additions:1"
_MODULES = "http://purl.org/rss/1.0/modules"

_TEXT: frozenset[str] = frozenset()
_ANY = frozenset(
    ("url", "length", "type", "medium", "width", "height", "fileSize", "isDefault", "expression")
)

_ITEM = {
    "title": ("title", _TEXT),
    "link": ("link", _TEXT),
    "guid": ("guid", frozenset(("isPermaLink",))),
    "description": ("description", _TEXT),
    f"{_MODULES}/content/ encoded": ("content", _TEXT),
    "pubDate": ("published", _TEXT),
    f"{_DC} date": ("updated", _TEXT),
    "author": ("author", _TEXT),
    f"{_DC} creator": ("author", _TEXT),
    "category": ("category", frozenset(("domain",))),
    f"{_DC} subject": ("category", _TEXT),
    "comments": ("", _TEXT),
    "enclosure": ("", _ANY),
    f"{_MODULES}/slash/ comments": ("", _TEXT),
    "http://wellformedweb.org/CommentAPI/ commentRss": ("", _TEXT),
    f"{_MEDIA} content": ("", _ANY),
    f"{_MEDIA} thumbnail": ("", _ANY),
    f"{_MEDIA} credit": ("", frozenset(("role", "scheme"))),
    f"{_WORDPRESS} post-id": ("", _TEXT),
}
"""Element of an item → what it says ("" = nothing we keep), and the attributes it may have."""
_REPEATED = frozenset(("author", "category", ""))

_HEAD = {
    **dict.fromkeys(
        (
            "title", "link", "description", "copyright", "pubDate", "lastBuildDate", "ttl", "generator", "docs",
            "managingEditor", "webMaster", f"{_DC} date", f"{_DC} creator", f"{_DC} rights", f"{_DC} publisher",
            f"{_WORDPRESS} site",
            f"{_MODULES}/syndication/ updatePeriod", f"{_MODULES}/syndication/ updateFrequency",
            f"{_MODULES}/syndication/ updateBase", "image", "skipHours", "skipDays",
        ),
        _TEXT,
    ),
    "language": _TEXT,
    f"{_DC} language": _TEXT,
    "category": frozenset(("domain",)),
    "http://www.w3.org/2005/Atom link": frozenset(("href", "rel", "type", "title")),
    "cloud": frozenset(("domain", "port", "path", "registerProcedure", "protocol")),
}  # fmt: skip
"""Element of the channel → the attributes it may have; nothing of them is kept but the language."""
_LANGUAGE = frozenset(("language", f"{_DC} language"))
_WITHIN = {
    "image": frozenset(("url", "title", "link", "width", "height", "description")),
    "skipHours": frozenset(("hour",)),
    "skipDays": frozenset(("day",)),
}

_FRAME = {(1, "rss"), (2, "channel")}

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DATE = re.compile(
    r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), (\d\d?) ([A-Z][a-z]{2}) (\d{4}) (\d\d):(\d\d):([0-5]\d) "
    r"(?:(?:GMT|UTC)|([+-])(\d\d)(\d\d))",
    re.ASCII,
)
_LINK = re.compile(r"https?://[\w][\w.~/?=&%#:,+;@!$'*-]*", re.ASCII)
_AFTER_AMPERSAND = re.compile("&([A-Za-z0-9_]+);")


class _NotPlainError(Exception):
    """Something stands in the document that is for feedparser."""


def plain_entries(document: bytes) -> list[RawEntry]:
    """The items of a document in UTF-8 without its XML declaration, none where it is not plain."""
    if b"<!DOCTYPE" in document or b"<!ENTITY" in document:
        return []
    reader = _Reader()
    try:
        reader.parser.Parse(document, True)
        return [_entry(item, reader.language) for item in reader.items]
    except (_NotPlainError, ExpatError):
        return []


_Said = tuple[str, str, Mapping[str, str]]
"""What an element says, its text, its attributes."""


class _Reader:
    """Collects what items say. Depth 1 is ``rss``, 2 ``channel``, 3 ``item`` and its neighbours, 4 what is in them."""

    def __init__(self) -> None:
        self.items: list[list[_Said]] = []
        self.language = ""
        self._depth = 0
        self._around = ""  # the element of the channel we are in
        self._said: tuple[str, Mapping[str, str]] = ("", {})
        self._pieces: list[str] = []
        self.parser = ParserCreate("utf-8", " ")
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._pieces.append

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        self._pieces.clear()
        if self._depth == 4:
            self._within(name, attributes)
        elif self._depth == 3:
            self._around = name
            if name == "item" and not attributes:
                self.items.append([])
            elif name not in _HEAD or not attributes.keys() <= _HEAD[name]:
                raise _NotPlainError
        elif (self._depth, name) not in _FRAME or attributes.keys() - {"version"}:
            raise _NotPlainError

    def _within(self, name: str, attributes: dict[str, str]) -> None:
        if self._around != "item":
            if attributes or name not in _WITHIN.get(self._around, ()):
                raise _NotPlainError
            return
        if (known := _ITEM.get(name)) is None or not attributes.keys() <= known[1]:
            raise _NotPlainError
        what = known[0]
        if what not in _REPEATED and any(said[0] == what for said in self.items[-1]):
            raise _NotPlainError
        self._said = what, attributes

    def _end(self, name: str) -> None:
        if self._depth == 4 and self._around == "item" and self._said[0]:
            what, attributes = self._said
            self.items[-1].append((what, _clean("".join(self._pieces)), attributes))
        elif self._depth == 3 and name in _LANGUAGE:
            self.language = _clean("".join(self._pieces))
        self._depth -= 1


# ── what feedparser makes of it ──────────────────────────────────────────────────────────────────────
def _entry(item: Sequence[_Said], language: str) -> RawEntry:
    said = {what: (text, attributes) for what, text, attributes in item}
    texts = {what: text for what, (text, _) in said.items()}
    is_link = said["guid"][1].get("isPermaLink", "true") == "true" if "guid" in said else False
    guid = _resolved(texts.get("guid", "")) if is_link else texts.get("guid", "")
    link = _link(texts["link"]) if "link" in texts else guid if is_link else ""
    content = texts.get("content", "")
    return RawEntry(
        guid=guid,
        link=link,
        title=texts.get("title", ""),
        summary=texts.get("description", content),
        content=content,
        author=texts.get("author", ""),  # the last one
        lang=language,
        published=_date(texts.get("published", "")),
        updated=_date(texts.get("updated", "")),
        tags=tuple(_tags(item)),
    )


def _clean(text: str) -> str:
    """Text that was encoded twice, or in which Windows' characters stand where control characters are."""
    text = text.strip()
    if text.isascii():
        return text
    with suppress(UnicodeError):
        text = text.encode("iso-8859-1").decode("utf-8")
    return text.translate(_cp1252)


def _resolved(uri: str) -> str:
    return uri if _LINK.fullmatch(uri) else str(_urljoin("", uri)) if uri else ""


def _link(uri: str) -> str:
    uri = _resolved(uri)
    return _AFTER_AMPERSAND.sub(r"&\g<1>", uri.replace("&amp;", "&")) if "&" in uri else uri


def _tags(item: Sequence[_Said]) -> Sequence[str]:
    tags: list[tuple[str, str]] = []  # term, scheme
    for what, text, attributes in item:
        if what != "category":
            continue
        scheme = attributes.get("domain", "")
        if scheme and ("", scheme) not in tags:
            tags.append(("", scheme))
        if text and tags and not tags[-1][0]:
            tags[-1] = (text, tags[-1][1])
        elif text and (text, "") not in tags:
            tags.append((text, ""))
    return [term for term, _ in tags if term]


def _date(text: str) -> datetime | None:
    if not text:
        return None
    if len(text) > LONGEST_DATE:
        raise _NotPlainError
    found = _DATE.fullmatch(text)
    if found is not None and found[2] in _MONTHS:
        day, month, year, hour, minute, second, sign, hours, minutes = found.groups("0")
        with suppress(ValueError, OverflowError):
            there = datetime(
                int(year), _MONTHS.index(month) + 1, int(day), int(hour), int(minute), int(second), tzinfo=UTC
            )
            offset = timedelta(hours=int(hours), minutes=int(minutes))
            return there + offset if sign == "-" else there - offset
    return from_struct(_parse_date(text))
