"""The Telegram front: people's commands and buttons in, one service call each, a reply out.

It runs in the bot's own loop beside the poller, with python-telegram-bot as the client of the Bot API. Its
``Application`` and ``Updater`` are a road not taken: they confirm an update to Telegram when it lies in a queue in
memory, so a crash loses what people asked for. Here an update is confirmed when it has been *handled*::

    getUpdates ─▶ handled before? ─▶ recognise ─▶ service ─▶ reply ─▶ remember update_id ─▶ confirm
    webhook    ─▶       │yes: skip                                           (offset, or HTTP 200)

A crash in between brings the same update again. What a command does is idempotent (buttons carry the state they lead
to), so it is done once however often it comes; what was finished is remembered by its id and not answered again.

Only what a person wrote in a chat just now is a command: edited, forwarded and bots' messages, channel posts, and
people hidden behind a group or channel are not. Who somebody is, is their numeric id; a name decides nothing.

Chats are answered side by side, each in its order. Nothing logged here holds a message's text or the token.
"""

from __future__ import annotations

import asyncio
import hmac
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import structlog
from telegram import Bot, ChatMemberUpdated, Update
from telegram.error import Conflict, InvalidToken, RetryAfter, TelegramError

from bot.chat_guard import Guard
from bot.chat_phrases import announce
from bot.chat_reply import Reply
from bot.chat_talk import Heard, Talk, heard
from bot.chat_wire import Wire, asked_to_wait
from bot.errors import StoreError
from bot.service import Service

log = structlog.get_logger()

FRONT = "telegram"
KINDS = ("message", "callback_query", "my_chat_member")
"""The kinds of updates we ask for; any other that comes all the same is confirmed and forgotten."""
LONG_POLL = 50  # seconds Telegram may hold a question for updates
LONGEST_PAUSE = 60.0  # seconds between two tries
CONFLICT_PAUSE = 30.0  # seconds for another instance to notice


@dataclass(frozen=True, slots=True)
class Webhook:
    """Telegram calls us: at ``url`` if we are to tell it so ourselves, with ``secret`` in every call's header."""

    secret: str
    url: str = ""


