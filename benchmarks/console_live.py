"""Live in a real Chromium: how long until stories stand there, and whether the bot feels that somebody watches.

    python -m benchmarks.console_live [--stories 10000] [--seconds 20] [--rate 50]

The whole bot as it is wired for ``run``, with the shipped rules and a database in a file, decides so many articles
that each become a story, through the queue polls go through; then a browser in a process of its own opens Live,
several times with nothing in its cache and several times again. *Painted* is the second frame after the first story
stands in the page, counted from the request on.

Then the same stream of alerts, polls of five at even distances, is decided twice: while nobody looks, and while that
browser watches. For both the time the bot's loop stood still is noted, and for the second
when each alert reached the browser and the longest the page took for a frame.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import json
import random
import shutil
import statistics
import sys
import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
import uvloop
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from rich.console import Console as Terminal

from benchmarks._loop import Standstill, watched
from benchmarks._phases import processor_seconds
from bot.app import Bot, Parts, running_bot
from bot.config.lint import word_shares
from bot.config.settings import Settings, load_settings
from bot.core.model import Feed, FeedState, RawEntry
from bot.demo.desk import shipped_rules
from bot.logs import configure_logs
from bot.notify import Console
from bot.ports import Polled

GOALS = {"opens within s": 1.0, "stands still at most ms": 50.0}
TIMES = 5  # openings of either kind
TOGETHER = 5  # alerts a poll
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), "")
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync")
RULE = """\
rules:
  - id: storms
    title: Storms
    category: weather
    tags: [weather]
    levels: {critical: 90}
    strong: [storm + reaches]
    keywords: [storm]
    examples:
      match: [Storm reaches the coast]
