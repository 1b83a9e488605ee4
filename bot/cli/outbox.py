"""``newsalert outbox …``: what is owed, and what died."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer
from rich.text import Text

from bot.cli import output
from bot.cli.output import JsonOption
from bot.config.settings import load_settings
from bot.core.model import Delivery
from bot.errors import InputError
from bot.store import open_store, reading_store
from bot.systemclock import SystemClock

app = typer.Typer(help="What is owed and what died: list, retry, drop.", no_args_is_help=True)

StateOption = Annotated[
    str, typer.Option("--state", help="owed, sending, sent, unknown or dead; all without it.")
]
DeliveryArgument = Annotated[str, typer.Argument(metavar="ID", help="The delivery's id, as list shows it.")]


@app.command("list")
def list_deliveries(
    state: StateOption = "",
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many, newest first.")] = 100,
    as_json: JsonOption = False,
) -> None:
    """List messages with their state and the reason people will want to read."""
    with output.told_plainly():
        found = asyncio.run(_list(load_settings().database_url, state, limit))
        if as_json:
            for delivery in found:
                output.print_json(_as_json(delivery))
            return
        shown = output.table("id", "receiver", "state", "tries", "created", "reason")
        for delivery in found:
            created = f"{delivery.created:%m-%d %H:%M:%S}"
            tries = str(delivery.attempts)
            place = delivery.receiver.name
            shown.add_row(delivery.id, place, delivery.state.value, tries, created, Text(delivery.reason))
        output.out.print(shown)


async def _list(database_url: str, state: str, limit: int) -> list[Delivery]:
    async with reading_store(database_url) as store:
        return list(await store.views.outbox(state, limit))


def _as_json(delivery: Delivery) -> dict[str, object]:
    return {
        "id": delivery.id,
        "story": delivery.story,
        "receiver": delivery.receiver.name,
        "state": delivery.state.value,
        "attempts": delivery.attempts,
        "created": delivery.created.isoformat(),
        "not_before": delivery.not_before.isoformat(),
        "reason": delivery.reason,
    }


@app.command("retry")
def retry(delivery: DeliveryArgument) -> None:
    """Owe a dead message again. Stop the bot first; while it runs, its own fronts can do the same."""
    _change(delivery, revive=True)


@app.command("drop")
def drop(delivery: DeliveryArgument) -> None:
    """Remove a dead message for good. Stop the bot first."""
    _change(delivery, revive=False)


def _change(delivery: str, *, revive: bool) -> None:
    async def run() -> bool:
        store = await open_store(load_settings().database_url)
        try:
            if revive:
                return await store.outbox.revive(delivery, SystemClock().now())
            return await store.outbox.forget(delivery)
        finally:
            await store.close()

    with output.told_plainly():
        if not asyncio.run(run()):
            raise InputError(
                f"there is no dead message {delivery!r}; newsalert outbox list --state dead shows them"
            )
        output.out.print("owed again" if revive else "removed")
