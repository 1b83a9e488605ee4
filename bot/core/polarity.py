"""Do two headlines say the opposite? Similarity cannot see it: *begins invasion* and *begins withdrawal* share
nearly every word.

Four tests, each of which names its reason:

1. *Opposite sides.* Words are sorted onto axes with two sides (enter/leave, confirm/deny, rise/fall), a negation
   turns the next one round. Two headlines oppose on an axis if each shows one side only, and not the same.
2. *Denied by one.* One denies, the other neither denies nor negates.
3. *Negated by one.* The words agree, but only one says *not*.
4. *One word swapped.* The same template with one other word in it: whatever the word means, it is what differs.

The table only fixes what it lists, the swap only what is not reworded; the rules that fired (:func:`turned`) see
what neither does. Roads not taken: word vectors and sentence embeddings put opposites *nearer* than synonyms
(they occur in the same sentences); an inference model decides well and takes 200 ms a pair.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bot.core.model import Direction, Match, Stance
from bot.core.reading import Headline, Word, number_of
from bot.core.storydata import kind_of

SAME_TEMPLATE = 3  # words two headlines must share before one swapped word tells them apart
ALIKE = 0.6  # share of words in common before one negation tells them apart


def opposed(new: Headline, old: Headline) -> str:
    """Why two headlines say the opposite, in words; "" if they do not."""
    return _other_side(new, old) or _denied_by_one(new, old) or _negated_by_one(new, old)


def _other_side(new: Headline, old: Headline) -> str:
    for side in sorted(new.sides):
        other = ("-" if side[0] == "+" else "+") + side[1:]
        if other in old.sides and other not in new.sides and side not in old.sides:
            return f"opposite in {side[1:]}"
    return ""


def _denied_by_one(new: Headline, old: Headline) -> str:
    if new.denied == old.denied:
        return ""
    plain = old if new.denied else new
    return "" if plain.negated else "denied by one"


def _negated_by_one(new: Headline, old: Headline) -> str:
    if new.negated == old.negated:
        return ""
    shared = len(new.content & old.content)
    return "negated by one" if shared >= ALIKE * min(len(new.content), len(old.content)) else ""


def swapped(new: Headline, old: Headline) -> str:
    """Why one word swapped in the same template tells two headlines apart; "" if it does not."""
    left, right = _content(new), _content(old)
    gone, come = _only(left, right), _only(right, left)
    if len(gone) != 1 or len(come) != 1 or len(left) - 1 < SAME_TEMPLATE:
        return ""
    one, other = gone[0], come[0]
    if _related(one, other) or not _same_place(left, right, one, other):
        return ""
    return f"“{one.spelled}” instead of “{other.spelled}”"


def _content(headline: Headline) -> list[Word]:
    return [word for word in headline.words if word.stem in headline.content]


def _only(words: Iterable[Word], others: Iterable[Word]) -> list[Word]:
    there = {word.stem for word in others}
    return [word for word in words if word.stem not in there]


def _same_place(left: list[Word], right: list[Word], one: Word, other: Word) -> bool:
    """Do the two stand in the same place among the words both headlines share?"""
    before = [word.stem for word in left[: left.index(one)]]
    return before == [word.stem for word in right[: right.index(other)]]


def _related(one: Word, other: Word) -> bool:
    """Two words for one thing, two counts that may have grown, or two forms of one word."""
    if number_of(one.spelled) and number_of(other.spelled):
        return True
    if {kind_of(mark) for mark in one.marks} & {kind_of(mark) for mark in other.marks}:
        return True
    length = min(len(one.stem), len(other.stem), 5)
    return length >= 4 and one.stem[:length] == other.stem[:length]


# ── what the rules saw ───────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True, slots=True)
class Signs:
    """What the rules that fired say of an entry: (rule, stance of its heaviest line), and the directions."""

    stances: frozenset[tuple[str, Stance]] = frozenset()
    directions: frozenset[Direction] = frozenset()

    @property
    def rules(self) -> frozenset[str]:
        """The rules that fired."""
        return frozenset(rule for rule, _ in self.stances)


NO_SIGNS = Signs()


def signs_of(matches: Iterable[Match]) -> Signs:
    """The signs of an entry's matches; a silenced match has none."""
    heard = [match for match in matches if match.terms and not match.vetoed_by]
    if not heard:
        return NO_SIGNS
    stances = {(match.rule, max(match.terms, key=lambda line: line.points).stance) for match in heard}
    asserted = {rule for rule, stance in stances if stance is Stance.ASSERTED}
    directions = {match.direction for match in heard if match.rule in asserted}
    return Signs(frozenset(stances), frozenset(directions - {Direction.NONE}))


def turned(new: Signs, old: Signs) -> str:
    """Why the rules keep two entries apart: opposite directions, or asserted by one and denied by the other."""
    if len(new.directions) == len(old.directions) == 1:
        ours, theirs = next(iter(new.directions)), next(iter(old.directions))
        if ours.opposes(theirs):
            return f"{ours.value} against {theirs.value}"
    for rule in sorted(new.rules & old.rules):
        ours_denied = (rule, Stance.DENIED) in new.stances
        theirs_denied = (rule, Stance.DENIED) in old.stances
        asserted = (rule, Stance.ASSERTED) in (old.stances if ours_denied else new.stances)
        if ours_denied != theirs_denied and asserted:
            return f"{rule}: asserted by one, denied by the other"
    return ""
