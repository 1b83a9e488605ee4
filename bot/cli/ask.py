"""Questions about what was read and told: ``why``, ``whynot``, ``status``."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from bot.app_desk import load_orders
from bot.app_web import page_entry
from bot.cli import output
from bot.cli.explain import is_url, show_sheets
from bot.cli.output import LEVEL_STYLE, JsonOption, RulesOption
from bot.cli.sheet import sheet
from bot.cli.stream import match_json
from bot.core.matching import RuleBook, headline
from bot.core.model import Entry, Level, Match
from bot.errors import InputError
from bot.ports import Counts, StoredDecision
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


# ── status ───────────────────────────────────────────────────────────────────────────────────────────
def status(rules: RulesOption = None, as_json: JsonOption = False) -> None:
    """What the bot has read, decided, sent and owes; which feeds answer and which do not."""
    with output.told_plainly():
        settings = output.settings_with(rules)
        asyncio.run(_status(settings.database_url, settings.rules_dir, as_json=as_json))


async def _status(database_url: str, rules_dir: Path, *, as_json: bool) -> None:
    async with reading_store(database_url) as store:
        counts = await store.views.counts()
        states = await store.feeds.states()
        latest = await store.views.latest(5, "alert")
    feeds = len(load_orders(rules_dir).feeds)
    by_status: dict[str, int] = {}
    for state in states.values():
        by_status[state.status.value] = by_status.get(state.status.value, 0) + 1
    trouble = [state for state in states.values() if state.failures or state.reason]
    if as_json:
        output.print_json(
            {
                "feeds": {"configured": feeds, "by_status": by_status},
                "trouble": [
                    {"feed": each.feed, "status": each.status.value, "reason": each.reason}
                    for each in trouble
                ],
                "entries": counts.entries,
                "stories": counts.stories,
                "outcomes": dict(counts.outcomes),
                "deliveries": dict(counts.deliveries),
                "subscriptions": counts.subscriptions,
            }
        )
        return
    _show_counts(counts, feeds, by_status)
    for each in trouble:
        output.out.print(
            Text(f"  {each.feed}: {each.status.value}, {each.reason}", style="yellow"), soft_wrap=True
        )
    if latest:
        output.out.print("\nlatest alerts")
    for stored in latest:
        level = stored.decision.alert.level if stored.decision.alert else Level.NONE
        output.out.print(
            Text.assemble(
                f"  {_when(stored.at)}  ", (f"{level.word:8}", LEVEL_STYLE[level]), f" {stored.entry.title}"
            ),
            soft_wrap=True,
        )


def _show_counts(counts: Counts, feeds: int, by_status: dict[str, int]) -> None:
    def words(numbers: dict[str, int]) -> str:
        return ", ".join(f"{number} {word}" for word, number in sorted(numbers.items())) or "none"

    shown = output.table("", "")
    shown.show_header = False
    shown.add_row("feeds", f"{feeds} configured; {words(by_status)}")
    shown.add_row("entries", str(counts.entries))
    shown.add_row("stories", str(counts.stories))
    shown.add_row("decisions", words(dict(counts.outcomes)))
    shown.add_row("deliveries", words(dict(counts.deliveries)))
    shown.add_row("subscriptions", str(counts.subscriptions))
    output.out.print(shown)
