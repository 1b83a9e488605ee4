"""Raw entries → entries: plain text, absolute clean link, sane time, known language, known identity. Pure.

The unit is a whole poll (:func:`normalise_all`), because whether a GUID identifies an item can only be seen beside
the other items of its document; see :mod:`bot.core.identity`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from bot.core.identity import digest, identify
from bot.core.items import Item
from bot.core.language import detect
from bot.core.model import Entry, Feed, RawEntry
from bot.core.plain import folded, one_line
from bot.core.rawwords import Words, link_of, marks_from, words_of

EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
"""Before it there was no web: such dates (1970 above all) are empty fields, not dates."""


def normalise_all(
    raws: Sequence[RawEntry], feed: Feed, *, first_seen: datetime, base_url: str
) -> list[Entry]:
    """All items of one poll, oldest first, copies within the document left out.

    ``base_url`` is where the document was read, the base of relative links; ``first_seen`` is aware.
    """
    for entries in normalising(raws, feed, first_seen=first_seen, base_url=base_url):  # noqa: B007 — the last
        pass
    return entries


def normalising(
    raws: Sequence[RawEntry], feed: Feed, *, first_seen: datetime, base_url: str
) -> Iterator[list[Entry]]:
    """The same in small steps, so that a loop can do other things between them: what the last one yields."""
    words, links, marks = [], [], []
    entries: list[Entry] = []
    for raw in raws:
        text, link = words_of(raw), link_of(raw, base_url)
        words.append(text)
        links.append(link)
        marks.append(marks_from(raw, link, text))
        yield entries
    for raw, link, text, aliases in zip(raws, links, words, identify(feed.name, marks), strict=True):
        if aliases:
            entries.append(_entry(raw, feed, first_seen, link, text, aliases))
        yield entries
    # Publishers write the newest item first: reversing makes undated items come out in the order they were written.
    entries.reverse()
    yield sorted(entries, key=lambda entry: entry.published)


def normalise(raw: RawEntry, feed: Feed, *, first_seen: datetime, base_url: str) -> Entry:
    """One item that stands alone."""
    return normalise_all([raw], feed, first_seen=first_seen, base_url=base_url)[0]


def entry_of_item(item: Item) -> Entry:
    """An archived item as if it had been read at the moment it was published."""
    seen = item.raw.published or datetime.fromtimestamp(0, UTC)
    return normalise(item.raw, item.feed, first_seen=seen, base_url=item.feed.url)


def _entry(
    raw: RawEntry, feed: Feed, first_seen: datetime, link: str, words: Words, aliases: tuple[str, ...]
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


def _time(written: datetime | None, first_seen: datetime) -> tuple[datetime, bool]:
    """When it was published as far as can be believed, and whether the publisher said so."""
    if written is None:
        return first_seen, False
    time = written.replace(tzinfo=UTC) if written.tzinfo is None else written.astimezone(UTC)
    if time < EARLIEST:
        return first_seen, False
    return min(time, first_seen), True
