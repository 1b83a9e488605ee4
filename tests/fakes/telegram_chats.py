"""What the fake Telegram remembers: chats with their messages, and how fast it may be spoken to."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.fakes.tdlib import formatted

LONGEST = 4_096
BOT = {"id": 4242, "is_bot": True, "first_name": "News", "username": "news_bot"}


class RefusedError(Exception):
    """Becomes ``ok: false`` with this code and description."""

    def __init__(self, code: int, description: str, **parameters: int) -> None:
        self.code, self.description, self.parameters = code, description, parameters
        super().__init__(description)


def bad(description: str) -> RefusedError:
    """400."""
    return RefusedError(400, f"Bad Request: {description}")


@dataclass
class Told:
    """A message of the bot as it stands in its chat now. ``history`` holds every text it ever had, first one first."""

    chat: int
    number: int
    text: str
    entities: list[dict[str, Any]]
    keyboard: list[list[dict[str, Any]]]
    thread: int = 0
    answers: int = 0  # the message it replies to
    silent: bool = False
    mode: str = ""
    at: float = 0.0
    history: list[str] = field(default_factory=list)

    @property
    def buttons(self) -> dict[str, str]:
        """Label → callback data (or address)."""
        return {
            each["text"]: each.get("callback_data") or each.get("url", "")
            for row in self.keyboard
            for each in row
        }

    def links(self) -> list[tuple[str, str]]:
        """(words, address) of everything that can be clicked."""
        return [
            (self.words(each), each.get("url", ""))
            for each in self.entities
            if each["type"] in ("text_link", "url")
        ]

    def words(self, entity: Mapping[str, Any]) -> str:
        """The stretch an entity covers."""
        units = self.text.encode("utf-16-le")
        start, end = 2 * entity["offset"], 2 * (entity["offset"] + entity["length"])
        return units[start:end].decode("utf-16-le")


@dataclass
class Chat:
    """One conversation: positive ids are people, negative ones groups, ``-100…`` supergroups and channels.

    ``closed`` is the description every message is refused with (403), ``moved`` the supergroup it became, ``throttled``
    the seconds every message is told to wait; ``topics`` maps a forum's threads to whether they are open.
    """

    id: int
    kind: str = ""
    username: str = ""
    closed: str = ""
    moved: int = 0
    throttled: int = 0
    topics: dict[int, bool] | None = None
    messages: dict[int, Told] = field(default_factory=dict)

    @property
    def type(self) -> str:
        if self.kind:
            return self.kind
        if self.id > 0:
            return "private"
        return "supergroup" if str(self.id).startswith("-100") else "group"

    @property
    def told(self) -> list[Told]:
        """What stands in it, oldest first."""
        return list(self.messages.values())

    def delete(self, number: int) -> None:
        """A person deletes a message."""
        del self.messages[number]

    def json(self) -> dict[str, Any]:
        """As the Bot API shows it."""
        shown: dict[str, Any] = {"id": self.id, "type": self.type}
        shown |= {"first_name": "Ada"} if self.id > 0 else {"title": "Newsroom"}
        if self.username:
            shown["username"] = self.username
        return shown | ({"is_forum": True} if self.topics is not None else {})

    def open_for(self, thread: int) -> None:
        """May the bot write here? Raises RefusedError in Telegram's words."""
        if self.moved:
            raise RefusedError(
                400,
                "Bad Request: group chat was upgraded to a supergroup chat",
                migrate_to_chat_id=self.moved,
            )
        if self.closed:
            raise RefusedError(403, f"Forbidden: {self.closed}")
        if self.throttled:
            raise too_many(self.throttled)
        if thread and thread not in (self.topics or {}):
            raise bad("message thread not found")
        if thread and not (self.topics or {})[thread]:
            raise bad("TOPIC_CLOSED")


def too_many(seconds: int) -> RefusedError:
    """429."""
    return RefusedError(429, f"Too Many Requests: retry after {seconds}", retry_after=seconds)


# ── what is written ──────────────────────────────────────────────────────────────────────────────────
def content(asked: Mapping[str, Any], too_long: str = "message is too long") -> dict[str, Any]:
    """Text, entities and keyboard of a request, if Telegram takes them. Raises RefusedError."""
    try:
        text, entities = formatted(asked["text"], asked.get("parse_mode", ""))
    except ValueError as error:
        said = str(error)
        raise bad(said[:1].lower() + said[1:]) from None
    except KeyError as error:
        raise bad("unsupported parse_mode") from error
    if not text.strip():
        raise bad("message text is empty")
    if max(len(text), len(text.encode("utf-16-le")) // 2) > LONGEST:
        raise bad(too_long)
    keyboard = (asked.get("reply_markup") or {}).get("inline_keyboard", [])
    _judge_buttons(keyboard)
    return {
        "text": text,
        "entities": entities,
        "keyboard": keyboard,
        "mode": asked.get("parse_mode", ""),
    }


def _judge_buttons(keyboard: list[list[dict[str, Any]]]) -> None:
    for button in (each for row in keyboard for each in row):
        data = button.get("callback_data")
        if not button["text"]:
            raise bad("text buttons must be non-empty")
        if data is not None and not 1 <= len(data.encode()) <= 64:
            raise bad("BUTTON_DATA_INVALID")
        if data is None and not button.keys() & {"url", "switch_inline_query", "copy_text", "web_app"}:
            raise bad(
                "can't parse inline keyboard button: text buttons are not allowed in the inline keyboard"
            )


def shown(told: Told, chat: Chat) -> dict[str, Any]:
    """A message as the Bot API shows it."""
    message: dict[str, Any] = {
        "message_id": told.number,
        "date": int(told.at),
        "chat": chat.json(),
        "text": told.text,
    }
    if chat.type == "channel":
        message["sender_chat"] = chat.json()
    else:
        message["from"] = BOT
    if told.entities:
        message["entities"] = told.entities
    if told.keyboard:
        message["reply_markup"] = {"inline_keyboard": told.keyboard}
    if told.thread:
        message |= {"message_thread_id": told.thread, "is_topic_message": True}
    if told.answers in chat.messages:
        first = chat.messages[told.answers]
        message["reply_to_message"] = {
            "message_id": first.number,
            "date": int(first.at),
            "chat": chat.json(),
            "text": first.text,
        }
    return message


# ── pace ─────────────────────────────────────────────────────────────────────────────────────────────
class Pace:
    """One message a second in a chat, twenty a minute in a group, thirty a second from a bot; ``refused`` counts."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._now = monotonic
        self._left: dict[object, deque[float]] = {}
        self.refused: dict[int, int] = {}  # chat → 429s

    def take(self, chat: Chat) -> None:
        """Count one message. Raises RefusedError (429) where it is one too many."""
        now = self._now()
        windows = [(chat.id, 1, 1.0), ("all", 30, 1.0)]
        if chat.id < 0:
            windows.append((f"{chat.id}/minute", 20, 60.0))
        waits = [self._wait(*window, now) for window in windows]
        if max(waits) > 0:
            self.refused[chat.id] = self.refused.get(chat.id, 0) + 1
            raise too_many(math.ceil(max(waits)))
        for name, count, _ in windows:
            self._left.setdefault(name, deque(maxlen=count)).append(now)

    def _wait(self, name: object, count: int, seconds: float, now: float) -> float:
        left = self._left.get(name, ())
        if len(left) < count:
            return 0.0
        return min(left) + seconds - now
