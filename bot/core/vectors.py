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
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from zlib import crc32

from bot.core.reading import Word
from bot.core.storydata import UNSEEN, Language, kind_of

TITLE_WEIGHT = 1.5
SUMMARY_WEIGHT = 1.0
SUMMARY_LENGTH = 300  # characters
BIGRAM_WEIGHT = 0.5
CLASS_SHARE = 0.6  # of a word's squared weight in a headline, given to its class or country
WORDS_A_TEXT = 50  # turns a share of running text into a share of articles
LEAST_IDF = 0.6  # terms found in more than half of all articles say nothing
HIGHEST_IDF = 9.5
BIGRAM_LEAST_IDF = 2.0

Seen = Callable[[int], float]
"""Checksum of a term → share of the articles in the window that have it."""


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


def rarity(term: str, language: Language, seen: float) -> float:
    """IDF from the language at large and the window: −log(½ background + ½ max(background, window))."""
    background = 1.0 - math.exp(-WORDS_A_TEXT * language.share.get(term, UNSEEN))
    return min(-math.log(0.5 * background + 0.5 * max(background, seen)), HIGHEST_IDF)


def article_vector(title: Sequence[Word], summary: Sequence[Word], language: Language, seen: Seen) -> Vector:
    """The vector of an article from the words of its headline and summary, as they stand."""
    counts = _counted((title, TITLE_WEIGHT), (summary, SUMMARY_WEIGHT))
    idf = {term: rarity(term, language, seen(checksum(term))) for term in counts}
    weights = {
        term: idf[term] * (1.0 + math.log(count) if count > 1.0 else count)
        for term, count in counts.items()
        if idf[term] > LEAST_IDF
    }
    return _normalised(weights, dict(_bigrams(title, idf)))


def headline_vector(title: Sequence[Word], language: Language, seen: Seen) -> Vector:
    """The vector of a headline, in which words meet others of their class or country."""
    weights: dict[str, float] = {}
    classes: dict[str, float] = defaultdict(float)
    for word in title:
        idf = rarity(word.stem, language, seen(checksum(word.stem)))
        if idf <= LEAST_IDF:
            continue
        kin = _kin(word)
        weights[word.stem] = idf * (math.sqrt(1.0 - CLASS_SHARE) if kin else 1.0)
        for each in kin:
            classes[each] = max(classes[each], idf * math.sqrt(CLASS_SHARE / len(kin)))
    return _normalised({**weights, **classes}, {})


def _normalised(weights: Mapping[str, float], bigrams: Mapping[str, float]) -> Vector:
    both = {**weights, **bigrams}
    length = math.sqrt(sum(weight * weight for weight in both.values())) or 1.0
    numbered = {checksum(term): weight / length for term, weight in both.items()}
    words = {checksum(term): term for term in weights}
    return Vector(numbered, words, len(words))


def _counted(*texts: tuple[Sequence[Word], float]) -> dict[str, float]:
    counts: dict[str, float] = defaultdict(float)
    for words, weight in texts:
        for word in words:
            counts[word.stem] += weight
    return counts


def _kin(word: Word) -> tuple[str, ...]:
    """What a word is a kind of: its classes, its sides, its country."""
    return tuple(dict.fromkeys(kind_of(mark) for mark in word.marks if mark[0] in "=+-@"))


def _bigrams(title: Sequence[Word], idf: Mapping[str, float]) -> Iterable[tuple[str, float]]:
    for left, right in pairwise(title):
        rarer = max(idf[left.stem], idf[right.stem])
        if rarer > BIGRAM_LEAST_IDF:
            yield f"{left.stem} {right.stem}", BIGRAM_WEIGHT * rarer


def cosine(query: Mapping[int, float], terms: array[int], weights: array[float]) -> float:
    """The dot product of a query with stored terms and weights."""
    return sum(query[term] * weight for term, weight in zip(terms, weights, strict=True) if term in query)
