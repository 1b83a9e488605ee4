"""``newsalert explain``: every rule's sum for a headline or an article."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer
from rich.text import Text

from bot.app_desk import load_orders
from bot.app_web import page_entry
from bot.cli import output
from bot.cli.output import JsonOption, RulesOption
from bot.cli.sheet import sheet
from bot.cli.stream import match_json
from bot.core.matching import RuleBook, headline
from bot.core.model import Entry


def explain(
    subject: Annotated[
        str, typer.Argument(metavar="TEXT-or-URL", help="A headline, a URL, or a stored key.")
    ],
    rules: RulesOption = None,
    lang: Annotated[str, typer.Option(help="Language of the text; detected without it.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Print every rule's sum for a headline or an article, fired or not, and by how much it missed."""
    with output.told_plainly():
        settings = output.settings_with(rules)
        rulebook = load_orders(settings.rules_dir).rulebook
        entry = asyncio.run(page_entry(settings, subject)) if is_url(subject) else headline(subject, lang)
        show_sheets(entry, rulebook, as_json=as_json)


def is_url(subject: str) -> bool:
    """An address, and not a headline that begins like one."""
    return subject.startswith(("http://", "https://")) and " " not in subject


def show_sheets(entry: Entry, rulebook: RuleBook, *, as_json: bool) -> None:
    """Every rule's sheet, fired or not."""
    sheets = rulebook.sheet(entry)
    if as_json:
        matches = [{**match_json(match), "vetoed_by": match.vetoed_by} for match in sheets]
        output.print_json({"title": entry.title, "lang": entry.lang, "matches": matches})
        return
    output.out.print(
        Text.assemble((entry.title, "bold"), (f"  [{entry.lang or '?'}]", "dim")), soft_wrap=True
    )
    output.out.print()
    for match in sheets:
        output.out.print(sheet(entry, match, rulebook.rules[match.rule]))
    if not sheets:
        output.out.print(f"No term of {len(rulebook.rules)} rules occurs in it.")
