"""Rows 12, 16 and 28 of the fault list with the whole bot in a process of its own: told to stop, its disk, its log."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.faults import syscalls
from tests.faults.kills import ROOT, Zygote
from tests.faults.worlds import World, a_world


async def started(world: World, *how: str, log: Path | None = None) -> asyncio.subprocess.Process:
    """The bot; its words go to ``log``, or can be read from it in the end."""
    command = [sys.executable, "-m", "tests.faults.running", json.dumps(world.settings()), *how]
    environment = syscalls.environment(world.folder)
    if log is None:
        pipe = asyncio.subprocess.PIPE
        return await asyncio.create_subprocess_exec(
            *command, stdout=pipe, stderr=asyncio.subprocess.STDOUT, cwd=ROOT, env=environment
        )
    with log.open("w") as file:
        return await asyncio.create_subprocess_exec(
            *command, stdout=file, stderr=file, cwd=ROOT, env=environment
        )


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


async def test_fault_012_told_to_stop_it_finishes_what_is_under_way_and_leaves_the_rest_owed(
    tmp_path: Path,
) -> None:
    async with a_world(tmp_path / "world") as world:
        bot = await started(world)
        await until(bot, lambda: has_read(world))
        world.publisher.publish(12)
        await until(bot, lambda: has_told(world, 1))
        bot.terminate()
        said, _ = await bot.communicate()
        assert bot.returncode == 0, said.decode()
        await world.settle()
        assert not world.doubts
        zygote = await Zygote.started(world)
        assert (await zygote.live(24))["code"] == 0
        await zygote.end()
        await told_once(world)


@pytest.mark.skipif(bool(syscalls.why_not()), reason=syscalls.why_not())
async def test_fault_016_a_failed_fsync_ends_the_bot_with_an_error_and_the_next_start_tells_what_was_owed(
    tmp_path: Path,
) -> None:
    async with a_world(tmp_path / "world") as world:
        zygote = await Zygote.started(world)
        await zygote.live(0)
        world.publisher.publish(2)
        bot = await started(world, "broken")
        said, _ = await bot.communicate()
        assert bot.returncode not in (0, None), said.decode()
        assert b"nothing more is written until a new start" in said
        await world.settle()
        assert (await zygote.live(4))["code"] == 0
        await zygote.end()
        on_slack, on_telegram = await world.on_slack(), world.on_telegram()
    for title in world.publisher.stories:
        assert sum(title in text for text in on_slack) == 1
        assert any(title in text for text in on_telegram)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
async def test_fault_028_a_log_nobody_can_write_stops_nothing(tmp_path: Path) -> None:
    async with a_world(tmp_path / "world") as world:
        bot = await started(world, log=Path("/dev/full"))
        await until(bot, lambda: has_read(world))
        world.publisher.publish(2)
        await until(bot, lambda: has_told(world, 2))
        bot.terminate()
        assert await bot.wait() == 0
        await told_once(world)
