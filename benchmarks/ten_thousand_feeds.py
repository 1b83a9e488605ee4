"""Ten thousand feeds on one small machine: the first round over all of them, then the usual day.

    python -m benchmarks.ten_thousand_feeds [--feeds 10000] [--items 50] [--minutes 6]

Our whole bot as it is wired for ``run`` (the shipped rules, stories, outbox, a console nobody reads), a budget of one
poll a feed in five minutes, and publishers in a process of their own: half of them answer 304 where nothing is new,
every twentieth publishes an item a minute. Printed are the seconds of the first round, and then for the minutes after
it: processor time of this process and its children as a share of one core, memory, how late the event loop comes to a
beat every ten milliseconds, and how long after its publication an item is decided, beside the mean gap between two
polls of the feeds that publish.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import json
import tempfile
import time
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from statistics import median

import psutil
import uvloop
from rich.console import Console as Terminal

from benchmarks._phases import processor_seconds, publish
from benchmarks.whole_cycle import publishers, settings_for
from bot.app import Bot, Parts, running_bot
from bot.config.settings import Settings
from bot.logs import configure_logs
from bot.notify import Console
from bot.ports import Polled, PollRecord

EVERY = 20  # each how many-th feed publishes
ROUND = 60.0  # seconds between two items of a feed that does
BEAT = 0.01
HOSTS = 100  # very many feeds are not of one host; all these names are this machine
GOALS = {"first round s": 120, "cpu %": 50, "MB": 500, "lag p99.9 ms": 50}


class Watch:
    """Knows when each round was published, and hears when its items are decided. Seconds."""

    def __init__(self, items: int) -> None:
        self._items = items
        self.published: list[float] = []
        self.delays: list[float] = []
        self.polls = 0

    def decided(self, polled: Polled, record: PollRecord) -> None:
        """The bot's observer."""
        now = time.monotonic()
        self.polls += 1
        for entry, _ in () if polled.baseline else record.entries:
            number = int(entry.link.rpartition("/")[2]) - self._items
            self.delays.append(now - self.published[number])

    async def publish(self, base: str) -> None:
        """A new item in every twentieth feed, every minute."""
        while True:
            self.published.append(time.monotonic())
            await asyncio.to_thread(publish, base, EVERY)
            await asyncio.sleep(ROUND)


def paced(settings: Settings) -> Settings:
    """One poll a feed in five minutes, as it is shipped."""
    defaults = Settings.model_fields
    names = ("poll_interval", "poll_min_interval", "poll_max_interval")
    return settings.model_copy(update={name: defaults[name].default for name in names})


def asked(base: str) -> dict[str, int]:
    """How many requests came so far: ``all``, and ``publishing`` of those to feeds that publish."""
    with urllib.request.urlopen(f"{base}/asked/{EVERY}") as answer:  # noqa: S310 — our own server
        counts: dict[str, int] = json.load(answer)
    return counts


async def first_round(bot: Bot, feeds: int) -> float:
    """Seconds until every feed was polled and decided; says how far it is."""
    began = said = time.monotonic()
    while not bot.poller.met_everyone:
        await asyncio.sleep(0.5)
        if time.monotonic() - said > ROUND:
            said = time.monotonic()
            met = sum(bot.poller.state(f"paper{at}").next_poll is not None for at in range(feeds))
            print(f"  {said - began:5.0f} s: {met} feeds", flush=True)
    await bot.queue.join()
    return time.monotonic() - began


async def beats(lags: list[float]) -> None:
    """How late each came."""
    while True:
        began = time.monotonic()
        await asyncio.sleep(BEAT)
        lags.append(time.monotonic() - began - BEAT)


async def usual_day(base: str, watch: Watch, feeds: int, minutes: float) -> dict[str, float]:
    """What so many minutes cost."""
    lags: list[float] = []
    tasks = [asyncio.create_task(beats(lags)), asyncio.create_task(watch.publish(base))]
    before, spent, began = await asyncio.to_thread(asked, base), processor_seconds(), time.monotonic()
    await asyncio.sleep(minutes * 60)
    spent, took = processor_seconds() - spent, time.monotonic() - began
    after = await asyncio.to_thread(asked, base)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    own = feeds / EVERY
    return {
        "polls a second": (after["all"] - before["all"]) / took,
        "cpu %": spent / took * 100,
        "MB": psutil.Process().memory_info().rss / 1e6,
        "lag p50 ms": _percentile(lags, 0.5) * 1_000,
        "lag p99.9 ms": _percentile(lags, 0.999) * 1_000,
        "mean gap s": took * own / max(1, after["publishing"] - before["publishing"]),
        "items decided": len(watch.delays),
        "decided after p50 s": median(watch.delays or [0.0]),
        "decided after p95 s": _percentile(watch.delays, 0.95),
    }


def _percentile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values) or [0.0]
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


async def measured(base: str, options: argparse.Namespace, folder: Path) -> None:
    """Print all of it."""
    configure_logs("error")
    watch = Watch(options.items)
    silent = Console(Terminal(file=io.StringIO()))
    parts = Parts({"console": silent}, observe=watch.decided, web=False)
    settings = paced(settings_for(folder, base, options.feeds, HOSTS))
    async with running_bot(settings, parts) as bot:
        spent = processor_seconds()
        took = await first_round(bot, options.feeds)
        cpu = processor_seconds() - spent
        print(f"{options.feeds} feeds, {options.items} items each")
        report({"first round s": took, "first round cpu s": cpu})
        report(await usual_day(base, watch, options.feeds, options.minutes))
        counts = await bot.store.views.counts()
        print(f"  {counts.entries} entries, {counts.stories} stories")


def report(figures: dict[str, float]) -> None:
    """One line a figure, with its goal."""
    for name, value in figures.items():
        goal = f"  goal <= {GOALS[name]}" if name in GOALS else ""
        print(f"  {name:20}{value:10.1f}{goal}", flush=True)
    if "mean gap s" in figures:
        print(f"  goal of the median: half the mean gap and a second, {figures['mean gap s'] / 2 + 1:.1f} s")


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--feeds", type=int, default=10_000)
    parser.add_argument("--items", type=int, default=50)
    parser.add_argument("--minutes", type=float, default=6.0)
    options, _ = parser.parse_known_args()
    with publishers(options.feeds, options.items) as base, tempfile.TemporaryDirectory() as folder:
        uvloop.run(measured(base, options, Path(folder)))


if __name__ == "__main__":
    main()
