"""Terms made ready for one language: words become keys, and every part knows which keys can prove it.

Compiling answers two questions once instead of for every article: where to look for an alternative (its *anchor*,
the word fewest terms ask for), and what must be there at all before it is worth looking (*wanted* keys).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import re2

from bot.core.lexicon import Lexicon
from bot.core.terms import Atom, Choice, Conjunction, Link, Phrase, Term, Word
from bot.core.wordforms import separable

SEPARABLE_GAP = 6  # content words inside a German verb bracket: "zieht nach eigenen Angaben Truppen ab"


@dataclass(frozen=True, slots=True, eq=False)
class WordNeedle:
    """A word by its keys. ``cased`` is the spelling asked for, "" for any."""

    keys: tuple[str, ...]
    cased: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class PhraseNeedle:
    """Words in order, ``gap`` content words apart at most; 0 means side by side."""

    atoms: tuple[WordNeedle | ChoiceNeedle, ...]
    gap: int
    anchor: frozenset[str]  # one of these must be there


@dataclass(frozen=True, slots=True, eq=False)
class ChoiceNeedle:
    """Alternatives, found by the keys of their anchors."""

    by_key: dict[str, tuple[PhraseNeedle, ...]]
    wanted: frozenset[str]


@dataclass(frozen=True, slots=True, eq=False)
class ConjunctionNeedle:
    """All groups, joined by ``links``."""

    groups: tuple[ChoiceNeedle, ...]
    links: tuple[Link, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Needle:
    """A term for one language. ``pattern`` is a compiled RE2 expression, None for words."""

    term: Term
    conjunctions: tuple[ConjunctionNeedle, ...]
    pattern: re2._Regexp | None = None

    @property
    def possible(self) -> bool:
        """Can it occur in this language at all?"""
        return bool(self.conjunctions) or self.pattern is not None


class NeedleMaker:
    """Compiles terms against one lexicon; choices shared between terms are compiled once."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        self._choices: dict[int, tuple[Choice, ChoiceNeedle | None]] = {}
        self._phrases: dict[int, tuple[Phrase, PhraseNeedle | None]] = {}

    def needle(self, term: Term) -> Needle:
        """The term, ready."""
        if term.pattern:
            return Needle(term, (), re2.compile(term.pattern))
        compiled = (self._conjunction(each) for each in term.conjunctions)
        return Needle(term, tuple(each for each in compiled if each))

    def _conjunction(self, conjunction: Conjunction) -> ConjunctionNeedle | None:
        groups = [self._choice(group) for group in conjunction.groups]
        ready = tuple(group for group in groups if group)
        return ConjunctionNeedle(ready, conjunction.links) if len(ready) == len(groups) else None

    def _choice(self, choice: Choice) -> ChoiceNeedle | None:
        known = self._choices.get(id(choice))
        if known is None:  # the choice itself is kept too, so that its id stays its own
            known = self._choices[id(choice)] = (
                choice,
                self._gather(self._known(each) for each in choice.phrases),
            )
        return known[1]

    def _gather(self, phrases: Iterable[PhraseNeedle | None]) -> ChoiceNeedle | None:
        by_key: dict[str, list[PhraseNeedle]] = {}
        for phrase in phrases:
            if phrase is None:
                continue
            for key in phrase.anchor:
                by_key.setdefault(key, []).append(phrase)
        if not by_key:
            return None
        return ChoiceNeedle({key: tuple(found) for key, found in by_key.items()}, frozenset(by_key))

    def _known(self, phrase: Phrase) -> PhraseNeedle | None:
        """A phrase of a list stands in every term that pours the list into words of its own: compiled once, too."""
        known = self._phrases.get(id(phrase))
        if known is None:
            known = self._phrases[id(phrase)] = (phrase, self._phrase(phrase))
        return known[1]

    def _phrase(self, phrase: Phrase) -> PhraseNeedle | None:
        atoms = [self._atom(atom) for atom in phrase.atoms]
        ready = tuple(atom for atom in atoms if atom)
        if len(ready) < len(atoms):
            return None
        anchor = min((_keys(atom) for atom in ready), key=_commonness)
        return PhraseNeedle(ready, phrase.gap, anchor)

    def _atom(self, atom: Atom) -> WordNeedle | ChoiceNeedle | None:
        if isinstance(atom, Choice):
            return self._choice(atom)
        keys = self._lexicon.register(atom)
        if not keys:
            return None
        halves = separable(atom.text) if self._lexicon.lang == "de" and atom.mode == "form" else None
        return self._bracket(WordNeedle(keys), halves) if halves else WordNeedle(keys, atom.cased)

    def _bracket(self, closed: WordNeedle, halves: tuple[str, str]) -> ChoiceNeedle | None:
        """A German separable verb: in one word, or around its clause."""
        verb, prefix = (WordNeedle(self._lexicon.register(Word(half))) for half in halves)
        opened = PhraseNeedle((verb, prefix), SEPARABLE_GAP, frozenset(verb.keys))
        return self._gather([PhraseNeedle((closed,), 0, frozenset(closed.keys)), opened])


def _keys(atom: WordNeedle | ChoiceNeedle) -> frozenset[str]:
    return frozenset(atom.keys) if isinstance(atom, WordNeedle) else atom.wanted


def _commonness(keys: frozenset[str]) -> tuple[int, int]:
    """Small for a set of keys that few texts hold: few alternatives, long words."""
    return len(keys), -min(map(len, keys))
