"""What would the rules have done on an archive: per rule and per term, in one pass and constant memory.

It counts entries that match, not alerts: stories and routes are left out on purpose, because an editor asks here
what a *word* does. ``replay`` answers what people would have received.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import combinations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.core.lint import Fired, Hint, archive_hints
from bot.core.matching import RuleBook
from bot.core.model import Entry, Level, Match

EXAMPLES = 3  # headlines kept a rule and a term


@dataclass(slots=True)
class _TermTally:
    fired: int = 0
    alone: int = 0  # the only positive term of a match
    examples: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _RuleTally:
    levels: Counter[Level] = field(default_factory=Counter)
    examples: list[tuple[int, str]] = field(default_factory=list)  # best scores first
    terms: dict[str, _TermTally] = field(default_factory=dict)


class Backtest:
    """Add entries, then ask for the report."""

    def __init__(self, rulebook: RuleBook, *, only: str = "") -> None:
        self._rulebook = rulebook
        wanted = [rule for rule in rulebook.rules.values() if rule.enabled and only in ("", rule.id)]
        self._tallies = {rule.id: _RuleTally() for rule in wanted}
        for rule in wanted:
            for term in rule.terms:
                if term.strength != "ignore":
                    self._tallies[rule.id].terms.setdefault(term.text, _TermTally())
        self._together: Counter[tuple[str, str]] = Counter()
        self.entries = 0
        self._first: datetime | None = None
        self._last: datetime | None = None

    def add(self, entry: Entry) -> None:
        """Count one entry."""
        self.entries += 1
        self._first = min(self._first or entry.published, entry.published)
        self._last = max(self._last or entry.published, entry.published)
        met = [match for match in self._rulebook.match(entry) if match.rule in self._tallies]
        for match in met:
            _count(self._tallies[match.rule], match, entry.title)
        self._together.update(combinations(sorted(match.rule for match in met), 2))

    @property
    def days(self) -> float:
        """Days the archive spans, one at least."""
        if self._first is None or self._last is None:
            return 1.0
        return max(1.0, (self._last - self._first).total_seconds() / 86400)

    def report(self) -> dict[str, object]:
        """All of it, JSON-like."""
        return {
            "entries": self.entries,
            "days": round(self.days, 2),
            "rules": [self._rule(rule, tally) for rule, tally in self._tallies.items()],
            "hints": [
                {"rule": hint.rule, "message": hint.message, "remedy": hint.remedy} for hint in self.hints()
            ],
        }

    def hints(self) -> Iterator[Hint]:
        """What the archive shows of words and rules that are probably not what was meant."""
        fired = {
            rule: Fired(
                tally.levels.total(),
                {term: (each.fired, each.alone) for term, each in tally.terms.items()},
            )
            for rule, tally in self._tallies.items()
        }
        return archive_hints(fired, self._together)

    def _rule(self, rule: str, tally: _RuleTally) -> dict[str, object]:
        fired = tally.levels.total()
        return {
            "rule": rule,
            "fired": fired,
            "a_day": round(fired / self.days, 2),
            "levels": {level.word: tally.levels[level] for level in sorted(tally.levels)},
            "examples": [{"score": score, "title": title} for score, title in tally.examples],
            "terms": [
                {
                    "term": term,
                    "fired": each.fired,
                    "a_day": round(each.fired / self.days, 2),
                    "alone": each.alone,
                    "examples": each.examples,
                }
                for term, each in sorted(tally.terms.items(), key=lambda pair: -pair[1].fired)
            ],
            "never_fired": [term for term, each in tally.terms.items() if not each.fired],
        }

    def show(self, console: Console) -> None:
        """The report as tables."""
        console.print(f"{self.entries} entries over {self.days:.1f} days\n")
        for rule, tally in self._tallies.items():
            self._show_rule(console, rule, tally)
        for hint in self.hints():
            if not hint.message.startswith("never fired"):  # stands with its rule above
                console.print(
                    Text(f"{hint.rule}: {hint.message} ({hint.remedy})", style="yellow"), soft_wrap=True
                )

    def _show_rule(self, console: Console, rule: str, tally: _RuleTally) -> None:
        levels = ", ".join(
            f"{tally.levels[level]} {level.word}" for level in sorted(tally.levels, reverse=True)
        )
        fired = tally.levels.total()
        console.print(
            Text.assemble((rule, "bold"), f"  {fired / self.days:.2f} a day ({levels or 'never fired'})")
        )
        for score, title in tally.examples:
            console.print(Text(f"  {score:3}  {title}"), soft_wrap=True)
        shown = Table(box=None, pad_edge=False, header_style="dim")
        for column in ("  term", "fired", "a day", "alone"):
            shown.add_column(column)
        for term, each in sorted(tally.terms.items(), key=lambda pair: -pair[1].fired):
            if each.fired:
                numbers = (str(each.fired), f"{each.fired / self.days:.2f}", str(each.alone))
                shown.add_row(Text(f"  {term}"), *numbers)
        if fired:
            console.print(shown)
        idle = [term for term, each in tally.terms.items() if not each.fired]
        if idle:
            console.print(Text(f"  never fired: {'; '.join(idle)}", style="dim"))
        console.print()


def _count(tally: _RuleTally, match: Match, title: str) -> None:
    tally.levels[match.level] += 1
    tally.examples = sorted([*tally.examples, (match.score, title)], key=lambda pair: -pair[0])[:EXAMPLES]
    positive = [evidence for evidence in match.terms if evidence.points > 0]
    for evidence in match.terms:
        each = tally.terms.setdefault(evidence.term, _TermTally())
        each.fired += 1
        each.alone += len(positive) == 1 and evidence is positive[0]
        if len(each.examples) < EXAMPLES:
            each.examples.append(title)
