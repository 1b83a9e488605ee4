"""Do two headlines say the opposite? Similarity cannot see it: *begins invasion* and *begins withdrawal* share
nearly every word.

Five tests, each of which names its reason:

1. *Opposite sides.* Words are sorted onto axes with two sides (enter/leave, confirm/deny, rise/fall); a negation
   (*not*) or an undoing (*calls off*) turns the next one round; what stands behind *after* counts only where the news
   itself is silent. Two headlines oppose on an axis if each shows one side only, and not the same, and the two words
   are said *of the same thing*: something stands near both.
2. *Denied by one.* One denies, the other neither denies nor negates, and most of what is denied is told by the other.
3. *Negated by one.* The words agree, but only one says *not*.
4. *One word swapped.* The same template with one other word in it: whatever the word means, it is what differs.
5. *Good news and bad.* No list pairs *walks free* with *killed*: what is left of two bare headlines when all that
   they share is taken away is good news in one and bad in the other (:func:`mood_turned`). An update repeats what it
   updates, so nothing is left of the older one.

Words agree if they share a stem, a class (*truce*, *ceasefire*) or a country (*Kyiv*, *Ukraine*). The table only fixes
what it lists, the swap only what is not reworded; the rules that fired (:func:`turned`) see what neither does. Without
the words *near* and *most* every thirteenth pair of true reports would be taken for opposites: big news has two sides.
Roads not taken: word vectors and sentence embeddings put opposites *nearer* than synonyms (they occur in the same
sentences); an inference model decides well and takes 200 ms a pair.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, takewhile
from typing import NamedTuple

from bot.core.model import Direction, Match, Stance
from bot.core.reading import Headline, Word, number_of
from bot.core.storydata import BAD_NEWS, DENIAL, GOOD_NEWS, NEGATION, UNDOING, kind_of, turned_round

SAME_TEMPLATE = 3  # words two headlines must share before one swapped word tells them apart …
MOST_SWAPPED = 2  # … or two in its place, for one shared word more
ALIKE = 0.5  # share of agreeing words before one denial or negation tells two headlines apart
REPEATED = 0.6  # the same, where there is more than headlines
DENIED = 6  # words that a denial bears on
LEAST_DENIED = 2  # of them that the other must tell
TURNING = frozenset((NEGATION, UNDOING))
NEAR = 4  # words on either side of an axis word in which something must agree


class Contrast(NamedTuple):
    """Why two headlines are no one story, in words, and how the newer speaks against the older; "" = it does not."""

    why: str
    how: str = ""  # "" (look-alikes) | denies | reverses


NONE = Contrast("")


def opposed(new: Headline, old: Headline, *, brief: bool = True) -> Contrast:
    """Why two headlines say the opposite, and which way; :data:`NONE` if they do not.

    Where more than headlines was compared (not ``brief``), a *no* counts only if the rest of the headline is repeated:
    texts that are alike quote and deny many things.
    """
    if why := _other_side(new, old):
        return Contrast(why, "reverses")
    if not brief and agreement(new, old) < REPEATED:
        return NONE
    if why := _denied_by_one(new, old) or _negated_by_one(new, old):
        said_no = new.denied or (new.negated and not old.negated)
        return Contrast(why, "denies" if said_no else "reverses")
    return NONE


def _other_side(new: Headline, old: Headline) -> str:
    for side in sorted(new.sides):
        other = turned_round(side)
        if (
            other in old.sides
            and other not in new.sides
            and side not in old.sides
            and _of_one_thing(new, old, side[1:])
            and not _turned_in_both(new, old, side[1:])
        ):
            return f"opposite in {side[1:]}"
    return ""


def _turned_in_both(new: Headline, old: Headline, axis: str) -> bool:
    """Do both turn something round, but only one of them this (*cancel rallies*, *cancel their election-night
    rallies*)? Then it was out of reach, not out of the news."""
    turned = [any(headline.words[at].turned for at in _on_axis(headline, axis)) for headline in (new, old)]
    return turned[0] != turned[1] and _turns(new) and _turns(old)


def _turns(headline: Headline) -> bool:
    return any(not TURNING.isdisjoint(word.marks) for word in headline.words)


def _of_one_thing(new: Headline, old: Headline, axis: str) -> bool:
    ours = [meanings for at in _on_axis(new, axis) for meanings in [_around(new, at)]]
    theirs = [meanings for at in _on_axis(old, axis) for meanings in [_around(old, at)]]
    return any(one & other for one in ours for other in theirs)


def _on_axis(headline: Headline, axis: str) -> list[int]:
    wanted = {f"+{axis}", f"-{axis}"}
    found = [at for at, word in enumerate(headline.words) if not wanted.isdisjoint(word.marks)]
    news = [at for at in found if not headline.words[at].before]
    return news or found


def _around(headline: Headline, at: int) -> set[str]:
    """What the words near word ``at`` mean, its own phrase left out."""
    words = headline.words
    after = at + 1
    while after < len(words) and words[after].inside:
        after += 1
    near = (*words[max(0, at - NEAR) : at], *words[after : after + NEAR])
    return set().union(*(meanings(word) for word in near if word.stem in headline.content))


def meanings(word: Word) -> set[str]:
    """What a word agrees in: its stem, its classes, its country."""
    return {word.stem, *(kind_of(mark) for mark in word.marks if mark[0] in "=@")}


def _said(word: Word) -> set[str]:
    """Its marks but for the mood, which different things share."""
    return {kind_of(mark) for mark in word.marks if mark[0] != "*"}


def agreement(new: Headline, old: Headline) -> float:
    """Share (0…1) of the shorter headline's content that the other tells too."""
    ours, theirs = _content(new), _content(old)
    fewer, more = (ours, theirs) if len(ours) <= len(theirs) else (theirs, ours)
    told = set().union(*(meanings(word) for word in more))
    return sum(not meanings(word).isdisjoint(told) for word in fewer) / (len(fewer) or 1)


