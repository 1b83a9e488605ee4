"""SIGKILL at every named step, again and again: nothing lost, nothing doubled on Slack, repeats on Telegram marked.

``python -m tests.faults.kills --kills 1000`` is the long version; :mod:`tests.faults.test_kills` runs a short one.

A publisher brings a new story for every life of the bot, the bot is killed where it is told to die, and the next one
goes on from what it finds. In the end one life is allowed to finish, and what stands in the chats is counted.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import random
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.failpoint import NAMES
from tests.fakes.slack import TOKEN as SLACK_TOKEN
from tests.fakes.slack import Channel, SlackFake, texts_of
from tests.fakes.telegram import TOKEN as TELEGRAM_TOKEN
from tests.fakes.telegram import Chat, TelegramFake

ROOT = Path(__file__).resolve().parents[2]
CHAT = 1001  # a person: a group may be told only every three seconds
LONGEST_LIFE = 6.0  # seconds; a step that is not reached by then is not reached
LONGEST_END = 300.0
MARK = "Sent again"

_ROUTES = f"""\
receivers:
  - {{name: desk, kind: slack, channel: C0DESK0001}}
  - {{name: phones, kind: telegram, chat: "{CHAT}"}}
routes:
  - {{when: {{level: low+}}, to: [desk, phones]}}
"""


@dataclass
class Publisher:
    """A feed on this machine; every story has words of its own, so that no two are one."""

    stories: list[str] = field(default_factory=list)
    base: str = ""

    def publish(self) -> None:
        """One more story."""
        self.stories.append(headline(len(self.stories)))

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[Publisher]:
        """On a free port of 127.0.0.1."""
        app = web.Application()
        app.router.add_get("/feed", self._feed)
        async with TestServer(app, host="127.0.0.1") as server:
            self.base = str(server.make_url("")).rstrip("/")
            yield self

    async def _feed(self, request: web.Request) -> web.Response:
        now = format_datetime(datetime.now(UTC), usegmt=True)
        items = "".join(
            f"<item><title>{title}</title><guid>{number}</guid><link>{self.base}/{number}</link>"
            f"<pubDate>{now}</pubDate></item>"
            for number, title in list(enumerate(self.stories))[-30:]
        )
        body = f'<rss version="2.0"><channel><title>Klaxon</title>{items}</channel></rss>'
        return web.Response(text=body, content_type="application/rss+xml")


def headline(number: int) -> str:
    """``Klaxon`` and four words nobody else has."""
    dice = random.Random(number)
    syllables = ["ba", "de", "fi", "go", "hu", "ka", "le", "mi", "no", "ru", "sa", "te", "vi", "wo", "zu"]
    words = ("".join(dice.choices(syllables, k=4)) for _ in range(4))
    return "Klaxon " + " ".join(words)


@dataclass
class Outcome:
    """What stands in the chats in the end."""

    published: int
    kills: Counter[str]
    lost: list[str]
    doubled_on_slack: list[str]
    telegram_repeats: int
    unmarked_repeats: int

    @property
    def total(self) -> int:
        """Lives ended by SIGKILL."""
        return self.kills.total()

    def __str__(self) -> str:
        steps = ", ".join(f"{count} {name}" for name, count in self.kills.items())
        return (
            f"{self.total} kills ({steps}); {self.published} alerts: {len(self.lost)} lost, "
            f"{len(self.doubled_on_slack)} doubled on Slack, {self.telegram_repeats} repeated on Telegram, "
            f"{self.unmarked_repeats} of them unmarked"
        )


class Zygote:
    """The forking process, spoken to line by line."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    async def started(cls, wanted: dict[str, Any]) -> Zygote:
        """Start it and wait until it has read everything."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.faults.zygote", json.dumps(wanted),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, cwd=ROOT,
        )  # fmt: skip
        zygote = cls(process)
        await zygote._answer()
        return zygote

    async def live(self, failpoint: str = "", at: int = 1, seconds: float = LONGEST_LIFE) -> dict[str, Any]:
        """One life; how it ended."""
        assert self._process.stdin is not None
        order = json.dumps({"failpoint": failpoint, "at": at, "seconds": seconds})
        self._process.stdin.write(order.encode() + b"\n")
        await self._process.stdin.drain()
        return await self._answer()

    async def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = await self._process.stdout.readline()
        assert line, "the forking process died"
        answer: dict[str, Any] = json.loads(line)
        return answer

    async def end(self) -> None:
        """Let it go."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        await self._process.wait()


