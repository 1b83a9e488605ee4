"""An outlet's feed as it stands at one moment, in the form its software writes. Pure.

Four forms and their habits: RSS 2.0 with the article in ``content:encoded``, RSS 1.0 (RDF), Atom with an updated time
beside the published one, JSON Feed. Newest item first, as publishers do.
"""

from __future__ import annotations

import html
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime
from xml.sax.saxutils import escape, quoteattr

from bot.demo.day import ITEMS, Item, Outlet


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment of the day. ``opened`` ends what was before it; ``started`` is its second 0, None until it begins."""

    opened: datetime
    started: datetime | None
    now: datetime

    def time_of(self, second: int) -> datetime | None:
        """When that second of the day was; None if it is not over."""
        if second < 0:
            return self.opened + timedelta(seconds=second)
        time = self.started + timedelta(seconds=second) if self.started else None
        return time if time and time <= self.now else None


@dataclass(frozen=True, slots=True)
class Seen:
    """An item as it stands in its feed at one moment."""

    item: Item
    title: str
    published: datetime
    updated: datetime


def visible(outlet: Outlet, moment: Moment) -> list[Seen]:
    """What stands in the outlet's feed, newest first."""
    own = (item for item in reversed(ITEMS) if item.outlet == outlet.name)
    return [_seen(item, time, moment) for item in own if (time := moment.time_of(item.at)) is not None]


def _seen(item: Item, time: datetime, moment: Moment) -> Seen:
    title, published, updated = item.title, time - timedelta(seconds=item.dated), time
    for edit in item.edits:
        edited = moment.time_of(edit.at)
        if edited is not None:
            title, updated = edit.title or title, edited
            published = edited if edit.redated else published
    return Seen(item, title, published, updated)


@dataclass(frozen=True, slots=True)
class Document:
    """A body and its media type."""

    body: str
    content_type: str


def feed(outlet: Outlet, seen: Sequence[Seen], base: str) -> Document:
    """The whole feed; ``base`` is the outlet's own address, without a final slash."""
    return _WRITERS[outlet.form](outlet, seen, base)


def page(seen: Seen, outlet: Outlet) -> Document:
    """An article's own page, with what publishers put around one."""
    paragraphs = "\n".join(f"<p>{html.escape(line)}</p>" for line in _lines(seen.item))
    body = (
        f"<!doctype html><html lang=en><head><meta charset=utf-8><title>{html.escape(seen.title)}</title></head>\n"
        f"<body><nav><a href='/'>{html.escape(outlet.title)}</a> <a href='#'>Election</a></nav>\n"
        f"<article><h1>{html.escape(seen.title)}</h1>\n{paragraphs}</article>\n"
        "<footer>All rights reserved</footer></body></html>"
    )
    return Document(body, "text/html")


def link(item: Item, base: str) -> str:
    """Where an item's page is; the publisher's newsletter leaves its mark in it."""
    return f"{base}/{item.id}?utm_source=feed"


def _lines(item: Item) -> list[str]:
    return (item.article or item.summary).strip().splitlines()


def _guid(outlet: Outlet, seen: Seen) -> str:
    return outlet.shared_guid or f"{outlet.owner}-{seen.item.id}"


# ── the forms ────────────────────────────────────────────────────────────────────────────────────────
_XML = '<?xml version="1.0" encoding="utf-8"?>\n'


def _rss(outlet: Outlet, seen: Sequence[Seen], base: str) -> Document:
    items = "\n".join(_rss_item(outlet, each, base) for each in seen)
    body = (
        f'{_XML}<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel>\n'
        f"<title>{escape(outlet.title)}</title><link>{base}</link><description>A sample</description>\n"
        f"{items}\n</channel></rss>\n"
    )
    return Document(body, "application/rss+xml")


def _rss_item(outlet: Outlet, seen: Seen, base: str) -> str:
    article = (
        "".join(f"<p>{html.escape(line)}</p>" for line in _lines(seen.item)) if seen.item.article else ""
    )
    content = f"<content:encoded>{escape(article)}</content:encoded>" if article else ""
    return (
        f"<item><title>{escape(seen.title)}</title><link>{escape(link(seen.item, base))}</link>"
        f"<description>{escape(html.escape(seen.item.summary, quote=False))}</description>{content}"
        f'<guid isPermaLink="false">{_guid(outlet, seen)}</guid>'
        f"<pubDate>{format_datetime(seen.published, usegmt=True)}</pubDate></item>"
    )


def _rdf(outlet: Outlet, seen: Sequence[Seen], base: str) -> Document:
    items = "\n".join(_rdf_item(each, base) for each in seen)
    places = "".join(f"<rdf:li rdf:resource={quoteattr(link(each.item, base))}/>" for each in seen)
    body = (
        f'{_XML}<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/">\n'
        f'<channel rdf:about="{base}"><title>{escape(outlet.title)}</title><link>{base}</link>'
        f"<description>A sample</description><items><rdf:Seq>{places}</rdf:Seq></items></channel>\n"
        f"{items}\n</rdf:RDF>\n"
    )
    return Document(body, "application/rdf+xml")


def _rdf_item(seen: Seen, base: str) -> str:
    address = link(seen.item, base)
    return (
        f"<item rdf:about={quoteattr(address)}><title>{escape(seen.title)}</title><link>{escape(address)}</link>"
        f"<description>{escape(seen.item.summary)}</description><dc:date>{seen.published.isoformat()}</dc:date></item>"
    )


def _atom(outlet: Outlet, seen: Sequence[Seen], base: str) -> Document:
    entries = "\n".join(_atom_entry(outlet, each, base) for each in seen)
    newest = max(each.updated for each in seen).isoformat()
    body = (
        f'{_XML}<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en"><id>{base}</id>'
        f'<title>{escape(outlet.title)}</title><updated>{newest}</updated><link href="{base}"/>\n{entries}\n</feed>\n'
    )
    return Document(body, "application/atom+xml")


def _atom_entry(outlet: Outlet, seen: Seen, base: str) -> str:
    return (
        f"<entry><id>urn:{_guid(outlet, seen)}</id><title>{escape(seen.title)}</title>"
        f"<link href={quoteattr(link(seen.item, base))}/><published>{seen.published.isoformat()}</published>"
        f"<updated>{seen.updated.isoformat()}</updated><summary>{escape(seen.item.summary)}</summary></entry>"
    )


def _json(outlet: Outlet, seen: Sequence[Seen], base: str) -> Document:
    items = [
        {
            "id": _guid(outlet, each),
            "url": link(each.item, base),
            "title": each.title,
            "content_text": each.item.summary,
            "date_published": each.published.isoformat(),
        }
        for each in seen
    ]
    head = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": outlet.title,
        "home_page_url": base,
        "items": items,
    }
    return Document(json.dumps(head, ensure_ascii=False, indent=1), "application/feed+json")


_WRITERS: Mapping[str, Callable[[Outlet, Sequence[Seen], str], Document]] = {
    "rss": _rss,
    "rdf": _rdf,
    "atom": _atom,
    "json": _json,
}
"""Form → its writer."""
