"""Commands that read items as JSONL and write JSONL: ``score``, ``cluster``, ``replay``, ``backtest``.

They stream in constant memory; a bad line is named on stderr and never stops the rest (exit code 1 at the end).
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from bot.app_desk import load_orders, new_story_index
from bot.backtest import Backtest
from bot.cli import output
from bot.cli.output import JsonOption, RulesOption
from bot.core.items import Item, parse_item
from bot.core.model import Evidence, Match
from bot.core.normalise import entry_of_item
from bot.errors import InputError
from bot.replay import replay as replay_items

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


def cluster() -> None:
    """Group items from stdin into stories, online and in order: JSONL in, {id, story} out.

    Every item is decided from those before it, as the running bot does it, but without rules.
    """
    with output.told_plainly():
        index = new_story_index()
        stream = Lines(sys.stdin)
        for item in stream:
            entry = entry_of_item(item)
            placement = index.place(entry, (), entry.first_seen)
            index.absorb(entry, (), placement)
            output.print_json({"id": item.id, "story": placement.story})
        stream.finish()


def archive_lines(path: Path) -> Iterator[str]:
    """The lines of a file (``-`` = stdin), with a progress bar on stderr where a person watches."""
    if str(path) == "-":
        yield from sys.stdin
        return
    if not path.is_file():
        raise InputError(f"{path}: there is no such file")
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(
        *columns, console=output.err, disable=not output.err.is_terminal, transient=True
    ) as progress:
        task = progress.add_task(path.name, total=path.stat().st_size)
        with path.open(encoding="utf-8", newline="\n") as lines:
            for line in lines:
                progress.advance(task, len(line.encode()))
                yield line


ArchiveArgument = Annotated[Path, typer.Argument(metavar="FILE", help="A dated archive, JSONL; - for stdin.")]


def replay(file: ArchiveArgument, rules: RulesOption = None) -> None:
    """Run a dated archive through the whole pipeline on its own clock: one JSON line an alert or update.

    Fields: at, published, kind, change, story, revision, rule, level, score, direction, title, link, receivers,
    sources, reason. Items must stand in order of publication; one that does not is taken at the time reached.
    """

    async def run(stream: Lines) -> None:
        orders = load_orders(output.settings_with(rules).rules_dir)
        async for line in replay_items(stream, orders, new_story_index):
            output.print_json(line)

    with output.told_plainly():
        stream = Lines(archive_lines(file))
        asyncio.run(run(stream))
        stream.finish()


def backtest(
    file: ArchiveArgument,
    rules: RulesOption = None,
    rule: Annotated[str, typer.Option("--rule", help="Only this rule.")] = "",
    as_json: JsonOption = False,
) -> None:
    """What would the rules have done on an archive: fires a day, examples, and terms that never fired."""
    with output.told_plainly():
        orders = load_orders(output.settings_with(rules).rules_dir)
        if rule and rule not in orders.rulebook.rules:
            raise InputError(f"there is no rule {rule!r}; newsalert rules list shows them")
        test = Backtest(orders.rulebook, only=rule)
        stream = Lines(archive_lines(file))
        for item in stream:
            test.add(entry_of_item(item))
        if as_json:
            output.print_json(test.report())
        else:
            test.show(output.out)
        stream.finish()
