"""A world to be killed in: a publisher, a Slack, a Telegram, and the bot's own files. The bot itself comes and goes."""

from __future__ import annotations

import asyncio
import random
import shutil
import sqlite3
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import asyncpg
from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.fakes.calm import calm
from tests.fakes.emulate import Emulate
from tests.fakes.slack import TOKEN as SLACK_TOKEN
from tests.fakes.slack import Channel, SlackFake, texts_of
from tests.fakes.telegram import TOKEN as TELEGRAM_TOKEN
from tests.fakes.telegram import Chat, Pace, TelegramFake
from tests.judges.node import why_not
from tests.pg import plain

DESKS = 8  # stories take turns between so many channels and chats: each may be told once a second only
NAMES = tuple(f"desk-{number}" for number in range(DESKS))
CHATS = tuple(
    1001 + number for number in range(DESKS)
)  # people: a group may be told only every three seconds
IN_FEED = 30  # newest stories that stand in the feed
MARK = "Sent again"
DOUBTFUL = "SELECT message FROM deliveries WHERE state = 'sending' AND receiver LIKE 'phone-%'"


# ── who publishes ────────────────────────────────────────────────────────────────────────────────────
@dataclass
class Publisher:
    """A feed on this machine; every story has words of its own, so that no two are one."""

    stories: list[str] = field(default_factory=list)
    base: str = ""
    asked: int = 0  # how often the feed was read; the second time the first reading has been decided

    def publish(self, count: int) -> None:
        """So many more stories."""
        for _ in range(count):
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
        self.asked += 1
        now = format_datetime(datetime.now(UTC), usegmt=True)
        items = "".join(
            f"<item><title>{title}</title><guid>{number}</guid><link>{self.base}/{number}</link>"
            f"<pubDate>{now}</pubDate></item>"
            for number, title in list(enumerate(self.stories))[-IN_FEED:]
        )
        body = f'<rss version="2.0"><channel><title>Klaxon</title>{items}</channel></rss>'
        return web.Response(text=body, content_type="application/rss+xml")


def headline(number: int) -> str:
    """``Klaxon``, the desk it belongs to and four words nobody else has."""
    dice = random.Random(number)
    syllables = ["ba", "de", "fi", "go", "hu", "ka", "le", "mi", "no", "ru", "sa", "te", "vi", "wo", "zu"]
    words = ("".join(dice.choices(syllables, k=4)) for _ in range(4))
    return f"Klaxon{'abcdefgh'[number % DESKS]} " + " ".join(words)


