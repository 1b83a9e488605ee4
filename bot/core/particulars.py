"""Do two headlines name different events of one kind? *Shooting at Texas mall*, *shooting at Nashville school*.

The words that describe a kind of event are what such headlines share; the names, places, days and numbers that
identify the event are what they do not. A particular tells two entries apart only if *both* sides have one the
other lacks: a report that adds a name to another's is the same story told better. What the other side lacks is
asked of its whole text, not of its headline alone.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from bot.core.reading import Headline
from bot.core.vectors import checksum

Told = Callable[[str], bool]
"""Does an entry's text have this term?"""


def told_in(terms: Collection[int]) -> Told:
    """The question asked of a text given as checksums."""
    return lambda term: checksum(term) in terms


def apart(new: Headline, new_has: Told, old: Headline, old_has: Told) -> str:
    """What tells the two events apart, in words; "" if nothing does."""
    return (
        _other_place(new, new_has, old, old_has)
        or _other_day(new, old)
        or _other_number(new, old)
        or _other_name(new, new_has, old, old_has)
    )


def _other_place(new: Headline, new_has: Told, old: Headline, old_has: Told) -> str:
    ours = _unmet(new, old, old_has)
    theirs = _unmet(old, new, new_has)
    return f"{_name(ours)} is not {_name(theirs)}" if ours and theirs else ""


def _unmet(headline: Headline, other: Headline, other_has: Told) -> str:
    """A place that neither lies in, nor contains, any place of the other text; "" if there is none."""
    elsewhere = [place for _, meant in other.places for place in meant]
    for word, meant in headline.places:
        told = other_has(word) or any("/" not in place and other_has(place) for place in meant)
        if not told and not any(_within(place, there) for place in meant for there in elsewhere):
            return meant[0]
    return ""


def _within(place: str, other: str) -> bool:
    """Does one place lie in the other, either way round?"""
    return place == other or place.startswith(f"{other}/") or other.startswith(f"{place}/")


def _name(place: str) -> str:
    return place.lstrip("@").rsplit("/", 1)[-1]


def _other_day(new: Headline, old: Headline) -> str:
    if not new.days or not old.days or new.days & old.days:
        return ""
    ours, theirs = min(new.days), min(old.days)
    return f"{ours[1:]} is not {theirs[1:]}"


def _other_number(new: Headline, old: Headline) -> str:
    for unit in sorted({unit for unit, _ in new.numbers} & {unit for unit, _ in old.numbers}):
        ours = {value for each, value in new.numbers if each == unit}
        theirs = {value for each, value in old.numbers if each == unit}
        if not ours & theirs:
            return f"{min(ours)} {unit} is not {min(theirs)}"
    return ""


def _other_name(new: Headline, new_has: Told, old: Headline, old_has: Told) -> str:
    ours = sorted(name for name in new.names if not old_has(name))
    theirs = sorted(name for name in old.names if not new_has(name))
    return f"{ours[0]} is not {theirs[0]}" if ours and theirs else ""
