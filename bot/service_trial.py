"""What would we get? One address is read once, as the poller would read it, and looked at from all sides."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.core.model import Entry, Feed, RawEntry
from bot.core.normalise import normalise_all
from bot.core.pacing import Budget, Pacemaker, skipped_hours
from bot.core.urls import host_of
from bot.errors import ParseError
from bot.sources.charset import decode
from bot.sources.feed import ACCEPT
from bot.sources.headers import max_age
from bot.sources.http import Answer, Client
from bot.sources.parsers import Parsers
from bot.sources.websub import Hub, hub_of

NEWEST = 5  # entries shown
_FORM = re.compile(rb"<(?:\w{1,20}:)?(rss|rdf|feed|urlset)\b", re.IGNORECASE)
_FORMS = {b"rss": "RSS", b"rdf": "RDF", b"feed": "Atom", b"urlset": "news sitemap"}


@dataclass(frozen=True, slots=True)
class Trial:
    """One reading. ``interval`` is how often such a feed would be polled at first; ``hub`` would call us."""

    url: str  # where it was read, after redirects
    moved_to: str  # for good
    kind: str  # for feeds.yaml
    form: str  # RSS, RDF, Atom, JSON Feed, news sitemap
    size: int  # bytes
    charset: str
    overridden: bool  # the document is in another character set than it declares
    items: int
    dated: int
    newest: datetime | None
    language: str
    items_a_day: float
    interval: timedelta
    conditional: bool  # it can say that nothing changed
    fresh_for: timedelta | None  # by its own Cache-Control
    quiet_hours: Sequence[int] = ()
    hub: Hub | None = None
    entries: Sequence[Entry] = field(default_factory=tuple)  # the newest


async def tried(client: Client, parsers: Parsers, url: str, now: datetime, budget: Budget) -> Trial:
    """Read it once. Raises FetchError, ParseError."""
    answer = await client.get(url, host_of(url) or "address", headers={"Accept": ACCEPT})
    kind, raws = await _read(parsers, answer)
    return _seen(answer, kind, raws, now, budget)


async def _read(parsers: Parsers, answer: Answer) -> tuple[str, Sequence[RawEntry]]:
    """As a feed, else as a news sitemap; what is neither is told as what it is not."""
    content_type = answer.headers.get("Content-Type", "")
    try:
        return "feed", (await parsers.read("feed", answer.body, content_type, answer.url)).entries
    except ParseError as error:
        try:
            return "sitemap", (await parsers.read("sitemap", answer.body, content_type, answer.url)).entries
        except ParseError:
            raise error from None


def _seen(answer: Answer, kind: str, raws: Sequence[RawEntry], now: datetime, budget: Budget) -> Trial:
    feed = Feed("trial", answer.url, host_of(answer.url), kind=kind)
    entries = normalise_all(raws, feed, first_seen=now, base_url=answer.url)
    newest = sorted(entries, key=lambda entry: entry.published, reverse=True)
    dates = [date for raw in raws if (date := raw.published) is not None]
    pace = Pacemaker(budget)
    pace.arrange([feed])
    pace.read(feed, dates, now)
    view = pace.view("trial", now)
    decoded = decode(answer.body[:200_000], answer.headers.get("Content-Type", ""))
    return Trial(
        url=answer.url,
        moved_to=answer.moved_to,
        kind=kind,
        form=_form(answer.body),
        size=len(answer.body),
        charset=decoded.charset,
        overridden=decoded.overridden,
        items=len(raws),
        dated=len(dates),
        newest=max(dates, default=None),
        language=next((entry.lang for entry in newest if entry.lang), ""),
        items_a_day=view.items_a_day if view else 0.0,
        interval=pace.usual(feed, now),
        conditional=bool(answer.headers.get("ETag") or answer.headers.get("Last-Modified")),
        fresh_for=max_age(answer.headers),
        quiet_hours=sorted(skipped_hours(answer.body)),
        hub=hub_of(answer.headers, answer.body, answer.url),
        entries=newest[:NEWEST],
    )


def _form(body: bytes) -> str:
    if body.lstrip()[:1] == b"{":
        return "JSON Feed"
    found = _FORM.search(body[:4_000])
    return _FORMS[found[1].lower()] if found else "feed"
