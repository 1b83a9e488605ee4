"""Older pages of a feed (RFC 5005): where a document says the items before its own stand. Pure but for the asking.

``rel="prev-archive"`` leads to the archive before this document, ``rel="next"`` to the next page of a paged feed, which
by custom holds older items. Only addresses on the feed's own host are followed: a page is asked for because we were
late, and nobody else is to be asked in our name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.core.model import RawEntry
from bot.core.urls import absolute, host_of
from bot.sources.feed import ACCEPT
from bot.sources.http import Client
from bot.sources.parsers import Parsers
from bot.sources.websub import announced

_RELATIONS = ("prev-archive", "next", "previous-archive")


@dataclass(frozen=True, slots=True)
class OlderPage:
    """One page's items, and the address of the page before it; "" where there is none."""

    entries: Sequence[RawEntry]
    url: str
    older: str


def older_than(headers: Mapping[str, str], body: bytes, url: str) -> str:
    """The address of the page before this document, read at ``url``; "" if it names none of its own host."""
    named = dict(reversed(announced(headers, body)))
    for relation in _RELATIONS:
        older = absolute(url, named.get(relation, ""))
        if older and older != url and host_of(older) == host_of(url):
            return older
    return ""


async def older_page(client: Client, parsers: Parsers, url: str) -> OlderPage:
    """Read it. Raises FetchError, ParseError."""
    answer = await client.get(url, host_of(url) or "address", headers={"Accept": ACCEPT})
    content_type = answer.headers.get("Content-Type", "")
    reading = await parsers.read("feed", answer.body, content_type, answer.url)
    return OlderPage(reading.entries, answer.url, older_than(answer.headers, answer.body, answer.url))
