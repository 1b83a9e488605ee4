"""The words of very many texts of one language, so that a term finds the texts it may stand in without reading them.

:mod:`bot.core.index` asks of one text which of many terms may stand in it; here it is the other way round. Every chunk
of text between two blanks is taken apart once, whatever rules there are: all keys it could ever be found by are worked
out from the language alone. A key leads to its chunks, a chunk to the numbers of its texts. To ask for the terms an
editor changed then costs as much as those terms are common, and nothing for the fifty thousand texts they do not touch.

What is found is *perhaps*: each key of a text is answered for, so nothing is missed, and some texts hold the words of
a term far from each other. Texts themselves are not kept; a number stands for a text, and one that was edited is put in
again under its number, its old words staying on as further perhapses.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator

from bot.core.lexicon import SHORTEST_HEAD
from bot.core.model import Entry
from bot.core.needles import Needle
from bot.core.terms import ANY_NUMBER
from bot.core.text import SPACELESS, parts, raw_words
from bot.core.wordforms import stems_of


class Shelf:
    """Put texts in, then ask. Every text is of the language ``lang``."""

    def __init__(self, lang: str) -> None:
        self._lang = lang
        self._chunks: dict[str, array[int]] = {}  # chunk → numbers of the texts it stands in
        self._found_by: dict[str, list[array[int]]] = {}  # key → those of its chunks
        self._exact: list[str] = []  # every exact word, sorted when a beginning is asked for
        self._sorted = 0

    def put(self, number: int, entry: Entry) -> None:
        """A text under its number."""
        text = f"{entry.title}\n{entry.summary}\n{entry.body}"
        for chunk in set(raw_words(text) if self._lang in SPACELESS else text.split()):
            numbers = self._chunks.get(chunk)
            if numbers is None:
                numbers = self._chunks[chunk] = array("I")
                self._learn(chunk, numbers)
            numbers.append(number)

    def may_hold(self, needles: Iterable[Needle]) -> set[int]:
        """The texts some of these terms may stand in; whoever asks for a pattern has to read."""
        asked: dict[int, set[int]] = {}  # many terms name the same list: its words are looked up once
        found: set[int] = set()
        for conjunction in (each for needle in needles for each in needle.conjunctions):
            here = []
            for group in conjunction.groups:
                if id(group) not in asked:
                    asked[id(group)] = self.with_any(group.wanted)
                here.append(asked[id(group)])
            found |= set.intersection(*sorted(here, key=len))
        return found

    def with_any(self, keys: Iterable[str]) -> set[int]:
        """The texts in which one of the keys stands."""
        found: set[int] = set()
        for key in keys:
            for numbers in self._lists(key):
                found.update(numbers)
        return found

    def _lists(self, key: str) -> Iterator[array[int]]:
        if not key.endswith("*"):
            yield from self._found_by.get(key, ())
            return
        if self._sorted != len(self._exact):
            self._exact.sort()
            self._sorted = len(self._exact)
        beginning = f"={key[:-1]}"
        for at in range(bisect_left(self._exact, beginning), len(self._exact)):
            if not self._exact[at].startswith(beginning):
                return
            yield from self._found_by[self._exact[at]]

    def _learn(self, chunk: str, numbers: array[int]) -> None:
        for key in {key for raw in raw_words(chunk) for key in _keys(raw, self._lang)}:
            lists = self._found_by.setdefault(key, [])
            if not lists and key[0] == "=":
                self._exact.append(key)
            lists.append(numbers)


def _keys(raw: str, lang: str) -> Iterator[str]:
    """Every key under which some term could find a raw word: see :class:`bot.core.lexicon.Lexicon`."""
    pieces = parts(raw, lang)
    for word in (*(piece.text for piece in pieces), *(piece.joined for piece in pieces[:1])):
        if not word:
            continue
        yield f"={word}"
        yield from stems_of(word, lang)
        if word[0].isdigit():
            yield ANY_NUMBER
        if lang == "de":
            for start in range(2, len(word) - SHORTEST_HEAD + 1):
                yield stems_of(word[start:], "de")[0]
