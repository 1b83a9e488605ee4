"""Fixtures of the notifiers."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.notify import Telegram, telegram_bot
from tests.fakes.telegram import TOKEN, TelegramFake


@pytest.fixture
async def telegram(fake: TelegramFake) -> AsyncIterator[Telegram]:
    """The notifier on the Telegram that the test file serves."""
    notifier = Telegram(telegram_bot(TOKEN, fake.base_url))
    yield notifier
    await notifier.close()
