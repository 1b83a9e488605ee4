"""Who acts, what each may do, and what every verb stands on.

A front only *recognises* people (a numeric id, a chat, whether the person rules that chat); what follows from that is
decided here and nowhere else. Names are never looked at, for names can be taken by somebody else.

========  ===================================================================================
stranger  may do nothing: the deployment has not opened its door to this chat
reader    may ask: why, latest, search …
keeper    may also change what this chat is told: alone with the bot, or an admin of the group
editor    may also see and change the editors' files, in the console; by name in the settings
admin     may also see and change what concerns everybody; a numeric id, or a name, in the settings
========  ===================================================================================
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum
from pathlib import Path
from typing import Protocol

import structlog

from bot.core.model import Entry
from bot.errors import InputError, NotPermitted, Problem
from bot.ingest import Orders
from bot.ports import Clock, DeadLetters, FeedStates, Outbox, Views, Wishes
from bot.service_board import Board
from bot.service_lookback import Comparison
from bot.service_trial import Trial
from bot.sources.discovery import Found

log = structlog.get_logger()


class Role(IntEnum):
    """What somebody may do; each may do what the one before may."""

    STRANGER = 0
    READER = 1
    KEEPER = 2
    EDITOR = 3
    ADMIN = 4


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody who wants something. ``id`` is the platform's own; ``place`` the address of the chat it is wanted in."""

    front: str  # telegram | slack | cli | web
    id: str
    role: Role
    place: str = ""

    @property
    def name(self) -> str:
        """As it stands in silences and logs: ``telegram:4711``."""
        return f"{self.front}:{self.id}"

    @property
    def receiver(self) -> str:
        """The receiver name of the chat they act in, "" outside of any."""
        return f"{self.front}:{self.place}" if self.place else ""

    def need(self, least: Role, verb: str) -> None:
        """Pass, and leave a line for the audit where something is changed; or refuse without saying why.

        Raises NotPermitted.
        """
        passed = self.role >= least
        if not passed or least > Role.READER:
            event = "service.allowed" if passed else "service.refused"
            log.info(event, verb=verb, by=self.name, place=self.place, role=self.role.name.lower())
        if not passed:
            raise NotPermitted("You may not do that here.")


def at_the_machine(user: str) -> Actor:
    """Somebody with a shell on the machine may do everything."""
    return Actor("cli", user, Role.ADMIN)


CONSOLE = {"viewer": Role.READER, "editor": Role.EDITOR, "admin": Role.ADMIN}


def at_the_console(user: str, role: str) -> Actor:
    """Somebody the console let in; a role nobody knows is a stranger's."""
    return Actor("web", user, CONSOLE.get(role, Role.STRANGER))


@dataclass(frozen=True, slots=True)
class Doors:
    """Who is let in. An empty ``telegram_admins`` means that nobody is one."""

    telegram_admins: Collection[int] = ()
    may_subscribe: Callable[[int], bool] = lambda _chat: True
    slack_channels: Callable[[], Collection[str]] = tuple
    telegram_chats: Callable[[], Collection[str]] = tuple  # those the editors configured

    def telegram(self, person: int, chat: int, thread: int = 0, *, keeps: bool) -> Actor:
        """``keeps``: this person rules that chat, by Telegram's word."""
        place = f"{chat}/{thread}" if thread else str(chat)
        role = Role.KEEPER if keeps else Role.READER
        if person in self.telegram_admins:
            role = Role.ADMIN
        elif not self.may_subscribe(chat):
            role = Role.STRANGER
        return Actor("telegram", str(person), role, place)

    def belongs(self, actor: Actor) -> bool:
        """Do they act in a place the editors send alerts to, and may they change what is told there?

        Who merely reads along (a public channel has readers nobody knows) has no say for everybody.
        """
        desks = self.slack_channels() if actor.front == "slack" else self.telegram_chats()
        return actor.role >= Role.KEEPER and actor.place in desks

    def slack(self, person: str, channel: str, name: str = "") -> Actor:
        """Whoever is in a channel the editors configured, by its id or as ``#name``, belongs to them; others ask."""
        known = self.slack_channels()
        place = next((each for each in (channel, f"#{name}") if each in known), "")
        return Actor("slack", person, Role.KEEPER if place else Role.READER, place or channel)


async def _no_page(_url: str) -> Entry | None:
    return None


async def _no_discovery(_url: str) -> Sequence[Found]:
    raise InputError("This bot reads no addresses for others.")


async def _no_trial(_url: str) -> Trial:
    raise InputError("This bot reads no addresses for others.")


class FeedHands(Protocol):
    """What a person may do with a feed that is polled; every verb is False for a name nobody polls."""

    def poll_now(self, name: str) -> bool: ...

    def pause(self, name: str, reason: str = "") -> bool: ...

    def resume(self, name: str) -> bool: ...


class _NoHands:
    def poll_now(self, name: str) -> bool:  # noqa: ARG002 — the seam's arguments
        return False

    def pause(self, name: str, reason: str = "") -> bool:  # noqa: ARG002
        return False

    def resume(self, name: str) -> bool:  # noqa: ARG002
        return False


class PastReader(Protocol):
    """Says what a draft would have done; see :class:`bot.service_drafts.Past`."""

    async def compare(self, name: str, text: str, since: datetime, days: int) -> Comparison: ...

    async def get_ready(self, name: str, since: datetime) -> None: ...

    @property
    def progress(self) -> float: ...  # share that is done of what is being read


async def _no_reload() -> Sequence[Problem]:
    return ()


@dataclass(frozen=True, slots=True)
class Ground:
    """The seams the service is built on. ``page`` reads an article by its link; ``reload`` the editors' files."""

    wishes: Wishes
    views: Views
    feeds: FeedStates
    outbox: Outbox
    dead: DeadLetters
    orders: Callable[[], Orders]
    clock: Clock
    doors: Doors
    wake: asyncio.Event
    page: Callable[[str], Awaitable[Entry | None]] = _no_page
    reload: Callable[[], Awaitable[Sequence[Problem]]] = _no_reload
    rules_dir: Path | None = None  # the editors' folder, where somebody may write it
    board: Board = field(default_factory=Board)
    hands: FeedHands = field(default_factory=_NoHands)
    discover: Callable[[str], Awaitable[Sequence[Found]]] = _no_discovery  # the feeds of a site or page
    try_out: Callable[[str], Awaitable[Trial]] = _no_trial  # what one address would give
    past: PastReader | None = None  # None = here, on the store that is asked

    @property
    def now(self) -> datetime:
        """The wall clock."""
        return self.clock.now()
