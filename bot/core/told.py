"""An entry as the story index keeps it for the length of the window, and the same as bytes.

To read an entry costs a hundred times as much as to remember it: its words are cut and stemmed, its phrases looked up,
its terms weighed against all that was told before. So what was read is written down beside the entry, and a restart
takes it up again. It is also the truer memory: an entry that was edited since, or one whose terms have become common,
would be read otherwise today than on the day it was placed.

The bytes are good for the same data and the same code only. Both are in the *stamp* in front of them
(:attr:`bot.core.storydata.StoryData.stamp`); bytes of another stamp, or damaged ones, are no reading at all, and the
entry is read anew. Layout: stamp, checksum of all that follows, the numbers of :data:`_HEAD`, the arrays in order, the
words as JSON. Road not taken: pickle, which runs what it is given.
"""

from __future__ import annotations

import json
import struct
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from zlib import crc32

from bot.core.model import Direction, Stance
from bot.core.polarity import NO_SIGNS, Signs
from bot.core.storyreading import Reading

STAMP = 8  # bytes
_FRONT = struct.Struct("<8sI")
_HEAD = struct.Struct(
    "<dIIIIIBB"
)  # time; how many terms, of them words, title terms, identities, hashes; two flags
_LATEST = 1e11  # seconds since 1970: no time is later


@dataclass(slots=True)
class Told:
    """One entry in the window, packed."""

    time: float
    story: str
    title: str
    lang: str
    voice: str
    brief: bool
    series: bool  # nothing joins it, so the index lists no term of it
    terms: array[int]
    weights: array[float]
    words: int  # how many of the terms, from the first, are single words: the others only refine
    title_terms: array[int]
    title_weights: array[float]
    signs: Signs
    identities: array[int]
    sketch: array[int]
    places: frozenset[str]

    @property
    def listed(self) -> Sequence[int]:
        """The terms the index lists it under: its words, and the classes of a mere headline behind them."""
        if self.series:
            return ()
        terms = self.terms[: self.words]
        if self.brief and terms:
            known = set(self.terms)
            terms.extend([term for term in self.title_terms if term not in known])
        return terms


def kept(read: Reading, story: str, voice: str) -> Told:
    """A read entry as it is kept."""
    article, title = read.article.weights, read.title.weights
    return Told(
        read.entry.first_seen.timestamp(), story, read.entry.title, read.entry.lang, voice, read.brief, read.series,
        array("I", article), array("f", article.values()), read.article.posted,
        array("I", title), array("f", title.values()), read.signs,
        array("Q", filter(None, (*read.identities, read.title_identity))), read.sketch, read.places,
    )  # fmt: skip


# ── as bytes ─────────────────────────────────────────────────────────────────────────────────────────
def packed(told: Told, stamp: bytes) -> bytes:
    """All of it but the story, which may be asked of the entry."""
    words = (
        told.title, told.lang, told.voice, sorted(told.signs.stances), sorted(told.signs.directions),
        sorted(told.places),
    )  # fmt: skip
    body = b"".join((
        _HEAD.pack(
            told.time, len(told.terms), told.words, len(told.title_terms), len(told.identities), len(told.sketch),
            told.brief, told.series,
        ),
        told.terms, told.weights, told.title_terms, told.title_weights, told.identities, told.sketch,
        json.dumps(words, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass"),
    ))  # fmt: skip
    return _FRONT.pack(stamp, crc32(body)) + body


def unpacked(reading: bytes, story: str, stamp: bytes) -> Told | None:
    """What was packed under the same stamp, filed under a story; None for all other bytes."""
    try:
        front, checksum = _FRONT.unpack_from(reading)
        if front != stamp or checksum != crc32(memoryview(reading)[_FRONT.size :]):
            return None
        return _told(reading, story)
    except (ValueError, TypeError, struct.error, RecursionError):
        return None


def _told(reading: bytes, story: str) -> Told | None:
    time, terms, words, titles, identities, hashes, brief, series = _HEAD.unpack_from(reading, _FRONT.size)
    if not 0 <= time < _LATEST or words > terms:
        return None
    arrays: list[array[Any]] = []
    at = _FRONT.size + _HEAD.size
    for kind, size, count in (
        ("I", 4, terms), ("f", 4, terms), ("I", 4, titles), ("f", 4, titles), ("Q", 8, identities), ("I", 4, hashes)
    ):  # fmt: skip
        end = at + size * count
        numbers = array(kind)
        numbers.frombytes(reading[at:end])
        if len(numbers) != count:
            return None
        arrays.append(numbers)
        at = end
    title, lang, voice, stances, directions, places = json.loads(
        reading[at:].decode("utf-8", "surrogatepass")
    )
    if not isinstance(title, str):
        return None
    return Told(
        time, story, title, _same(lang), _same(voice), bool(brief), bool(series), arrays[0], arrays[1], words,
        arrays[2], arrays[3], _signs(tuple(map(tuple, stances)), tuple(directions)), arrays[4], arrays[5],
        _places(tuple(places)),
    )  # fmt: skip


# A window has few languages, publishers, rules and places: each is kept once, however many entries name it.
@lru_cache(maxsize=1 << 12)
def _same(text: str) -> str:
    if not isinstance(text, str):
        raise TypeError("not a text")
    return text


@lru_cache(maxsize=1 << 12)
def _signs(stances: tuple[tuple[str, str], ...], directions: tuple[str, ...]) -> Signs:
    if not stances and not directions:
        return NO_SIGNS
    return Signs(
        frozenset((_same(rule), Stance(stance)) for rule, stance in stances),
        frozenset(map(Direction, directions)),
    )


@lru_cache(maxsize=1 << 12)
def _places(places: tuple[str, ...]) -> frozenset[str]:
    return frozenset(map(_same, places))