def places_only(new: Headline, old: Headline) -> bool:
    """Do two headlines agree in nothing but where it happened, or in one name (or in nothing)?

    A name and a town together are enough: *Rubens* in *Antwerp*.
    """
    shared = _beyond_places(new) & _beyond_places(old)
    names = {word.stem for word in new.words if word.name and not word.marks}
    return len(shared) < 2 and shared <= names and not (shared and _towns(new) & _towns(old))


def _towns(headline: Headline) -> set[str]:
    return {place for _, meant in headline.places for place in meant if "/" in place}


def _beyond_places(headline: Headline) -> set[str]:
    words = (word for word in _content(headline) if not word.inside or word.marks)
    return set().union(
        *({word.stem, *_said(word)} for word in words if not any(mark[0] == "@" for mark in word.marks))
    )


def mood_turned(new: Headline, old: Headline) -> Contrast:
    """Is what only one tells good news and what only the other tells bad? For bare headlines: articles have slants."""
    ours, theirs = _mood(new, old), _mood(old, new)
    if len(ours) == len(theirs) == 1 and ours != theirs:
        return Contrast("good news against bad" if GOOD_NEWS in ours else "bad news against good", "reverses")
    return NONE


def _mood(headline: Headline, other: Headline) -> set[str]:
    """The moods of the words that the other does not tell; those of the past count where the news has none."""
    told = set().union(*(meanings(word) for word in other.words))
    found: dict[bool, set[str]] = {False: set(), True: set()}
    for at, word in enumerate(headline.words):
        moods = {mark for mark in word.marks if mark[0] == "*"}
        if len(moods) == 1 and not _phrase_told(headline.words, at, told):
            found[word.before].add(GOOD_NEWS if (GOOD_NEWS in moods) != word.turned else BAD_NEWS)
    return found[False] or found[True]


def _phrase_told(words: Sequence[Word], at: int, told: set[str]) -> bool:
    """Does the other tell the phrase that begins at word ``at``, by its class or word for word?"""
    rest = takewhile(lambda each: each.inside, words[at + 1 :])
    classes = meanings(words[at]) - {words[at].stem}
    return not classes.isdisjoint(told) or {words[at].stem, *(each.stem for each in rest)} <= told


def _denied_by_one(new: Headline, old: Headline) -> str:
    if new.denied == old.denied:
        return ""
    denying, plain = (new, old) if new.denied else (old, new)
    return "denied by one" if not plain.negated and _denies(denying, plain) else ""


def _denies(denying: Headline, plain: Headline) -> bool:
    """Is most of what stands behind (or before) the denial told by the other?"""
    told = _told(plain)
    at = next(at for at, word in enumerate(denying.words) if DENIAL in word.marks)
    for side in (denying.words[at + 1 :], denying.words[:at]):
        said = [word for word in side if word.stem in denying.content and not word.inside][:DENIED]
        agreeing = sum(not meanings(word).isdisjoint(told) for word in said)
        if agreeing >= max(LEAST_DENIED, ALIKE * len(said)):
            return True
    return False


