"""Where a needle stands in a passage: the test after the index said *perhaps*.

An occurrence is a sorted tuple of word numbers. Words of a term must stand in one clause; distances count content
words only, so that "troops *from the* border" is as near as "border troops". For each place of the first group the
tightest company is taken: a headline that fears an invasion and reports one has both occurrences, and the sum takes
the better.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from itertools import islice, pairwise, product

import re2

from bot.core.lexicon import Lexicon
from bot.core.needles import ChoiceNeedle, ConjunctionNeedle, Needle, PhraseNeedle, WordNeedle
from bot.core.terms import Link
from bot.core.text import Passage

Occurrence = tuple[int, ...]

MOST_COMBINATIONS = 4096
"""Per clause and first word; a clause that repeats the words of a term more often than that is no news text."""


class Searched:
    """A passage with the places of all keys in it; what was found for a list is kept for the next term."""

    def __init__(self, passage: Passage, lexicon: Lexicon) -> None:
        self.passage = passage
        self.places: dict[str, list[Occurrence]] = {}
        known = lexicon.places
        for raw, first, _ in passage.raws:
            for key, offset, length in known[raw]:
                at = first + offset
                self.places.setdefault(key, []).append(tuple(range(at, at + length)))
        self._keys = set(self.places)
        self._found: dict[int, list[Occurrence]] = {}

    def find(self, needle: Needle) -> list[Occurrence]:
        """Every occurrence of a term, in reading order."""
        if needle.pattern is not None:
            return list(self._by_pattern(needle.pattern))
        found = {each: None for conjunction in needle.conjunctions for each in self._conjunction(conjunction)}
        return sorted(found)

    def _by_pattern(self, pattern: re2._Regexp) -> Iterator[Occurrence]:
        starts = self.passage.starts
        for found in pattern.finditer(self.passage.text):
            first = max(bisect_right(starts, found.start()) - 1, 0)
            last = bisect_right(starts, max(found.end() - 1, found.start())) - 1
            if starts and found.end() > starts[0]:
                yield tuple(range(first, max(first, last) + 1))

    # ── words, phrases, lists ────────────────────────────────────────────────────────────────────────
    def _choice(self, choice: ChoiceNeedle) -> list[Occurrence]:
        known = self._found.get(id(choice))
        if known is None:
            keys = choice.wanted & self._keys
            phrases = {id(phrase): phrase for key in keys for phrase in choice.by_key[key]}
            known = sorted({each for phrase in phrases.values() for each in self._phrase(phrase)})
            self._found[id(choice)] = known
        return known

    def _atom(self, atom: WordNeedle | ChoiceNeedle) -> list[Occurrence]:
        if isinstance(atom, ChoiceNeedle):
            return self._choice(atom)
        found = [each for key in atom.keys for each in self.places.get(key, ())]
        if atom.cased:
            found = [each for each in found if self._spelled(each) == atom.cased]
        return found

    def _spelled(self, occurrence: Occurrence) -> str:
        return self.passage.surface(occurrence[0], occurrence[-1]).replace(".", "")

    def _phrase(self, phrase: PhraseNeedle) -> list[Occurrence]:
        found = self._atom(phrase.atoms[0])
        for atom in phrase.atoms[1:]:
            following = sorted(self._atom(atom))
            longer = (
                (*before, *after) for before in found for after in self._next(before, following, phrase.gap)
            )
            found = list(islice(longer, MOST_COMBINATIONS))
        return found

    def _next(self, before: Occurrence, following: list[Occurrence], gap: int) -> Iterator[Occurrence]:
        """Those of ``following`` that continue a phrase, the nearest first."""
        last = before[-1]
        clauses = self.passage.clauses
        for after in following[bisect_left(following, (last + 1,)) :]:
            if gap == 0 and after[0] > last + 1:
                return
            if gap and (clauses[after[0]] != clauses[last] or self.passage.gap(last, after[0]) > gap):
                return
            yield after

    # ── groups near each other ───────────────────────────────────────────────────────────────────────
    def _conjunction(self, needle: ConjunctionNeedle) -> Iterator[Occurrence]:
        if len(needle.groups) == 1:
            yield from self._choice(needle.groups[0])
            return
        for group in needle.groups:
            if self._keys.isdisjoint(group.wanted):
                return  # as nearly always
        first, *others = (self._by_clause(group) for group in needle.groups)
        for clause, starting in first.items():
            company = [other.get(clause, []) for other in others]
            if all(company):
                for start in starting:
                    if best := self._tightest(start, company, needle.links):
                        yield best

    def _by_clause(self, group: ChoiceNeedle) -> dict[int, list[Occurrence]]:
        found: dict[int, list[Occurrence]] = {}
        label, clauses = self.passage.label, self.passage.clauses
        for each in self._choice(group):
            found.setdefault(clauses[each[0]], []).append(each)
            if each[-1] < label:  # "Kherson: troops leave" says where
                found.setdefault(clauses[label], []).append(each)
        return found

    def _tightest(
        self, start: Occurrence, company: list[list[Occurrence]], links: tuple[Link, ...]
    ) -> Occurrence | None:
        best: Occurrence | None = None
        for number, others in enumerate(product(*company)):
            if number >= MOST_COMBINATIONS:
                break
            chosen = (start, *others)
            joined = tuple(sorted(at for each in chosen for at in each))
            if len(set(joined)) == len(joined) and self._near(chosen, links):
                best = min(best or joined, joined, key=_extent)
        return best

    def _near(self, chosen: tuple[Occurrence, ...], links: tuple[Link, ...]) -> bool:
        """Neighbours in the text at most the largest distance apart, and every numbered or ordered link kept."""
        if len(chosen) == 1:
            return True
        for link, left, right in zip(links, chosen, chosen[1:], strict=False):
            if link.ordered and left[-1] >= right[0]:
                return False
            if (link.explicit or link.ordered) and self._distance(left, right) > link.limit:
                return False
        limit = max(link.limit for link in links)
        ordered = sorted(chosen)
        return all(self._distance(left, right) <= limit for left, right in pairwise(ordered))

    def _distance(self, one: Occurrence, other: Occurrence) -> int:
        left, right = (one, other) if one <= other else (other, one)
        return self.passage.gap(left[-1], right[0]) if left[-1] < right[0] else 0


def _extent(occurrence: Occurrence) -> tuple[int, Occurrence]:
    return occurrence[-1] - occurrence[0], occurrence
