"""Whole stories as two platforms tell them: rumour, second outlet, third, official denial, reversal; the same news in
two languages.

The transcript, every message with all its edits and the message it answers, is a golden file; ``UPDATE_GOLDEN=1``
writes it anew, to be read before it is committed.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from aiohttp import ClientSession

from bot.app_desk import new_story_index
from bot.config.languages import load_languages
from bot.core.matching import RuleBook
from bot.core.model import Direction, Feed, FeedState, RawEntry, Receiver
from bot.core.rules import Rule, TermSpec
from bot.delivery import Courier, CourierOptions
from bot.ingest import Ingest, Orders
from bot.notify import Telegram, telegram_bot
from bot.notify.slack import Slack
from bot.ports import Notifier, Polled
from bot.store import Store, open_store
from tests.fakes.clock import START, FakeClock
from tests.fakes.desk import Desk
from tests.fakes.slack import TOKEN as SLACK_TOKEN
from tests.fakes.slack import Channel, SlackFake, texts_of
from tests.fakes.telegram import TOKEN as TELEGRAM_TOKEN
from tests.fakes.telegram import Chat, TelegramFake

GOLDEN = Path(__file__).resolve().parents[1] / "data" / "stories"
CHAT = -1001
RECEIVERS = (Receiver("desk", "slack", "C0DESK0001"), Receiver("phones", "telegram", str(CHAT)))

ACTS = (
    ("Wire", "Army launches invasion of Northland, border villagers say"),
    ("Herald", "Invasion of Northland launched by army, border villagers tell radio"),
    ("Gazette", "Army launches invasion of Northland, say villagers at the border"),
    ("Courier", "Ministry denies that army launched invasion of Northland"),
    ("Wire", "Troops return from Northland as army calls off invasion"),
)
ABROAD = (
    ("Wire", "Troops leave Kherson, residents say"),
    ("Меридиан", "Войска покидают Херсон, сообщают жители"),
    ("Herald", "Troops leave Kherson and cross the river, residents say"),
    ("Хроника", "Войска покидают Херсон, рассказали жители"),
)
LEAVING = Rule(
    "withdrawal",
    "Troops pulling back",
    (TermSpec("troops + leave", "strong"), TermSpec("войска + покидать", "strong")),
    category="conflict",
    direction=Direction.DEESCALATION,
)


class Told:
    """Decider and courier over one store, telling both fakes."""

    def __init__(
        self, store: Store, slack: Slack, telegram: Telegram, clock: FakeClock, rulebook: RuleBook
    ) -> None:
        orders = Orders(rulebook, (), (), RECEIVERS)
        wake = asyncio.Event()
        self.store, self.clock = store, clock
        self.acts = 0
        self.ingest = Ingest(
            store.news, store.wishes, orders=lambda: orders, new_index=new_story_index, wake=wake
        )
        notifiers: dict[str, Notifier] = {"slack": slack, "telegram": telegram}
        self.courier = Courier(
            store.outbox, notifiers, clock=clock, wake=wake, options=CourierOptions(sweep=30)
        )

    async def publish(self, owner: str, title: str) -> None:
        """One outlet tells it, and everybody is told."""
        self.acts += 1
        begins = START + timedelta(minutes=15) * self.acts
        await self.clock.advance((begins - self.clock.now()).total_seconds())
        now = self.clock.now()
        host = f"paper{self.acts}.example" if not owner.isascii() else f"{owner.lower()}.example"
        feed = Feed(owner.lower(), f"https://{host}/feed", owner)
        raw = RawEntry(
            guid=title,
            link=f"https://{host}/{len(title)}",
            title=title,
            published=now - timedelta(seconds=9),
            lang="en" if title.isascii() else "ru",
        )
        await self.ingest.handle(
            Polled(feed, FeedState(feed.name, baseline_done=True), (raw,), feed.url, now)
        )
        for _ in range(600):
            counts = (await self.store.views.counts()).deliveries
            if not counts.keys() - {"sent", "dead"}:
                break
            await self.clock.advance(1)
            await asyncio.sleep(0.005)


def on_slack(fake: SlackFake) -> list[str]:
    """Every message of the channel as it stands, and what it answers."""
    lines = []
    numbers = {str(message["ts"]): number for number, message in enumerate(fake.desk.messages, 1)}
    for number, message in enumerate(fake.desk.messages, 1):
        thread = str(message.get("thread_ts", message["ts"]))
        answers = f" answers {numbers[thread]}" if thread != str(message["ts"]) else ""
        lines.append(f"── slack {number}{answers}")
        lines += [text for text in texts_of(message["blocks"]) if text.strip()]
    return lines


def on_telegram(fake: TelegramFake) -> list[str]:
    """Every message of the chat with all its versions, and what it answers."""
    lines = []
    for told in fake[CHAT].told:
        answers = f" answers {told.answers}" if told.answers else ""
        versions = told.history if told.history[-1:] == [told.text] else [*told.history, told.text]
        for version, text in enumerate(versions, 1):
            lines.append(f"── telegram {told.number}{answers}, version {version}")
            lines.append(text)
    return lines


async def transcript(folder: Path, acts: Sequence[tuple[str, str]], rulebook: RuleBook) -> str:
    """What both platforms show in the end."""
    store = await open_store(f"sqlite+aiosqlite:///{folder}/told.sqlite3")
    clock = FakeClock()
    slack_fake = SlackFake(Channel("C0DESK0001", "desk"), now=lambda: clock.now().timestamp())
    telegram_fake = TelegramFake(Chat(CHAT))
    async with slack_fake.serving(), telegram_fake.serving(), ClientSession() as session:
        telegram = Telegram(telegram_bot(TELEGRAM_TOKEN, telegram_fake.base_url))
        slack = Slack(SLACK_TOKEN, session=session, base_url=slack_fake.base_url)
        told = Told(store, slack, telegram, clock, rulebook)
        task = asyncio.create_task(told.courier.run())
        for owner, title in acts:
            await told.publish(owner, title)
        await told.courier.stop()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await telegram.close()
    await store.close()
    return "\n".join([*on_slack(slack_fake), *on_telegram(telegram_fake)]) + "\n"


def golden(name: str, shown: str) -> str:
    """The transcript as it was read and found good."""
    if os.environ.get("UPDATE_GOLDEN"):
        (GOLDEN / name).write_text(shown, "utf-8")
    return (GOLDEN / name).read_text("utf-8")


async def test_a_story_is_told_edited_answered_denied_and_reversed(tmp_path: Path) -> None:
    shown = await transcript(tmp_path, ACTS, Desk().orders.rulebook)
    assert shown == golden("told.txt", shown)


async def test_the_same_news_in_another_language_is_named_and_not_merged(tmp_path: Path) -> None:
    shown = await transcript(tmp_path, ABROAD, RuleBook([LEAVING], {}, load_languages()))
    assert shown == golden("told_in_two_languages.txt", shown)
