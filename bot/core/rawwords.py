"""What a raw entry says: title, summary and article as plain text, its link, and the marks it is known by. Pure.

Apart from :mod:`bot.core.normalise`, since a parser process needs the marks and not the languages.
"""

from __future__ import annotations

from dataclasses import dataclass

from bot.core import urls
from bot.core.cleaning import article_lines
from bot.core.identity import Marks
from bot.core.model import RawEntry
from bot.core.plain import one_line, paragraphs, shortened, without_tail

LONGEST_TITLE = 1_000  # characters kept; what is longer is an attack or a mistake
LONGEST_SUMMARY = 8_000
LONGEST_BODY = 200_000
LONGEST_LINK = 4_000
MARKUP_FACTOR = 4  # characters of markup read for one character of text kept

SUMMARY_OF_AN_ARTICLE = 1_500  # characters: a longer "summary" is the article itself
TITLE_FROM_TEXT = 140  # characters of the summary that stand in for a missing title


@dataclass(frozen=True, slots=True)
class Words:
    """An item's words, as people would read them."""

    title: str
    summary: str
    body: str

    @property
    def all(self) -> str:
        """What the fingerprint is made of."""
        return f"{self.title}\n{self.summary}\n{self.body}"


def marks_of(raw: RawEntry, base_url: str) -> Marks:
    """The marks as :func:`bot.core.normalise.normalise_all` sees them; cheap for an item with a title and a date."""
    title = _title(raw)
    words = Words(title, "", "") if title and raw.published else words_of(raw)
    return marks_from(raw, link_of(raw, base_url), words)


def marks_from(raw: RawEntry, link: str, words: Words) -> Marks:
    """The marks, where link and words are known already."""
    return Marks.of(raw.guid, link, words.title, raw.published, words.summary + words.body)


def _title(raw: RawEntry) -> str:
    return shortened(one_line(raw.title, LONGEST_TITLE * MARKUP_FACTOR), LONGEST_TITLE)


def words_of(raw: RawEntry) -> Words:
    """Title, summary and article, whichever of a feed's fields they came in."""
    lead = paragraphs(raw.summary, LONGEST_SUMMARY * MARKUP_FACTOR)
    article = paragraphs(raw.content, LONGEST_BODY * MARKUP_FACTOR)
    if not article and sum(map(len, lead)) > SUMMARY_OF_AN_ARTICLE:
        lead, article = [], paragraphs(raw.summary, LONGEST_BODY * MARKUP_FACTOR)
    elif article == lead:  # readers of feeds copy one into the other
        lead, article = ([], article) if sum(map(len, lead)) > SUMMARY_OF_AN_ARTICLE else (lead, [])
    summary = shortened(without_tail(" ".join(lead)), LONGEST_SUMMARY)
    body = "\n\n".join(article_lines([without_tail(line) for line in article]))[:LONGEST_BODY]
    return Words(_title(raw) or _title_from(summary or body), summary, body)


def _title_from(text: str) -> str:
    """The first sentence, if it is short enough for a headline; else as many words as fit."""
    first = text.split("\n", 1)[0]
    end = first.find(". ")
    return first[: end + 1] if 0 < end < TITLE_FROM_TEXT else shortened(first, TITLE_FROM_TEXT)


def link_of(raw: RawEntry, base_url: str) -> str:
    """Absolute and clean; a GUID that is an address stands in for a missing link. "" for anything unclickable."""
    link = urls.absolute(base_url, raw.link) or (urls.absolute("", raw.guid) if not raw.link else "")
    return urls.clean(link) if len(link) <= LONGEST_LINK else ""
