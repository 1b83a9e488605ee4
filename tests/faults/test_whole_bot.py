"""Rows 12, 16 and 28 of the fault list with the whole bot in a process of its own: told to stop, its disk, its log."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes.emulate import Emulate
from tests.fakes.telegram import LoseReply, Refuse, Reset, Say
from tests.faults import syscalls
from tests.faults.bots import has_read, has_told, said, started, told_once, until
from tests.faults.kills import Zygote
from tests.faults.worlds import a_world


async def test_fault_012_told_to_stop_it_finishes_what_is_under_way_and_leaves_the_rest_owed(
    tmp_path: Path,
) -> None:
    async with a_world(tmp_path / "world") as world:
        bot = await started(world)
        await until(bot, lambda: has_read(world))
        world.publisher.publish(12)
        await until(bot, lambda: has_told(world, 1))
        bot.terminate()
        assert await bot.wait() == 0, said(world, bot)
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
        assert await bot.wait() != 0, said(world, bot)
        assert "nothing more is written until a new start" in said(world, bot)
        await world.settle()
        assert (await zygote.live(4))["code"] == 0
        await zygote.end()
        on_slack, on_telegram = await world.on_slack(), world.on_telegram()
    for title in world.publisher.stories:
        assert sum(title in text for text in on_slack) == 1
        assert any(title in text for text in on_telegram)


async def test_fault_132_no_secret_is_in_any_byte_written_while_every_library_says_all_it_has_to_say(
    tmp_path: Path,
) -> None:
    async with a_world(tmp_path / "world") as world:
        world.telegram.faults["sendMessage"] = [
            Reset(), Say(502, after=True), Refuse(429, "Too Many Requests", {"retry_after": 1}), LoseReply(),
        ]  # fmt: skip
        if isinstance(world.slack, Emulate):
            world.slack.faults["chat.postMessage"] = ["reset", "lose"]
        bot = await started(world, "loud")
        await until(bot, lambda: has_read(world))
        world.publisher.publish(3)
        await until(bot, lambda: has_told(world, 3))
        bot.terminate()
        assert await bot.wait() == 0, said(world, bot)
        settings = world.settings()
        secrets = [settings[name].encode() for name in ("telegram_token", "slack_token")]
        assert "/bot***/sendMessage" in said(world, bot)  # the libraries were loud
        written = {path: path.read_bytes() for path in world.folder.rglob("*") if path.is_file()}
        assert [path.name for path, text in written.items() for each in secrets if each in text] == []


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