# ── a world ──────────────────────────────────────────────────────────────────────────────────────────
@dataclass
class World:
    """What stands outside of the bot, and what the bot keeps; ``doubts`` = headlines whose answer may be lost."""

    folder: Path
    publisher: Publisher
    slack: SlackFake | Emulate
    telegram: TelegramFake
    postgres: str = ""  # the address of its database, if it is no file
    doubts: Counter[str] = field(default_factory=Counter)
    bots: list[asyncio.subprocess.Process] = field(default_factory=list)  # processes that end with this world

    def settings(self) -> dict[str, Any]:
        """For :mod:`tests.faults.zygote`."""
        return {
            "rules": str(self.folder / "rules"),
            "database": self.postgres or f"sqlite+aiosqlite:///{self.folder / 'bot.sqlite3'}",
            "telegram_token": TELEGRAM_TOKEN,
            "telegram_base": self.telegram.base_url,
            "slack_token": getattr(self.slack, "token", SLACK_TOKEN),
            "slack_base": self.slack.base_url.rstrip("/"),
        }

    def write_rules(self) -> None:
        """A rule, a channel and a chat for every desk."""
        rules = self.folder / "rules"
        rules.mkdir()
        receivers, routes = [], []
        for number, (name, chat) in enumerate(zip(NAMES, CHATS, strict=True)):
            word = f"klaxon{'abcdefgh'[number]}"
            (rules / f"{word}.yaml").write_text(f"id: {word}\nstrong: [{word}]\n", "utf-8")
            receivers.append(f"  - {{name: {name}, kind: slack, channel: {self._address(name)}}}\n")
            receivers.append(f'  - {{name: phone-{number}, kind: telegram, chat: "{chat}"}}\n')
            routes.append(f"  - {{when: {{rule: {word}, level: low+}}, to: [{name}, phone-{number}]}}\n")
        lines = ["receivers:\n", *receivers, "routes:\n", *routes]
        (rules / "routes.yaml").write_text("".join(lines), "utf-8")
        feed = f"{{name: klaxon, url: '{self.publisher.base}/feed', owner: klaxon, lang: en}}"
        (rules / "feeds.yaml").write_text(f"feeds:\n  - {feed}\n", "utf-8")

    def _address(self, name: str) -> str:
        return self.slack.address(name) if isinstance(self.slack, Emulate) else _fake_id(name)

    async def settle(self) -> None:
        """Wait until what the dead one said has arrived; then look at what it left."""
        assert self.telegram.server is not None
        await calm(self.telegram.server)
        if isinstance(self.slack, Emulate):
            await self.slack.settled()
        else:
            assert self.slack.server is not None
            await calm(self.slack.server)
        for message in await self._asked_postgres() if self.postgres else self._examined():
            self.doubts.update(title for title in self.publisher.stories if title in message)

    async def _asked_postgres(self) -> Sequence[str]:
        connection = await asyncpg.connect(plain(self.postgres))
        try:
            return [row["message"] for row in await connection.fetch(DOUBTFUL)]
        finally:
            await connection.close()

    def _examined(self) -> Sequence[str]:
        """A copy of its files is sound, and says what was under way to Telegram; the files stay as they are."""
        path = self.folder / "bot.sqlite3"
        if not path.exists():
            return ()
        copy = self.folder / "examined" / path.name
        copy.parent.mkdir(exist_ok=True)
        for old in (copy, copy.with_name(f"{copy.name}-shm")):
            old.unlink(missing_ok=True)
        for suffix in ("", "-wal"):
            if (each := path.with_name(path.name + suffix)).exists():
                shutil.copyfile(each, copy.with_name(copy.name + suffix))
        with closing(sqlite3.connect(copy)) as found:
            assert found.execute("PRAGMA quick_check").fetchall() == [("ok",)]
            if not found.execute("SELECT 1 FROM sqlite_master WHERE name = 'deliveries'").fetchall():
                return ()
            return [message for (message,) in found.execute(DOUBTFUL)]

    async def on_slack(self) -> Sequence[str]:
        """Every message of every channel, as the server tells it."""
        if isinstance(self.slack, Emulate):
            found = [each for name in NAMES for each in await self.slack.messages(name)]
        else:
            found = [each for channel in self.slack.channels.values() for each in channel.messages]
        return [" ".join(texts_of(each)) for each in found]

    def on_telegram(self) -> Sequence[str]:
        """Every message of every chat."""
        return [told.text for chat in CHATS for told in self.telegram[chat].told]


def _fake_id(name: str) -> str:
    return "C0" + name.replace("-", "0").upper()


@asynccontextmanager
async def a_world(folder: Path, postgres: str = "") -> AsyncIterator[World]:
    """Everything served on this machine; Slack by ``emulate`` where it is installed, else by our own fake."""
    folder.mkdir()  # noqa: ASYNC240 — the disk of a test
    slack: SlackFake | Emulate = Emulate(*NAMES)
    if why_not():
        slack = SlackFake(
            *(Channel(_fake_id(name), name) for name in NAMES), now=lambda: datetime.now(UTC).timestamp()
        )
    telegram = TelegramFake(*map(Chat, CHATS), pace=Pace(time.monotonic))  # 429 to who forgot, too
    async with AsyncExitStack() as stack:
        publisher = await stack.enter_async_context(Publisher().serving())
        await stack.enter_async_context(slack.serving())
        await stack.enter_async_context(telegram.serving())
        world = World(folder, publisher, slack, telegram, postgres)
        world.write_rules()
        stack.push_async_callback(_ended, world.bots)
        yield world


async def _ended(bots: Sequence[asyncio.subprocess.Process]) -> None:
    for bot in bots:
        if bot.returncode is None:
            bot.kill()
        await bot.wait()
