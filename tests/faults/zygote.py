"""A process that has read everything and forks a bot on demand: a life costs a fifth of a second instead of seconds.

Started with a JSON object of settings as its only argument. Every line on stdin is one life: a JSON object with
``failpoint`` or a ``call`` to be struck at ("" for none), ``at`` (which time it is reached), ``how`` a call is struck,
and ``told``, how many deliveries are sent when all is done. The answer on stdout says how it ended:
``{"killed": true}`` where it was struck; otherwise ``code``, and how many calls of each kind it made.

A life that is not struck ends by itself as soon as every feed was read and nothing is owed any more. Documents are
read in the process itself, which spares each life the start of a parser process; a life that is not to die starts
them as always.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from bot import failpoint
from bot.app import Bot, Parts, running_bot
from bot.app_desk import load_orders, warm
from bot.config.settings import Settings, load_settings
from bot.delivery import CourierOptions
from bot.logs import configure_logs
from bot.notify.telegram_client import certificates
from bot.sources.parsers import ParserOptions, Parsers
from bot.sources.readers import READERS
from bot.sources.reading import Reading
from bot.sources.wire import Job
from tests.faults import syscalls

LONGEST = 150.0  # seconds in which nothing is sent; no lane rests so long, it only ends what hangs
LOOK = 0.02  # seconds between two looks whether all is done


def settings_of(wanted: dict[str, Any]) -> Settings:
    """Fast polling of this machine, and the fakes as platforms."""
    return load_settings(env_file=None).model_copy(
        update={
            "rules_dir": Path(wanted["rules"]),
            "database_url": wanted["database"],
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


class ParsersHere(Parsers):
    """Reads in this process."""

    async def _elsewhere(self, job: Job, feed: str) -> Reading:
        return READERS[job.reader](job.body, job.content_type, job.url, job.seen)


@asynccontextmanager
async def parsers_here() -> AsyncIterator[Parsers]:
    """For a life that is to die."""
    yield ParsersHere(ParserOptions())


async def life(settings: Settings, told: int, *, is_to_die: bool) -> None:
    """Run the bot until nothing is left to do. The servers are calm then: what the dead left need not wait."""
    parts = Parts(web=False, courier=CourierOptions(restart_grace=0.0, sweep=0.2))
    if is_to_die:
        parts = Parts(web=False, courier=parts.courier, parsers=parsers_here)
    async with running_bot(settings, parts) as bot, asyncio.timeout(LONGEST) as hanging:
        sent = 0
        while sent < told or not _has_read(bot):
            await asyncio.sleep(LOOK)
            before, sent = sent, await _sent(bot)
            if sent > before:
                hanging.reschedule(asyncio.get_running_loop().time() + LONGEST)


def _has_read(bot: Bot) -> bool:
    return bot.poller.met_everyone and bot.queue.empty()


async def _sent(bot: Bot) -> int:
    return (await bot.store.views.counts()).deliveries.get("sent", 0)


def forked(order: dict[str, Any], settings: Settings) -> dict[str, Any]:
    """One life in a child of ours; how it ended."""
    ours, childs = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(ours)
        _live(order, settings, childs)
    os.close(childs)
    with os.fdopen(ours) as said:
        counts = said.read()
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return {"killed": True, "code": status}
    return {"killed": False, "code": os.WEXITSTATUS(status), "calls": json.loads(counts or "{}")}


def _live(order: dict[str, Any], settings: Settings, tell: int) -> None:
    code = 1
    try:
        failpoint.arm(f"{order['failpoint']}#{order['at']}" if order["failpoint"] else "")
        syscalls.arm(order["call"], order["at"], order["how"])
        asyncio.run(life(settings, order["told"], is_to_die=bool(order["failpoint"] or order["call"])))
        os.write(tell, json.dumps(syscalls.seen()).encode())
        code = 0
    finally:
        os._exit(code)


def main() -> None:
    """Fork a life for every line."""
    configure_logs("error")
    settings = settings_of(json.loads(sys.argv[1]))
    warm(load_orders(settings.rules_dir).rulebook, settings.rules_dir)
    certificates()
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        print(json.dumps(forked(json.loads(line), settings)), flush=True)


if __name__ == "__main__":
    main()
