"""How often the rules are right: precision, recall and F on labelled headlines.

    python benchmarks/rules_accuracy.py [RULES_DIR] [DATA_DIR] [--show]

Tables are tab-separated, with ``title, desc, label_<topic>``. A label is *alert* (newly reported), *watch* (feared,
denied, demanded, planned, background) or *none*. ``adversarial_dev.tsv`` holds pairs of a trap and its true twin.

* ``headlines_dev``, ``multilingual_dev``, ``adversarial_dev``: one winter, mostly from real feeds; the rules were
  tuned on them.
* ``other_wars``: own words, wars of fifty years; looked at while the rules were tuned.
* ``unseen_wars``: own words, 2022 and 2023 and older wars, five topics; only counted, never looked at.
* ``labels_of_shared``: labels of headlines that belong to their publishers, by file and line: 2012 to 2026, wars no
  rule was written for. One half was looked at, the other only counted.

``--show`` prints every headline that went wrong, but for the tables that are only counted.

Peers in the same run: a reader who greps for two literal words, and one with the four words *invasion, invade,
attack, troops*.
"""

from __future__ import annotations

import argparse
import csv
import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from bot.config.load import load_desk, rulebook_of
from bot.core.language import detect
from bot.core.matching import RuleBook, headline
from bot.core.model import Entry, Level

ROOT = Path(__file__).resolve().parent.parent
OWN = ROOT / "tests" / "data" / "rules"
TOPICS: Mapping[str, str] = {
    "label_withdrawal": "troop-withdrawal",
    "label_invasion": "invasion",
    "label_earthquake": "earthquake",
    "label_cyber": "cyber-attack",
    "label_bank": "central-bank-decision",
}
GRADES = ("none", "watch", "alert")

Levels = Mapping[str, Level]
Judge = Callable[[Entry], Levels]


@dataclass(frozen=True)
class Case:
    """One headline with the label of each rule it is labelled for."""

    entry: Entry
    labels: Mapping[str, str]


