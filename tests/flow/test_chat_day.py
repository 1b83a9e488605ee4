"""A subscriber's day through the whole bot: feed items in, messages and buttons out.

Store, decider, courier, notifier and front are the real ones. They talk HTTP to a Telegram that holds every request to
the Bot API's description and every text to TDLib; only it and the clock are ours.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.app_desk import new_story_index
from bot.chat import ChatFront
from bot.config.words import LANGUAGES, Words, words
from bot.core.buttons import LABELS, MUTE_STORY, WHY, WRONG
from bot.core.model import Feed, FeedState, RawEntry
from bot.delivery import Courier, CourierOptions
from bot.ingest import Ingest
from bot.notify import Telegram, telegram_bot
from bot.ports import Polled
from bot.service import Service
from bot.service_ground import Doors, Ground
from bot.store import Store, open_store
from tests.fakes.desk import Desk
from tests.fakes.telegram import TOKEN, Chat, TelegramFake, Told

WIRE, GAZETTE = (
    Feed("wire", "https://wire.example/f", "Wire"),
    Feed("gazette", "https://gazette.example/f", "Gazette"),
)
TROOPS = "Soldiers return from the border after drills end"


class WholeBot:
    """Every part between a poll and a chat, running."""

    def __init__(self, store: Store, telegram: TelegramFake, language: str) -> None:
        self.desk, self.store, self.telegram, self.language = Desk(), store, telegram, language
        self.clock, self.wake = self.desk.clock, asyncio.Event()
        orders = self.desk.orders
        orders = type(orders)(orders.rulebook, (WIRE, GAZETTE))  # nobody but subscribers
        self.ingest = Ingest(
            store.news, store.wishes, orders=lambda: orders, new_index=new_story_index, wake=self.wake
        )
        ground = Ground(
            store.wishes, store.views, store.feeds, store.outbox, store.outbox,
            lambda: orders, self.clock, Doors(), self.wake,
        )  # fmt: skip
        self.front = ChatFront(Service(ground), telegram_bot(TOKEN, telegram.base_url))
        self.notifier = Telegram(telegram_bot(TOKEN, telegram.base_url))
        self.courier = Courier(
            store.outbox, {"telegram": self.notifier}, clock=self.clock, wake=self.wake, digests=store.digests,
            options=CourierOptions(sweep=30),
        )  # fmt: skip

    @asynccontextmanager
    async def running(self) -> AsyncIterator[WholeBot]:
        tasks = [asyncio.create_task(self.front.run()), asyncio.create_task(self.courier.run())]
        try:
            yield self
        finally:
            await self.courier.stop()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self.notifier.close()

    @property
    def said(self) -> list[Told]:
        """What stands in the subscriber's chat."""
        return self.telegram[7].told if 7 in self.telegram.chats else []

    async def until(self, done: Callable[[], object], what: str) -> None:
        """Let a second pass at a time until it is so; the database answers in its own time."""
        for _ in range(400):
            if done():
                return
            await self.clock.advance(1)
            await asyncio.sleep(0.005)
        raise AssertionError(f"{what} did not happen; newest: {self.said[-1:]}")

    async def publish(self, title: str, *, feed: Feed = WIRE, key: str = "") -> None:
        now = self.clock.now()
        link = f"{feed.url}/{key or title.lower().replace(' ', '-')}"
        raw = RawEntry(guid=link, link=link, title=title, published=now - timedelta(seconds=30), lang="en")
        await self.ingest.handle(
            Polled(feed, FeedState(feed.name, baseline_done=True), (raw,), feed.url, now)
        )

    async def receive(self, words_in_it: str) -> Told:
        """The message with these words, once it is there."""
        await self.until(lambda: self._with(words_in_it), words_in_it)
        return self._with(words_in_it)[-1]

    def _with(self, words_in_it: str) -> list[Told]:
        return [said for said in self.said if words_in_it in said.text]

    async def handled(self, update: dict[str, Any]) -> None:
        """Wait until the front has confirmed this update."""
        await self.until(lambda: update not in self.telegram.waiting, "handling")

    async def say(self, text: str, **more: Any) -> None:
        await self._by_ada(self.telegram.say(text, **more))

    async def press(self, label: str, told: Told | None = None) -> None:
        await self._by_ada(self.telegram.press(label, told=told))

    async def _by_ada(self, update: dict[str, Any]) -> None:
        """Her client speaks her language."""
        (what,) = (update[kind] for kind in ("message", "callback_query") if kind in update)
        what["from"]["language_code"] = self.language
        await self.handled(update)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await open_store(f"sqlite+aiosqlite:///{tmp_path}/day.sqlite3")
    yield opened
    await opened.close()


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_subscribers_day(store: Store, language: str) -> None:
    t: Words = words(language)
    async with TelegramFake().serving() as telegram, WholeBot(store, telegram, language).running() as bot:
        # subscribe by buttons, a keyword of one's own, quiet hours from ten
        await bot.say("/start")
        await bot.press(t("Topics"))
        await bot.press("conflict")
        await bot.press(t("‹ Back"))
        await bot.press(t("Loudness"))
        await bot.press(t("important (high)"))
        await bot.say("/watch pancake + record")
        await bot.press(t("Keep"))
        await bot.say("/quiet 10-12 UTC")

        # the alert comes with its buttons, in the reader's language
        await bot.publish(TROOPS)
        alert = await bot.receive("Soldiers return")
        assert t("high").upper() in alert.text
        assert {t(LABELS[action]) for action in (WHY, MUTE_STORY, WRONG)} <= set(alert.buttons)
        await bot.press(t(LABELS[WHY]), alert)
        why = await bot.receive("+60 “Soldiers return”")
        assert t("Decided: {outcome}", outcome="alert") in why.text
        await bot.press(t(LABELS[WRONG]), alert)
        assert [each.rule for each in await store.wishes.feedback()] == ["troop-withdrawal"]

        # an own keyword rings, whatever its loudness
        await bot.publish("Village breaks pancake record at the fair")
        own = await bot.receive("Village breaks")
        await bot.press(t(LABELS[WHY]), own)

        # another paper edits the message and answers it, for now it is corroborated; muted, it does no more
        told = len(bot.said)
        await bot.publish(TROOPS, feed=GAZETTE)
        await bot.until(lambda: "gazette" in alert.text.lower(), "the edit")
        await bot.until(lambda: len(bot.said) == told + 1, "the answer in its thread")
        assert "gazette" in bot.said[-1].text
        await bot.press(t(LABELS[MUTE_STORY]), alert)
        assert telegram.toasts[-1]
        before = alert.text
        herald = Feed("herald", "https://herald.example/f", "Herald")
        await bot.publish(TROOPS, feed=herald, key="muted")

        # in the quiet hours nothing comes; after them one message tells it all
        while bot.clock.now().hour != 10:
            await bot.clock.advance(300)
        told = len(bot.said)
        await bot.publish("Invasion begins in the north, officials say")
        await bot.publish("Troops withdraw from the desert outpost near Gao")
        await bot.clock.advance(1800)
        await asyncio.sleep(0.05)
        assert len(bot.said) == told
        while bot.clock.now().hour != 12:
            await bot.clock.advance(300)
        digest = await bot.receive("desert outpost")
        assert "Invasion begins" in digest.text
        assert len(bot.said) == told + 1
        assert alert.text == before

        # and then no more
        await bot.say("/unsubscribe")
        told = len(bot.said)
        await bot.publish("Second invasion begins in the south, ministry says")
        await bot.clock.advance(60)
        await asyncio.sleep(0.05)
        assert len(bot.said) == told


