"""From the editors' folder to a :class:`Desk`: strictly at the start, leniently while running.

:func:`load_desk` refuses the folder with every mistake at once. :func:`load_lenient` never stops the bot: what is
good is taken, what is broken keeps its last good version, and the mistakes are handed back to be told. The unit
of *keeping* is the file: while a file has a mistake, its rules that are in order take effect and all others it
used to hold stay; a rule is never lost to a typo in it. ``routes.yaml`` is taken whole or not at all, since half
a routing table sends alerts to the wrong people. Deleting a file is taken for an accident until the next start.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from bot.config.crosscheck import crosscheck
from bot.config.desk import FEEDS_FILE, ROUTES_FILE, Desk, Reading
from bot.config.folder import read_folder
from bot.config.languages import builtin_lists, load_languages
from bot.config.lint import lint
from bot.core.matching import RuleBook, headline
from bot.core.model import Level, Match
from bot.core.rules import Example, Rule
from bot.errors import ConfigError, Problem

T = TypeVar("T")


def load_desk(rules_dir: Path) -> Desk:
    """All files of the folder. Raises ConfigError with all problems of all files.

    Examples are not run here: that needs the compiled rules, see :func:`check_desk`.
    """
    reading = _read(rules_dir)
    if reading.errors:
        raise ConfigError(reading.problems)
    return reading.desk()


def _read(rules_dir: Path) -> Reading:
    reading = read_folder(rules_dir)
    reading.problems.extend(crosscheck(reading, builtin_lists()))
    return reading


# ── examples ─────────────────────────────────────────────────────────────────────────────────────────
def check_examples(desk: Desk, rulebook: RuleBook, *, rules_dir: Path | None = None) -> tuple[Problem, ...]:
    """Every example that does not do what it says; ``rules_dir`` only completes the file names in problems."""
    found = failing_examples(desk.rules, rulebook, rules_dir)
    return tuple(problem for problems in found.values() for problem in problems)


def failing_examples(
    rules: Iterable[Rule], rulebook: RuleBook, rules_dir: Path | None = None
) -> Mapping[str, tuple[Problem, ...]]:
    """Rule id → its examples that fail; rules in order, and rules at rest, are not in it."""
    found = {rule.id: tuple(_failures(rule, rulebook, rules_dir)) for rule in rules if rule.enabled}
    return {rule: problems for rule, problems in found.items() if problems}


def _failures(rule: Rule, rulebook: RuleBook, rules_dir: Path | None) -> Iterator[Problem]:
    file = str(rules_dir / rule.file) if rules_dir else rule.file
    for example in rule.examples:
        matches = rulebook.match(headline(example.text, example.lang))
        match = next((each for each in matches if each.rule == rule.id), None)
        if message := _verdict(example, match):
            key = f"{rule.id}.examples.{'match' if example.match else 'no_match'}"
            remedy = f'newsalert explain "{example.text}" shows the sum'
            yield Problem(file, example.line or rule.line, key, f"{message}: {example.text}", remedy)


def _verdict(example: Example, match: Match | None) -> str:
    """What is wrong with what a rule made of its example, "" if it is as it should be."""
    level, score = (match.level, match.score) if match else (Level.NONE, 0)
    if not example.match:
        return f"must not match, but scores {score} ({level.word})" if level > Level.NONE else ""
    least = example.at_least or Level.LOW
    if level < least:
        return f"must reach {least.word}, but scores {score} ({level.word})"
    if example.at_most is not None and level > example.at_most:
        return f"must stay at {example.at_most.word} or below, but scores {score} ({level.word})"
    return ""


@dataclass(frozen=True, slots=True)
class Report:
    """What ``newsalert check`` tells: every problem, sorted by place, and how much was looked at."""

    problems: tuple[Problem, ...]
    counts: Mapping[str, int]

    @property
    def ok(self) -> bool:
        """Warnings alone do not matter."""
        return all(problem.severity == "warning" for problem in self.problems)


def check_desk(rules_dir: Path) -> Report:
    """Everything that can be known about the folder without news: files, terms, routes, examples. Never raises."""
    reading = _read(rules_dir)
    desk = reading.desk()
    problems = list(reading.problems)
    if not reading.errors:
        problems += check_examples(desk, rulebook_of(desk), rules_dir=rules_dir)
        problems += lint(desk, rules_dir)
    counts = {
        "rules": len(desk.rules),
        "terms": sum(len(rule.terms) for rule in desk.rules),
        "examples": sum(len(rule.examples) for rule in desk.rules),
        "feeds": len(desk.feeds),
        "receivers": len(desk.receivers),
        "routes": len(desk.routes),
    }
    return Report(tuple(sorted(problems)), counts)


def rulebook_of(desk: Desk) -> RuleBook:
    """The desk's rules, compiled with all that is known of languages."""
    return RuleBook(desk.rules, desk.lists, load_languages())


