"""A process that has read everything and forks a bot on demand: a life costs milliseconds instead of seconds.

Started with a JSON object of settings as its only argument. Every line on stdin is one life: a JSON object with
``failpoint`` ("" for none), ``at`` (which time it is reached) and ``seconds`` (the longest life). The answer on stdout
says how it ended: {"killed": true} where the failpoint struck.

A life without a failpoint ends by itself as soon as nothing is owed and every feed was read.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from bot import failpoint
from bot.app import Bot, Parts, running_bot
from bot.app_desk import load_orders, warm
from bot.config.settings import Settings, load_settings
from bot.logs import configure_logs

QUIET = 0.3  # seconds without anything owed that count as done


def settings_of(wanted: dict[str, Any]) -> Settings:
    """Fast polling of this machine, and the fakes as platforms."""
    return load_settings(env_file=None).model_copy(
        update={
            "rules_dir": Path(wanted["rules"]),
            "database_url": f"sqlite+aiosqlite:///{wanted['database']}",
            "allow_loopback": True,
            "poll_interval": timedelta(milliseconds=200),
            "poll_min_interval": timedelta(milliseconds=100),
            "poll_max_interval": timedelta(milliseconds=200),
            "host_gap": timedelta(),
            "telegram_token": SecretStr(wanted["telegram_token"]),
            "telegram_api_base": wanted["telegram_base"],
            "slack_bot_token": SecretStr(wanted["slack_token"]),
            "slack_api_base": wanted["slack_base"],
        }
    )


async def life(settings: Settings, seconds: float, *, to_the_end: bool) -> None:
    """Run the bot for so long, or until nothing is left to do."""
    async with running_bot(settings, Parts(web=False)) as bot:
        if not to_the_end:
            await asyncio.sleep(seconds)
            return
        async with asyncio.timeout(seconds):
            quiet = 0.0
            while quiet < QUIET:
                await asyncio.sleep(0.05)
                quiet = quiet + 0.05 if await _is_done(bot) else 0.0


async def _is_done(bot: Bot) -> bool:
    counts = await bot.store.views.counts()
    open_ = sum(counts.deliveries.get(state, 0) for state in ("owed", "sending", "unknown"))
    return bot.poller.met_everyone and bot.queue.empty() and open_ == 0


def main() -> None:
    """Fork a life for every line."""
    configure_logs("error")
    wanted = json.loads(sys.argv[1])
    settings = settings_of(wanted)
    warm(load_orders(settings.rules_dir).rulebook)
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        order = json.loads(line)
        child = os.fork()
        if child == 0:
            failpoint.arm(f"{order['failpoint']}#{order['at']}" if order["failpoint"] else "")
            asyncio.run(life(settings, order["seconds"], to_the_end=not order["failpoint"]))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        killed = os.WIFSIGNALED(status)
        print(
            json.dumps({"killed": killed, "code": status if killed else os.WEXITSTATUS(status)}), flush=True
        )


if __name__ == "__main__":
    main()
