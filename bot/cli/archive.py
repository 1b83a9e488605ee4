"""Commands over a dated archive, JSONL: ``replay``, ``backtest``. They stream, as ``score`` does."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from bot.app_desk import load_orders, new_story_index
from bot.backtest import Backtest
from bot.cli import output
from bot.cli.output import JsonOption, RulesOption
from bot.cli.stream import Lines
from bot.core.normalise import entry_of_item
from bot.errors import InputError
from bot.replay import replay as replay_items


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
        folder = output.settings_with(rules).rules_dir
        async for line in replay_items(stream, load_orders(folder), partial(new_story_index, folder)):
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
