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
