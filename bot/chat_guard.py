"""Before anything is done: how much one person may ask, and whether they rule the chat they ask in."""

from __future__ import annotations

from collections import OrderedDict, deque

import structlog
from telegram import Bot
from telegram.error import TelegramError

from bot.chat_talk import Heard
from bot.ports import Clock

log = structlog.get_logger()

MOST_A_MINUTE = 30  # things one person may ask
MOST_PEOPLE = 10_000  # remembered; who was quiet longest is forgotten first
KNOWN_FOR = 60.0  # seconds we believe that somebody is a group's admin, or is not
RULERS = frozenset({"creator", "administrator"})


class Guard:
    """Memory of the last minutes; nothing in it outlives the process."""

    def __init__(self, bot: Bot, clock: Clock) -> None:
        self._bot = bot
        self._clock = clock
        self._asked: OrderedDict[int, deque[float]] = OrderedDict()
        self._rulers: OrderedDict[tuple[int, int], tuple[float, bool]] = OrderedDict()

    def patient_with(self, person: int) -> bool:
        """May this person ask one thing more? Beyond that we are silent: an answer would be the flood's second half."""
        now = self._clock.monotonic()
        times = self._asked.setdefault(person, deque(maxlen=MOST_A_MINUTE))
        self._asked.move_to_end(person)
        if len(self._asked) > MOST_PEOPLE:
            self._asked.popitem(last=False)
        if len(times) == MOST_A_MINUTE and now - times[0] < 60:
            log.warning("chat.flood", person=person)
            return False
        times.append(now)
        return True

    async def keeps(self, what: Heard) -> bool:
        """Does the person rule the chat? Alone with the bot, yes; in a group its admins, as Telegram says."""
        if what.private:
            return True
        return await self._rules(what.chat, what.person)

    async def channel(self, what: Heard) -> int:
        """The id of the channel a command is about, if the person rules it; 0 otherwise."""
        try:
            chat = await self._bot.get_chat(what.channel)
        except TelegramError:
            return 0
        if chat.type != "channel" or not await self._rules(chat.id, what.person):
            return 0
        return chat.id

    async def _rules(self, chat: int, person: int) -> bool:
        key, now = (chat, person), self._clock.monotonic()
        until, rules = self._rulers.get(key, (0.0, False))
        if until <= now:
            rules = await self._is_ruler(chat, person)
            self._rulers[key] = (now + KNOWN_FOR, rules)
            if len(self._rulers) > MOST_PEOPLE:
                self._rulers.popitem(last=False)
        return rules

    async def _is_ruler(self, chat: int, person: int) -> bool:
        try:
            member = await self._bot.get_chat_member(chat, person)
        except TelegramError as error:
            log.warning("chat.unknown_member", chat=chat, error=type(error).__name__)
            return False
        return member.status in RULERS