# ── while running ────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True, slots=True)
class Live:
    """What is in force after a reading while running. ``problems`` are those of the reading, () = in order."""

    desk: Desk
    rulebook: RuleBook
    problems: tuple[Problem, ...]


def load_lenient(rules_dir: Path, last_good: Desk) -> tuple[Desk, tuple[Problem, ...]]:
    """What is good now, with the last good version of everything that is not, and the problems. Never raises.

    The desk that comes back is whole: its terms parse, its routes lead somewhere, its rules pass their examples.
    Warnings are in ``desk.warnings`` and not among the problems.
    """
    live = load_live(rules_dir, last_good)
    return live.desk, live.problems


def load_live(rules_dir: Path, last_good: Desk) -> Live:
    """The same with the rules compiled, which the examples need anyhow."""
    reading = _read(rules_dir)
    reading.problems.extend(_gone(reading, last_good, rules_dir))
    problems = reading.errors
    desk = reading.desk()
    if problems:
        merged = _merged(reading, last_good)
        desk = merged if _whole(merged) else last_good
    rulebook = rulebook_of(desk)
    failing = failing_examples(desk.rules, rulebook, rules_dir) if desk is not last_good else {}
    if failing:
        problems += [problem for each in failing.values() for problem in each]
        kept = _without(desk, failing, last_good)
        desk = kept if _whole(kept) else last_good
        rulebook = rulebook_of(desk)
    return Live(desk, rulebook, tuple(sorted(problems)))


def _whole(desk: Desk) -> bool:
    """Whether the parts of a desk fit each other, wherever each of them came from."""
    crossed = crosscheck(Reading.of(desk), builtin_lists())
    return all(problem.severity == "warning" for problem in crossed)


def _gone(reading: Reading, last_good: Desk, rules_dir: Path) -> Iterator[Problem]:
    """Files that held something and are no longer there, unless what they held stands elsewhere now."""
    here = {placed.value.id for placed in reading.rules}
    held = {FEEDS_FILE: bool(last_good.feeds), ROUTES_FILE: bool(last_good.routes or last_good.receivers)}
    for rule in last_good.rules:
        held[rule.file] = held.get(rule.file, False) or rule.id not in here
    for name, something in held.items():
        if something and name not in reading.files:
            remedy = "empty the file, or start anew, if it is meant to go"
            yield Problem(
                str(rules_dir / name), 0, "", "the file is gone; what it held stays in force", remedy
            )


def _merged(reading: Reading, old: Desk) -> Desk:
    """The good parts of a reading, and the last good version of what its broken files held."""
    new = reading.desk()
    broken = {Path(problem.file).name for problem in reading.errors}
    bad = {(Path(problem.file).name, problem.key.split(".")[0]) for problem in reading.errors}
    feeds = [feed for feed in new.feeds if (FEEDS_FILE, feed.name) not in bad]
    rules = [rule for rule in new.rules if (rule.file, rule.id) not in bad]
    kept = [rule for rule in old.rules if rule.file in broken]
    routing = old if ROUTES_FILE in broken else new
    return Desk(
        feeds=_filled(feeds, old.feeds if FEEDS_FILE in broken else (), lambda feed: feed.name),
        receivers=routing.receivers,
        routes=routing.routes,
        rules=_filled(rules, kept, lambda rule: rule.id),
        lists={**old.lists, **new.lists},
        warnings=new.warnings,
    )


def _filled(new: Iterable[T], old: Iterable[T], name_of: Callable[[T], str]) -> tuple[T, ...]:
    """The new values, and the old ones whose names are missing among them."""
    found = {name_of(value): value for value in new}
    for value in old:
        found.setdefault(name_of(value), value)
    return tuple(found.values())


def _without(desk: Desk, failing: Collection[str], old: Desk) -> Desk:
    """The last good version of each failing rule in its place; a rule that has none does not go live."""
    earlier = {rule.id: rule for rule in old.rules}
    rules = (earlier.get(rule.id) if rule.id in failing else rule for rule in desk.rules)
    kept = tuple(rule for rule in rules if rule is not None)
    return replace(desk, rules=kept, lists={**old.lists, **desk.lists})
