"""What the last days would have been under an edited text, and were under the saved one.

The plain way reads every stored article twice with two sets of compiled rules: a quarter of a minute for fifty
thousand articles. An edit is small, so the work can be, too::

    stored articles ─ once ─▶ shelves of words (bot.core.shelf), one a language
    saved rules     ─ once ─▶ what fired, article by article
    an edit ─▶ the terms that differ ─▶ the articles whose words they may touch ─▶ those alone are weighed anew

An article that holds none of the differing terms' words has the same evidence under both texts, so what it gave
stands. Whatever else of a rule differs (levels, places, distances …) makes all its terms differ. A word list differs
in every term that names it, or names a list that names it. In German a compound is found by its last member unless some
term asks for the whole of it, so there the *keys* that came or went touch an article as well.

A test holds the answer to the plain way's, word for word.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NamedTuple

from bot.core.matching import RuleBook
from bot.core.model import Entry, Match
from bot.core.needles import Needle
from bot.core.rules import Rule, TermSpec
from bot.core.shelf import Shelf
from bot.ports import Archive

MOST_READ = 200_000  # articles of the time asked for, the newest
SHOWN = 50  # gained and lost alerts shown
PORTION = 500  # articles read in one go
_LIST = re.compile(r"\$(\w+)")


# ── the answer ───────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True, slots=True)
class Change:
    """An entry that rings under one of two texts only."""

    title: str
    rule: str
    score: int
    level: str


@dataclass(slots=True)
class Comparison:
    """The edited text against the saved one over the last days."""

    days: int
    entries: int = 0
    before: Counter[str] = field(default_factory=Counter)  # rule → times it fired
    after: Counter[str] = field(default_factory=Counter)
    gained: list[Change] = field(default_factory=list)
    lost: list[Change] = field(default_factory=list)
    gained_count: int = 0
    lost_count: int = 0
    terms: Counter[str] = field(default_factory=Counter)  # term of the edited text → entries it stood in

    @property
    def a_day(self) -> tuple[float, float]:
        """Fires a day: saved, edited."""
        return self.before.total() / self.days, self.after.total() / self.days

    def add(self, title: str, old: Sequence[Fired], new: Sequence[Fired]) -> None:
        """One entry, with what fired on it under either text."""
        self.before.update(each.rule for each in old)
        self.after.update(each.rule for each in new)
        for each in new:
            self.terms.update(each.terms)
        before, after = {each.rule for each in old}, {each.rule for each in new}
        gained = [each for each in new if each.rule not in before]
        lost = [each for each in old if each.rule not in after]
        self.gained_count += len(gained)
        self.lost_count += len(lost)
        for found, shown in ((gained, self.gained), (lost, self.lost)):
            shown += [Change(title, each.rule, each.score, each.level) for each in found]
            del shown[:-SHOWN]


class Fired(NamedTuple):
    """What is kept of a match."""

    rule: str
    score: int
    level: str
    terms: frozenset[str]


def fired(matches: Iterable[Match]) -> tuple[Fired, ...]:
    """The loudest first, as they come."""
    return tuple(
        Fired(each.rule, each.score, each.level.word, frozenset(term.term for term in each.terms))
        for each in matches
    )


# ── two texts ────────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True, slots=True)
class Side:
    """One of the two texts, compiled. ``mark`` is the same for rules and lists that are the same."""

    book: RuleBook
    lists: Mapping[str, Sequence[str]]
    mark: str = ""


def plain(rule: Rule) -> Rule:
    """A rule without its lines and examples: what decides what it rings on."""
    return replace(rule, line=0, examples=(), terms=tuple(map(_plain, rule.terms)))


def _plain(spec: TermSpec) -> TermSpec:
    return replace(spec, line=0)


def counted(before: Side, after: Side) -> set[str]:
    """The rules that differ, for what did not change needs no comparing; all where none does."""
    names = before.book.rules.keys() | after.book.rules.keys()
    return {name for name in names if any(differing(name, before, after))} or set(names)


def differing(name: str, before: Side, after: Side) -> tuple[set[TermSpec], set[TermSpec]]:
    """The terms of a rule whose words may make a difference: those of the saved text, those of the edited one."""
    old, new = (side.book.rules.get(name) for side in (before, after))
    lines_old = [_plain(spec) for spec in old.terms] if old else []
    lines_new = [_plain(spec) for spec in new.terms] if new else []
    lists = _changed_lists(before.lists, after.lists)
    needs = [term for rule in (old, new) if rule for terms in rule.needs for term in terms]
    if old is None or new is None or _rest(old) != _rest(new) or any(_names(each, lists) for each in needs):
        return set(lines_old), set(lines_new)
    apart = _apart(lines_old, lines_new)
    if [each for each in lines_old if each not in apart] != [each for each in lines_new if each not in apart]:
        return set(lines_old), set(lines_new)  # another order may weigh ties otherwise
    apart |= {each for each in lines_old if _names(each.text, lists)}
    return apart & set(lines_old), apart & set(lines_new)


def _rest(rule: Rule) -> Rule:
    return replace(rule, terms=(), examples=(), line=0, file="", title="", description="")


def _apart(old: Sequence[TermSpec], new: Sequence[TermSpec]) -> set[TermSpec]:
    here, there = Counter(old), Counter(new)
    return {each for each in here.keys() | there.keys() if here[each] != there[each]}


def _changed_lists(before: Mapping[str, Sequence[str]], after: Mapping[str, Sequence[str]]) -> set[str]:
    """Lists that differ, and those that name one of them, however far."""
    both = before.keys() | after.keys()
    changed = {name for name in both if before.get(name) != after.get(name)}
    grown = bool(changed)
    while grown:
        naming = {
            name
            for lists in (before, after)
            for name, items in lists.items()
            if name not in changed and any(_names(item, changed) for item in items)
        }
        changed |= naming
        grown = bool(naming)
    return changed


def _names(text: str, lists: Collection[str]) -> bool:
    return bool(lists) and "$" in text and not set(_LIST.findall(text)).isdisjoint(lists)


# ── looking back ─────────────────────────────────────────────────────────────────────────────────────
class Lookback:
    """Keeps the words of what was read and what the saved rules gave; asked again, it reads only what is new."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._held = _Held()
        self._saved = _Given("")

    async def compare(self, before: Side, after: Side, since: datetime, days: int) -> Comparison:
        """Both texts over all that was first seen since then."""
        window = await self._shelve(since)
        given = await self._given(before, window)
        rules = counted(before, after)
        touched: set[int] = set()
        for lang in self._held.shelves:
            touched |= await self._touched(before, after, lang)
        touched &= window
        found = Comparison(days, len(window))
        for cursor in given.fired.keys() & (window - touched):
            same = _only(given.fired[cursor], rules)
            found.add("", same, same)
        async for cursor, entry in self._read(touched):
            new = fired(after.book.match(entry))
            found.add(entry.title, _only(given.fired.get(cursor, ()), rules), _only(new, rules))
        return found

    async def get_ready(self, before: Side, since: datetime) -> None:
        """Read now what the first question would wait for."""
        await self._given(before, await self._shelve(since))

    # ── what is kept ─────────────────────────────────────────────────────────────────────────────────
    async def _shelve(self, since: datetime) -> set[int]:
        """The cursors of the time asked for, all on the shelves as they are now."""
        marks = dict((await self._archive.marks(since))[-MOST_READ:])
        if len(self._held.marks) > 2 * len(marks) + PORTION:  # most of it is past
            self._held, self._saved = _Held(), _Given("")
        fresh = [cursor for cursor, mark in marks.items() if self._held.marks.get(cursor) != mark]
        async for cursor, entry in self._read(fresh):
            self._held.put(cursor, entry, marks[cursor])
        self._saved.forget(fresh)
        return set(marks)

    async def _read(self, cursors: Iterable[int]) -> AsyncIterator[tuple[int, Entry]]:
        wanted = sorted(cursors)
        for start in range(0, len(wanted), PORTION):
            for found in await self._archive.entries(wanted[start : start + PORTION]):
                yield found

    async def _given(self, side: Side, window: set[int]) -> _Given:
        """What fires under a text, for every article of the window."""
        if self._saved.mark != side.mark:
            self._saved = _Given(side.mark)
        missing = window - self._saved.known
        wanted: set[int] = set()
        for lang in self._held.shelves if missing else ():
            needles = [
                needle
                for rule in side.book.rules
                for spec, needle in side.book.terms_of(rule, lang)
                if spec.strength in _FINDING
            ]
            wanted |= await self._may_hold(lang, needles, missing)
        async for cursor, entry in self._read(wanted & missing):
            if found := fired(side.book.match(entry)):
                self._saved.fired[cursor] = found
        self._saved.known |= window
        return self._saved

    # ── what is touched ──────────────────────────────────────────────────────────────────────────────
    async def _touched(self, before: Side, after: Side, lang: str) -> set[int]:
        """The articles of a language whose evidence may be another."""
        apart = {name: differing(name, before, after) for name in counted(before, after)}
        old, new = (
            _differences(side, {name: specs[number] for name, specs in apart.items()})
            for number, side in enumerate((before, after))
        )
        needles = [needle for book in (old, new) for name in apart for _, needle in book.terms_of(name, lang)]
        found = await self._may_hold(lang, needles, self._held.marks)
        if lang == "de":
            came = new.keys(lang) - before.book.keys(lang)
            went = old.keys(lang) - after.book.keys(lang) if old.keys(lang) else frozenset()
            found |= self._held.shelves[lang].with_any(came | went)
        return found

    async def _may_hold(self, lang: str, needles: Sequence[Needle], cursors: Iterable[int]) -> set[int]:
        """The articles of a language a term may stand in; of ``cursors`` those that a pattern finds, by reading."""
        found = self._held.shelves[lang].may_hold(needles)
        patterns = [needle.pattern for needle in needles if needle.pattern is not None]
        if patterns:
            here = [cursor for cursor in cursors if self._held.lang[cursor] == lang]
            async for cursor, entry in self._read(here):
                texts = (entry.title, entry.summary, entry.body)
                if any(pattern.search(text) for pattern in patterns for text in texts):
                    found.add(cursor)
        return found


