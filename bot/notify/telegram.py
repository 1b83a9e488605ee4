"""Telegram: one message a story, edited as it grows, answered in its thread where it matters.

At most once is not to be had and exactly once neither: the Bot API knows no key for repeats, and bots cannot read what
they sent. So a message whose answer was lost may come twice, once at most, and says so (``find`` raises Ambiguous; the
policy is :mod:`bot.core.retries`').

python-telegram-bot's classes say less than its causes: ``BadRequest`` and ``TimedOut`` are both ``NetworkError``.
:func:`classified` looks at the class, then at what was underneath: a connection never made is *not sent*, an answer
never read is *ambiguous*. Its rate limiter is not used: it lets one chat's wait hold up all others and forgets at a
restart; pace and waits are the courier's.
"""

# ruff: noqa: ARG002 — the seam's arguments, needed here or not
from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, cast

import httpx
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, LinkPreviewOptions, ReplyParameters
from telegram import Message as Sent
from telegram.constants import ParseMode
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)
from telegram.request import HTTPXRequest

from bot.config.words import Words, words
from bot.core import buttons
from bot.core.model import Alert, AlertKind, Level, Message, MessageKind, Receipt, Receiver
from bot.errors import (
    Ambiguous,
    DeliveryError,
    Migrated,
    NotifierStopped,
    NotSent,
    ReceiverGone,
    Rejected,
    Throttled,
)
from bot.notify.telegram_text import Page, alert_blocks, packed, pages, reply_page

_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)
_UNCHANGED = ("message is not modified",)
_NOTHING_TO_EDIT = ("message to edit not found", "message can't be edited", "message_id_invalid")
_UNREADABLE = ("can't parse entities", "can't find end", "unsupported start tag", "entity_")
_NO_THREAD = ("message thread not found", "topic_closed", "topic_deleted", "thread not found")
_CLOSED = (
    "chat not found", "user not found", "peer_id_invalid", "group chat was deactivated", "chat_write_forbidden",
    "not enough rights", "have no rights", "need administrator rights", "bot was kicked", "chat_id is empty",
    "the group has been migrated", "user is deactivated", "chat_restricted",
)  # fmt: skip

_ROWS = ((buttons.WHY, buttons.MORE), (buttons.MUTE_STORY, buttons.MUTE_RULE, buttons.WRONG))


def telegram_sender(token: str, base: str = "https://api.telegram.org", *, seconds: float = 15.0) -> Bot:
    """A client of the Bot API for sending; it keeps connections of its own beside the chat front's."""
    request = HTTPXRequest(
        connection_pool_size=32, connect_timeout=seconds, read_timeout=seconds, pool_timeout=seconds
    )
    return Bot(token, base_url=f"{base}/bot", base_file_url=f"{base}/file/bot", request=request)


