"""Lint of the whole desk: :mod:`bot.core.lint` with the tables of common words that come with the package."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path

from bot.config.desk import Desk
from bot.config.languages import builtin_lists
from bot.config.storydata import DATA, read_background
from bot.core.lint import LANGUAGE_NAMES, Hint, Shares, hints
from bot.core.rules import Rule
from bot.errors import Problem


@lru_cache(maxsize=1)
def word_shares() -> Shares:
    """Language → stem → its share of running text."""
    return {lang: read_background(DATA, lang)[0] for lang in LANGUAGE_NAMES}


def lint(desk: Desk, rules_dir: Path) -> Iterator[Problem]:
    """Warnings only: what loads, and is probably not what was meant."""
    found = hints(desk.rules, {**builtin_lists(), **desk.lists}, word_shares())
    yield from as_problems(found, desk.rules, rules_dir)


def as_problems(found: Iterable[Hint], rules: Iterable[Rule], rules_dir: Path) -> Iterator[Problem]:
    """Hints with their place in the editors' files."""
    by_id = {rule.id: rule for rule in rules}
    for hint in found:
        rule = by_id[hint.rule]
        key = ".".join(part for part in (rule.id, hint.strength) if part)
        line = hint.line or rule.line
        yield Problem(str(rules_dir / rule.file), line, key, hint.message, hint.remedy, "warning")