"""


# ── the news ─────────────────────────────────────────────────────────────────────────────────────────
class Press:
    """Invents articles that ring and resemble each other in little; the same for the same seed."""

    def __init__(self) -> None:
        self._chance = random.Random(5)
        self._words = [word for word in word_shares()["en"] if len(word) > 4]
        self._number = 0

    def _some(self, count: int) -> str:
        return " ".join(self._chance.sample(self._words, count))

    def _name(self) -> str:
        pairs = (self._chance.choice("bdfgklmnprstvz") + self._chance.choice("aeiou") for _ in range(4))
        return "".join(pairs).capitalize()

    def article(self, now: datetime) -> RawEntry:
        """One that was never there before."""
        self._number += 1
        verb = self._chance.choice(("reaches", "spares"))
        title = f"Storm {verb} {self._name()} {self._some(4)} {self._name()}"
        return RawEntry(
            guid=str(self._number), link=f"https://wire.example/{self._number}", title=title,
            summary=f"{self._some(22).capitalize()}.", published=now - timedelta(seconds=1), tags=(self._name(),),
        )  # fmt: skip

    def poll(self, count: int) -> Polled:
        """A poll of the wire that brought so many."""
        now = datetime.now(UTC)
        raws = tuple(self.article(now) for _ in range(count))
        return Polled(WIRE, FeedState(WIRE.name, baseline_done=True), raws, WIRE.url, now)


WIRE = Feed("wire", "https://wire.example/feed", "wire", lang="en", enabled=False)


def settings_for(folder: Path) -> Settings:
    """The shipped rules and one that rings on every article here; no feed is polled."""
    rules = folder / "rules"
    rules.mkdir()
    for path in shipped_rules().glob("*.yaml"):
        (rules / path.name).write_bytes(path.read_bytes())
    (rules / "feeds.yaml").write_text(
        f"feeds:\n  - {{name: wire, url: '{WIRE.url}', enabled: false}}\n", "utf-8"
    )
    (rules / "storms.yaml").write_text(RULE, "utf-8")
    (rules / "routes.yaml").write_text(
        "receivers:\n  - {name: screen, kind: console}\nroutes:\n  - {when: {level: medium+}, to: screen}\n",
        "utf-8",
    )
    changes = {
        "rules_dir": rules, "web_port": 0, "database_url": f"sqlite+aiosqlite:///{folder}/bench.sqlite3",
    }  # fmt: skip
    return load_settings(env_file=None).model_copy(update=changes)


# ── the bot ──────────────────────────────────────────────────────────────────────────────────────────
async def measure(stories: int, seconds: int, rate: int) -> None:
    """Print the table."""
    silent = Console(Terminal(file=io.StringIO()))
    with tempfile.TemporaryDirectory() as made:
        async with running_bot(settings_for(Path(made)), Parts({"console": silent})) as bot:
            press = Press()
            for _ in range(0, stories, 50):
                await bot.queue.put(press.poll(50))
            await bot.queue.join()
            print(f"{await _told(bot)} stories told; the bot holds {_memory():.0f} MB", flush=True)
            alone = await _streamed(bot, press, seconds, rate)
            _said("nobody looks", alone)
            visitor = await _Visitor.arrived(bot.web_url)
            try:
                async with watched() as seen:
                    _opened(await visitor.says())
                print(f"  the loop stood still {seen.longest:.0f} ms at most meanwhile", flush=True)
                await visitor.says()  # that it watches
                _said("watched", await _streamed(bot, press, seconds, rate))
                _streamed_to(await visitor.ends(), seconds * rate)
            finally:
                await visitor.leave()


async def _told(bot: Bot) -> int:
    return (await bot.store.views.counts()).outcomes.get("alert", 0)


def _memory() -> float:
    return float(psutil.Process().memory_info().rss / 1e6)


async def _streamed(bot: Bot, press: Press, seconds: int, rate: int) -> tuple[Standstill, float]:
    """Decide ``rate`` alerts a second; the loop's lateness, and processor seconds a second."""
    loop = asyncio.get_running_loop()
    begun, spent = loop.time(), processor_seconds()
    async with watched() as seen:
        for number in range(seconds * rate // TOGETHER):
            await asyncio.sleep(max(0.0, begun + number * TOGETHER / rate - loop.time()))
            await bot.queue.put(press.poll(TOGETHER))
        await bot.queue.join()
    return seen, (processor_seconds() - spent) / (loop.time() - begun)


class _Visitor:
    """A browser in a process of its own."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    async def arrived(cls, url: str) -> _Visitor:
        pipe = asyncio.subprocess.PIPE
        command = (sys.executable, "-m", "benchmarks.console_live", "--look", url)
        return cls(await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe))

    async def says(self) -> Any:
        assert self._process.stdout is not None
        return json.loads(await self._process.stdout.readline())

    async def ends(self) -> Any:
        assert self._process.stdin is not None
        self._process.stdin.write(b"\n")
        return await self.says()

    async def leave(self) -> None:
        if self._process.returncode is None:
            self._process.terminate()
            await self._process.wait()


# ── the browser ──────────────────────────────────────────────────────────────────────────────────────
PAINTED = """
new MutationObserver((_, observer) => {
  if (!document.querySelector(".na-live li")) return;
  observer.disconnect();
  requestAnimationFrame(() => requestAnimationFrame(() => { window.painted = performance.now() }));
}).observe(document, { childList: true, subtree: true });
"""
WATCH = """
() => {
  const begun = Date.now(); // what rang before is caught up with, and is not late
  window.seen = { ids: new Set(), late: [], frame: 0 };
  window.socket.on("news", (batch) => {
    for (const row of batch) {
      if (Date.parse(row.told) < begun) continue;
      if (!window.seen.ids.has(row.id)) window.seen.late.push(Date.now() - Date.parse(row.told));
      window.seen.ids.add(row.id);
    }
  });
  let before = performance.now();
  const next = (now) => {
    window.seen.frame = Math.max(window.seen.frame, now - before);
    before = now;
    requestAnimationFrame(next);
  };
  requestAnimationFrame(next);
}
"""


SEEN = """({ alerts: seen.ids.size, late: seen.late, frame: seen.frame,
  rows: document.querySelectorAll(".na-live li").length })"""


def look(url: str) -> None:
    """In the browser's process: open, tell; watch, tell; and tell again what was seen when a line comes in."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        _tell(_openings(browser, url))
        page = _watching(browser.new_context(), url)
        page.evaluate(WATCH)
        _tell("watching")
        _until_a_line_comes(page)
        seen = page.evaluate(SEEN)
        _tell(seen)
        browser.close()


def _openings(browser: Browser, url: str) -> Mapping[str, list[float]]:
    """Milliseconds until the stories are painted: the first time ever, and again."""
    fresh, again = [], []
    for _ in range(TIMES):
        context = browser.new_context()
        context.add_init_script(PAINTED)
        fresh.append(_painted(context, url))
        again.append(_painted(context, url))
        context.close()
    return {"nothing in the cache": fresh, "again": again}


def _painted(context: BrowserContext, url: str) -> float:
    page = context.new_page()
    page.goto(url, wait_until="commit")
    page.wait_for_function("window.painted")
    took = float(page.evaluate("window.painted"))
    page.close()
    return took


def _watching(context: BrowserContext, url: str) -> Page:
    page = context.new_page()
    page.goto(url)
    page.wait_for_function("window.did_handshake")
    return page


def _until_a_line_comes(page: Page) -> None:
    """The page goes on living meanwhile, but nobody asks it anything."""
    sys.stdin.readline()
    page.wait_for_timeout(500)


def _tell(said: object) -> None:
    print(json.dumps(said), flush=True)


# ── the table ────────────────────────────────────────────────────────────────────────────────────────
def _opened(found: Mapping[str, Sequence[float]]) -> None:
    for name, took in found.items():
        said = f"{statistics.median(took) / 1000:.2f} s in the middle, {max(took) / 1000:.2f} s at most"
        print(f"  Live opens, {name}: {said} (goal {GOALS['opens within s']})", flush=True)


def _said(name: str, found: tuple[Standstill, float]) -> None:
    seen, spent = found
    said = (
        f"  {name}: the loop stood still {seen.longest:.0f} ms at most, {seen.share(0.999):.0f} ms at p99.9"
    )
    print(f"{said} (goal {GOALS['stands still at most ms']:.0f}); {spent:.0%} of a processor", flush=True)


def _streamed_to(seen: Mapping[str, Any], wanted: int) -> None:
    late = sorted(seen["late"])
    middle, most = statistics.median(late), late[-1]
    print(
        f"  {seen['alerts']} of {wanted} alerts seen, {middle:.0f} ms after the decision, {most:.0f} ms at most;"
    )
    print(f"  longest frame {seen['frame']:.0f} ms; {seen['rows']} rows stand there")


def main(arguments: Sequence[str] = ()) -> None:
    """Measure, or be the browser of a measurement."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--stories", type=int, default=10_000)
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--rate", type=int, default=50)
    parser.add_argument("--look", help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    if not CHROMIUM:
        print("left out: no Chromium here (apt-get install chromium)")
    elif given.look:
        look(given.look)
    else:
        configure_logs("error")
        uvloop.run(measure(given.stories, given.seconds, given.rate))


if __name__ == "__main__":
    main(sys.argv[1:])
