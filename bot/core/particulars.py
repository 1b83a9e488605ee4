"""Do two headlines name different events of one kind? *Shooting at Texas mall*, *shooting at Nashville school*.

The words that describe a kind of event are what such headlines share; the names, places, days and numbers that
identify the event are what they do not. A particular tells two entries apart only if *both* sides have one the
other lacks: a report that adds a name to another's is the same story told better. What the other side lacks is
asked of its whole text, not of its headline alone.

Any two unmatched names tell two bare headlines apart. With summaries that would cost one true pair in twenty, so
there the names must stand in the *same slot*: next to the same word (*win over Jaguars*, *win over Chiefs*).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping

from bot.core.reading import Headline, Word, number_of
from bot.core.storydata import SAYING, closest, kind_of
from bot.core.vectors import checksum

Told = Callable[[str], bool]
"""Does an entry's text have this term?"""

_CODE = (
    re.compile(  # letters and a number (MH17, A7, ICE 577), or two numbers that are no score (11-4, 57/14)
        r"\b(?:([A-ZА-ЯЁІЇЄҐ]{1,4}-?)(\d[\d-]*)|([A-ZА-ЯЁІЇЄҐ]{2,4} )(\d{3,})|(\d{2,}[-/])(\d+))\b"
    )
)
SLOT_REACH = 3  # words between a name and the word whose slot it fills


def told_in(terms: Collection[int]) -> Told:
    """The question asked of a text given as checksums."""
    return lambda term: checksum(term) in terms


def apart(new: Headline, new_has: Told, old: Headline, old_has: Told, *, brief: bool) -> str:
    """What tells the two events apart, in words; "" if nothing does. ``brief``: one of them is but a headline."""
    return (
        _other_place(new, new_has, old, old_has, brief=brief)
        or _other_day(new, old)
        or _other_number(new, old)
        or _other_code(new, old)
        or _other_in_slot(new, new_has, old, old_has)
        or (_other_name(new, new_has, old, old_has) if brief else "")
    )


def _other_place(new: Headline, new_has: Told, old: Headline, old_has: Told, *, brief: bool) -> str:
    """Each has a place the other lacks; with summaries, none at all may be common (Biden stands for a country too)."""
    if not brief and _common_ground(new, old):
        return ""
    ours = _unmet(new, old, old_has)
    theirs = _unmet(old, new, new_has)
    return f"{_name(ours)} is not {_name(theirs)}" if ours and theirs else ""


def _common_ground(new: Headline, old: Headline) -> bool:
    theirs = [place for _, meant in old.places for place in meant]
    return any(within(place, other) for _, meant in new.places for place in meant for other in theirs)


def _unmet(headline: Headline, other: Headline, other_has: Told) -> str:
    """A place that neither lies in, nor contains, any place of the other text; "" if there is none."""
    # *Peru* of *Peru's Arequipa region* only says where that lies
    elsewhere = closest({place for _, meant in other.places for place in meant})
    for word, meant in headline.places:
        told = other_has(word) or any("/" not in place and other_has(place) for place in meant)
        if not told and not any(within(place, there) for place in meant for there in elsewhere):
            return meant[0]
    return ""


def within(place: str, other: str) -> bool:
    """Does one place lie in the other, either way round?"""
    return place == other or place.startswith(f"{other}/") or other.startswith(f"{place}/")


def _name(place: str) -> str:
    return place.lstrip("@").rsplit("/", 1)[-1]


WEEKDAYS = frozenset(f"#{day}day" for day in ("mon", "tues", "wednes", "thurs", "fri", "satur", "sun"))


def _other_day(new: Headline, old: Headline) -> str:
    """Weekdays are held against weekdays, months against months."""
    for ours, theirs in (
        (new.days & WEEKDAYS, old.days & WEEKDAYS),
        (new.days - WEEKDAYS, old.days - WEEKDAYS),
    ):
        if ours and theirs and not ours & theirs:
            return f"{min(ours)[1:]} is not {min(theirs)[1:]}"
    return ""


