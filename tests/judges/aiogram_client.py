"""aiogram against a Bot API: ``python -m tests.judges.aiogram_client URL TOKEN CHAT`` asks everything we ask of it.

Runs in the Python of :mod:`tests.judges.clients`, which knows nothing of ours. aiogram reads every answer with its own
models and raises ClientDecodeError where one is not Telegram's. Says ``loaded`` when all were.
"""

from __future__ import annotations

import asyncio
import sys

from aiogram import Bot, types  # type: ignore[import-not-found]
from aiogram.client.session.aiohttp import AiohttpSession  # type: ignore[import-not-found]
from aiogram.client.telegram import TelegramAPIServer  # type: ignore[import-not-found]
from aiogram.exceptions import (  # type: ignore[import-not-found]
    TelegramBadRequest,
    TelegramForbiddenError,
    TelegramMigrateToChat,
    TelegramRetryAfter,
)

HTML = '<b>Troops</b> return <a href="https://northern-wire.example/">northern-wire.example</a> #tag /why'
KEYBOARD = types.InlineKeyboardMarkup(
    inline_keyboard=[[types.InlineKeyboardButton(text="Why", callback_data="why:st-1")]]
)


async def messages(bot: Bot, chat: int) -> None:
    """Sent, edited, answered, deleted."""
    sent = await bot.send_message(chat, HTML, parse_mode="HTML", reply_markup=KEYBOARD, message_thread_id=7)
    assert [each.type for each in sent.entities] == ["bold", "text_link", "hashtag", "bot_command"]
    assert sent.reply_markup.inline_keyboard[0][0].callback_data == "why:st-1"
    edited = await bot.edit_message_text(
        "no", chat_id=chat, message_id=sent.message_id, reply_markup=KEYBOARD
    )
    assert edited.text == "no"
    answer = types.ReplyParameters(message_id=sent.message_id)
    reply = await bot.send_message(chat, "a", reply_parameters=answer)
    assert reply.reply_to_message.message_id == sent.message_id
    bare = await bot.edit_message_reply_markup(chat_id=chat, message_id=sent.message_id)
    assert bare.reply_markup is None
    assert await bot.delete_message(chat, reply.message_id)


async def about(bot: Bot, chat: int) -> None:
    """Who and where."""
    assert (await bot.get_me()).is_bot
    assert (await bot.get_chat(chat)).is_forum
    assert (await bot.get_chat_member(chat, 7)).status == "member"
    assert await bot.set_my_commands([types.BotCommand(command="why", description="Why did I get this?")])
    assert [each.command for each in await bot.get_my_commands()] == ["why"]
    assert await bot.delete_webhook()


async def updates(bot: Bot) -> None:
    """A command and a pressed button wait there."""
    said, pressed = await bot.get_updates(timeout=1)
    assert said.message.text == "/start topic"
    assert said.message.entities[0].type == "bot_command"
    assert pressed.callback_query.data == "why:st-1"
    assert await pressed.callback_query.answer("because")


async def refusals(bot: Bot, chat: int) -> None:
    """Four are scripted, and each is the exception it should be; then it is done."""
    for error in (TelegramRetryAfter, TelegramForbiddenError, TelegramMigrateToChat, TelegramBadRequest):
        try:
            await bot.send_chat_action(chat, "typing")
        except error:
            continue
        raise AssertionError(f"no {error.__name__}")
    assert await bot.send_chat_action(chat, "typing")


async def main(url: str, token: str, chat: int) -> None:
    """Everything, with one client."""
    session = AiohttpSession(api=TelegramAPIServer.from_base(url))
    async with Bot(token, session=session) as bot:
        await messages(bot, chat)
        await about(bot, chat)
        await updates(bot)
        await refusals(bot, chat)
    print("loaded")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
