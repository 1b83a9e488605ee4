"""What the last days would have been under an edited text, and were under the saved one.

The plain way reads every stored article twice with two sets of compiled rules: a quarter of a minute for fifty
thousand articles. An edit is small, so the work can be, too::

    stored articles ─ once ─▶ shelves of words (bot.core.shelf), one a language
    saved rules     ─ once ─▶ the sum each comes to, article by article
    an edit ─▶ the terms that differ ─▶ the articles whose words they may touch ─▶ those alone are weighed anew
            └▶ other levels ─────────▶ the sums that are kept, under those levels

An article that holds none of the differing terms' words has the same evidence under both texts, so the sum it gave
stands; what a sum is worth is asked of either text's levels. Whatever else of a rule decides what it rings on (places,
distances, stances …) makes all its terms differ. What was saved meanwhile is an edit, too: only what it touches is
weighed again. A word list differs in every term that names it, or names a list that names it. In German a compound is
found by its last member unless some term asks for the whole of it, so there the *keys* that came or went touch an
article as well.

A test holds the answer to the plain way's, word for word.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import NamedTuple

from bot.core.matching import RuleBook
from bot.core.model import Direction, Entry, Level, Match
from bot.core.needles import Needle
from bot.core.rules import Rule, TermSpec
from bot.core.scoring import Sum
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
        """One entry, with what fired on it under either text. They come in the order they were seen."""
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


class Kept(NamedTuple):
    """What is kept of a rule's sum."""

    rule: str
    sum: Sum  # without its lines
    trust: float
    terms: frozenset[str]


def _kept(entry: Entry, found: Iterable[tuple[str, Sum]]) -> tuple[Kept, ...]:
    return tuple(
        Kept(rule, replace(summed, lines=()), entry.trust, frozenset(line.term for line in summed.lines))
        for rule, summed in found
    )


def _under(kept: Iterable[Kept], rules: Mapping[str, Rule]) -> tuple[Fired, ...]:
    """What fires of the sums under the levels these rules have; as :meth:`RuleBook.match` has it."""
    found = [(each.sum.under(rules[each.rule], each.trust), each) for each in kept if each.rule in rules]
    loud = [(match, each) for match, each in found if match.level > Level.NONE and match.score > 0]
    loud.sort(key=lambda pair: (-pair[0].level, -pair[0].score, pair[0].rule))
    return tuple(Fired(match.rule, match.score, match.level.word, each.terms) for match, each in loud)


# ── two texts ────────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True, slots=True)
class Side:
    """One of the two texts, compiled. ``mark`` is the same for rules and lists that are the same."""

    book: RuleBook
    lists: Mapping[str, Sequence[str]]
    mark: str = ""


def plain(rule: Rule) -> Rule:
    """A rule without its lines and examples, and without what says who is told: what decides what it rings on."""
    return replace(
        rule, line=0, file="", examples=(), terms=tuple(map(_plain, rule.terms)), title="", description="",
        category="", tags=(), direction=Direction.NONE, confirm=None, cooldown=timedelta(), max_age=timedelta(),
    )  # fmt: skip


def summing(rule: Rule) -> Rule:
    """That without what says what a sum is worth: what decides the sums."""
    return replace(plain(rule), levels={}, severity=Level.CRITICAL)


def _plain(spec: TermSpec) -> TermSpec:
    return replace(spec, line=0)


def counted(before: Side, after: Side) -> set[str]:
    """The rules that ring on something else, for the others need no comparing; all where none does."""
    names = before.book.rules.keys() | after.book.rules.keys()
    return {name for name in names if _other(name, before, after)} or set(names)


def _other(name: str, before: Side, after: Side) -> bool:
    old, new = (side.book.rules.get(name) for side in (before, after))
    if old is None or new is None or plain(old) != plain(new):
        return True
    return any(differing(name, before, after))


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
    return replace(summing(rule), terms=())


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
def nobody(_share: float) -> None:
    """Is told how far it is."""


