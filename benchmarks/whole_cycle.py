"""What a round over many local feeds costs, from the request to the stored decision, against ``reader``.

    python -m benchmarks.whole_cycle [--feeds 100] [--items 50] [--rounds 3] [--only ours|reader]

Feeds are served by a process of its own (:mod:`benchmarks._publishers`), half of them with entity tags. Each client
is a process of its own, too, with a database in a file: our whole bot as it is wired for ``run`` (the shipped rules,
stories, outbox, a console nobody reads) and ``reader`` as its manual has it. Processor seconds, system time and child
processes included, of four rounds over every feed: the first, nothing changed, one new item in every feed, one new
item in every hundredth; the median where a round is repeated. ``--feeds 1000`` is the size others have been measured
at.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib
import io
import json
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from statistics import median

import psutil
import reader
import uvloop
from rich.console import Console as Terminal

from bot.app import Bot, Parts, running_bot
from bot.config.settings import Settings, load_settings
from bot.demo.desk import shipped_rules
from bot.logs import configure_logs
from bot.notify import Console

PHASES = {"first poll": 0, "nothing changed": 0, "one new in every feed": 1, "1 % changed": 100}
"""Name → each how many-th feed publishes before it; 0 = none."""
GOALS = {"nothing changed": 3, "one new in every feed": 14}


def processor_seconds() -> float:
    """Of this process and its children, dead and alive."""
    own = psutil.Process()
    times = own.cpu_times()
    spent = times.user + times.system + times.children_user + times.children_system
    for child in own.children(recursive=True):
        living = child.cpu_times()
        spent += living.user + living.system
    return float(spent)


def publish(base: str, every: int) -> None:
    """Have the feeds publish."""
    if every:
        request = urllib.request.Request(f"{base}/publish/{every}", method="POST")  # noqa: S310 — our own server
        urllib.request.urlopen(request).close()  # noqa: S310


async def measured(base: str, rounds: int, poll: Callable[[], Awaitable[None]]) -> dict[str, float]:
    """Processor seconds by phase."""
    spent: dict[str, float] = {}
    for name, every in PHASES.items():
        found = []
        for _ in range(1 if name == "first poll" else rounds):
            publish(base, every)
            before = processor_seconds()
            await poll()
            found.append(processor_seconds() - before)
        spent[name] = median(found)
    spent["MB resident"] = psutil.Process().memory_info().rss / 1e6
    return spent


# ── ours ─────────────────────────────────────────────────────────────────────────────────────────────
def settings_for(folder: Path, base: str, feeds: int) -> Settings:
    """The shipped rules over these feeds; every pause between polls so long that rounds are ours to call."""
    rules = folder / "rules"
    rules.mkdir()
    for path in shipped_rules().glob("*.yaml"):
        (rules / path.name).write_bytes(path.read_bytes())
    listed = "".join(f"  - {{name: paper{at}, url: '{base}/feed/{at}'}}\n" for at in range(feeds))
    (rules / "feeds.yaml").write_text(f"feeds:\n{listed}", "utf-8")
    (rules / "routes.yaml").write_text(
        "receivers:\n  - {name: screen, kind: console}\nroutes:\n  - {when: {level: medium+}, to: screen}\n",
        "utf-8",
    )
    hours = dict.fromkeys(("poll_interval", "poll_min_interval", "poll_max_interval"), timedelta(hours=9))
    changes = {
        "allow_loopback": True,
        "host_concurrency": 20,
        "host_gap": timedelta(),
        "rules_dir": rules,
        "database_url": f"sqlite+aiosqlite:///{folder}/bench.sqlite3",
        **hours,
    }
    return load_settings(env_file=None).model_copy(update=changes)


async def ours(base: str, feeds: int, rounds: int, folder: Path) -> dict[str, float]:
    """The whole bot."""
    configure_logs("error")
    silent = Console(Terminal(file=io.StringIO()))
    async with running_bot(settings_for(folder, base, feeds), Parts({"console": silent}, web=False)) as bot:
        names = [feed.name for feed in bot.in_force.orders.feeds]
        first = True

        async def poll() -> None:
            nonlocal first
            before = {name: None if first else bot.poller.state(name) for name in names}
            for name in () if first else names:
                bot.poller.poll_now(name)
            first = False
            await _all_polled(bot, before)

        spent = await measured(base, rounds, poll)
        counts = await bot.store.views.counts()
        spent |= {
            "entries": counts.entries,
            "stories": counts.stories,
            "alerts": counts.deliveries.get("sent", 0),
        }
        return spent


async def _all_polled(bot: Bot, before: Mapping[str, object]) -> None:
    """Until every feed has a state other than before, and nothing waits to be decided."""
    waiting = set(before)
    while waiting:
        await asyncio.sleep(0.05)
        waiting = {name for name in waiting if not _polled_since(bot, name, before[name])}
    await bot.queue.join()


def _polled_since(bot: Bot, name: str, before: object) -> bool:
    state = bot.poller.state(name)
    return state.next_poll is not None and state is not before


# ── reader ───────────────────────────────────────────────────────────────────────────────────────────
async def readers(base: str, feeds: int, rounds: int, folder: Path) -> dict[str, float]:
    """``update_feeds``, as its manual has it."""
    sys.modules.setdefault(
        "sgmllib", importlib.import_module("feedparser_sgmllib")
    )  # what it brings asks for it
    library = reader.make_reader(str(folder / "reader.sqlite3"))
    for at in range(feeds):
        library.add_feed(f"{base}/feed/{at}")

    async def poll() -> None:
        library.update_feeds(scheduled=False, workers=4)

    spent = await measured(base, rounds, poll)
    return spent | {"entries": float(library.get_entry_counts().total or 0)}


CLIENTS = {"ours": ours, "reader": readers}


# ── side by side ─────────────────────────────────────────────────────────────────────────────────────
@contextmanager
def publishers(feeds: int, items: int) -> Iterator[str]:
    """Their address."""
    command = [sys.executable, "-m", "benchmarks._publishers", str(feeds), str(items)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 — our own module
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.kill()


def client(name: str, options: argparse.Namespace) -> dict[str, float]:
    """What one client spent, in a process of its own, against publishers of its own."""
    with publishers(options.feeds, options.items) as base:
        command = [sys.executable, "-m", "benchmarks.whole_cycle", "--client", name, "--base", base]
        command += ["--feeds", str(options.feeds), "--rounds", str(options.rounds)]
        done = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True)  # noqa: S603
    spent: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return spent


def report(found: dict[str, dict[str, float]], feeds: int) -> None:
    """The table."""
    per = 1_000 / feeds
    print(f"{'CPU s a 1,000 feeds':24}" + "".join(f"{name:>10}" for name in found) + "     ratio      goal")
    for phase in PHASES:
        figures = [spent[phase] * per for spent in found.values()]
        ratio = f"{figures[-1] / figures[0]:9.1f}x" if len(figures) > 1 and figures[0] else ""
        goal = f"  >= {GOALS[phase]:3}x" if phase in GOALS else ""
        print(f"{phase:24}" + "".join(f"{figure:10.2f}" for figure in figures) + ratio + goal)
    for name, spent in found.items():
        rest = ", ".join(f"{value:.0f} {key}" for key, value in spent.items() if key not in PHASES)
        print(f"  {name}: {rest}")


def main() -> None:
    """Print the table, or be one of its clients."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--feeds", type=int, default=100)
    parser.add_argument("--items", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", choices=CLIENTS)
    parser.add_argument("--client", choices=CLIENTS, help=argparse.SUPPRESS)
    parser.add_argument("--base", help=argparse.SUPPRESS)
    options, _ = parser.parse_known_args()
    if options.client:
        with tempfile.TemporaryDirectory(prefix="newsalert-bench-") as folder:
            work = CLIENTS[options.client](options.base, options.feeds, options.rounds, Path(folder))
            print(json.dumps(uvloop.run(work)))
        return
    wanted = [options.only] if options.only else list(CLIENTS)
    report({name: client(name, options) for name in wanted}, options.feeds)


if __name__ == "__main__":
    main()
