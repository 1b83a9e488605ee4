"""A text as a weighted bag of terms: TF-IDF, and how similar two bags are.

A term is a stem; its weight grows with its place (headline, summary) and with its rarity. An article has two
vectors. The *article's* is of its words as they stand: a summary repeats what identifies the event, and classes would
only bring together what is of one kind (on round-ups they cost five points of precision). The *headline's* is for
texts that are but a headline: words that have a class or a country give part of their weight to it, so that *truce*
meets *ceasefire* and *Kyiv* meets *Ukraine*; the parts are orthogonal, so a word still meets itself in full.

Terms are known by a 32-bit checksum, so nothing grows with the vocabulary; at 200,000 terms a collision touches
about five of them.
"""

from __future__ import annotations

import math
from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple
from zlib import crc32

from bot.core.reading import Word
from bot.core.storydata import UNSEEN, Language, kind_of

TITLE_WEIGHT = 1.5
SUMMARY_WEIGHT = 1.0
BIGRAM_WEIGHT = 0.5
CLASS_SHARE = 0.6  # of a word's squared weight in a headline, given to its class or country
WORDS_A_TEXT = 50  # turns a share of running text into a share of articles
LEAST_IDF = 0.6  # terms found in more than half of all articles say nothing
HIGHEST_IDF = 9.5
BIGRAM_LEAST_IDF = 2.0


class Counts(NamedTuple):
    """How many stories a term opened (by its checksum), and out of how many."""

    opened: Mapping[int, int]
    stories: float


NO_COUNTS = Counts({}, 1.0)


@lru_cache(maxsize=1 << 16)
def checksum(term: str) -> int:
    """The number a term is known by."""
    return crc32(term.encode())


@dataclass(frozen=True, slots=True)
class Vector:
    """Unit length. ``weights`` maps checksums to weights, single words first; ``words`` names the first of them.

    ``posted`` is how many of the weights, from the first, an index should list: bigrams only refine.
    """

    weights: Mapping[int, float]
    words: Mapping[int, str]
    posted: int

    def heaviest(self, count: int) -> list[int]:
        """The checksums of the ``count`` heaviest listed terms, heaviest first."""
        return sorted(self.words, key=lambda term: -self.weights[term])[:count]


def rarities(terms: Iterable[str], language: Language, counts: Counts) -> Iterator[tuple[str, int, float]]:
    """Each term with its checksum and IDF: −log(½ background + ½ max(background, share of stories it opened))."""
    (opened, stories), share = counts, language.share
    for term in terms:
        number = checksum(term)
        background, idf = _background(share.get(term, UNSEEN))
        if number in opened:
            seen = opened[number] / stories
            if seen > background:
                idf = min(-math.log(0.5 * (background + seen)), HIGHEST_IDF)
        yield term, number, idf


@lru_cache(maxsize=1 << 13)  # shares are rounded: a few thousand values
def _background(share: float) -> tuple[float, float]:
    """Share of articles, and the IDF of a term that is no commoner here than there."""
    background = 1.0 - math.exp(-WORDS_A_TEXT * share)
    return background, min(-math.log(background), HIGHEST_IDF)


@lru_cache(maxsize=1 << 10)
def _damped(count: float) -> float:
    return 1.0 + math.log(count) if count > 1.0 else count


def article_vector(
    title: Sequence[str], summary: Sequence[str], language: Language, counts: Counts
) -> Vector:
    """The vector of an article from the stems of its headline and summary, as they stand."""
    found = dict.fromkeys((*title, *summary), 0.0)
    for term in title:
        found[term] += TITLE_WEIGHT
    for term in summary:
        found[term] += SUMMARY_WEIGHT
    weights: dict[int, float] = {}
    words: dict[int, str] = {}
    rare: dict[str, float] = {}
    for term, number, idf in rarities(found, language, counts):
        rare[term] = idf
        if idf > LEAST_IDF:
            weights[number] = idf * _damped(found[term])
            words[number] = term
    return _normalised(weights, words, _bigrams(title, rare))


def headline_vector(title: Sequence[Word], language: Language, counts: Counts) -> Vector:
    """The vector of a headline, in which words meet others of their class or country."""
    weights: dict[str, float] = {}
    classes: dict[str, float] = defaultdict(float)
    for word, (_, _, idf) in zip(
        title, rarities((word.stem for word in title), language, counts), strict=True
    ):
        if idf <= LEAST_IDF:
            continue
        kin = _kin(word)
        weights[word.stem] = idf * (math.sqrt(1.0 - CLASS_SHARE) if kin else 1.0)
        for each in kin:
            classes[each] = max(classes[each], idf * math.sqrt(CLASS_SHARE / len(kin)))
    weights.update(classes)
    words = {checksum(term): term for term in weights}
    return _normalised({checksum(term): weight for term, weight in weights.items()}, words, ())


def _normalised(
    weights: dict[int, float], words: Mapping[int, str], bigrams: Iterable[tuple[str, float]]
) -> Vector:
    posted = len(weights)
    weights.update((checksum(term), weight) for term, weight in bigrams)
    length = math.sqrt(sum(weight * weight for weight in weights.values())) or 1.0
    for term in weights:
        weights[term] /= length
    return Vector(weights, words, posted)


def _kin(word: Word) -> tuple[str, ...]:
    """What a word is a kind of: its classes, its sides, its country."""
    return tuple(dict.fromkeys(kind_of(mark) for mark in word.marks if mark[0] in "=+-@"))


def _bigrams(title: Sequence[str], idf: Mapping[str, float]) -> Iterable[tuple[str, float]]:
    for left, right in pairwise(title):
        rarer = max(idf[left], idf[right])
        if rarer > BIGRAM_LEAST_IDF:
            yield f"{left} {right}", BIGRAM_WEIGHT * rarer


def cosine(query: Mapping[int, float], terms: array[int], weights: array[float]) -> float:
    """The dot product of a query with stored terms and weights."""
    total = 0.0
    for term, weight in zip(terms, weights, strict=True):
        if term in query:
            total += query[term] * weight
    return total
