"""What a round over many local feeds costs, from the request to the stored decision, beside other programs.

    python -m benchmarks.whole_cycle [--feeds 100] [--items 50] [--rounds 3] [--only ours,reader,rsstt,rss2email]

Feeds are served by a process of its own (:mod:`benchmarks._publishers`), half of them with entity tags. Each client
is a process of its own, too, with a database in a file: our whole bot as it is wired for ``run`` (the shipped rules,
stories, outbox, a console nobody reads), ``reader`` as its manual has it, and the peers of :mod:`benchmarks._peers`,
RSS-to-Telegram-Bot and rss2email, which live in a scratch environment made for this run; one that cannot be had is
left out. The first round of rss2email, and what the others would tell, is sent to nobody.

Processor seconds, system time and child processes included, of four rounds over every feed: the first, nothing
changed, one new item in every feed, one new item in every hundredth; the median where a round is repeated. ``--feeds
1000`` is the size others have been measured at.
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
import venv
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import reader
import uvloop
from rich.console import Console as Terminal

from benchmarks._phases import PHASES, measured
from bot.app import Bot, Parts, running_bot
from bot.config.settings import Settings, load_settings
from bot.demo.desk import shipped_rules
from bot.logs import configure_logs
from bot.notify import Console

GOALS = {
    "reader": {"nothing changed": 3, "one new in every feed": 14},
    "rsstt": {"one new in every feed": 8},
}
"""Peer → phase → how many times more than ours it should cost at least."""


# ── ours ─────────────────────────────────────────────────────────────────────────────────────────────
def settings_for(folder: Path, base: str, feeds: int, hosts: int = 1) -> Settings:
    """The shipped rules over feeds of so many hosts; pauses between polls so long that rounds are ours to call."""
    rules = folder / "rules"
    rules.mkdir()
    for path in shipped_rules().glob("*.yaml"):
        (rules / path.name).write_bytes(path.read_bytes())
    bases = [base.replace("127.0.0.1", f"h{at}.localhost") for at in range(hosts)] if hosts > 1 else [base]
    listed = "".join(
        f"  - {{name: paper{at}, url: '{bases[at % hosts]}/feed/{at}'}}\n" for at in range(feeds)
    )
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
PEERS = {
    "rsstt": ("rsstt==2.10.0", "aiosqlite<0.21", "psutil"),  # its database layer knows no later aiosqlite
    "rss2email": ("rss2email==3.14", "psutil"),
}
"""What a scratch environment needs."""
WITHOUT_WHEEL = ("sgmllib3k", "pyaes")  # pure Python that is published as source alone


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


def client(name: str, interpreter: str, options: argparse.Namespace) -> dict[str, float]:
    """What one client spent, in a process of its own, against publishers of its own."""
    with publishers(options.feeds, options.items) as base:
        command = [
            interpreter,
            "-m",
            "benchmarks._peers",
            name,
            base,
            str(options.feeds),
            str(options.rounds),
        ]
        if name in CLIENTS:
            command = [interpreter, "-m", "benchmarks.whole_cycle", "--client", name, "--base", base]
            command += ["--feeds", str(options.feeds), "--rounds", str(options.rounds)]
        quiet = None if name in CLIENTS else subprocess.DEVNULL
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=quiet, check=True, text=True)  # noqa: S603
    spent: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return spent


def installed(name: str, folder: Path) -> str:
    """The interpreter of a scratch environment with this peer. Raises CalledProcessError where it cannot be had."""
    place = folder / name
    venv.create(place, with_pip=True, symlinks=True)
    interpreter = str(place / "bin" / "python")
    binary = ["--only-binary", ":all:", "--no-binary", ",".join(WITHOUT_WHEEL)]
    wanted = [interpreter, "-m", "pip", "install", "--quiet", *binary, *PEERS[name]]
    subprocess.run(wanted, check=True, stderr=subprocess.DEVNULL)  # noqa: S603 — the names above
    return interpreter


def side_by_side(wanted: Sequence[str], options: argparse.Namespace) -> dict[str, dict[str, float]]:
    """What each of them spent."""
    found: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory(prefix="newsalert-peers-") as folder:
        for name in wanted:
            try:
                interpreter = sys.executable if name in CLIENTS else installed(name, Path(folder))
                found[name] = client(name, interpreter, options)
            except subprocess.CalledProcessError as error:
                if name in CLIENTS:
                    raise
                print(f"{name} is left out: {' '.join(map(str, error.cmd[1:4]))} failed")
    return found


def report(found: Mapping[str, Mapping[str, float]], feeds: int) -> None:
    """The table, and below it how many times more each peer spent."""
    per = 1_000 / feeds
    print(f"{'CPU s a 1,000 feeds':24}" + "".join(f"{name:>12}" for name in found))
    for phase in PHASES:
        print(f"{phase:24}" + "".join(f"{spent[phase] * per:12.2f}" for spent in found.values()))
    ours, *peers = found
    for peer in peers:
        print(f"{peer} against {ours}")
        for phase in PHASES:
            goal = GOALS.get(peer, {}).get(phase)
            ratio = found[peer][phase] / max(found[ours][phase], 0.001)
            print(f"  {phase:22}{ratio:11.1f}x" + (f"  goal >= {goal}x" if goal else ""))
    for name, spent in found.items():
        rest = ", ".join(f"{value:.0f} {key}" for key, value in spent.items() if key not in PHASES)
        print(f"  {name}: {rest}")


def main() -> None:
    """Print the table, or be one of its clients."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--feeds", type=int, default=100)
    parser.add_argument("--items", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default=",".join((*CLIENTS, *PEERS)), help="names with commas between")
    parser.add_argument("--client", choices=CLIENTS, help=argparse.SUPPRESS)
    parser.add_argument("--base", help=argparse.SUPPRESS)
    options, _ = parser.parse_known_args()
    if options.client:
        with tempfile.TemporaryDirectory(prefix="newsalert-bench-") as folder:
            work = CLIENTS[options.client](options.base, options.feeds, options.rounds, Path(folder))
            print(json.dumps(uvloop.run(work)))
        return
    report(side_by_side(options.only.split(","), options), options.feeds)


if __name__ == "__main__":
    main()