def _negated_by_one(new: Headline, old: Headline) -> str:
    """Only one says *not*, and says it of a word that the other has."""
    if new.negated == old.negated:
        return ""
    negating, plain = (new, old) if new.negated else (old, new)
    if plain.denied:
        return ""
    told = _told(plain)
    of_the_same = any(not meanings(word).isdisjoint(told) for word in _negated(negating))
    return "negated by one" if of_the_same and agreement(new, old) >= ALIKE else ""


def _negated(headline: Headline) -> Iterator[Word]:
    """The word of content that each *not* bears on: the next one."""
    words = headline.words
    for at, word in enumerate(words):
        if NEGATION in word.marks:
            after = (each for each in words[at + 1 :] if each.stem in headline.content)
            yield from islice(after, 1)


def _told(headline: Headline) -> set[str]:
    return set().union(*(meanings(word) | set(word.marks) for word in _content(headline)))


def swapped(new: Headline, old: Headline, *, brief: bool) -> str:
    """Why a word swapped in the same template tells two headlines apart (``brief``: or two); "" if it does not."""
    if why := _last_swapped(new, old):
        return why
    left, right = _content(new), _content(old)
    gone, come = _only(left, right), _only(right, left)
    if not gone or not come or max(len(gone), len(come)) > (MOST_SWAPPED if brief else 1):
        return ""
    named = any(word.name for word in (*gone, *come))
    if len(left) - len(gone) < SAME_TEMPLATE + len(gone) + len(come) - 2 - named:
        return ""
    if any(_related(one, other) for one in gone for other in come) or not _same_place(
        left, right, gone, come
    ):
        return ""
    return f"“{_spelled(gone)}” instead of “{_spelled(come)}”"


def _spelled(words: Iterable[Word]) -> str:
    return " ".join(word.spelled for word in words)


def _last_swapped(new: Headline, old: Headline) -> str:
    """All else told by both, a small last word decides: *baut … auf*, *baut … ab*; *in*, *out*."""
    left, right = (
        [word.stem for word in each.words[:-1] if word.stem in each.content] for each in (new, old)
    )
    if left != right or len(left) < SAME_TEMPLATE:
        return ""
    one, other = new.words[-1], old.words[-1]
    if one.stem == other.stem or (one.stem in new.content and other.stem in old.content):
        return ""
    return f"“{one.spelled}” instead of “{other.spelled}”"


def _content(headline: Headline) -> list[Word]:
    return [word for word in headline.words if word.stem in headline.content]


def _only(words: Iterable[Word], others: Iterable[Word]) -> list[Word]:
    there = {word.stem for word in others}
    return [word for word in words if word.stem not in there]


def _same_place(left: list[Word], right: list[Word], gone: list[Word], come: list[Word]) -> bool:
    """Do both stand in one place among the words the headlines share, and each in one piece?"""
    at, there = left.index(gone[0]), right.index(come[0])
    if left[at : at + len(gone)] != gone or right[there : there + len(come)] != come:
        return False
    return [word.stem for word in left[:at]] == [word.stem for word in right[:there]]


def _related(one: Word, other: Word) -> bool:
    """Two words for one thing, two counts that may have grown, or two forms of one word."""
    if number_of(one.spelled) and number_of(other.spelled):
        return True
    if _said(one) & _said(other):
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


def turned(new: Signs, old: Signs) -> Contrast:
    """Why the rules keep two entries apart: opposite directions, or asserted by one and denied by the other."""
    if len(new.directions) == len(old.directions) == 1:
        ours, theirs = next(iter(new.directions)), next(iter(old.directions))
        if ours.opposes(theirs):
            return Contrast(f"{ours.value} against {theirs.value}", "reverses")
    for rule in sorted(new.rules & old.rules):
        ours_denied = (rule, Stance.DENIED) in new.stances
        theirs_denied = (rule, Stance.DENIED) in old.stances
        asserted = (rule, Stance.ASSERTED) in (old.stances if ours_denied else new.stances)
        if ours_denied != theirs_denied and asserted:
            why = f"{rule}: asserted by one, denied by the other"
            return Contrast(why, "denies" if ours_denied else "reverses")
    return NONE


def of_one_kind(new: Signs, old: Signs) -> bool:
    """Did one rule fire on both, or rules of opposite directions: are they about one thing, whatever they say of it?"""
    if not new.rules.isdisjoint(old.rules):
        return True
    return any(ours.opposes(theirs) for ours in new.directions for theirs in old.directions)
