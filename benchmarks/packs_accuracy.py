"""How often the packs are right on headlines of other years and regions, rule by rule.

    python benchmarks/packs_accuracy.py [RULES_DIR] [TABLE] [--show RULE] [--half odd|even]

The table (``tests/data/rules/other_events.tsv``: rule, expected, lang, title) was written before the packs; odd rows
were looked at while they were tuned, even rows only counted; ``other_events_more.tsv`` holds what was written after
and taught them something. *Any* is any alert against on-topic (alert or watch),
*loud* is level ≥ medium against alert. The peer in the same run is a search for the rule's own first words.
"""

from __future__ import annotations

import argparse
import csv
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.rules_accuracy import Judge, Levels, Tally, by_rules
from bot.config.load import load_desk, rulebook_of
from bot.core.matching import headline
from bot.core.model import Entry, Level

ROOT = Path(__file__).resolve().parent.parent
TABLE = ROOT / "tests" / "data" / "rules" / "other_events.tsv"

LITERAL: Mapping[str, str] = {
    "earthquake": r"quake",
    "flood": r"flood",
    "wildfire": r"wildfire|forest fire",
    "aviation-accident": r"plane crash|crash",
    "central-bank-decision": r"central bank|interest rate",
    "sanctions": r"sanction",
    "market-crash": r"market|stocks",
    "cyber-attack": r"cyber|hacker",
    "terror-attack": r"terror|bomb",
    "coup": r"coup",
    "unrest": r"protest|riot",
    "outbreak": r"outbreak|virus",
    "mobilisation": r"mobilisation|draft",
    "nuclear": r"nuclear",
}
"""What someone types who searches for words."""


@dataclass
class Score:
    """The two figures of one rule, and the headlines that went wrong."""

    any_alert: Tally = field(default_factory=Tally)
    loud: Tally = field(default_factory=Tally)
    wrong: list[str] = field(default_factory=list)

    def add(self, level: Level, expected: str, title: str) -> None:
        """Count one headline."""
        self.any_alert.add(level > Level.NONE, expected != "none")
        self.loud.add(level >= Level.MEDIUM, expected == "alert")
        if (level > Level.NONE) != (expected != "none") or (level >= Level.MEDIUM) != (expected == "alert"):
            self.wrong.append(f"{expected:6} {level.word:7} {title}")


def rows(path: Path, half: str = "") -> list[dict[str, str]]:
    """The rows of the table; ``half`` odd or even takes every other one of each rule."""
    with path.open(encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file, delimiter="\t"))
    return [row for at, row in enumerate(table) if not half or at % 2 == (half == "even")]


def measure(table: Iterable[Mapping[str, str]], judge: Judge) -> dict[str, Score]:
    """Rule → its figures."""
    scores: dict[str, Score] = {}
    for row in table:
        level = judge(headline(row["title"], row["lang"])).get(row["rule"], Level.NONE)
        scores.setdefault(row["rule"], Score()).add(level, row["expected"], row["title"])
    return scores


def total(scores: Mapping[str, Score]) -> Score:
    """All rules together."""
    found = Score()
    for score in scores.values():
        for mine, theirs in ((found.any_alert, score.any_alert), (found.loud, score.loud)):
            mine.tp, mine.fp, mine.fn = mine.tp + theirs.tp, mine.fp + theirs.fp, mine.fn + theirs.fn
    return found


def literal(entry: Entry) -> Levels:
    """What the searches say: everything found is loud."""
    return {
        rule: Level.HIGH for rule, words in LITERAL.items() if re.search(words, entry.title, re.IGNORECASE)
    }


def main(arguments: Sequence[str] = ()) -> None:
    """Parse the command line and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("rules", nargs="?", type=Path, default=ROOT / "rules")
    parser.add_argument("table", nargs="?", type=Path, default=TABLE)
    parser.add_argument("--show", default="", help="a rule, or all")
    parser.add_argument("--half", default="", choices=("", "odd", "even"))
    given = parser.parse_args(arguments)
    table = rows(given.table, given.half)
    ours = measure(table, by_rules(rulebook_of(load_desk(given.rules))))
    theirs = measure(table, literal)
    for rule, score in ours.items():
        print(f"{rule:22} any {score.any_alert}   loud {score.loud}   literal any {theirs[rule].any_alert}")
        if given.show in (rule, "all"):
            print("\n".join(f"      {line}" for line in score.wrong))
    both, peer = total(ours), total(theirs)
    print(f"{'all':22} any {both.any_alert}   loud {both.loud}   literal any {peer.any_alert}")


if __name__ == "__main__":
    main(sys.argv[1:])
