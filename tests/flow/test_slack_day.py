"""The desk's day in Slack through the whole bot: the alert, what its buttons do, and quiet on both platforms."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from aiohttp import ClientSession

from bot.app_desk import new_story_index
from bot.core.model import Feed, FeedState, RawEntry, Receiver
from bot.delivery import Courier, CourierOptions
from bot.ingest import Ingest, Orders
from bot.notify.slack import Slack
from bot.ports import Polled
from bot.service import Service
from bot.service_ground import Doors, Ground
from bot.slackapp import SlackFront
from bot.store import Store, open_store
from tests.fakes.clock import FakeClock
from tests.fakes.desk import RULES, Desk
from tests.fakes.slack import TOKEN, texts_of
from tests.fakes.slacksocket import SlackSocket

TROOPS = "Soldiers return from the border after drills end"
ADA = Doors().telegram(7, 7, keeps=True)


def button(message: dict[str, Any], label: str) -> str:
    """What the button with this label carries."""
    actions = next(block for block in message["blocks"] if block["type"] == "actions")
    return str(next(each["value"] for each in actions["elements"] if each["text"]["text"] == label))


class Bot:
    """Decider, courier and both fronts' service over one store."""

    def __init__(self, store: Store, slack: Slack, fake: SlackSocket, clock: FakeClock) -> None:
        orders = Orders(Desk().orders.rulebook, (), (), (Receiver("desk", "slack", "#world-desk"),))
        wake = asyncio.Event()
        self.store, self.fake, self.clock = store, fake, clock
        self.ingest = Ingest(
            store.news, store.wishes, orders=lambda: orders, new_index=new_story_index, wake=wake
        )
        self.courier = Courier(
            store.outbox, {"slack": slack}, clock=clock, wake=wake, options=CourierOptions(sweep=30)
        )
        self.service = Service(
            Ground(
                store.wishes, store.views, store.feeds, store.outbox, store.outbox, lambda: orders, clock,
                Doors(slack_channels=lambda: ["#world-desk"]), wake,
            )
        )  # fmt: skip

    async def publish(self, title: str, owner: str) -> list[str]:
        """Names of those who come to be owed a message when this paper tells it."""
        now = self.clock.now()
        feed = Feed(owner.lower(), f"https://{owner.lower()}.example/f", owner)
        link = f"{feed.url}/{title.lower().replace(' ', '-')}"
        raw = RawEntry(guid=link, link=link, title=title, published=now - timedelta(seconds=9), lang="en")
        polled = Polled(feed, FeedState(feed.name, baseline_done=True), (raw,), feed.url, now)
        return [each.receiver.name for each in (await self.ingest.handle(polled)).owed]

    async def until(self, done: Callable[[], object]) -> None:
        for _ in range(600):
            if done():
                return
            await self.clock.advance(1)
            await asyncio.sleep(0.005)
        raise AssertionError(f"it did not happen; {self.fake.desk.messages[-1:]}, {self.fake.whispers[-1:]}")


async def test_the_desks_day(tmp_path: Path) -> None:
    store = await open_store(f"sqlite+aiosqlite:///{tmp_path}/slack.sqlite3")
    fake, clock = SlackSocket(), FakeClock()
    async with fake.serving(), ClientSession() as session:
        slack = Slack(TOKEN, session=session, base_url=fake.base_url, buttons=True)
        bot = Bot(store, slack, fake, clock)
        front = SlackFront(bot.service, app_token=TOKEN, bot_token=TOKEN, base_url=fake.base_url)
        tasks = [asyncio.create_task(bot.courier.run()), asyncio.create_task(front.run())]
        await bot.service.chats.subscribe(ADA, ["conflict"])

        # the alert, for the desk and for a subscriber on the other platform
        assert await bot.publish(TROOPS, "Wire") == ["desk", "telegram:7"]
        await bot.until(lambda: fake.desk.messages)
        (alert,) = fake.desk.messages
        ts = str(alert["ts"])

        # why, to the one who asks; wrong, to the editor
        await fake.press(button(alert, "Why"), ts=ts)
        await bot.until(lambda: fake.whispers)
        assert any("+60 “Soldiers return”" in text for text in texts_of(fake.whispers[-1][2]["blocks"]))
        await fake.press(button(alert, "Wrong"), ts=ts)
        await bot.until(lambda: len(fake.whispers) == 2)
        assert [each.rule for each in await store.wishes.feedback()] == [RULES[0].id]

        # seen to, told in the story's thread, and quiet everywhere
        await fake.press(button(alert, "Seen to"), ts=ts)
        await bot.until(lambda: len(fake.desk.thread(ts)) == 2)
        assert "Seen to by ada" in fake.desk.thread(ts)[-1]["text"]
        assert await bot.publish(TROOPS, "Gazette") == []

        # another story; muted in this channel only
        other = await bot.publish("Invasion begins in the north, officials say", "Wire")
        assert other == ["desk", "telegram:7"]
        await bot.until(lambda: len(fake.desk.top()) == 2)
        await fake.press(button(fake.desk.top()[-1], "Mute story"), ts=str(fake.desk.top()[-1]["ts"]))
        await bot.until(lambda: len(fake.whispers) == 3)
        assert await bot.publish("Invasion begins in the north, officials say", "Herald") == ["telegram:7"]

        await bot.courier.stop()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    await store.close()
