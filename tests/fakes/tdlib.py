"""Telegram's own reading of a text: TDLib parses the mark-up and finds what clients would make clickable."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import tdjson


@dataclass(frozen=True, slots=True)
class Entity:
    """A stretch that is more than letters: ``kind`` in TDLib's words, such as ``Bold``, ``Mention``, ``Url``."""

    kind: str
    text: str
    url: str = ""


def _execute(request: dict[str, Any]) -> dict[str, Any]:
    answer = tdjson.td_execute(json.dumps(request).encode())
    return json.loads(answer) if answer else {}


_execute({"@type": "setLogVerbosityLevel", "new_verbosity_level": 0})


def entities(html: str) -> list[Entity]:
    """Everything Telegram sees in this HTML: what its tags say, and what it finds in the letters by itself.

    Raises ValueError with TDLib's words where it cannot be parsed.
    """
    mode = {"@type": "textParseModeHTML"}
    parsed = _execute({"@type": "parseTextEntities", "text": html, "parse_mode": mode})
    if parsed.get("@type") == "error":
        raise ValueError(parsed["message"])
    found = _execute({"@type": "getTextEntities", "text": parsed["text"]})
    both = [_entity(parsed["text"], each) for each in (*parsed["entities"], *found["entities"])]
    return [
        each for each in both if each.kind != "MediaTimestamp"
    ]  # 08:00 leads into a film, and here is none


def _entity(text: str, each: dict[str, Any]) -> Entity:
    units = text.encode("utf-16-le")
    start, end = 2 * each["offset"], 2 * (each["offset"] + each["length"])
    kind = each["type"]["@type"].removeprefix("textEntityType")
    return Entity(kind, units[start:end].decode("utf-16-le"), each["type"].get("url", ""))


_SPACES = {code: " " for code in range(32) if chr(code) not in "\n\r"}
_GONE = dict.fromkeys([ord("\r"), *range(0x2028, 0x202F), 0x030A, 0x0333, 0x033F])


def as_sent(text: str) -> str:
    """What Telegram makes of letters before it looks for anything in them: some are blanks, some are gone.

    ``evil.`` and ``com`` with a combining line between them is a host once the line is gone.
    """
    return text.translate(_SPACES).translate(_GONE)


def formatted(text: str, mode: str = "HTML") -> tuple[str, list[dict[str, Any]]]:
    """What is left of the mark-up, and its entities as the Bot API shows them, those found in the letters among them.

    ``mode`` is ``HTML`` or "" for plain text. Raises ValueError with TDLib's words where it cannot be parsed.
    """
    own: list[dict[str, Any]] = []
    text = as_sent(text)
    if mode:
        request = {
            "@type": "parseTextEntities",
            "text": text,
            "parse_mode": {"@type": f"textParseMode{mode}"},
        }
        parsed = _execute(request)
        if parsed.get("@type") == "error":
            raise ValueError(parsed["message"])
        text, own = parsed["text"], parsed["entities"]
    found = _execute({"@type": "getTextEntities", "text": text})["entities"]
    opaque = [each for each in own if _kind(each) in _OPAQUE]
    free = [each for each in found if not any(_meet(each, other) for other in opaque)]
    return text, [_shown(each) for each in (*own, *free) if _kind(each) in _NAMES]


_NAMES = {
    "Bold": "bold", "Italic": "italic", "Underline": "underline", "Strikethrough": "strikethrough",
    "Spoiler": "spoiler", "Code": "code", "Pre": "pre", "PreCode": "pre", "BlockQuote": "blockquote",
    "ExpandableBlockQuote": "expandable_blockquote", "TextUrl": "text_link", "Mention": "mention",
    "MentionName": "text_mention", "Hashtag": "hashtag", "Cashtag": "cashtag", "BotCommand": "bot_command",
    "Url": "url", "EmailAddress": "email", "PhoneNumber": "phone_number",
    "BankCardNumber": "bank_card",
}  # fmt: skip
_OPAQUE = {"TextUrl", "Code", "Pre", "PreCode", "MentionName"}  # nothing is found inside these


def _kind(each: dict[str, Any]) -> str:
    return str(each["type"]["@type"]).removeprefix("textEntityType")


def _meet(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return bool(
        one["offset"] < other["offset"] + other["length"] and other["offset"] < one["offset"] + one["length"]
    )


def _shown(each: dict[str, Any]) -> dict[str, Any]:
    shown = {"type": _NAMES[_kind(each)], "offset": each["offset"], "length": each["length"]}
    return shown | ({"url": each["type"]["url"]} if "url" in each["type"] else {})
