"""The Telegram front over the Bot API in memory, driven update by update or by its own polling."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

from telegram import Update

from bot.chat import ChatFront, Webhook
from tests.fakes.botapi import BotApi, Said
from tests.fakes.clock import settle
from tests.fakes.desk import Desk


@dataclass
class Room:
    """A front with its fake, driven update by update."""

    desk: Desk = field(default_factory=Desk)
    api: BotApi = field(default_factory=BotApi)
    webhook: Webhook | None = None

    def __post_init__(self) -> None:
        self.bot = self.api.bot()
        self.front = ChatFront(self.desk.service(), self.bot, webhook=self.webhook)

    async def handle(self, *updates: dict[str, Any]) -> None:
        await self.bot.initialize()  # the front does this when it runs; twice does no harm
        await self.front.handle_all([Update.de_json(each, self.bot) for each in updates])

    async def say(self, text: str, **more: Any) -> str:
        """What the newest message says after somebody wrote this."""
        before = len(self.api.said)
        await self.handle(self.api.say(text, **more))
        return self.api.said[-1].text if len(self.api.said) > before else ""

    async def press(self, label: str, **more: Any) -> Said:
        await self.handle(self.api.press(label, **more))
        return self.api.said[-1]


async def polling(room: Room) -> asyncio.Task[None]:
    task = asyncio.create_task(room.front.run())
    await settle()
    return task


async def stopped(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
