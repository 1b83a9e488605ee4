"""``newsalert run`` and ``newsalert demo``."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer
import uvloop
from rich.console import Console as Terminal

from bot.app import Bot, Parts, run_until_told, running_bot
from bot.app_rounds import LEDGER_OF
from bot.cli import output
from bot.cli.output import RulesOption
from bot.config.settings import Settings, load_settings, settings_warnings
from bot.core.model import Alert, Outcome
from bot.demo import LEAST, SETTINGS, Summary, demo_server, differences, summary_lines, write_desk
from bot.logs import configure_logs
from bot.notify import Console
from bot.ports import Polled, PollRecord

LONGEST = 120.0  # seconds the demonstration may take; something is wrong beyond it
DIFFERENT = 1  # exit code when the day was not told as it deserves


def run(
    rules: RulesOption = None,
    web: Annotated[
        bool, typer.Option("--web/--no-web", help="Serve health, metrics and the console.")
    ] = True,
) -> None:
    """Watch the feeds and tell people, until SIGTERM or Ctrl-C.

    Needs rules/feeds.yaml, and tokens for the receivers in rules/routes.yaml; newsalert check looks at both. One
    instance a database file.
    """
    with output.told_plainly():
        settings = output.settings_with(rules)
        configure_logs(settings.log_level, settings.log_format, secrets=settings.secret_values())
        output.show_problems(settings_warnings())
        uvloop.run(run_until_told(settings, Parts(web=web)))


def demo(
    as_json: Annotated[bool, typer.Option("--json", help="Print each alert as a JSON line.")] = False,
    web: Annotated[
        bool, typer.Option("--web/--no-web", help="Serve the console on a free port meanwhile.")
    ] = False,
    stay: Annotated[bool, typer.Option("--stay", help="Keep running when the day is over.")] = False,
) -> None:
    """Watch a sample day ring in this terminal: no tokens, no internet, under a minute.

    The real bot reads six feeds of invented outlets from a server on this machine: an item a second, with the traps of
    15 February 2022. Exit code 1 if the day was not told exactly as it deserves.
    """
    with output.told_plainly():
        with tempfile.TemporaryDirectory(prefix="newsalert-demo-") as folder:
            told = asyncio.run(_Day(Path(folder), as_json=as_json, web=web or stay, stay=stay).watch())
        if told.differences:
            raise typer.Exit(DIFFERENT)


class _Day:
    """One demonstration: the day's publishers, the bot, and the counting."""

    def __init__(self, folder: Path, *, as_json: bool, web: bool, stay: bool) -> None:
        self._folder = folder
        self._as_json = as_json
        self._web = web
        self._stay = stay
        self._outcomes: Counter[Outcome] = Counter()
        self._matched = 0
        self._alerts: list[Alert] = []
        self._owed: set[tuple[str, int]] = set()  # story and revision of what the screen is owed
        self._delays: list[float] = []
        self._read = 0  # polls that brought something to decide

    async def watch(self) -> Summary:
        """The whole day; returns its numbers."""
        began = time.monotonic()
        async with demo_server() as server:
            rules = self._folder / "rules"
            rules.mkdir()
            settings = self._settings(write_desk(rules, server))
            async with running_bot(settings, self._parts()) as bot:
                self._say_hello(bot)
                await asyncio.wait_for(server.done(), LONGEST)
                await self._all_told(bot)
                summary = await self._summary(bot, server.requests, time.monotonic() - began)
                if not self._as_json:
                    output.out.print(summary_lines(summary))
                if self._stay:
                    output.out.print("\nStill here; Ctrl-C ends it.")
                    await asyncio.Event().wait()
        return summary

    def _settings(self, rules: Path) -> Settings:
        database = f"sqlite+aiosqlite:///{self._folder / 'demo.sqlite3'}"
        changes = {**SETTINGS, "rules_dir": rules, "database_url": database, "web_port": 0}
        return load_settings(env_file=None).model_copy(update=changes)

    def _parts(self) -> Parts:
        console = Console(Terminal(highlight=False, soft_wrap=True), as_json=self._as_json)
        return Parts({"console": console}, self._observe, web=self._web)

    def _observe(self, _polled: Polled, record: PollRecord) -> None:
        self._read += 1
        for _, decision in (*record.entries, *record.edited):
            self._outcomes[decision.outcome] += 1
            self._matched += bool(decision.matches)
            if decision.alert is not None:
                self._alerts.append(decision.alert)
        self._owed |= {(delivery.story, delivery.revision) for delivery in record.owed}

    async def _all_told(self, bot: Bot) -> None:
        """Wait until nothing is owed any more."""
        while True:
            counts = await bot.store.views.counts()
            if not any(counts.deliveries.get(state, 0) for state in ("owed", "sending", "unknown")):
                return
            await bot.clock.sleep(0.05)

    async def _summary(self, bot: Bot, requests: Counter[int], seconds: float) -> Summary:
        counts = await bot.store.views.counts()
        delays = await bot.store.views.delays()
        told = [alert for alert in self._alerts if (alert.story, alert.revision) in self._owed]
        polls = sum(requests.values())
        return Summary(
            feeds=len(bot.in_force.orders.feeds),
            polls=polls,
            unchanged=polls - self._read,
            outcomes=self._outcomes,
            matched=self._matched,
            stories=counts.stories,
            sent=counts.deliveries.get("sent", 0),
            quiet=len(self._alerts) - len(told),
            seconds=seconds,
            least=LEAST,
            delays=delays,
            ledger=await bot.store.views.delays_by_feed(bot.clock.now() - LEDGER_OF),
            bursts={each.feed: each.faster for each in bot.poller.sights() if each.faster},
            differences=differences(told),
        )

    def _say_hello(self, bot: Bot) -> None:
        if self._as_json:
            return
        feeds = len(bot.in_force.orders.feeds)
        rules = len(bot.in_force.orders.rulebook.rules)
        output.out.print(
            f"A sample day: {feeds} feeds on this machine, {rules} rules, alerts from {LEAST} up.\n"
        )
        if bot.web_url:
            output.out.print(f"The console: {bot.web_url}\n")
