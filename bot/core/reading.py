"""What the story index reads off a headline and a summary: words, names, marks, numbers.

The headline is read closely, since it says what happened; the summary only lends its words. A *name* is a word
spelled with a capital that is no ordinary word of its language. In a Headline Set Like This the spelling says
nothing, and in German every noun has a capital: there the table of ordinary words alone decides.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, takewhile

from bot.core.storydata import (
    BACKGROUND,
    BAD_NEWS,
    DENIAL,
    GAP,
    GOOD_NEWS,
    LONGEST_GAP,
    NEGATION,
    UNDOING,
    Language,
    Phrase,
    turned_round,
)
from bot.core.text import Passage
from bot.core.wordforms import stems_of

_NUMBER = re.compile(r"^m?(\d+(?:[.,]\d+)?)(?:st|nd|rd|th|s|k|m|bn|mn|mln|tn)?$")
_WRITTEN_OUT = re.compile(r"(?<=\d)[,. ](?=\d{3}\b)")
NEGATION_REACH = 5  # words
UNDOING_REACH = 2  # words
NUMBER_REACH = 2  # words between a number and its unit
LEAST_SHORTER = 2  # words of a shorter phrase that says something beside the longer one
TITLE_CASE_SHARE = 0.6


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a headline. ``marks`` are those of the phrase that begins here."""

    stem: str
    spelled: str
    name: bool
    marks: tuple[str, ...] = ()
    inside: bool = False  # stands inside a phrase that began earlier
    turned: bool = False  # a negation or an undoing bears on it: its sides are the other ones
    before: bool = False  # tells what was before the news (*after …*)


@dataclass(frozen=True, slots=True)
class Headline:
    """A headline, closely read.

    ``sides`` are the axes with their sign after negation (``+rates``); ``numbers`` are (unit, value) of units that
    identify an event.
    """

    text: str
    words: tuple[Word, ...]
    sides: frozenset[str]
    denied: bool
    negated: bool
    places: tuple[tuple[str, tuple[str, ...]], ...]  # its stems, and the places it may mean
    days: frozenset[str]
    numbers: frozenset[tuple[str, str]]
    names: frozenset[str]  # stems of names that are no places and belong to no class
    content: frozenset[str]  # stems of all words that are not function words


def read_words(text: str, lang: str, language: Language) -> tuple[Word, ...]:
    """The words of a text with their marks."""
    passage = Passage(text, lang)
    readings = [stems_of(word, lang) for word in passage.words]
    spelled = [text[start:end] for start, end in zip(passage.starts, passage.ends, strict=True)]
    found, marks, taken = _marked(readings, spelled, language)
    inside = {number for numbers in taken.values() for number in numbers[1:]}
    turned, before = _turned(marks, taken), _background(marks, len(found))
    shouted = _title_case(spelled)
    return tuple(
        Word(
            root,
            spelling,
            _is_name(root, spelling, language, at == 0 or shouted),
            marks.get(at, ()),
            at in inside,
            at in turned,
            at > before,
        )
        for at, (root, spelling) in enumerate(zip(found, spelled, strict=True))
    )


def _title_case(spelled: Sequence[str]) -> bool:
    """Does the headline capitalise (nearly) every word, so that a capital says nothing?"""
    long = [word for word in spelled if len(word) > 3 and word[0].isalpha()]
    return len(long) > 2 and sum(word[0].isupper() for word in long) >= TITLE_CASE_SHARE * len(long)


def _is_name(root: str, spelling: str, language: Language, capital_is_custom: bool) -> bool:
    if not spelling[0].isupper() or len(spelling) < 2:
        return False
    return root not in language.ordinary if capital_is_custom else language.share.get(root, 0.0) < 1e-3


# ── phrases ──────────────────────────────────────────────────────────────────────────────────────────
def _marked(
    readings: Sequence[tuple[str, ...]], spelled: Sequence[str], language: Language
) -> tuple[list[str], dict[int, tuple[str, ...]], dict[int, list[int]]]:
    """The stem of each word; number of a phrase's first word → its marks; the same → the numbers of all its words.

    A form with several readings has the one that a phrase wants, else the likeliest.
    """
    found = [each[0] for each in readings]
    present = {GAP, *chain.from_iterable(readings)}
    marks: dict[int, tuple[str, ...]] = {}
    taken: dict[int, list[int]] = {}
    inside: set[int] = set()
    for at, each in enumerate(readings):
        if at in inside:
            continue
        for phrase in (phrase for root in each for phrase in language.phrases.get(root, ())):
            if not present.issuperset(phrase.stems) or (phrase.spelled and phrase.spelled != spelled[at]):
                continue
            if at in marks and len(phrase.stems) < LEAST_SHORTER:
                break
            numbers = _taken(phrase, readings, at)
            if numbers and at not in marks:
                marks[at], taken[at] = phrase.marks, numbers
                inside.update(numbers[1:])
                words = (root for root in phrase.stems if root != GAP)
                for number, root in zip(numbers, words, strict=True):
                    found[number] = root
            elif numbers and set(numbers) <= set(taken[at]):
                marks[at] = _joined(marks[at], phrase.marks)
    return found, marks, taken


