"""Questions about what was read and told: ``why``, ``whynot``, ``status``."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.text import Text

from bot.app_desk import load_orders
from bot.app_web import page_entry
from bot.cli import output
from bot.cli.explain import is_url, show_sheets
from bot.cli.output import JsonOption, RulesOption
from bot.cli.sheet import sheet
from bot.cli.stream import match_json
from bot.core.matching import RuleBook, headline
from bot.core.model import Entry, Match
from bot.errors import InputError
from bot.ports import StoredDecision
from bot.store import reading_store

# ── what was decided ─────────────────────────────────────────────────────────────────────────────────
SubjectArgument = Annotated[
    str, typer.Argument(metavar="KEY-or-URL", help="The article's link, or its stored key.")
]


def why(subject: SubjectArgument, rules: RulesOption = None, as_json: JsonOption = False) -> None:
    """Why did this article ring, or why not: its stored decision, stage by stage, and the sum as it was then."""
    with output.told_plainly():
        settings = output.settings_with(rules)
        stored = asyncio.run(_decision(settings.database_url, subject))
        if stored is None:
            raise InputError(f"{subject} was never read; newsalert explain {subject} shows what it would do")
        _show_decision(stored, load_orders(settings.rules_dir).rulebook, as_json=as_json)


def whynot(subject: SubjectArgument, rules: RulesOption = None, as_json: JsonOption = False) -> None:
    """Why did this article not ring: its stored decision, or, if it was never read, what the rules say now."""
    with output.told_plainly():
        settings = output.settings_with(rules)
        rulebook = load_orders(settings.rules_dir).rulebook
        stored = asyncio.run(_decision(settings.database_url, subject))
        if stored is None:
            output.err.print("It was never read: no feed carried it. What the rules say of it now:\n")
            entry = asyncio.run(page_entry(settings, subject)) if is_url(subject) else headline(subject)
            show_sheets(entry, rulebook, as_json=as_json)
            return
        _show_decision(stored, rulebook, as_json=as_json)
        if not as_json:
            output.out.print("\nWhat the rules say now:\n")
            show_sheets(stored.entry, rulebook, as_json=False)


async def _decision(database_url: str, subject: str) -> StoredDecision | None:
    async with reading_store(database_url) as store:
        return await store.views.decision(subject)


def _show_decision(stored: StoredDecision, rulebook: RuleBook, *, as_json: bool) -> None:
    entry, decision = stored.entry, stored.decision
    if as_json:
        output.print_json(
            {
                "key": entry.key,
                "title": entry.title,
                "link": entry.link,
                "at": stored.at.isoformat(),
                "outcome": decision.outcome.value,
                "story": decision.story,
                "steps": [
                    {"stage": each.stage, "verdict": each.verdict, "detail": each.detail}
                    for each in decision.steps
                ],
                "matches": [match_json(match) for match in decision.matches],
            }
        )
        return
    output.out.print(
        Text.assemble((entry.title, "bold"), f"\n{entry.link}\n{entry.feed}, {_when(stored.at)}")
    )
    output.out.print(Text.assemble("\noutcome: ", (decision.outcome.value, "bold")))
    for step in decision.steps:
        output.out.print(Text(f"  {step.stage:8} {step.verdict:16} {step.detail}"), soft_wrap=True)
    output.out.print()
    _show_stored_sums(entry, decision.matches, rulebook)


def _show_stored_sums(entry: Entry, matches: Sequence[Match], rulebook: RuleBook) -> None:
    for match in matches:
        rule = rulebook.rules.get(match.rule)
        if rule is not None:
            output.out.print(sheet(entry, match, rule))


def _when(time: datetime) -> str:
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