async def harness(kills: int, *, seed: int = 7, progress: bool = False) -> Outcome:
    """Kill the bot so many times, then let it finish; what stands in the chats."""
    dice = random.Random(seed)
    slack = SlackFake(Channel("C0DESK0001", "desk"), now=lambda: datetime.now(UTC).timestamp())
    telegram = TelegramFake(Chat(CHAT))
    publisher = Publisher()
    with tempfile.TemporaryDirectory(prefix="newsalert-kills-") as folder:
        async with slack.serving(), telegram.serving(), publisher.serving():
            zygote = await Zygote.started(_wanted(Path(folder), publisher, slack, telegram))
            await zygote.live(seconds=LONGEST_END)  # the baseline: nothing to tell yet
            died: Counter[str] = Counter()
            for name in itertools.cycle(NAMES):
                publisher.publish()
                ended = await zygote.live(name, at=dice.choice((1, 1, 1, 2)))
                died[name] += ended["killed"]
                if progress:
                    print(f"\r{died.total()} of {kills} kills", end="", flush=True)
                if died.total() >= kills or len(publisher.stories) > 3 * kills:
                    break
            last = await zygote.live(seconds=LONGEST_END)
            await zygote.end()
            assert last == {"killed": False, "code": 0}, last
            return _counted(publisher, slack, telegram, died)


def _wanted(folder: Path, publisher: Publisher, slack: SlackFake, telegram: TelegramFake) -> dict[str, Any]:
    rules = folder / "rules"
    rules.mkdir()
    (rules / "klaxon.yaml").write_text("id: klaxon\nstrong: [klaxon]\n", "utf-8")
    (rules / "routes.yaml").write_text(_ROUTES, "utf-8")
    feeds = f"feeds:\n  - {{name: klaxon, url: '{publisher.base}/feed', owner: klaxon, lang: en}}\n"
    (rules / "feeds.yaml").write_text(feeds, "utf-8")
    return {
        "rules": str(rules),
        "database": str(folder / "bot.sqlite3"),
        "telegram_token": TELEGRAM_TOKEN,
        "telegram_base": telegram.base_url,
        "slack_token": SLACK_TOKEN,
        "slack_base": slack.base_url.rstrip("/"),
    }


def _counted(publisher: Publisher, slack: SlackFake, telegram: TelegramFake, died: Counter[str]) -> Outcome:
    on_slack = [" ".join(texts_of(message)) for message in slack.desk.messages]
    on_telegram = [told.text for told in telegram[CHAT].told]
    lost, doubled, repeats, unmarked = [], [], 0, 0
    for title in publisher.stories:
        slack_count = sum(title in text for text in on_slack)
        telegram_texts = [text for text in on_telegram if title in text]
        if slack_count == 0 or not telegram_texts:
            lost.append(title)
        if slack_count > 1:
            doubled.append(title)
        repeats += max(0, len(telegram_texts) - 1)
        marked = sum(MARK in text for text in telegram_texts)
        unmarked += max(0, len(telegram_texts) - 1 - marked)
    return Outcome(len(publisher.stories), died, lost, doubled, repeats, unmarked)


def main() -> int:
    """The long version, for ``make faults``."""
    wish = argparse.ArgumentParser(description=__doc__)
    wish.add_argument("--kills", type=int, default=1000)
    wish.add_argument("--seed", type=int, default=7)
    wanted = wish.parse_args()
    outcome = asyncio.run(harness(wanted.kills, seed=wanted.seed, progress=True))
    print(f"\n{outcome}")
    return 1 if outcome.lost or outcome.doubled_on_slack or outcome.unmarked_repeats else 0


if __name__ == "__main__":
    sys.exit(main())
