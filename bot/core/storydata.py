"""What telling stories apart needs to know beforehand, as values; :mod:`bot.config.storydata` loads it.

Everything is keyed by language. A language nobody prepared is served by the empty values: similarity then rests on
the words in the window alone.

A *phrase* leads to *marks*. A mark is a short text whose first character tells its kind:

====================  =====================================================================================
``=ceasefire``        one of several words for the same thing (class ``ceasefire``)
``+rates``, ``-rates``  a side of a pair of opposites (axis ``rates``)
``*+``, ``*-``        good or bad news for whom it happens to (what a side says, whatever its axis)
``!``                 a denial (denies, rejects claims)
``~``                 a negation (not, no, fails to): turns the next opposite round
``^``                 an undoing (calls off, cancels, ends): turns what it undoes round, and denies nothing
``;``                 a word that leads to what was before (after, despite): the news stands in front of it
``1.`` … ``10.``      an ordinal written out (*third* is ``3.``)
``@US/TN/Nashville``  a place, from the country down; ``@US`` contains it
``#monday``           a day or month
``%points``           a unit whose number identifies an event (magnitude, basis points)
``:``                 a verb of saying: who says it is no part of what happened
====================  =====================================================================================
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

SAYING = ":"
NEGATION = "~"
DENIAL = "!"
UNDOING = "^"
BACKGROUND = ";"
GOOD_NEWS = "*+"
BAD_NEWS = "*-"

UNSEEN = 1e-7
"""Share of running text of a word that no table knows: rarer than the rarest one listed."""

GAP = "..."
"""Stands in a phrase for up to :data:`LONGEST_GAP` words: ``pull ... out``."""

LONGEST_GAP = 4


@dataclass(frozen=True, slots=True)
class Phrase:
    """Stems in order (``GAP`` among them), the marks they lead to, and the spelling if case decides (``US``)."""

    stems: tuple[str, ...]
    marks: tuple[str, ...]
    spelled: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Language:
    """What is known of one language. Two of them are the same if they are one object: they are keys of memos.

    ``share`` maps a stem to its share of running text (0…1); ``ordinary`` holds the stems that are common words
    even where a headline capitalises them, so that "Strike" is no name; ``phrases`` are listed by their first
    stem, the longest first.
    """

    share: Mapping[str, float] = field(default_factory=dict)
    ordinary: frozenset[str] = frozenset()
    phrases: Mapping[str, Sequence[Phrase]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StoryData:
    """All of it: one value made at start and handed to :class:`bot.core.stories.StoryIndex`.

    ``stamp`` (8 bytes) is another one wherever the same text might be read otherwise: other tables, other code.
    """

    languages: Mapping[str, Language] = field(default_factory=dict)
    stamp: bytes = bytes(8)

    def of(self, lang: str) -> Language:
        """What is known of a language, by its code (``en``, ``en-GB``)."""
        return self.languages.get(lang[:2].lower(), _NOTHING)


_NOTHING = Language()


def kind_of(mark: str) -> str:
    """A place's country (``@US/TX`` → ``@US``); every other mark is its own kind."""
    return mark.partition("/")[0] if mark[0] == "@" else mark


def closest(marks: Collection[str]) -> set[str]:
    """Without a place where another that lies in it is meant."""
    return {mark for mark in marks if not any(other.startswith(f"{mark}/") for other in marks)}


def turned_round(side: str) -> str:
    """The other side of an axis: ``+rates`` → ``-rates``."""
    return ("-" if side[0] == "+" else "+") + side[1:]