class Telegram:
    """Implements :class:`bot.ports.Notifier`. ``fallbacks`` counts messages Telegram could not read as HTML: 0."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot
        self.fallbacks = 0

    # ── render ───────────────────────────────────────────────────────────────────────────────────────
    def render(self, message: Message, receiver: Receiver) -> Sequence[Mapping[str, object]]:
        """Parts ``{"as": "post" | "thread" | "edit" | "reply", "html", "plain", "buttons", "silent"}``."""
        t = words(receiver.options.get("language", "en"))
        silent = _is_silent(message, receiver)
        return [
            {"as": how, "html": page.markup, "plain": page.plain, "buttons": keyboard, "silent": silent}
            for how, page, keyboard in _said(message, t)
        ]

    # ── send ─────────────────────────────────────────────────────────────────────────────────────────
    async def send(
        self, receiver: Receiver, part: Mapping[str, object], *, after: Receipt | None, now: datetime
    ) -> Receipt:
        """Send one part. What should edit or answer a message that is not there is posted instead."""
        how = part["as"]
        if how == "edit" and after is not None and after.message:
            return await self._edit(receiver, after, part, now)
        if how == "reply" and (after is None or not after.message):
            return Receipt(receiver.address, "", now)  # the whole story was posted a moment ago instead
        answers = after if how in ("reply", "thread") and after is not None and after.message else None
        return await self._post(receiver, part, answers, now)

    async def _edit(
        self, receiver: Receiver, after: Receipt, part: Mapping[str, object], now: datetime
    ) -> Receipt:
        async def edit(text: str, mode: str | None) -> object:
            return await self._bot.edit_message_text(
                text,
                chat_id=_chat(after.channel),
                message_id=int(after.message),
                parse_mode=mode,
                link_preview_options=_NO_PREVIEW,
                reply_markup=_keyboard(part),
            )

        try:
            await self._readable(edit, part)
        except TelegramError as error:
            if not _says(error, _UNCHANGED) and not _says(error, _NOTHING_TO_EDIT):
                raise _for_an_edit(classified(error)) from None
        return Receipt(after.channel, after.message, now)

    async def _post(
        self, receiver: Receiver, part: Mapping[str, object], answers: Receipt | None, now: datetime
    ) -> Receipt:
        thread = receiver.options.get("thread", "")
        try:
            sent = await self._posted(receiver, part, answers, thread)
        except TelegramError as error:
            if not thread or not _says(error, _NO_THREAD):
                raise classified(error) from None
            try:  # the topic was closed or deleted: the chat's general one is better than nowhere
                sent = await self._posted(receiver, part, answers, "")
            except TelegramError as again:
                raise classified(again) from None
        return Receipt(str(sent.chat_id), str(sent.message_id), now)

    async def _posted(
        self, receiver: Receiver, part: Mapping[str, object], answers: Receipt | None, thread: str
    ) -> Sent:
        reply = None
        if answers is not None:
            reply = ReplyParameters(int(answers.message), allow_sending_without_reply=True)

        async def post(text: str, mode: str | None) -> Sent:
            return await self._bot.send_message(
                _chat(receiver.address),
                text,
                parse_mode=mode,
                message_thread_id=int(thread) if thread.isdigit() else None,
                disable_notification=bool(part["silent"]),
                link_preview_options=_NO_PREVIEW,
                reply_parameters=reply,
                reply_markup=_keyboard(part),
            )

        return cast(Sent, await self._readable(post, part))

    async def _readable(
        self, act: Callable[[str, str | None], Awaitable[object]], part: Mapping[str, object]
    ) -> object:
        """As HTML; once more as plain text if Telegram cannot read it, which is a mistake of ours and counted."""
        try:
            return await act(str(part["html"]), ParseMode.HTML)
        except BadRequest as error:
            if not _says(error, _UNREADABLE):
                raise
        self.fallbacks += 1
        return await act(str(part["plain"]), None)

    async def find(self, receiver: Receiver, message: Message, *, since: datetime) -> Receipt | None:
        """Bots cannot read what they sent."""
        raise Ambiguous("Telegram cannot be asked what arrived")

    async def close(self) -> None:
        """Let go of connections."""
        await self._bot.shutdown()


# ── rendering ────────────────────────────────────────────────────────────────────────────────────────
Keyboard = list[list[list[str]]]  # rows of [label, data]


def _said(message: Message, t: Words) -> list[tuple[str, Page, Keyboard]]:
    alert = message.alerts[0] if message.kind is MessageKind.ALERT and message.alerts else None
    if alert is None:
        return [("post", page, []) for page in pages(message, t)]
    keyboard = _buttons(alert, t)
    if alert.kind is AlertKind.NEW:
        how = "thread" if alert.contradicts is not None else "post"
        return [(how, page, keyboard) for page in pages(message, t)]
    whole = next(packed(alert_blocks(alert, t)))
    said = [("edit", whole, keyboard)]
    if alert.kind.answers:
        said.append(("reply", reply_page(alert, t, repeat=message.repeat), []))
    return said


def _buttons(alert: Alert, t: Words) -> Keyboard:
    marked = (buttons.MUTE_RULE, buttons.WRONG)
    return [
        [
            [
                t(buttons.LABELS[action]),
                buttons.encode(action, alert.story, alert.rule if action in marked else ""),
            ]
            for action in row
        ]
        for row in _ROWS
    ]


def _is_silent(message: Message, receiver: Receiver) -> bool:
    """Does the telephone stay quiet? As the receiver wishes, and for what is below medium."""
    if receiver.options.get("silent") == "true":
        return True
    return bool(message.alerts) and max(alert.level for alert in message.alerts) < Level.MEDIUM


def _keyboard(part: Mapping[str, object]) -> InlineKeyboardMarkup | None:
    rows = cast(Keyboard, part["buttons"])
    if not rows:
        return None
    return InlineKeyboardMarkup(
        [[InlineKeyboardButton(label, callback_data=data) for label, data in row] for row in rows]
    )


def _chat(address: str) -> int | str:
    return int(address) if address.lstrip("-").isdigit() else address


# ── errors ───────────────────────────────────────────────────────────────────────────────────────────
def classified(error: TelegramError) -> DeliveryError:
    """What went wrong, in the words the policy knows. Never carries an address: Telegram's hold the token."""
    match error:
        case RetryAfter():
            return Throttled(_seconds(error.retry_after), "Telegram asks us to slow down")
        case ChatMigrated():
            return Migrated(str(error.new_chat_id))
        case InvalidToken():
            return NotifierStopped("Telegram refuses our token")
        case Forbidden():
            return ReceiverGone(f"the chat is closed to us: {_words(error)}")
        case BadRequest():
            return _refused(error)
        case TimedOut() | NetworkError():
            return _unanswered(error)
    return Rejected(f"Telegram refused the message: {_words(error)}")


def _refused(error: BadRequest) -> DeliveryError:
    if _says(error, _CLOSED):
        return ReceiverGone(f"the chat is closed to us: {_words(error)}")
    return Rejected(f"Telegram refused the message: {_words(error)}")


def _unanswered(error: TelegramError) -> DeliveryError:
    cause: Any = error.__cause__
    name = type(cause or error).__name__
    if isinstance(cause, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout):
        return NotSent(f"not connected: {name}")
    return Ambiguous(f"no answer: {name}")


def _for_an_edit(error: DeliveryError) -> DeliveryError:
    return NotSent(f"{error}; repeating an edit does no harm") if isinstance(error, Ambiguous) else error


def _says(error: TelegramError, phrases: Sequence[str]) -> bool:
    said = error.message.lower()
    return any(phrase in said for phrase in phrases)


def _words(error: TelegramError) -> str:
    return error.message[:200]


def _seconds(after: int | timedelta) -> float:
    return after.total_seconds() if isinstance(after, timedelta) else float(after)
