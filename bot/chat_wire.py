"""Replies onto the wire: sent or edited, never tried for long. A reply that is late is no reply; people ask again."""

from __future__ import annotations

import html
import re
import warnings

import structlog
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, LinkPreviewOptions, ReplyParameters
from telegram.error import BadRequest, RetryAfter, TelegramError
from telegram.warnings import PTBDeprecationWarning

from bot.chat_reply import Button, Reply
from bot.chat_talk import Heard
from bot.notify.markup import shorten
from bot.ports import Clock

log = structlog.get_logger()

LONGEST_TOAST = 200  # characters
PATIENCE = 5.0  # seconds we let Telegram hold us up for one reply


class Wire:
    """Sends replies; every error ends here."""

    def __init__(self, bot: Bot, clock: Clock) -> None:
        self._bot = bot
        self._clock = clock

    async def send(self, what: Heard, reply: Reply | None) -> None:
        """Answer a press at once, so that the button stops waiting; then say what is to be said."""
        try:
            if what.query:
                await self._toast(what.query, _over_the_chat(what, reply) if reply else "")
            if reply is not None and reply.text and not what.whispered:
                await self._say(what, reply)
        except RetryAfter as error:
            await self._once_more(what, reply, error)
        except TelegramError as error:
            log.warning("chat.unsaid", chat=what.chat, error=type(error).__name__)

    async def _once_more(self, what: Heard, reply: Reply | None, error: RetryAfter) -> None:
        seconds = asked_to_wait(error)
        if seconds > PATIENCE or reply is None or not reply.text or what.whispered:
            log.warning("chat.unsaid", chat=what.chat, error="RetryAfter", seconds=seconds)
            return
        await self._clock.sleep(seconds)
        try:
            await self._say(what, reply)
        except TelegramError as again:
            log.warning("chat.unsaid", chat=what.chat, error=type(again).__name__)

    async def _toast(self, query: str, text: str) -> None:
        try:
            await self._bot.answer_callback_query(
                query, text=shorten(text, LONGEST_TOAST) or None, show_alert=len(text) > 60
            )
        except BadRequest:  # pressed too long ago: nobody waits any more
            log.debug("chat.late_toast")

    async def _say(self, what: Heard, reply: Reply) -> None:
        try:
            await self._speak(what, reply, reply.text, "HTML")
        except BadRequest as error:
            if "not modified" in str(error):
                return
            if "parse entities" in str(error):  # our mistake; the words get through all the same
                log.error("chat.unparsable", chat=what.chat)
                await self._speak(what, reply, _letters(reply.text), None)
                return
            if not reply.edit:
                raise
            await self._speak(what, Reply(reply.text, reply.buttons), reply.text, "HTML")

    async def _speak(self, what: Heard, reply: Reply, text: str, mode: str | None) -> None:
        keyboard = _keyboard(reply)
        quiet = LinkPreviewOptions(is_disabled=True)
        if reply.edit and what.message:
            await self._bot.edit_message_text(
                text,
                what.chat,
                what.message,
                parse_mode=mode,
                reply_markup=keyboard,
                link_preview_options=quiet,
            )
            return
        await self._bot.send_message(
            what.chat, text, parse_mode=mode, reply_markup=keyboard, link_preview_options=quiet,
            message_thread_id=what.thread or None, reply_parameters=_answering(what),
        )  # fmt: skip


def _over_the_chat(what: Heard, reply: Reply) -> str:
    """What only the one who pressed sees."""
    return reply.toast or (_letters(reply.whisper or reply.text) if what.whispered else "")


def _letters(text: str) -> str:
    """Our HTML without its tags."""
    return html.unescape(re.sub(r"<[^>]+>", "", text))


def _answering(what: Heard) -> ReplyParameters | None:
    """What a button asked is answered under the message it belongs to, so that a group knows what is spoken of."""
    if not (what.query and what.message):
        return None
    return ReplyParameters(what.message, allow_sending_without_reply=True)


def _keyboard(reply: Reply) -> InlineKeyboardMarkup | None:
    if not reply.buttons:
        return None
    return InlineKeyboardMarkup([[_button(button) for button in row] for row in reply.buttons])


def _button(button: Button) -> InlineKeyboardButton:
    if button.url:
        return InlineKeyboardButton(button.label, url=button.url)
    return InlineKeyboardButton(button.label, callback_data=button.data)


def asked_to_wait(error: RetryAfter) -> float:
    """Seconds Telegram asks us to wait; the library is between two types for it and warns about the older one."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PTBDeprecationWarning)
        after = error.retry_after
    return float(after) if isinstance(after, int) else after.total_seconds()
