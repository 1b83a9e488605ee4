"""What the Telegram front passes around: a request in the words of the service, and a reply ready to be sent.

Everything between the two is free of Telegram's client, so that conversations are tested without it. A reply's text
is Telegram's HTML; whatever comes from people, editors or feeds passes :func:`safe` on its way in.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass

from bot.config.words import Words
from bot.core.model import Subscription
from bot.notify.markup import clean, defang
from bot.service import Service
from bot.service_ground import Actor

LONGEST = 3500  # characters of a reply; Telegram takes 4096 after its entities are parsed


@dataclass(frozen=True, slots=True)
class Button:
    """``data`` comes back when it is pressed; ``url`` opens instead."""

    label: str
    data: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """``edit`` changes the message whose button was pressed; ``toast`` shows for a moment over the chat.

    ``whisper`` is the short of the text, for who asks in a channel: there an answer would be everybody's to read.
    """

    text: str = ""
    buttons: Sequence[Sequence[Button]] = ()
    edit: bool = False
    toast: str = ""
    whisper: str = ""


@dataclass(frozen=True, slots=True)
class Request:
    """One thing somebody asks, with what is known of the chat it is asked in."""

    service: Service
    actor: Actor
    wish: Subscription
    t: Words
    argument: str = ""
    chat_name: str = ""
    private: bool = True
    name: str = ""  # the person's, to be shown


def safe(text: str) -> str:
    """Somebody else's words as letters: no tag, no mention, no command, no link springs from them."""
    return html.escape(defang(clean(text)), quote=False)


def bold(text: str) -> str:
    """Somebody's words, safe and bold."""
    return f"<b>{safe(text)}</b>"
