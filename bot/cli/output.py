"""What every command shares: two consoles, exit codes, and errors told as sentences.

Exit codes: 0 done; 1 done, but some lines or feeds failed (each was named on stderr); 2 bad input, nothing done;
3 the database refused; 130 interrupted.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.config.settings import Settings, load_settings
from bot.core.model import Level
from bot.errors import ConfigError, InputError, NewsalertError, Problem, StoreError

PARTLY, BAD_INPUT, STORE_REFUSED, INTERRUPTED = 1, 2, 3, 130

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)

LEVEL_STYLE: Mapping[Level, str] = {
    Level.NONE: "dim",
    Level.LOW: "cyan",
    Level.MEDIUM: "yellow",
    Level.HIGH: "bold red",
    Level.CRITICAL: "bold white on red",
}

RulesOption = Annotated[
    Path | None,
    typer.Option("--rules", metavar="DIR", help="Folder of the editors' files.", show_default="rules"),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for machines instead of tables.")]


@contextmanager
def told_plainly() -> Iterator[None]:
    """Turn our own errors into a message and an exit code; a reader who hung up is not an error."""
    try:
        yield
    except ConfigError as error:
        show_problems(error.problems)
        raise typer.Exit(BAD_INPUT) from None
    except StoreError as error:
        err.print(Text(f"database: {error}", style="red"))
        raise typer.Exit(STORE_REFUSED) from None
    except (InputError, NewsalertError) as error:
        err.print(Text(str(error), style="red"))
        raise typer.Exit(BAD_INPUT) from None
    except KeyboardInterrupt:
        raise typer.Exit(INTERRUPTED) from None
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(0) from None


def show_problems(problems: Iterable[Problem]) -> None:
    """Every mistake with its place and remedy, on stderr."""
    for problem in problems:
        style = "yellow" if problem.severity == "warning" else "red"
        err.print(Text(str(problem), style=style), soft_wrap=True)


def settings_with(rules: Path | None) -> Settings:
    """The settings in force, with the rules folder of this call. Raises ConfigError."""
    settings = load_settings()
    if rules is None:
        return settings
    if not rules.is_dir():
        raise InputError(f"--rules {rules}: there is no such folder")
    return settings.model_copy(update={"rules_dir": rules})


def print_json(value: object) -> None:
    """One line of JSON, at once: a pipe's reader need not wait."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n")
    sys.stdout.flush()


def table(*columns: str) -> Table:
    """A plain table in the house style."""
    made = Table(box=None, pad_edge=False, header_style="bold", show_edge=False)
    for column in columns:
        made.add_column(column, overflow="fold")
    return made