def rows(path: Path) -> list[dict[str, str]]:
    """The lines of a table."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def case(row: Mapping[str, str]) -> Case:
    """A line as an entry with labels."""
    lang = row.get("lang") or detect(row["title"])
    entry = replace(headline(row["title"], lang), summary=row.get("desc") or "")
    return Case(entry, {rule: row[column] for column, rule in TOPICS.items() if column in row})


@lru_cache(maxsize=8)
def _lines(path: Path) -> tuple[str, ...]:
    with path.open(encoding="utf-8") as file:  # by "\n" alone: some texts hold other line breaks
        return tuple(file)


def shared_cases(labels: Path, data: Path, half: str) -> list[Case]:
    """The headlines that are only pointed at, of one half; none where the data is not here."""
    found = []
    for row in rows(labels):
        path = data / row["file"]
        if row["half"] == half and path.exists():
            told = json.loads(_lines(path)[int(row["line"]) - 1])
            title = re.sub(r" - (?:Reuters|reuters\.com)$", "", told["title"])
            found.append(case({**row, "lang": "en", "title": title, "desc": told.get("summary", "")}))
    return found


def by_rules(rulebook: RuleBook) -> Judge:
    """What the rules say."""
    return lambda entry: {match.rule: match.level for match in rulebook.match(entry)}


def literal(*patterns: str) -> Judge:
    """What a search for words says: everything it finds is loud."""
    found = re.compile("|".join(patterns), re.IGNORECASE)
    return lambda entry: {"invasion": Level.HIGH} if found.search(f"{entry.title} {entry.summary}") else {}


@dataclass
class Tally:
    """True and false positives, false negatives."""

    tp: int = 0
    fp: int = 0
    fn: int = 0

    def add(self, said: bool, true: bool) -> None:
        """Count one decision."""
        self.tp += said and true
        self.fp += said and not true
        self.fn += true and not said

    def __str__(self) -> str:
        precision = self.tp / max(1, self.tp + self.fp)
        recall = self.tp / max(1, self.tp + self.fn)
        f1 = 2 * precision * recall / max(1e-9, precision + recall)
        return f"P {precision:.2f} R {recall:.2f} F {f1:.2f}  (tp {self.tp}, fp {self.fp}, fn {self.fn})"


def measure(cases: Iterable[Case], judge: Judge) -> tuple[Tally, Tally, list[str]]:
    """Any alert against on-topic, level ≥ medium against *alert*, and the headlines that went wrong."""
    any_alert, loud = Tally(), Tally()
    wrong: list[str] = []
    for each in cases:
        levels = {rule: level for rule, level in judge(each.entry).items() if rule in each.labels}
        label = max(each.labels.values(), key=GRADES.index)
        level = max(levels.values(), default=Level.NONE)
        any_alert.add(level > Level.NONE, label != "none")
        loud.add(level >= Level.MEDIUM, label == "alert")
        if (level > Level.NONE) != (label != "none") or (level >= Level.MEDIUM) != (label == "alert"):
            wrong.append(f"{label:6} {level.word:7} {each.entry.title}  ‖  {each.entry.summary[:240]}")
    return any_alert, loud, wrong


def pair_is_right(row: Mapping[str, str], judge: Judge) -> bool:
    """none: silent; watch: not above low; alert: medium or above (of the rule the pair is about)."""
    entry = headline(row["title"], row.get("lang", ""))
    level = judge(entry).get(row["rule"], Level.NONE)
    wanted = {"none": level is Level.NONE, "watch": level <= Level.LOW, "alert": level >= Level.MEDIUM}
    return wanted[row["expected"]]


def pairs(path: Path, judge: Judge) -> Iterator[tuple[str, bool, list[str]]]:
    """Pair number, both right?, the sides that were wrong."""
    together: dict[str, list[Mapping[str, str]]] = {}
    for row in rows(path):
        together.setdefault(row["pair"], []).append(row)
    for number, sides in together.items():
        wrong = [f"{side['expected']:6} {side['title']}" for side in sides if not pair_is_right(side, judge)]
        yield number, not wrong, wrong


def tables(data: Path) -> Iterator[tuple[str, bool, list[Case]]]:
    """Name, may it be looked at?, cases."""
    for name in ("headlines_dev", "multilingual_dev"):
        if (data / f"{name}.tsv").exists():
            yield name, True, [case(row) for row in rows(data / f"{name}.tsv")]
    for name in ("other_wars", "unseen_wars"):
        yield name, name == "other_wars", [case(row) for row in rows(OWN / f"{name}.tsv")]
    for half in ("tune", "kept"):
        if cases := shared_cases(OWN / "labels_of_shared.tsv", data.parent, half):
            yield f"labels_of_shared, {half}", half == "tune", cases


def report(data: Path, judges: Mapping[str, Judge], show: bool) -> None:
    """Print all figures."""
    for title, open_to_view, cases in tables(data):
        print(f"{title}: {len(cases)} items")
        for name, judge in judges.items():
            any_alert, loud, wrong = measure(cases, judge)
            print(f"  {name:22} any alert vs on-topic  {any_alert}\n{'':25}≥ medium vs alert     {loud}")
            if show and open_to_view and name == "rules":
                print("\n".join(f"      {line}" for line in wrong))
    if not (data / "adversarial_dev.tsv").exists():
        return
    for name, judge in judges.items():
        found = list(pairs(data / "adversarial_dev.tsv", judge))
        print(f"twin pairs, {name}: {sum(right for _, right, _ in found)} of {len(found)} right")
        if show and name == "rules":
            print("\n".join(f"      {line}" for _, _, wrong in found for line in wrong))


def main(arguments: Sequence[str] = ()) -> None:
    """Parse the command line and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("rules", nargs="?", type=Path, default=ROOT / "rules")
    parser.add_argument("data", nargs="?", type=Path, default=ROOT.parent / "shared" / "data" / "rules")
    parser.add_argument("--show", action="store_true")
    given = parser.parse_args(arguments)
    judges = {
        "rules": by_rules(rulebook_of(load_desk(given.rules))),
        "literal: two words": literal(r"troops\W+returning", r"invasion"),
        "literal: four words": literal(r"\binvasion", r"\binvade", r"\battack", r"\btroops"),
    }
    report(given.data, judges, given.show)


if __name__ == "__main__":
    main(sys.argv[1:])
