"""The words some term asks for, in one language, and which of them a raw word of a text is.

A *key* is what text and terms are compared by: a stem (``troop``), an exact word (``=fed``) or a beginning
(``sanction*``). Each raw word of the language is worked out once and remembered; afterwards it costs one lookup.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain
from typing import NamedTuple, TypeVar

from bot.core.terms import ANY_NUMBER, Word
from bot.core.text import CYRILLIC_LANGUAGES, SPACELESS, parts, raw_words
from bot.core.wordforms import stems_of

LARGEST_MEMO = 1 << 18  # words; then it starts afresh
LONGEST_KNOWN = 80  # letters of a word that is remembered; what is longer is no word anybody will write again
SHORTEST_HEAD = 5  # letters of a German compound's head that may be found inside it ("Luftangriff")


class Placed(NamedTuple):
    """A key found in a raw word: from its ``offset``-th part, ``length`` parts long."""

    key: str
    offset: int
    length: int


class Lexicon:
    """Keys by raw word. Register every word first, then look up."""

    def __init__(self, lang: str) -> None:
        self.lang = lang
        self._stems: set[str] = set()
        self._exact: set[str] = set()
        self._prefixes: dict[int, set[str]] = {}
        self._numbers = False
        self.places = _Memo(self._place)
        """Raw word → every key in it, with its place inside."""
        self._chunks = _Memo(self._work_out)

    def register(self, word: Word) -> tuple[str, ...]:
        """The keys of a term's word, any of which proves it; () if it is of a script this language does not use."""
        if word.mode == "number":
            self._numbers = True
            return (word.text,)
        if not self._can_occur(word.text):
            return ()
        if word.mode == "exact":
            self._exact.add(word.text)
            return (f"={word.text}",)
        if word.mode == "prefix":
            self._prefixes.setdefault(len(word.text), set()).add(word.text)
            return (f"{word.text}*",)
        found = stems_of(word.text, self.lang)
        found = (word.text,) if word.text in found else found
        self._stems.update(found)
        return found

    @property
    def registered(self) -> frozenset[str]:
        """All keys there are."""
        beginnings = {f"{each}*" for found in self._prefixes.values() for each in found}
        numbers = {ANY_NUMBER} if self._numbers else set()
        return frozenset(self._stems | {f"={word}" for word in self._exact} | beginnings | numbers)

    def _can_occur(self, word: str) -> bool:
        """A Cyrillic word costs an English article nothing; Latin words do occur in Russian ones."""
        return self.lang in CYRILLIC_LANGUAGES or not ("а" <= word[0] <= "ґ")

    def keys_in(self, text: str) -> set[str]:
        """Every key that stands somewhere in a text. Blanks cut it up, and what is known of a chunk is kept."""
        if self.lang in SPACELESS:
            return set(self._work_out(text))
        return set(chain.from_iterable(filter(None, map(self._chunks.__getitem__, text.split()))))

    def _work_out(self, chunk: str) -> tuple[str, ...]:
        return tuple({placed.key for raw in raw_words(chunk) for placed in self.places[raw]})

    def _place(self, raw: str) -> tuple[Placed, ...]:
        pieces = parts(raw, self.lang)
        found = [
            Placed(key, number, 1) for number, part in enumerate(pieces) for key in self._keys(part.text)
        ]
        if pieces and pieces[0].joined:
            found += [Placed(key, 0, len(pieces)) for key in self._keys(pieces[0].joined)]
        return tuple(found)

    def _keys(self, word: str) -> list[str]:
        if not word:
            return []
        found = [each for each in stems_of(word, self.lang) if each in self._stems]
        if word in self._exact:
            found.append(f"={word}")
        if self._numbers and word[0].isdigit():
            found.append(ANY_NUMBER)
        for length, beginnings in self._prefixes.items():
            if word[:length] in beginnings:
                found.append(f"{word[:length]}*")
        if self.lang == "de" and not found and len(word) > SHORTEST_HEAD + 2:
            found += self._head(word)
        return found

    def _head(self, word: str) -> list[str]:
        """A German compound is a kind of its last member: a *Luftangriff* is an *Angriff*."""
        heads = (stems_of(word[start:], "de")[0] for start in range(2, len(word) - SHORTEST_HEAD + 1))
        return next(([head] for head in heads if head in self._stems), [])


Worked = TypeVar("Worked")


class _Memo(dict[str, Worked]):
    """Word → what was worked out for it, once."""

    def __init__(self, work_out: Callable[[str], Worked]) -> None:
        super().__init__()
        self._work_out = work_out

    def __missing__(self, raw: str) -> Worked:
        if len(raw) > LONGEST_KNOWN:
            return self._work_out(raw)
        if len(self) >= LARGEST_MEMO:
            self.clear()
        found = self[raw] = self._work_out(raw)
        return found
