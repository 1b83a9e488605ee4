"""Raw entries → entries: plain text, absolute clean link, sane time, known language, known identity. Pure.

The unit is a whole poll (:func:`normalise_all`), because whether a GUID identifies an item can only be seen beside
the other items of its document; see :mod:`bot.core.identity`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.core import urls
from bot.core.cleaning import article_lines
from bot.core.identity import Marks, digest, identify
from bot.core.items import Item
from bot.core.language import detect
from bot.core.model import Entry, Feed, RawEntry
from bot.core.plain import folded, one_line, paragraphs, shortened, without_tail

LONGEST_TITLE = 1_000  # characters kept; what is longer is an attack or a mistake
LONGEST_SUMMARY = 8_000
LONGEST_BODY = 200_000
LONGEST_LINK = 4_000
MARKUP_FACTOR = 4  # characters of markup read for one character of text kept

SUMMARY_OF_AN_ARTICLE = 1_500  # characters: a longer "summary" is the article itself
TITLE_FROM_TEXT = 140  # characters of the summary that stand in for a missing title
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
"""Before it there was no web: such dates (1970 above all) are empty fields, not dates."""


@dataclass(frozen=True, slots=True)
class _Words:
    title: str
    summary: str
    body: str

    @property
    def all(self) -> str:
        return f"{self.title}\n{self.summary}\n{self.body}"


def normalise_all(
    raws: Sequence[RawEntry], feed: Feed, *, first_seen: datetime, base_url: str
) -> list[Entry]:
    """All items of one poll, oldest first, copies within the document left out.

    ``base_url`` is where the document was read, the base of relative links; ``first_seen`` is aware.
    """
    words = [_words(raw) for raw in raws]
    links = [_link(raw, base_url) for raw in raws]
    marks = [
        Marks.of(raw.guid, link, text.title, raw.published, text.summary + text.body)
        for raw, link, text in zip(raws, links, words, strict=True)
    ]
    entries = [
        _entry(raw, feed, first_seen, link, text, aliases)
        for raw, link, text, aliases in zip(raws, links, words, identify(feed.name, marks), strict=True)
        if aliases
    ]
    # Publishers write the newest item first: reversing makes undated items come out in the order they were written.
    entries.reverse()
    return sorted(entries, key=lambda entry: entry.published)


def normalise(raw: RawEntry, feed: Feed, *, first_seen: datetime, base_url: str) -> Entry:
    """One item that stands alone."""
    return normalise_all([raw], feed, first_seen=first_seen, base_url=base_url)[0]


def entry_of_item(item: Item) -> Entry:
    """An archived item as if it had been read at the moment it was published."""
    seen = item.raw.published or datetime.fromtimestamp(0, UTC)
    return normalise(item.raw, item.feed, first_seen=seen, base_url=item.feed.url)


def _entry(
    raw: RawEntry, feed: Feed, first_seen: datetime, link: str, words: _Words, aliases: tuple[str, ...]
) -> Entry:
    published, dated = _time(raw.published or raw.updated, first_seen)
    return Entry(
        key=aliases[0],
        aliases=aliases,
        feed=feed.name,
        owner=feed.owner,
        title=words.title,
        summary=words.summary,
        body=words.body,
        link=link,
        lang=detect(f"{words.title} {words.summary or words.body[:400]}", feed.lang or raw.lang),
        published=published,
        first_seen=first_seen,
        fingerprint=digest(folded(words.all)),
        trust=feed.trust,
        tags=feed.tags,
        author=one_line(raw.author, 200),
        dated=dated,
    )


def _words(raw: RawEntry) -> _Words:
    lead = paragraphs(raw.summary, LONGEST_SUMMARY * MARKUP_FACTOR)
    article = paragraphs(raw.content, LONGEST_BODY * MARKUP_FACTOR)
    if not article and sum(map(len, lead)) > SUMMARY_OF_AN_ARTICLE:
        lead, article = [], paragraphs(raw.summary, LONGEST_BODY * MARKUP_FACTOR)
    elif article == lead:  # readers of feeds copy one into the other
        lead, article = ([], article) if sum(map(len, lead)) > SUMMARY_OF_AN_ARTICLE else (lead, [])
    summary = shortened(without_tail(" ".join(lead)), LONGEST_SUMMARY)
    body = "\n\n".join(article_lines([without_tail(line) for line in article]))[:LONGEST_BODY]
    title = shortened(one_line(raw.title, LONGEST_TITLE * MARKUP_FACTOR), LONGEST_TITLE)
    return _Words(title or _title_from(summary or body), summary, body)


def _title_from(text: str) -> str:
    """The first sentence, if it is short enough for a headline; else as many words as fit."""
    first = text.split("\n", 1)[0]
    end = first.find(". ")
    return first[: end + 1] if 0 < end < TITLE_FROM_TEXT else shortened(first, TITLE_FROM_TEXT)


def _link(raw: RawEntry, base_url: str) -> str:
    """Absolute and clean; a GUID that is an address stands in for a missing link. "" for anything unclickable."""
    link = urls.absolute(base_url, raw.link) or (urls.absolute("", raw.guid) if not raw.link else "")
    return urls.clean(link) if len(link) <= LONGEST_LINK else ""


def _time(written: datetime | None, first_seen: datetime) -> tuple[datetime, bool]:
    """When it was published as far as can be believed, and whether the publisher said so."""
    if written is None:
        return first_seen, False
    time = written.replace(tzinfo=UTC) if written.tzinfo is None else written.astimezone(UTC)
    if time < EARLIEST:
        return first_seen, False
    return min(time, first_seen), True
