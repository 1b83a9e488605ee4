"""What the story index reads off a headline and a summary: words, names, marks, numbers.

The headline is read closely, since it says what happened; the summary only lends its words. A *name* is a word
spelled with a capital that is no ordinary word of its language. In a Headline Set Like This the spelling says
nothing, and in German every noun has a capital: there the table of ordinary words alone decides.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import takewhile

from bot.core.storydata import GAP, LONGEST_GAP, Language, Phrase
from bot.core.text import Passage
from bot.core.wordforms import stems_of

_NUMBER = re.compile(r"^m?(\d+(?:[.,]\d+)?)(?:st|nd|rd|th|s|k|m|bn|mn|mln|tn)?$")
_WRITTEN_OUT = re.compile(r"(?<=\d)[,. ](?=\d{3}\b)")
NUMBER_REACH = 2  # words between a number and its unit
TITLE_CASE_SHARE = 0.6


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a headline. ``marks`` are those of the phrase that begins here."""

    stem: str
    spelled: str
    name: bool
    marks: tuple[str, ...] = ()
    inside: bool = False  # stands inside a phrase that began earlier


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
    found, marks, inside = _marked(readings, spelled, language)
    shouted = _title_case(spelled)
    return tuple(
        Word(
            root,
            spelling,
            _is_name(root, spelling, language, at == 0 or shouted),
            marks.get(at, ()),
            at in inside,
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
) -> tuple[list[str], dict[int, tuple[str, ...]], set[int]]:
    """The stem of each word; number of a phrase's first word → its marks; the numbers of the words inside phrases.

    A form with several readings has the one that a phrase wants, else the likeliest.
    """
    found = [each[0] for each in readings]
    marks: dict[int, tuple[str, ...]] = {}
    inside: set[int] = set()
    for at, each in enumerate(readings):
        if at in inside:
            continue
        for phrase in (phrase for root in each for phrase in language.phrases.get(root, ())):
            if phrase.spelled and phrase.spelled != spelled[at]:
                continue
            taken = _taken(phrase, readings, at)
            if taken:
                marks[at] = phrase.marks
                inside.update(taken[1:])
                words = (root for root in phrase.stems if root != GAP)
                for number, root in zip(taken, words, strict=True):
                    found[number] = root
                break
    return found, marks, inside


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


# ── the headline ─────────────────────────────────────────────────────────────────────────────────────
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
        denied="!" in marks,
        negated="~" in marks,
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

NEGATION_REACH = 4  # words


def _sides(words: Sequence[Word]) -> Iterator[str]:
    """Every side named, turned round where a negation stands shortly before."""
    negated_until = -1
    for at, word in enumerate(words):
        for mark in word.marks:
            if mark == "~":
                negated_until = at + NEGATION_REACH
            elif mark[0] in "+-":
                turned = at <= negated_until
                yield ("-" if (mark[0] == "+") == turned else "+") + mark[1:]


def _numbers(text: str, words: Sequence[Word]) -> Iterator[tuple[str, str]]:
    for at, word in enumerate(words):
        value = number_of(word.spelled)
        if not value:
            continue
        if re.search(rf"{re.escape(word.spelled)}\s?(?:%|percent|per cent|pct|Prozent|процент|відсот)", text):
            yield "percent", value
        around = words[max(0, at - NUMBER_REACH) : at + NUMBER_REACH + 1]
        yield from ((mark[1:], value) for near in around for mark in near.marks if mark[0] == "%")
        if word.spelled[0] in "Mm":
            yield "magnitude", value


@lru_cache(maxsize=4096)
def number_of(spelled: str) -> str:
    """A word's number in one spelling (``5,1`` → ``5.1``), "" where it is none."""
    found = _NUMBER.match(_WRITTEN_OUT.sub("", spelled.lower()))
    return found[1].replace(",", ".") if found else ""
