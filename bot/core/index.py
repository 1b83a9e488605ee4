"""Which rules may have something to say about a text: terms by their rarest words, one index a language.

A text is cut at its blanks once; each piece is one lookup in a memo that leads to the keys some term asks for (nearly
always none). Every conjunction waits under the keys of one of its groups, the one fewest texts will hold; when such
a key is there, the other groups must each have a key there too, and one question for all that waits under the key
answers this with no most of the time. What is left is verified word by word. So the cost of a text grows with its own
length and with what it is about, and little with the number of rules.

At ten thousand rules the time goes into memory that no cache holds: two sets that are asked one after the other took
half as long again as one table that is asked once.

Measured against the roads not taken on 750-word articles and 10,000 terms: a loop of compiled ``re`` 1.9 articles a
second, SQLite FTS5 18, stemming all and testing every rule 868; an index such as this one over 4,000.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import re2

from bot.core.lexicon import Lexicon
from bot.core.needles import ConjunctionNeedle, Needle

Slot = tuple[int, int]
"""Number of the rule, number of its term."""

Others = tuple[frozenset[str], ...]
MOST_COMPANY = (
    40  # keys: more of them are rarely all absent, and a list of countries would be copied for every key
)


class _Waiting:
    """What waits under one key: each conjunction with what its other groups must have.

    ``company`` is the shortest question that most texts answer with no: is any of the keys there that the second
    groups ask for? None where some conjunction is content with the one key, or where they ask for too much.
    """

    __slots__ = ("company", "conjunctions")

    def __init__(self) -> None:
        self.conjunctions: list[tuple[Slot, Others]] = []
        self.company: frozenset[str] | None = frozenset()

    def add(self, slot: Slot, others: Others) -> None:
        self.conjunctions.append((slot, others))
        if self.company is not None:
            asked = self.company | others[0] if others and len(others[0]) <= MOST_COMPANY else None
            self.company = asked if asked and len(asked) <= MOST_COMPANY else None


class Index:
    """Slots by needles. Build once, then ask for each text."""

    def __init__(self, lexicon: Lexicon, needles: Iterable[tuple[Slot, Needle]]) -> None:
        self._lexicon = lexicon
        listed = list(needles)
        conjunctions = [(slot, each) for slot, needle in listed for each in needle.conjunctions]
        asked = Counter(key for _, each in conjunctions for group in each.groups for key in group.wanted)
        self._waiting: dict[str, _Waiting] = {}
        for slot, conjunction in conjunctions:
            lead, others = _split(conjunction, asked)
            for key in lead:
                self._waiting.setdefault(key, _Waiting()).add(slot, others)
        patterns = [(slot, needle) for slot, needle in listed if needle.pattern is not None]
        self._pattern_slots = [slot for slot, _ in patterns]
        self._patterns = _pattern_set([needle.term.pattern for _, needle in patterns])

    def candidates(self, text: str) -> set[Slot]:
        """The terms whose words all occur in the text, near each other or not."""
        present = self._lexicon.keys_in(text)
        found: set[Slot] = set()
        for key in present & self._waiting.keys():
            waiting = self._waiting[key]
            if waiting.company is not None and present.isdisjoint(waiting.company):
                continue
            for slot, others in waiting.conjunctions:
                for other in others:
                    if present.isdisjoint(other):
                        break
                else:
                    found.add(slot)
        if self._patterns is not None:
            found.update(self._pattern_slots[at] for at in self._patterns.Match(text) or ())
        return found


def _split(
    conjunction: ConjunctionNeedle, asked: Counter[str]
) -> tuple[frozenset[str], tuple[frozenset[str], ...]]:
    """The group that leads, and what the others must have."""
    groups = sorted((group.wanted for group in conjunction.groups), key=lambda keys: _expected(keys, asked))
    return groups[0], tuple(groups[1:])


def _expected(keys: frozenset[str], asked: Counter[str]) -> float:
    """How often one of the keys is to be expected: short words and words many terms ask for are common."""
    return sum(asked[key] + 4000 / len(key) ** 3 for key in keys)


def _pattern_set(patterns: Sequence[str]) -> re2.Set | None:
    if not patterns:
        return None
    together = re2.Set.SearchSet()
    for pattern in patterns:
        together.Add(pattern)
    together.Compile()
    return together