FORUM, CHANNEL, TOPIC = -1001234567890, -1009876543210, 12


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_newsroom_in_a_forum_topic_with_a_digest_and_a_channel_at_once(
    store: Store, language: str
) -> None:
    chats = (Chat(FORUM, topics={TOPIC: True}), Chat(CHANNEL, "channel", username="newsdesk"))
    async with (
        TelegramFake(*chats).serving() as telegram,
        WholeBot(store, telegram, language).running() as bot,
    ):
        telegram.rulers |= {(FORUM, 7), (CHANNEL, 7)}
        here = {"chat": FORUM, "message_thread_id": TOPIC, "is_topic_message": True}

        # several topics of several loudness for the forum's topic, told together twice an hour; a channel from afar
        await bot.say("/start")
        await bot.say("/subscribe conflict high", **here)
        await bot.say("/topics cyber", **here)
        await bot.say("/digest 30m", **here)
        await bot.say("/subscribe @newsdesk conflict high")
        wishes = {wish.address: wish for wish in await store.wishes.subscriptions()}
        assert wishes[f"{FORUM}/{TOPIC}"].topics == ("conflict@high", "cyber")
        assert wishes[str(CHANNEL)].topics == ("conflict@high",)
        set_up = telegram[FORUM].told[-1]
        assert words(language).many("every minute", "every {count} minutes", 30) in set_up.text

        # at ten past the hour two things happen: the channel hears at once, the topic at half past, in one message
        while bot.clock.now().minute != 10:
            await bot.clock.advance(60)
        before = len(telegram[FORUM].told)
        await bot.publish(TROOPS)
        await bot.publish("Registry hacked, customers told to change passwords")
        await bot.until(lambda: telegram[CHANNEL].told, "the channel's alert")
        assert "Soldiers return" in telegram[CHANNEL].told[-1].text
        assert len(telegram[FORUM].told) == before
        while bot.clock.now().minute != 30:
            await bot.clock.advance(60)
        await bot.until(lambda: len(telegram[FORUM].told) > before, "the topic's digest")
        digest = telegram[FORUM].told[-1]
        assert digest.thread == TOPIC
        assert "Soldiers return" in digest.text
        assert "Registry hacked" in digest.text
        [alert] = telegram[CHANNEL].told  # cyber is none of its topics

        # who reads the channel may ask why: the answer is over the chat and for nobody else, and mutes nothing
        t = words(language)
        await bot.press(t(LABELS[WHY]), alert)
        assert "+60 “Soldiers return”" in telegram.toasts[-1]
        telegram.rulers.clear()
        await bot.clock.advance(3600)
        await bot.press(t(LABELS[MUTE_STORY]), alert)
        assert telegram.toasts[-1] == t("You may not do that here.")
        assert telegram[CHANNEL].told == [alert]
