"""A text as a weighted bag of terms: TF-IDF, and how similar two bags are.

A term is a stem; its weight grows with its place (headline, summary) and with its rarity. Words that have a class
or a country give part of their weight to it, so that *truce* meets *ceasefire* and *Kyiv* meets *Ukraine*; the
parts are chosen orthogonal, so the same word still meets itself in full.

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
CLASS_SHARE = 0.5  # of a word's squared weight, given to its class or country
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


def vector_of(title: Sequence[Word], summary: Sequence[Word], language: Language, seen: Seen) -> Vector:
    """The vector of an article from its words."""
    idf = {word.stem: 0.0 for word in (*title, *summary)}
    for term in idf:
        idf[term] = rarity(term, language, seen(checksum(term)))
    weights: dict[str, float] = {}
    classes: dict[str, float] = defaultdict(float)
    for term, count, kin in _counted(title, summary):
        weight = idf[term] * (1.0 + math.log(count) if count > 1.0 else count)
        if idf[term] > LEAST_IDF:
            weights[term] = weight * (math.sqrt(1.0 - CLASS_SHARE) if kin else 1.0)
            for each in kin:
                classes[each] = max(classes[each], weight * math.sqrt(CLASS_SHARE / len(kin)))
    weights.update(classes)
    posted = len(weights)
    weights.update(_bigrams(title, idf))
    length = math.sqrt(sum(weight * weight for weight in weights.values())) or 1.0
    numbered = {checksum(term): weight / length for term, weight in weights.items()}
    words = {checksum(term): term for term in list(weights)[:posted]}
    return Vector(numbered, words, len(words))


def _counted(title: Sequence[Word], summary: Sequence[Word]) -> Iterable[tuple[str, float, tuple[str, ...]]]:
    counts: dict[str, float] = defaultdict(float)
    kin: dict[str, tuple[str, ...]] = {}
    for words, weight in ((title, TITLE_WEIGHT), (summary, SUMMARY_WEIGHT)):
        for word in words:
            counts[word.stem] += weight
            kin.setdefault(word.stem, _kin(word))
    return ((term, count, kin[term]) for term, count in counts.items())


def _kin(word: Word) -> tuple[str, ...]:
    """What a word is a kind of: its classes, its sides, its country."""
    return tuple(kind_of(mark) for mark in word.marks if mark[0] in "=+-@")


def _bigrams(title: Sequence[Word], idf: Mapping[str, float]) -> Iterable[tuple[str, float]]:
    for left, right in pairwise(title):
        rarer = max(idf[left.stem], idf[right.stem])
        if rarer > BIGRAM_LEAST_IDF:
            yield f"{left.stem} {right.stem}", BIGRAM_WEIGHT * rarer


def cosine(query: Mapping[int, float], terms: array[int], weights: array[float]) -> float:
    """The dot product of a query with stored terms and weights."""
    return sum(query[term] * weight for term, weight in zip(terms, weights, strict=True) if term in query)
