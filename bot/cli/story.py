"""``newsalert story ID``: how a story grew, who told it, and who was told."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.text import Text

from bot.cli import output
from bot.cli.output import LEVEL_STYLE, JsonOption
from bot.config.settings import load_settings
from bot.core.model import Delivery, Level, StoryRecord
from bot.core.storystate import state_at
from bot.errors import InputError
from bot.ports import StoredDecision
from bot.store import reading_store
from bot.systemclock import SystemClock

Found = tuple[StoryRecord, Sequence[StoredDecision], Sequence[Delivery]]


def story(
    story_id: Annotated[
        str, typer.Argument(metavar="ID", help="The story's id, such as st-0123456789abcdef.")
    ],
    as_json: JsonOption = False,
) -> None:
    """Show a story's timeline: every report, what was decided and why it was merged, and every message about it."""
    with output.told_plainly():
        record, told, deliveries = asyncio.run(_found(load_settings().database_url, story_id))
        if as_json:
            output.print_json(_as_json(record, told, deliveries))
            return
        state = state_at(record, SystemClock().now())
        output.out.print(Text.assemble((record.title, "bold"), f"\n{record.id}, {state.value}\n"))
        for each in told:
            _show(each)
        output.out.print()
        for delivery in deliveries:
            line = f"  {_when(delivery.created)}  → {delivery.receiver.name}, {delivery.state.value} {delivery.reason}"
            output.out.print(Text(line.rstrip()), soft_wrap=True)


async def _found(database_url: str, story_id: str) -> Found:
    async with reading_store(database_url) as store:
        record = await store.views.story(story_id)
        if record is None:
            raise InputError(f"there is no story {story_id!r}; newsalert why URL names an article's story")
        return record, await store.views.told(story_id), await store.views.deliveries(story_id)


def _show(stored: StoredDecision) -> None:
    entry, decision = stored.entry, stored.decision
    level = decision.alert.level if decision.alert else Level.NONE
    output.out.print(
        Text.assemble(
            f"  {_when(entry.published)}  ",
            (f"{decision.outcome.value:8}", LEVEL_STYLE[level]),
            f" {entry.title}",
            (f"  {entry.owner}", "dim"),
        ),
        soft_wrap=True,
    )
    for step in decision.steps:
        output.out.print(
            Text(f"      {step.stage}: {step.verdict}, {step.detail}", style="dim"), soft_wrap=True
        )


def _when(time: datetime) -> str:
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M:%S}"


def _as_json(
    record: StoryRecord, told: Sequence[StoredDecision], deliveries: Sequence[Delivery]
) -> dict[str, object]:
    return {
        "id": record.id,
        "title": record.title,
        "state": record.state.value,
        "opened": record.opened.isoformat(),
        "updated": record.updated.isoformat(),
        "revision": record.revision,
        "reports": [
            {
                "title": each.entry.title,
                "link": each.entry.link,
                "owner": each.entry.owner,
                "published": each.entry.published.isoformat(),
                "outcome": each.decision.outcome.value,
                "steps": [[step.stage, step.verdict, step.detail] for step in each.decision.steps],
            }
            for each in told
        ],
        "deliveries": [
            {"id": each.id, "receiver": each.receiver.name, "state": each.state.value} for each in deliveries
        ],
    }
