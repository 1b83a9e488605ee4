"""The whole bot in a process of its own on a world's servers, and what to wait for from outside."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

from tests.faults import syscalls
from tests.faults.kills import ROOT
from tests.faults.worlds import World


async def started(
    world: World, *how: str, log: Path | None = None, database: str = ""
) -> asyncio.subprocess.Process:
    """The bot; it ends with its world. Its words go to ``log``, else see :func:`said`. ``database``: another way."""
    settings = world.settings() | ({"database": database} if database else {})
    command = [sys.executable, "-m", "tests.faults.running", json.dumps(settings), *how]
    environment = syscalls.environment(world.folder)
    with (log or world.folder / f"said-{len(world.bots)}").open("w") as file:
        bot = await asyncio.create_subprocess_exec(
            *command, stdout=file, stderr=file, cwd=ROOT, env=environment
        )
    world.bots.append(bot)
    return bot


def said(world: World, bot: asyncio.subprocess.Process) -> str:
    """What it said so far."""
    return (world.folder / f"said-{world.bots.index(bot)}").read_text("utf-8")


async def until(bot: asyncio.subprocess.Process, true: Callable[[], Awaitable[bool]]) -> None:
    """Wait for something outside to be true, as long as the bot lives; minutes only end what hangs."""
    async with asyncio.timeout(300):
        while not await true():
            assert bot.returncode is None, bot.returncode
            await asyncio.sleep(0.02)


async def has_read(world: World) -> bool:
    """Was the feed read, and what was read decided?"""
    return world.publisher.asked > 1


async def has_told(world: World, count: int) -> bool:
    """Does so much stand in the chats and, for more than one, in the channels?"""
    return len(world.on_telegram()) >= count and (count == 1 or len(await world.on_slack()) >= count)


async def told_once(world: World) -> None:
    """Every story stands once in its channel and once in its chat."""
    on_slack, on_telegram = await world.on_slack(), world.on_telegram()
    for title in world.publisher.stories:
        assert sum(title in text for text in on_slack) == 1, title
        assert sum(title in text for text in on_telegram) == 1, title
