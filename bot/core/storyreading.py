"""An entry as the story index reads it, once: its words, its two vectors, its marks of identity, what its rules saw."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b

from bot.core.credits import lead_of, sketch
from bot.core.model import Entry, Match
from bot.core.polarity import Signs, signs_of
from bot.core.reading import Headline, headline_of, read_words
from bot.core.series import is_series
from bot.core.storydata import StoryData
from bot.core.vectors import Counts, Vector, article_vector, headline_vector

BRIEF = 8  # words of summary below which an entry is but a headline
TITLE_WORDS = 4  # content words a headline needs before its mere repetition is identity


@dataclass(frozen=True, slots=True)
class Reading:
    """An entry as read for placing and absorbing it."""

    entry: Entry
    headline: Headline
    article: Vector
    title: Vector
    brief: bool  # but a headline
    series: bool  # one of an endless series: nothing joins it
    signs: Signs
    identities: tuple[int, ...]
    title_identity: int  # 0 where the headline is too short to identify anything
    sketch: array[int]

    @property
    def places(self) -> frozenset[str]:
        """Every place the headline may mean."""
        return frozenset(place for _, meant in self.headline.places for place in meant)


def read_entry(entry: Entry, matches: Sequence[Match], data: StoryData, counts: Counts) -> Reading:
    """Read an entry. ``counts`` tells how common its terms are among the stories so far."""
    language = data.of(entry.lang)
    title = read_words(entry.title, entry.lang, language)
    lead = lead_of(entry)  # only lends its words
    headline = headline_of(entry.title, title, language)
    series = is_series(entry.title)
    aliases = dict.fromkeys((entry.key, *entry.aliases, entry.link))
    return Reading(
        entry,
        headline,
        article_vector([word.stem for word in title], lead, language, counts),
        headline_vector(title, language, counts),
        brief=len(lead) < BRIEF,
        series=series,
        signs=signs_of(matches),
        identities=tuple(_identity(alias) for alias in aliases if alias),
        title_identity=0 if series else _title_identity(headline, entry.lang),
        sketch=sketch(lead),
    )


def _identity(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")


def _title_identity(headline: Headline, lang: str) -> int:
    if len(headline.content) < TITLE_WORDS:
        return 0
    return _identity(f"title {lang} " + " ".join(word.stem for word in headline.words))
