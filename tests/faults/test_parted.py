"""Rows 13 and 26 of the fault list: two whole bots over one PostgreSQL, and one of them stands still or is cut off.

The one is parted from the other while Slack has its message and it has no answer yet: the worst moment there is.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg

from bot.store.fleet import LIFE
from tests.fakes.cable import Cable
from tests.fakes.emulate import Emulate
from tests.faults.bots import has_read, has_told, said, started, told_once, until
from tests.faults.worlds import World, a_world
from tests.judges.node import needed
from tests.pg import cut_all, migrated_database, plain

pytestmark = needed

Bot = asyncio.subprocess.Process
STATES = "SELECT state FROM deliveries WHERE receiver LIKE $1 || '-%' ORDER BY created"


@asynccontextmanager
async def two_desks(folder: Path) -> AsyncIterator[tuple[World, Emulate]]:
    """A world over PostgreSQL whose first message to Slack is not answered."""
    async with migrated_database() as url, a_world(folder, url) as world:
        assert isinstance(world.slack, Emulate)
        world.slack.faults["chat.postMessage"] = ["hold"]
        yield world, world.slack


async def waiting_for_slack(world: World, slack: Emulate, database: str = "") -> Bot:
    """A bot that has told one story on Telegram and waits for Slack's answer."""
    bot = await started(world, "fleet", database=database)
    await until(bot, lambda: has_read(world))
    world.publisher.publish(1)
    await until(bot, lambda: _is(world, "phone", ["sent"]))
    async with asyncio.timeout(300):
        await slack.held.wait()
    assert await _is(world, "desk", ["sending"])
    return bot


async def _is(world: World, whose: str, states: list[str]) -> bool:
    connection = await asyncpg.connect(plain(world.postgres))
    try:
        return [row["state"] for row in await connection.fetch(STATES, whose)] == states
    finally:
        await connection.close()


async def _alive(world: World, workers: int) -> bool:
    connection = await asyncpg.connect(plain(world.postgres))
    count = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND classid = $1"
    try:
        return bool(await connection.fetchval(count, LIFE) == workers)
    finally:
        await connection.close()


async def _stopped(world: World) -> None:
    """Told to stop, and whatever they had in hand done."""
    for bot in world.bots:
        bot.terminate()
    for bot in world.bots:
        assert await bot.wait() == 0, said(world, bot)


async def _all_is_told_once(world: World, slack: Emulate) -> None:
    await told_once(world)
    assert slack.calls.count("chat.postMessage") == len(world.publisher.stories)
    connection = await asyncpg.connect(plain(world.postgres))
    try:
        receipts = "SELECT max(json_array_length(receipts::json)) FROM deliveries"
        assert await connection.fetchval(receipts) == 1  # nobody wrote down what another had taken over
    finally:
        await connection.close()


async def test_fault_013_a_worker_that_stood_still_for_a_while_doubles_nothing(tmp_path: Path) -> None:
    async with two_desks(tmp_path / "world") as (world, slack):
        one = await waiting_for_slack(world, slack)
        one.send_signal(signal.SIGSTOP)
        await cut_all(world.postgres)  # its sessions are given up
        two = await started(world, "fleet")
        await until(two, lambda: _is(world, "desk", ["sent"]))
        world.publisher.publish(2)
        await until(two, lambda: has_told(world, 3))
        slack.released.set()
        one.send_signal(signal.SIGCONT)
        await until(one, lambda: _alive(world, 2))
        world.publisher.publish(2)
        await until(two, lambda: has_told(world, 5))
        await _stopped(world)
        await _all_is_told_once(world, slack)


async def test_fault_026_a_worker_cut_from_its_database_alone_doubles_nothing(tmp_path: Path) -> None:
    async with two_desks(tmp_path / "world") as (world, slack), Cable(world.postgres).laid() as line:
        one = await waiting_for_slack(world, slack, line.url)
        two = await started(world, "fleet")
        await until(two, lambda: _alive(world, 2))
        line.cut()
        await until(two, lambda: _is(world, "desk", ["sent"]))
        slack.released.set()  # the one hears of it, and has nobody to tell
        world.publisher.publish(2)
        await until(two, lambda: has_told(world, 3))
        line.mend()
        await until(one, lambda: _alive(world, 2))
        world.publisher.publish(2)
        await until(two, lambda: has_told(world, 5))
        await _stopped(world)
        await _all_is_told_once(world, slack)