class Lookback:
    """Keeps the words of what was read and what the saved rules gave; asked again, it reads only what is new.

    ``progress`` is told the share that is done of whatever takes long.
    """

    def __init__(self, archive: Archive, progress: Callable[[float], None] = nobody) -> None:
        self._archive = archive
        self._progress = progress
        self._held = _Held()
        self._saved = _Given(None)

    async def compare(self, before: Side, after: Side, since: datetime, days: int) -> Comparison:
        """Both texts over all that was first seen since then."""
        window = await self._shelve(since)
        given = await self._given(before, window)
        touched = await self._touched(before, after) & window
        anew = {cursor: fired(after.book.match(entry)) async for cursor, entry in self._read(touched)}
        rules, found = counted(before, after), Comparison(days, len(window))
        for cursor in sorted(window & (given.sums.keys() | touched)):
            sums = [each for each in given.sums.get(cursor, ()) if each.rule in rules]
            new = _only(anew.get(cursor, ()), rules) if cursor in touched else _under(sums, after.book.rules)
            found.add(str(cursor), _under(sums, before.book.rules), new)
        await self._name(found)
        return found

    async def get_ready(self, before: Side, since: datetime) -> None:
        """Read now what the first question would wait for."""
        await self._given(before, await self._shelve(since))

    async def _name(self, found: Comparison) -> None:
        """Titles for the few changes that are shown, which stand under their cursors."""
        shown = {int(each.title) for each in (*found.gained, *found.lost)}
        titles = {str(cursor): entry.title async for cursor, entry in self._read(shown)}
        for changes in (found.gained, found.lost):
            changes[:] = [replace(each, title=titles.get(each.title, "")) for each in changes]

    # ── what is kept ─────────────────────────────────────────────────────────────────────────────────
    async def _shelve(self, since: datetime) -> set[int]:
        """The cursors of the time asked for, all on the shelves as they are now."""
        marks = dict((await self._archive.marks(since))[-MOST_READ:])
        if len(self._held.marks) > 2 * len(marks) + PORTION:  # most of it is past
            self._held, self._saved = _Held(), _Given(None)
        fresh = [cursor for cursor, mark in marks.items() if self._held.marks.get(cursor) != mark]
        async for cursor, entry in self._read(fresh, tell=(0.0, 0.5)):
            self._held.put(cursor, entry, marks[cursor])
        self._saved.forget(fresh)
        return set(marks)

    async def _read(
        self, cursors: Iterable[int], *, tell: tuple[float, float] | None = None
    ) -> AsyncIterator[tuple[int, Entry]]:
        """These articles in order; ``tell`` what share of all is done before the first and after the last."""
        wanted = sorted(cursors)
        for start in range(0, len(wanted), PORTION):
            if tell is not None:
                self._progress(tell[0] + (tell[1] - tell[0]) * start / len(wanted))
            for found in await self._archive.entries(wanted[start : start + PORTION]):
                yield found

    async def _given(self, side: Side, window: set[int]) -> _Given:
        """The sums under a text, for every article of the window."""
        given = self._saved
        if given.side is None or given.side.book.rules.keys().isdisjoint(side.book.rules):
            given = self._saved = _Given(side)
        elif given.side.mark != side.mark:
            given.forget(await self._touched(given.side, side))
            given.side = side
        missing = window - given.known
        wanted: set[int] = set()
        for lang in self._held.shelves if missing else ():
            needles = [
                needle
                for rule in side.book.rules
                for spec, needle in side.book.terms_of(rule, lang)
                if spec.strength in _FINDING
            ]
            wanted |= await self._may_hold(lang, needles, missing)
        async for cursor, entry in self._read(wanted & missing, tell=(0.5, 1.0)):
            if found := _kept(entry, side.book.sums(entry)):
                given.sums[cursor] = found
        given.known |= window
        return given

    # ── what is touched ──────────────────────────────────────────────────────────────────────────────
    async def _touched(self, before: Side, after: Side) -> set[int]:
        """The articles whose evidence may be another."""
        names = counted(before, after)
        apart = {name: differing(name, before, after) for name in names}
        if not any(map(any, apart.values())):
            return set()
        old, new = (
            _differences(side, {name: specs[number] for name, specs in apart.items()})
            for number, side in enumerate((before, after))
        )
        found: set[int] = set()
        for lang in self._held.shelves:
            needles = [
                needle for book in (old, new) for name in apart for _, needle in book.terms_of(name, lang)
            ]
            found |= await self._may_hold(lang, needles, self._held.marks)
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
    """What a text gave, as far as its articles are known. Where nothing was given, nothing is kept."""

    def __init__(self, side: Side | None) -> None:
        self.side = side
        self.known: set[int] = set()
        self.sums: dict[int, tuple[Kept, ...]] = {}

    def forget(self, cursors: Collection[int]) -> None:
        """These were edited, or the text was in what touches them."""
        self.known.difference_update(cursors)
        for cursor in cursors:
            self.sums.pop(cursor, None)


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