def _joined(marks: tuple[str, ...], more: tuple[str, ...]) -> tuple[str, ...]:
    """The marks of a phrase, and those of a shorter one in it (*call off … strike*, *call off*) on other axes."""
    axes = {mark[1:] for mark in marks if mark[0] in "+-"}
    axes |= {mood[1:] for mark in marks if mark[0] == "*" for mood in (GOOD_NEWS, BAD_NEWS)}
    further = (mark for mark in more if mark[0] not in "+-*" or mark[1:] not in axes)
    return tuple(dict.fromkeys((*marks, *further)))


def _taken(phrase: Phrase, readings: Sequence[tuple[str, ...]], at: int) -> list[int]:
    """The numbers of the words a phrase takes if it begins at ``at``; empty if it does not."""
    taken: list[int] = []
    reach = 0
    for root in phrase.stems:
        if root == GAP:
            reach = LONGEST_GAP
            continue
        last = min(at + reach + 1, len(readings))
        where = next((i for i in range(at, last) if root in readings[i]), -1)
        if where < 0:
            return []
        taken.append(where)
        at, reach = where + 1, 0
    return taken


def _turned(marks: Mapping[int, tuple[str, ...]], taken: Mapping[int, Sequence[int]]) -> set[int]:
    """The words whose sides are the other ones. What is both negated and undone is as it was."""
    negated: set[int] = set()
    undone: set[int] = set()
    for at, found in marks.items():
        if NEGATION in found:
            negated |= _borne_on(at, at + NEGATION_REACH, marks)
        if UNDOING in found:
            last = max(at + len(taken[at]) - 1 + UNDOING_REACH, taken[at][-1])
            undone |= _borne_on(at, last, marks)
    return negated ^ undone


def _borne_on(at: int, last: int, marks: Mapping[int, tuple[str, ...]]) -> set[int]:
    """The words a negation bears on: up to ``last``, or as many before it where none of those has a side
    (*Rücktritt kommt nicht infrage*)."""
    behind = set(range(at + 1, last + 1))
    sided = {number for number, found in marks.items() if any(mark[0] in "+-*" for mark in found)}
    return behind if behind & sided else set(range(2 * at - last, at))


def _background(marks: Mapping[int, tuple[str, ...]], length: int) -> int:
    """The number of the word behind which the past is told. A headline that begins with it has its news behind."""
    return min((at for at, found in marks.items() if at and BACKGROUND in found), default=length)


# ── the headline ─────────────────────────────────────────────────────────────────────────────────────
@lru_cache(maxsize=1 << 11)  # much asked are the headlines of the stories that grow
def read_headline(text: str, lang: str, language: Language) -> Headline:
    """A headline, closely read."""
    return headline_of(text, read_words(text, lang, language), language)


def headline_of(text: str, words: tuple[Word, ...], language: Language) -> Headline:
    """The same from words already read."""
    marks = [mark for word in words for mark in word.marks]
    return Headline(
        text,
        words,
        frozenset(_sides(words)),
        denied=DENIAL in marks,
        negated=NEGATION in marks,
        places=tuple(_places(words)),
        days=frozenset(mark for mark in marks if mark[0] == "#"),
        numbers=frozenset(_numbers(text, words)),
        names=frozenset(word.stem for word in words if word.name and not word.marks and not word.inside),
        content=frozenset(word.stem for word in words if language.share.get(word.stem, 0.0) < FUNCTION_WORD),
    )


def _places(words: Sequence[Word]) -> Iterator[tuple[str, tuple[str, ...]]]:
    for at, word in enumerate(words):
        meant = tuple(mark for mark in word.marks if mark[0] == "@")
        if meant:
            rest = takewhile(lambda each: each.inside, words[at + 1 :])
            yield " ".join((word.stem, *(each.stem for each in rest))), meant


FUNCTION_WORD = 1.5e-3
"""A word with a larger share of running text says nothing by itself."""


def _sides(words: Sequence[Word]) -> set[str]:
    """Every side named; one that only the past has counts on an axis of which the news says nothing."""
    news = set(_sides_of(word for word in words if not word.before))
    axes = {side[1:] for side in news}
    return news | {side for side in _sides_of(word for word in words if word.before) if side[1:] not in axes}


def _sides_of(words: Iterable[Word]) -> Iterator[str]:
    for word in words:
        for mark in word.marks:
            if mark[0] in "+-":
                yield turned_round(mark) if word.turned else mark


def _numbers(text: str, words: Sequence[Word]) -> Iterator[tuple[str, str]]:
    for at, word in enumerate(words):
        value = number_of(word.spelled) or _ordinal(word)
        if not value:
            continue
        if re.search(rf"{re.escape(word.spelled)}\s?(?:%|percent|per cent|pct|Prozent|процент|відсот)", text):
            yield "percent", value
        around = words[max(0, at - NUMBER_REACH) : at + NUMBER_REACH + 1]
        yield from ((mark[1:], value) for near in around for mark in near.marks if mark[0] == "%")
        if word.spelled[0] in "Mm":
            yield "magnitude", value


def _ordinal(word: Word) -> str:
    return next((mark[:-1] for mark in word.marks if mark[0].isdigit()), "")


@lru_cache(maxsize=4096)
def number_of(spelled: str) -> str:
    """A word's number in one spelling (``5,1`` → ``5.1``), "" where it is none."""
    found = _NUMBER.match(_WRITTEN_OUT.sub("", spelled.lower()))
    return found[1].replace(",", ".") if found else ""
