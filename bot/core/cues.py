"""What the engine knows of a language beside its word forms, as values; loaded by :mod:`bot.config.languages`.

Cue lists are words as they are written, never beginnings of words: with prefixes "calls strike", "beginning" and
"plant" were taken for a demand, a start and a plan. Where a language inflects too much for lists of forms
(``by_lemma``), they are dictionary forms.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.core.model import Stance
from bot.core.text import NO_JOINTS, Joints

SKIP = "…"
"""Inside a cue: up to four words of whatever ("tell … to")."""
NUMBER = "#"
"""Inside a cue: a number in digits ("may 29" is a day and no doubt)."""
MARKS = frozenset({SKIP, NUMBER})

Phrases = Mapping[str, tuple[tuple[tuple[str, ...], Stance], ...]]
"""First word of a cue → the cues that begin with it, longest first, each with its stance."""


@dataclass(frozen=True, slots=True)
class CueBook:
    """The cues of one language. ``before`` stand before the event, ``after`` behind it, ``beside`` right behind it."""

    joints: Joints = NO_JOINTS
    before: Phrases = field(default_factory=dict)
    after: Phrases = field(default_factory=dict)
    beside: Phrases = field(default_factory=dict)
    passing: frozenset[tuple[str, ...]] = frozenset()  # those "before" that make the event a mere backdrop
    pseudo: Mapping[str, tuple[tuple[str, ...], ...]] = field(
        default_factory=dict
    )  # by first word; look like cues and are none
    starts: frozenset[str] = frozenset()  # stems that make a noun behind them news: launch, begin, announce
    happens: frozenset[str] = frozenset()  # stems that make a noun in front of them news: hits, kills, begins
    polar: frozenset[str] = frozenset()  # first words of a yes-or-no question
    open: frozenset[str] = frozenset()  # first words of an explanation: why, how, what
    labels: frozenset[str] = frozenset()  # "Analysis: …"
    definite: frozenset[str] = frozenset()  # the, its: the event is known already
    indefinite: frozenset[str] = frozenset()  # a, an: one that may come
    prepositions: frozenset[str] = frozenset()  # the event is what something else is about: on, of, during
    nouns: frozenset[str] = frozenset()  # event nouns by form
    noun_endings: tuple[str, ...] = ()
    says: frozenset[str] = frozenset()
    according: frozenset[tuple[str, ...]] = frozenset()
    by_lemma: bool = False


NO_CUES = CueBook()


@dataclass(frozen=True, slots=True)
class Languages:
    """Cues and built-in lists by language code; an unknown language has neither, and everything is asserted."""

    cues: Mapping[str, CueBook] = field(default_factory=dict)
    lists: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)

    def cues_of(self, lang: str) -> CueBook:
        """The cue book of a language."""
        return self.cues.get(lang, NO_CUES)

    def lists_of(self, lang: str) -> Mapping[str, tuple[str, ...]]:
        """The built-in lists of a language, English ones where it has none of that name; names in every language."""
        names = {name for lists in self.lists.values() for name in lists}
        own, english = self.lists.get(lang, {}), self.lists.get("en", {})
        return {name: own.get(name, english.get(name, ())) for name in names}
