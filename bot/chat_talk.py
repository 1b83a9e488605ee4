"""From what was heard to what is said: the conversation, free of Telegram's client but for reading an update."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from telegram import Message, MessageEntity, Update

from bot import chat_admin, chat_alerts, chat_menu
from bot.chat_commands import ADMIN_COMMANDS, COMMANDS, FOR_CHANNELS, UNKNOWN, Command, unknown
from bot.chat_reply import Reply, Request, safe
from bot.chat_watching import Watching
from bot.config.words import Words, words
from bot.errors import InputError, NotPermitted, StoreError
from bot.notify.markup import clean
from bot.service import Service
from bot.service_ground import Actor, Role


@dataclass(frozen=True, slots=True)
class Heard:
    """One thing a person did: a command with its argument, or a button with its data."""

    person: int
    chat: int
    thread: int = 0  # topic of a forum, 0 = none
    private: bool = True
    command: str = ""  # lower case, without the slash; "" for a button
    argument: str = ""
    data: str = ""  # of a button
    query: str = ""  # id of the press, to be answered
    message: int = 0  # the message the button stands under
    language: str = "en"  # of the person's client
    chat_name: str = ""
    name: str = ""  # what the person calls themselves: to be shown, never to be trusted
    whispered: bool = False  # in a channel, whose readers did not ask
    hidden: bool = False  # behind a group or channel: nobody we could know
    moved_to: int = 0
    channel: str = ""  # "@name" of the channel the command is about, where it is not about this chat
    about: int = 0  # its id, once it is known that the person rules it


def heard(update: Update, bot_name: str) -> Heard | None:
    """What a person asked of us just now; None for everything else."""
    if update.callback_query is not None:
        return _pressed(update)
    message = update.message
    if message is None:
        return None
    if message.migrate_to_chat_id:
        return Heard(0, message.chat.id, moved_to=message.migrate_to_chat_id)
    if message.from_user is None or message.forward_origin is not None or message.via_bot is not None:
        return None
    if message.from_user.is_bot and message.sender_chat is None:
        return None
    command, argument = _command(message, bot_name)
    if not command:
        return None
    channel, argument = _channel(
        message, command, clean(argument)
    )  # what was copied from us may hold joiners
    return Heard(
        person=message.from_user.id,
        chat=message.chat.id,
        thread=_thread(message),
        private=message.chat.type == "private",
        channel=channel,
        command=command,
        argument=argument,
        language=message.from_user.language_code or "en",
        chat_name=message.chat.effective_name or "",
        name=message.from_user.full_name,
        hidden=message.sender_chat is not None,
    )


def _pressed(update: Update) -> Heard | None:
    query = update.callback_query
    if query is None or query.message is None or not query.data or query.from_user.is_bot:
        return None
    message = query.message
    return Heard(
        person=query.from_user.id,
        chat=message.chat.id,
        thread=_thread(message) if isinstance(message, Message) else 0,
        private=message.chat.type == "private",
        data=query.data,
        query=query.id,
        message=message.message_id,
        language=query.from_user.language_code or "en",
        chat_name=message.chat.effective_name or "",
        name=query.from_user.full_name,
        whispered=message.chat.type == "channel",
    )


def _thread(message: Message) -> int:
    return (message.message_thread_id or 0) if message.is_topic_message else 0


def _command(message: Message, bot_name: str) -> tuple[str, str]:
    """Command and argument; "" for a text that is no command, or one to another bot. Alone with us, words count."""
    text = message.text or ""
    first = message.entities[0] if message.entities else None
    if first is None or first.type != MessageEntity.BOT_COMMAND or first.offset:
        return ("?", text) if text and message.chat.type == "private" else ("", "")
    head = message.parse_entity(first)
    name, _, addressee = head[1:].partition("@")
    if addressee and addressee.casefold() != bot_name.casefold():
        return "", ""
    return name.casefold(), text[len(head) :].strip()


def _channel(message: Message, command: str, argument: str) -> tuple[str, str]:
    """A channel's name before the argument, and the rest; only alone with us, where nobody else is spoken for."""
    first, _, rest = argument.partition(" ")
    if message.chat.type != "private" or command not in FOR_CHANNELS or not _CHANNEL.fullmatch(first):
        return "", argument
    return first, rest.strip()


_CHANNEL = re.compile(r"@\w{4,32}|-100\d{6,13}", re.ASCII)


class Talk:
    """Answers people. Everything a person may see of an error is decided here."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._watching = Watching()
        self._own: Mapping[str, Command] = {
            "watch": self._watching.watch,
            "mywatches": self._watching.listed,
            "unwatch": self._watching.unwatch,
        }

    def refuse_hidden(self, what: Heard) -> Reply:
        """Somebody writes in the name of a group or channel: there is no id to know them by."""
        return Reply(words(what.language)("Please write as yourself: I cannot tell who you are."))

    def refuse_channel(self, what: Heard) -> Reply:
        """One answer whether there is no such channel or it is not this person's: who asks learns neither."""
        t = words(what.language)
        return Reply(t("I do that for a channel's own admins only, and only where I am an admin too."))

    async def answer(self, actor: Actor, what: Heard) -> Reply | None:
        """The reply to what was heard; None where silence is the answer."""
        t = words(what.language)
        try:
            actor.need(Role.READER, "talk")
            wish = await self._service.chats.mine(actor, language=what.language)
            t = words(wish.language)
            request = Request(
                self._service, actor, wish, t, what.argument, what.chat_name, what.private, what.name
            )
            return await (self._press(request, what) if what.data else self._obey(request, what))
        except InputError as error:
            return _told(what, t, error.template, error.values)
        except NotPermitted as error:
            if what.command in ADMIN_COMMANDS:
                return _told(what, t, UNKNOWN) if what.private else None
            return _told(what, t, str(error))
        except StoreError:
            return _told(what, t, "I cannot look that up just now. Please try again in a moment.")

    async def _obey(self, request: Request, what: Heard) -> Reply | None:
        command = (
            self._own.get(what.command) or COMMANDS.get(what.command) or ADMIN_COMMANDS.get(what.command)
        )
        if command is None and not what.private:
            return None  # perhaps meant for somebody else
        reply = await (command or unknown)(request)
        return replace(reply, buttons=()) if what.about else reply  # buttons would be about this chat

    async def _press(self, request: Request, what: Heard) -> Reply:
        for press in (chat_alerts.press, chat_menu.press, self._watching.press, chat_admin.press):
            reply = await press(request, what.data)
            if reply is not None:
                return reply
        raise InputError("This button is too old. /topics shows what there is now.")


def _told(what: Heard, t: Words, template: str, values: Mapping[str, object] | None = None) -> Reply:
    """Over the chat for a button, in it for a command. What people typed comes back as letters only."""
    if what.data:
        return Reply(toast=t(template, **(values or {})))
    return Reply(t(template, **{name: safe(str(value)) for name, value in (values or {}).items()}))