def _other_number(new: Headline, old: Headline) -> str:
    for unit in sorted({unit for unit, _ in new.numbers} & {unit for unit, _ in old.numbers}):
        ours = {value for each, value in new.numbers if each == unit}
        theirs = {value for each, value in old.numbers if each == unit}
        if not ours & theirs:
            return f"{min(ours)} {unit} is not {min(theirs)}"
    return ""


def _other_code(new: Headline, old: Headline) -> str:
    """*A7* is not *A9*, *group 11-4* is not *11-7*: marks of one make, told by both, none shared."""
    ours, theirs = _codes(new.text), _codes(old.text)
    for make in sorted(ours.keys() & theirs.keys()):
        if ours[make].isdisjoint(theirs[make]):
            return f"{make}{min(ours[make])} is not {make}{min(theirs[make])}"
    return ""


def _codes(text: str) -> dict[str, set[str]]:
    """Make (letters, or what stands before the dash) → the rest of each code."""
    found: dict[str, set[str]] = defaultdict(set)
    for code in _CODE.finditer(text):
        make, rest = filter(None, code.groups())
        found[make].add(rest)
    return found


def _other_name(new: Headline, new_has: Told, old: Headline, old_has: Told) -> str:
    ours, theirs = _unmet_name(new, old_has), _unmet_name(old, new_has)
    return f"{ours} is not {theirs}" if ours and theirs else ""


def _unmet_name(headline: Headline, other_has: Told) -> str:
    """A name of which the other text has no part; "" if there is none."""
    for first, last in _runs(headline):
        run = [word for word in headline.words[first : last + 1] if word.stem in headline.names]
        called = [name for word in headline.words[first : last + 1] for name in _called(word)]
        if run and not any(map(other_has, called)):
            return run[0].stem
    return ""


# ── slots ────────────────────────────────────────────────────────────────────────────────────────────
def _other_in_slot(new: Headline, new_has: Told, old: Headline, old_has: Told) -> str:
    ours, theirs = _slots(new), _slots(old)
    for slot in sorted(ours.keys() & theirs.keys()):
        one, other = ours[slot], theirs[slot]
        if one.isdisjoint(other) and not any(map(old_has, one)) and not any(map(new_has, other)):
            return f"{_name(min(one))} is not {_name(min(other))}"
    return ""


def _slots(headline: Headline) -> Mapping[tuple[str, int], set[str]]:
    """(word or class, side on which the name stands) → the stems of the names there."""
    found: dict[tuple[str, int], set[str]] = defaultdict(set)
    for first, last in _runs(headline):
        names = {name for word in headline.words[first : last + 1] for name in _called(word)}
        for start, step in ((first - 1, -1), (last + 1, 1)):
            holder = _holder(headline, start, step)
            for key in _keys(holder) if holder else ():
                found[key, step] |= names
    return found


def _runs(headline: Headline) -> Iterator[tuple[int, int]]:
    """First and last word of every run of names."""
    first = -1
    for at, word in enumerate(headline.words):
        if not _identifies(word):
            if first >= 0:
                yield first, at - 1
            first = -1
        elif first < 0:
            first = at
    if first >= 0:
        yield first, len(headline.words) - 1


def _called(word: Word) -> tuple[str, ...]:
    """A name and the country it stands for: *Biden* cancels what the *Pentagon* cancels."""
    return (word.stem, *(kind_of(mark) for mark in word.marks if mark[0] == "@"))


def _identifies(word: Word) -> bool:
    return (word.name and not word.inside) or any(mark[0] == "@" for mark in word.marks)


def _holder(headline: Headline, at: int, step: int) -> Word | None:
    """The nearest word of content in one direction, if no other name comes first."""
    for _ in range(SLOT_REACH):
        if not 0 <= at < len(headline.words) or _identifies(headline.words[at]):
            return None
        word = headline.words[at]
        if word.stem in headline.content and not number_of(word.spelled):
            return None if SAYING in word.marks else word  # who says it is no part of what happened
        at += step
    return None


def _keys(word: Word) -> tuple[str, ...]:
    return tuple(kind_of(mark) for mark in word.marks if mark[0] in "=+-") or (word.stem,)
