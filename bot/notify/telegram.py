"""Telegram: one message a story, edited as it grows, answered in its thread where it matters.

At most once is not to be had and exactly once neither: the Bot API knows no key for repeats, and bots cannot read what
they sent. So a message whose answer was lost may come twice, once at most, and says so (``find`` raises Ambiguous; the
policy is :mod:`bot.core.retries`'). Repeating an edit does no harm, so an edit without an answer is *not sent*.

python-telegram-bot's classes say less than their causes: ``BadRequest`` and ``TimedOut`` are both ``NetworkError``,
and a proxy's page of HTML becomes ``Forbidden`` by its status alone. :func:`classified` looks underneath: a connection
never made is *not sent*; an answer never read, or not Telegram's, is *in doubt*; only Telegram's own words close a chat
or stop the notifier. Its rate limiter is not used: it lets one chat's wait hold up all others and forgets at a restart;
pace and waits are the courier's.

Nothing here shows the token: addresses hold it, so errors carry the kind of a failure and never its address.
"""

# ruff: noqa: ARG002 — the seam's arguments, needed here or not
from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import cast

import httpx
import structlog
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
)

from bot import metrics
from bot.config.words import Words, words
from bot.core import buttons
from bot.core.model import Alert, AlertKind, Level, Message, MessageKind, Receipt, Receiver
from bot.core.routing import is_subscribers
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
from bot.notify.telegram_text import Block, alert_page, digest_pages, notice_page, own, reply_page

log = structlog.get_logger()

os.environ.setdefault("PTB_TIMEDELTA", "true")  # else the library warns of itself at every 429

DEFAULT_WAIT = 5.0  # seconds after a 429 that does not say how long

_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)
_UNCHANGED = ("message is not modified",)
_NOTHING_TO_EDIT = ("message to edit not found", "message can't be edited", "message_id_invalid")
_NOTHING_TO_ANSWER = (
    "message to be replied not found",
    "replied message not found",
    "reply message not found",
)
_UNREADABLE = ("can't parse entities", "entity_")
_NO_THREAD = ("thread not found", "topic_closed", "topic_deleted", "topic_id_invalid")
_TOO_MANY = ("too many requests", "flood_wait")
_TOO_LARGE = ("too large",)
_CLOSED = (
    "chat not found", "user not found", "peer_id_invalid", "group chat was deactivated", "group chat was upgraded",
    "chat_write_forbidden", "not enough rights", "have no rights", "need administrator rights", "chat_admin_required",
    "bot was kicked", "bot is not a member", "chat_id is empty", "user is deactivated", "input_user_deactivated",
    "user_is_blocked", "chat_restricted", "channel_private",
)  # fmt: skip

_ROWS = ((buttons.WHY, buttons.MORE), (buttons.MUTE_STORY, buttons.MUTE_RULE, buttons.WRONG))
_DESKS_ROW = (buttons.ACK,)  # only where editors sent it: a subscriber cannot quieten everybody


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the chat a message goes: a forum's thread, and the message it answers; "" for none."""

    thread: str = ""
    answers: str = ""
    aside: str = ""  # why it is not where it should be, put before the message


