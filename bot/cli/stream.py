"""Commands that read items as JSONL from stdin and write JSONL: ``score``, ``cluster``.

They stream in constant memory; a bad line is named on stderr and never stops the rest (exit code 1 at the end).
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import typer

from bot.app_desk import load_orders, new_story_index
from bot.cli import output
from bot.cli.output import RulesOption
from bot.core.items import Item, parse_item
from bot.core.model import Evidence, Match
from bot.core.normalise import entry_of_item
from bot.errors import InputError

EPILOG_ITEMS = (
    "Items: one JSON object a line: id, title, summary, text, html, lang, feed, owner, published, link."
)


@dataclass(slots=True)
class Lines:
    """Items of a stream; counts and names the lines that are none."""

    lines: Iterable[str]
    read: int = 0
    bad: int = 0

    def __iter__(self) -> Iterator[Item]:
        for line in self.lines:
            self.read += 1
            if not line.strip():
                continue
            try:
                yield parse_item(line)
            except InputError as error:
                self.bad += 1
                print(f"line {self.read}: {error}", file=sys.stderr)

    def finish(self) -> None:
        """Exit code 1 if any line was bad."""
        if self.bad:
            print(f"{self.bad} of {self.read} lines were left out", file=sys.stderr)
            raise typer.Exit(output.PARTLY)


def evidence_json(evidence: Evidence) -> dict[str, object]:
    """One line of the sum, as ``score`` promises it."""
    return {
        "term": evidence.term,
        "place": evidence.place.value,
        "paragraph": evidence.paragraph,
        "stance": evidence.stance.value,
        "points": evidence.points,
        "evidence": evidence.words,
        "span": list(evidence.span),
        "cue": evidence.cue,
    }


def match_json(match: Match) -> dict[str, object]:
    """A match, as ``score`` promises it."""
    return {
        "rule": match.rule,
        "score": match.score,
        "level": match.level.word,
        "direction": match.direction.value,
        "terms": [evidence_json(evidence) for evidence in match.terms],
    }


def score(rules: RulesOption = None) -> None:
    """Score items from stdin against the rules: JSONL in, JSONL out, nothing stored.

    Each line out is {id, lang, matches: [{rule, score, level, direction, terms: [{term, place, stance, points,
    evidence, span}]}]}; matches that did not reach level low are left out (explain shows them).
    """
    with output.told_plainly():
        rulebook = load_orders(output.settings_with(rules).rules_dir).rulebook
        stream = Lines(sys.stdin)
        for item in stream:
            entry = entry_of_item(item)
            matches = [match_json(match) for match in rulebook.match(entry)]
            output.print_json({"id": item.id, "lang": entry.lang, "matches": matches})
        stream.finish()


def cluster(rules: RulesOption = None) -> None:
    """Group items from stdin into stories, online and in order: JSONL in, {id, story} out.

    Every item is decided from those before it, as the running bot does it: by its words and by what the rules find
    in it. Without a rules folder the words alone decide.
    """
    with output.told_plainly():
        folder = output.settings_with(rules).rules_dir
        rulebook = load_orders(folder).rulebook if folder.is_dir() else None
        index = new_story_index(folder)
        stream = Lines(sys.stdin)
        for item in stream:
            entry = entry_of_item(item)
            matches = rulebook.match(entry) if rulebook else ()
            placement = index.place(entry, matches, entry.first_seen)
            index.absorb(entry, matches, placement)
            output.print_json({"id": item.id, "story": placement.story})
        stream.finish()
