"""The commands: words in → one service call → a reply. The table at the end is all a front needs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace

from bot import chat_admin, chat_asks
from bot.chat_menu import (
    digest_menu,
    key_of,
    languages_menu,
    levels_menu,
    main_menu,
    quiet_menu,
    topics_menu,
    zones_menu,
)
from bot.chat_reply import Reply, Request
from bot.chat_says import greeting, help_text, settings_text
from bot.config.words import words
from bot.core.model import Subscription
from bot.errors import InputError
from bot.service_chats import LEVELS

Command = Callable[[Request], Awaitable[Reply]]
TOPIC_LINK = "topic-"
UNKNOWN = "I do not know that command; /help lists what I know."


async def start(request: Request) -> Reply:
    """Greet; a deep link (``?start=topic-conflict``) is a wish for that topic."""
    name = request.argument.removeprefix(TOPIC_LINK)
    if name == request.argument:
        return Reply(greeting(request), main_menu(request, request.wish))
    known = {key_of(topic.name): topic.name for topic in request.service.chats.topics()}
    if name not in known:
        return Reply(greeting(request), topics_menu(request, request.wish))
    wish = await request.service.chats.subscribe(
        request.actor, [known[name]], name=request.chat_name, language=request.wish.language
    )
    return Reply(f"{greeting(request)}\n\n{settings_text(request, wish)}", main_menu(request, wish))


async def helped(request: Request) -> Reply:
    """All commands."""
    return Reply(help_text(request))


async def subscribe(request: Request) -> Reply:
    """``/subscribe``, ``/subscribe conflict cyber high``."""
    topics = request.argument.replace(",", " ").split()
    level = topics.pop().lower() if topics and topics[-1].lower() in {each.word for each in LEVELS} else ""
    wish = await request.service.chats.subscribe(
        request.actor, topics, level, name=request.chat_name, language=request.wish.language
    )
    return _settings(request, wish)


async def unsubscribe(request: Request) -> Reply:
    """Nothing more; the settings stay."""
    await request.service.chats.unsubscribe(request.actor)
    return Reply(request.t("You are told nothing more. /subscribe brings you back with your settings."))


async def topics(request: Request) -> Reply:
    """Choose by buttons, or add those named."""
    if request.argument:
        return await subscribe(request)
    return Reply(settings_text(request, request.wish), topics_menu(request, request.wish))


async def level(request: Request) -> Reply:
    """Choose by buttons, or ``/level high``."""
    wish = request.wish
    if request.argument:
        wish = await request.service.chats.subscribe(
            request.actor, level=request.argument, language=wish.language
        )
    return Reply(settings_text(request, wish), levels_menu(request, wish))


async def status(request: Request) -> Reply:
    """What this chat is told."""
    return _settings(request, request.wish)


def _settings(request: Request, wish: Subscription) -> Reply:
    request = replace(request, wish=wish)
    return Reply(settings_text(request, wish), main_menu(request, wish))


async def quiet(request: Request) -> Reply:
    """``/quiet 22-7``, ``/quiet 22:00-07:00 Kyiv``, ``/quiet off``; without anything the buttons."""
    hours, _, zone = request.argument.partition(" ")
    wish = request.wish
    if hours:
        hours = "" if hours.lower() in OFF else hours
        wish = await request.service.chats.quiet(request.actor, hours, zone.strip())
    return Reply(settings_text(request, wish), quiet_menu(request, wish))


async def zone(request: Request) -> Reply:
    """``/zone Kyiv``."""
    wish = request.wish
    if request.argument:
        wish = await request.service.chats.zone(request.actor, request.argument)
    return Reply(settings_text(request, wish), zones_menu(request, wish))


async def digest(request: Request) -> Reply:
    """``/digest 08:00``, ``/digest 30m``, ``/digest off``."""
    wish = request.wish
    if request.argument:
        wanted = "" if request.argument.lower() in OFF else request.argument
        wish = await request.service.chats.digest(request.actor, wanted)
    return Reply(settings_text(request, wish), digest_menu(request, wish))


async def language(request: Request) -> Reply:
    """``/language de``."""
    wish = request.wish
    if request.argument:
        wish = await request.service.chats.language(request.actor, request.argument)
    request = replace(request, wish=wish, t=words(wish.language))
    return Reply(settings_text(request, wish), languages_menu(request, wish))


async def unknown(_request: Request) -> Reply:
    """No such command, or none for this person: there is no difference to be seen."""
    raise InputError(UNKNOWN)


OFF = ("off", "none", "no", "0", "-")

COMMANDS: Mapping[str, Command] = {
    "start": start,
    "help": helped,
    "subscribe": subscribe,
    "unsubscribe": unsubscribe,
    "stop": unsubscribe,
    "topics": topics,
    "level": level,
    "quiet": quiet,
    "zone": zone,
    "digest": digest,
    "language": language,
    "status": status,
    "settings": status,
    "why": chat_asks.why,
    "whynot": chat_asks.whynot,
    "latest": chat_asks.newest,
    "search": chat_asks.search,
    "silences": chat_asks.silences,
    "unmute": chat_asks.unmute,
    "stats": chat_asks.stats,
}
"""Commands of everybody; those for own keywords are the talk's, which remembers what waits for a yes."""

ADMIN_COMMANDS: Mapping[str, Command] = {
    "admin": chat_admin.admin,
    "reload": chat_admin.reload,
    "retry": chat_admin.retry,
    "drop": chat_admin.drop,
}
"""To who is no admin these do not exist."""

FOR_CHANNELS = frozenset(
    ("subscribe", "unsubscribe", "stop", "topics", "level", "quiet", "zone", "digest", "language", "status",
     "watch", "unwatch", "mywatches")
)  # fmt: skip
"""Commands that may begin with a channel's name (``/subscribe @… conflict high``) and then are about it."""