_FINDING = frozenset(("strong", "keywords", "weak"))
"""A rule fires on nothing else."""


class _Held:
    """What was read: the words on shelves, and by cursor the fingerprint and the language of the texts."""

    def __init__(self) -> None:
        self.shelves: dict[str, Shelf] = {}
        self.marks: dict[int, str] = {}
        self.lang: dict[int, str] = {}

    def put(self, cursor: int, entry: Entry, mark: str) -> None:
        """An article, new or edited."""
        self.shelves.setdefault(entry.lang, Shelf(entry.lang)).put(cursor, entry)
        self.marks[cursor], self.lang[cursor] = mark, entry.lang


class _Given:
    """What a text gave, as far as its articles are known. Empty results are not kept."""

    def __init__(self, mark: str) -> None:
        self.mark = mark
        self.known: set[int] = set()
        self.fired: dict[int, tuple[Fired, ...]] = {}

    def forget(self, cursors: Iterable[int]) -> None:
        """These were edited."""
        self.known.difference_update(cursors)
        for cursor in cursors:
            self.fired.pop(cursor, None)


def _differences(side: Side, specs: Mapping[str, set[TermSpec]]) -> RuleBook:
    """A book of the differing terms alone, quickly compiled. Without points or rules, only to look for them."""
    rules = (side.book.rules[name] for name, found in specs.items() if found)
    return side.book.with_rules(
        [
            replace(
                rule, needs=(), terms=tuple(each for each in rule.terms if _plain(each) in specs[rule.id])
            )
            for rule in rules
        ]
    )


def _only(found: Sequence[Fired], rules: Collection[str]) -> tuple[Fired, ...]:
    return tuple(each for each in found if each.rule in rules)