class ChatFront:
    """One instance a process, one a bot token in a fleet. :meth:`run` is a loop for the supervisor.

    The client is the front's own: the notifier has one beside it, since it sends longer than this front listens.
    """

    def __init__(
        self, service: Service, bot: Bot, *, webhook: Webhook | None = None, announces: bool = True
    ) -> None:
        self._service = service
        self._bot = bot
        self._webhook = webhook
        self._announces = announces  # tells Telegram our commands at start
        self._talk = Talk(service)
        self._wire = Wire(bot, service.clock)
        self._guard = Guard(bot, service.clock)
        self._open = False

    # ── the loop ─────────────────────────────────────────────────────────────────────────────────────
    async def run(self) -> None:
        """Answer until cancelled; returns when Telegram refuses our token, which no new try would mend."""
        try:
            await self._begin()
            if self._webhook is None:
                await self._poll()
            await asyncio.Event().wait()
        except InvalidToken:
            log.error("chat.stopped", reason="Telegram refuses the token")
        finally:
            await self.stop()

    async def stop(self) -> None:
        """Let go of connections. Updates not yet confirmed come again to whoever asks next."""
        if self._open:
            self._open = False
            await self._bot.shutdown()

    async def _begin(self) -> None:
        self._open = True
        await self._bot.initialize()
        if self._webhook is None:
            await self._bot.delete_webhook()
        elif self._webhook.url:
            await self._bot.set_webhook(
                self._webhook.url, secret_token=self._webhook.secret, allowed_updates=KINDS, max_connections=8
            )
        if self._announces:
            await announce(self._bot)
        log.info("chat.started", bot=self._bot.username, webhook=self._webhook is not None)

    async def _poll(self) -> None:
        offset, failures = None, 0
        while True:
            try:
                updates = await self._bot.get_updates(offset, timeout=LONG_POLL, allowed_updates=KINDS)
            except InvalidToken:
                raise
            except TelegramError as error:
                failures += 1
                await self._pause(error, failures)
                continue
            failures = 0
            await self.handle_all(updates)
            offset = updates[-1].update_id + 1 if updates else offset

    async def _pause(self, error: TelegramError, failures: int) -> None:
        seconds = min(LONGEST_PAUSE, 2.0 ** (failures - 1))
        if isinstance(error, Conflict):  # somebody else asks for our updates: one of us has to be patient
            seconds = CONFLICT_PAUSE * min(failures, 4)
        elif isinstance(error, RetryAfter):
            seconds = asked_to_wait(error)
        log.warning("chat.unheard", error=type(error).__name__, failures=failures, seconds=seconds)
        await self._service.clock.sleep(seconds)

    # ── the webhook ──────────────────────────────────────────────────────────────────────────────────
    async def accept(self, secret: str | None, body: bytes) -> int:
        """One call of Telegram's: the HTTP status to answer. 200 only after it was handled; else it comes again.

        ``secret`` is the header ``X-Telegram-Bot-Api-Secret-Token``; nothing of it is logged.
        """
        if self._webhook is None or not self._open:
            return 503
        if not hmac.compare_digest((secret or "").encode(), self._webhook.secret.encode()):
            log.warning("chat.webhook_refused")
            return 401
        update = self._read(body)
        if update is None:
            return 400
        await self.handle_all([update])
        return 200

    def _read(self, body: bytes) -> Update | None:
        try:
            said = json.loads(body)
            return Update.de_json(said, self._bot) if isinstance(said, dict) else None
        except (ValueError, TypeError, KeyError):
            return None

    # ── updates ──────────────────────────────────────────────────────────────────────────────────────
    async def handle_all(self, updates: Sequence[Update]) -> None:
        """Handle a batch: chats side by side, each one's updates in order."""
        lanes: dict[int, list[Update]] = {}
        for update in updates:
            lanes.setdefault(update.effective_chat.id if update.effective_chat else 0, []).append(update)
        await asyncio.gather(*(self._handle_in_order(lane) for lane in lanes.values()))

    async def _handle_in_order(self, updates: Iterable[Update]) -> None:
        for update in updates:
            await self._handle(update)

    async def _handle(self, update: Update) -> None:
        """Whatever goes wrong in it, an update is done with afterwards: it would go wrong again."""
        identity = str(update.update_id)
        if await self._remembers(identity):
            return
        try:
            await self._answer(update)
        except Exception:  # a mistake of ours; the other updates go on
            log.exception("chat.failed", update=update.update_id)
        try:
            await self._service.wishes.seen_update(FRONT, identity, self._service.clock.now())
        except StoreError as error:  # should it come again, it does the same again
            log.warning("chat.forgetful", update=update.update_id, error=str(error))

    async def _remembers(self, identity: str) -> bool:
        try:
            return await self._service.wishes.handled(FRONT, identity)
        except StoreError:  # whoever asked is told so by the answer
            return False

    async def _answer(self, update: Update) -> None:
        if update.my_chat_member:
            await self._membership(update.my_chat_member)
            return
        what = heard(update, self._bot.username)
        if what is None or not self._guard.patient_with(what.person):
            return
        if what.moved_to:
            await self._service.chats.moved(FRONT, str(what.chat), str(what.moved_to))
            return
        reply = await self._reply(what)
        await self._wire.send(what, reply)

    async def _reply(self, what: Heard) -> Reply | None:
        if what.hidden:
            return self._talk.refuse_hidden(what)
        if what.channel:
            what = replace(what, about=await self._guard.channel(what))
            if not what.about:
                return self._talk.refuse_channel(what)
        keeps = bool(what.about) or await self._guard.keeps(what)
        chat, thread = (what.about, 0) if what.about else (what.chat, what.thread)
        return await self._talk.answer(
            self._service.doors.telegram(what.person, chat, thread, keeps=keeps), what
        )

    async def _membership(self, change: ChatMemberUpdated) -> None:
        """Thrown out or blocked: nothing more is owed to that chat."""
        if change.new_chat_member.status in {"left", "kicked"}:
            await self._service.chats.left(FRONT, str(change.chat.id))