class Telegram:
    """Implements :class:`bot.ports.Notifier`. Messages Telegram cannot read as HTML are counted by the metrics: none.

    ``seconds`` bound one call as a whole; the client's own timeouts begin anew with every byte.
    """

    def __init__(self, bot: Bot, *, seconds: float = 40.0) -> None:
        self._bot = bot
        self._seconds = seconds

    # ── render ───────────────────────────────────────────────────────────────────────────────────────
    def render(self, message: Message, receiver: Receiver) -> Sequence[Mapping[str, object]]:
        """Parts ``{"as": "post" | "thread" | "edit" | "reply", "html", "plain", "buttons", "silent", "language"}``."""
        language = receiver.options.get("language", "en")
        silent = _is_silent(message, receiver)
        rows = _ROWS if is_subscribers(receiver) else (*_ROWS, _DESKS_ROW)
        return [
            {
                "as": how,
                "html": page.markup,
                "plain": page.plain,
                "buttons": keyboard,
                "silent": silent,
                "language": language,
            }
            for how, page, keyboard in _said(message, words(language), rows)
        ]

    # ── send ─────────────────────────────────────────────────────────────────────────────────────────
    async def send(
        self, receiver: Receiver, part: Mapping[str, object], *, after: Receipt | None, now: datetime
    ) -> Receipt:
        """Send one part. What should edit or answer a message that is not there is posted instead.

        A message of the group that a supergroup once was is not there: ids do not move with a chat.
        """
        how, there = part["as"], _still_there(receiver, after)
        if how == "edit" and there is not None:
            return await self._edit(receiver, there, part, now)
        if how == "reply" and there is None:
            return Receipt(receiver.address, "", now)  # the whole story was posted a moment ago instead
        answers = there.message if how in ("reply", "thread") and there is not None else ""
        return await self._post(receiver, part, Place(receiver.options.get("thread", ""), answers), now)

    async def _edit(
        self, receiver: Receiver, there: Receipt, part: Mapping[str, object], now: datetime
    ) -> Receipt:
        try:
            await self._readable(lambda text, mode: self._edited(there, part, text, mode), part)
        except Ambiguous as error:
            raise NotSent(f"{error}; repeating an edit does no harm") from None
        except TelegramError as error:
            if _says(error, _NOTHING_TO_EDIT):  # a person deleted it; an edit never rings, nor does this
                place = Place(receiver.options.get("thread", ""))
                return await self._post(receiver, {**part, "silent": True}, place, now)
            if not _says(error, _UNCHANGED):
                raise _for_an_edit(classified(error)) from None
        return Receipt(there.channel, there.message, now)

    async def _edited(
        self, there: Receipt, part: Mapping[str, object], text: str, mode: str | None
    ) -> object:
        return await self._bot.edit_message_text(
            text,
            chat_id=_chat(there.channel),
            message_id=int(there.message),
            parse_mode=mode,
            link_preview_options=_NO_PREVIEW,
            reply_markup=_keyboard(part),
        )

    async def _post(
        self, receiver: Receiver, part: Mapping[str, object], place: Place, now: datetime
    ) -> Receipt:
        """Where it belongs; else as near to it as Telegram lets us."""
        tried: Place | None = place
        while tried is not None:
            place = tried
            try:
                sent = await self._posted(receiver, part, place)
            except TelegramError as error:
                tried = _nearby(place, error, words(str(part["language"])))
                if tried is None:
                    raise classified(error) from None
                log.warning("telegram.elsewhere", receiver=receiver.name, reason=_words(error))
            else:
                return Receipt(str(sent.chat_id), str(sent.message_id), now)
        raise AssertionError("unreachable")

    async def _posted(self, receiver: Receiver, part: Mapping[str, object], place: Place) -> Sent:
        reply = (
            ReplyParameters(int(place.answers), allow_sending_without_reply=True) if place.answers else None
        )
        aside = own(f"{place.aside}\n" if place.aside else "")

        async def post(text: str, mode: str | None) -> object:
            return await self._bot.send_message(
                _chat(receiver.address),
                (aside.markup if mode else aside.plain) + text,
                parse_mode=mode,
                message_thread_id=int(place.thread) if place.thread.isdecimal() else None,
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
            return await self._call(act(str(part["html"]), ParseMode.HTML))
        except BadRequest as error:
            if not _says(error, _UNREADABLE):
                raise
            log.error("telegram.unreadable", reason=_words(error))
        metrics.unreadable("telegram")
        return await self._call(act(str(part["plain"]), None))

    async def _call(self, call: Awaitable[object]) -> object:
        """One call; raises TelegramError, or Ambiguous where the client itself was at a loss."""
        try:
            async with asyncio.timeout(self._seconds):
                return await call
        except TimeoutError:
            raise Ambiguous("no answer in time") from None
        except (
            AttributeError,
            KeyError,
            TypeError,
            ValueError,
        ) as error:  # it takes every answer for Telegram's
            raise Ambiguous(f"the answer is none of Telegram's: {type(error).__name__}") from None

    async def find(self, receiver: Receiver, message: Message, *, since: datetime) -> Receipt | None:
        """Bots cannot read what they sent."""
        raise Ambiguous("Telegram cannot be asked what arrived")

    async def close(self) -> None:
        """Let go of connections, also of a client that was never initialised."""
        await self._bot.shutdown()
        await self._bot.request.shutdown()


# ── rendering ────────────────────────────────────────────────────────────────────────────────────────
Keyboard = list[list[list[str]]]  # rows of [label, data]
Rows = Sequence[Sequence[str]]  # of actions


def _said(message: Message, t: Words, rows: Rows) -> Iterator[tuple[str, Block, Keyboard]]:
    """How, what, and the buttons below it."""
    match message.kind:
        case MessageKind.NOTICE:
            yield "post", notice_page(message), []
        case MessageKind.DIGEST:
            yield from (("post", page, []) for page in digest_pages(message, t))
        case _:
            yield from _told(message.alerts[0], t, rows, repeat=message.repeat)


def _told(alert: Alert, t: Words, rows: Rows, *, repeat: bool) -> Iterator[tuple[str, Block, Keyboard]]:
    how = "edit"
    if alert.kind is AlertKind.NEW:
        how = "thread" if alert.contradicts is not None else "post"
    yield how, alert_page(alert, t, repeat=repeat), _buttons(alert, t, rows)
    if alert.kind.answers:
        yield "reply", reply_page(alert, t, repeat=repeat), []


def _buttons(alert: Alert, t: Words, rows: Rows) -> Keyboard:
    marked = (buttons.MUTE_RULE, buttons.WRONG)
    return [
        [
            [
                t(buttons.LABELS[action]),
                buttons.encode(action, alert.story, alert.rule if action in marked else ""),
            ]
            for action in row
        ]
        for row in rows
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


# ── places ───────────────────────────────────────────────────────────────────────────────────────────
def _chat(address: str) -> int | str:
    return int(address) if _is_number(address) else address


def _is_number(address: str) -> bool:
    return address.removeprefix("-").isdecimal()


def _still_there(receiver: Receiver, after: Receipt | None) -> Receipt | None:
    """The story's message, if there is one in the chat the receiver is now. A ``@name`` cannot be compared."""
    if after is None or not after.message:
        return None
    moved = _is_number(receiver.address) and after.channel != receiver.address
    return None if moved else after


def _nearby(place: Place, error: TelegramError, t: Words) -> Place | None:
    """Where else it may go after this refusal: the forum's general topic, or without answering."""
    if place.thread and _says(error, _NO_THREAD):
        return Place(aside=t("The topic is closed, so this stands here"))
    if place.answers and _says(error, _NOTHING_TO_ANSWER):
        return replace(place, answers="")
    return None


# ── errors ───────────────────────────────────────────────────────────────────────────────────────────
def classified(error: TelegramError) -> DeliveryError:
    """What went wrong, in the words the policy knows."""
    match error:
        case RetryAfter():
            return Throttled(_seconds(error.retry_after), "Telegram asks us to slow down")
        case ChatMigrated():
            return Migrated(str(error.new_chat_id))
        case TelegramError(__cause__=cause) if cause is not None:
            return _unanswered(cause)
        case InvalidToken():
            return NotifierStopped("Telegram refuses our token")
        case Forbidden():
            return ReceiverGone(f"the chat is closed to us: {_words(error)}")
        case BadRequest():
            return _refused(error)
        case NetworkError() if _says(error, _TOO_MANY):
            return Throttled(DEFAULT_WAIT, "Telegram asks us to slow down and does not say for how long")
        case NetworkError() if _says(error, _TOO_LARGE):
            return Rejected(f"Telegram refused the message: {_words(error)}")
    return Ambiguous(f"Telegram failed: {type(error).__name__}")


def _refused(error: BadRequest) -> DeliveryError:
    if _says(error, _CLOSED):
        return ReceiverGone(f"the chat is closed to us: {_words(error)}")
    return Rejected(f"Telegram refused the message: {_words(error)}")


def _unanswered(cause: BaseException) -> DeliveryError:
    """No answer, or one that cannot be read."""
    name = type(cause).__name__
    if isinstance(cause, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout):
        return NotSent(f"not connected: {name}")
    if isinstance(cause, httpx.UnsupportedProtocol | httpx.InvalidURL | httpx.LocalProtocolError):
        return NotSent(f"not asked: {name}")
    if isinstance(cause, TelegramError):
        return Ambiguous("the answer is none of Telegram's")
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
