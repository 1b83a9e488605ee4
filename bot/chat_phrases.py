"""The list of commands Telegram shows beside the keyboard, in every language we speak."""

from __future__ import annotations

import structlog
from telegram import Bot, BotCommand
from telegram.error import InvalidToken, TelegramError

from bot.chat_says import COMMAND_LIST
from bot.config.words import LANGUAGES, words

log = structlog.get_logger()


async def announce(bot: Bot) -> None:
    """Tell Telegram our commands. A bot without its list still answers, so nothing but a bad token matters."""
    try:
        for language in LANGUAGES:
            commands = [BotCommand(name, words(language)(text)[:250]) for name, text in COMMAND_LIST]
            await bot.set_my_commands(commands, language_code="" if language == "en" else language)
    except InvalidToken:
        raise
    except TelegramError as error:
        log.warning("chat.unannounced", error=type(error).__name__)
