"""How a document goes to a parser process and its entries come back: a length, JSON, and bytes as they are. Pure."""

from __future__ import annotations

import json
import struct
from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from bot.core.model import RawEntry
from bot.sources.reading import Reading, Seen

_LENGTH = struct.Struct(">I")
LONGEST_RESULT = 200_000_000  # bytes
_FIELDS = [field.name for field in fields(RawEntry)]


@dataclass(frozen=True, slots=True)
class Job:
    """A document to be read; ``reader`` is one of :data:`bot.sources.readers.READERS`."""

    reader: str
    body: bytes
    content_type: str
    url: str
    seen: Seen


# ── to the process ───────────────────────────────────────────────────────────────────────────────────
def pack_job(job: Job) -> list[bytes]:
    """The pieces to be written, in order."""
    head = {
        "reader": job.reader,
        "content_type": job.content_type,
        "url": job.url,
        "ill_formed": job.seen.ill_formed,
        "sizes": [len(job.seen.items), len(job.seen.pairs), len(job.body)],
    }
    packed = json.dumps(head).encode()
    return [_LENGTH.pack(len(packed)), packed, job.seen.items, job.seen.pairs, job.body]


def unpack_job(read: Callable[[int], bytes]) -> Job | None:
    """The next job; ``read(n)`` returns n bytes, fewer at the end. None at the end."""
    length = read(_LENGTH.size)
    if len(length) < _LENGTH.size:
        return None
    head = json.loads(read(_LENGTH.unpack(length)[0]))
    items, pairs, body = (read(size) for size in head["sizes"])
    return Job(
        head["reader"], body, head["content_type"], head["url"], Seen(items, pairs, head["ill_formed"])
    )


# ── and back ─────────────────────────────────────────────────────────────────────────────────────────
def pack_result(result: Reading | str, *, is_last: bool = False) -> bytes:
    """A reading, or why there is none, and whether the process ends with it; its length stands before it."""
    plain = {"error": result} if isinstance(result, str) else _plain(result)
    packed = json.dumps({"last": is_last, **plain}).encode()
    return _LENGTH.pack(len(packed)) + packed


def unpack_length(head: bytes) -> int:
    """Raises ConnectionError for one that no honest process would send."""
    length: int = _LENGTH.unpack(head)[0]
    if length > LONGEST_RESULT:
        raise ConnectionError("an answer of impossible length")
    return length


def unpack_result(packed: bytes) -> tuple[Reading | str, bool]:
    """A reading, or why there is none, and whether it was the last. Raises ConnectionError for what is neither."""
    try:
        plain = json.loads(packed)
        last = bool(plain["last"])
        return (str(plain["error"]) if "error" in plain else _reading(plain)), last
    except (ValueError, KeyError, TypeError) as error:
        raise ConnectionError("an answer that makes no sense") from error


def _plain(reading: Reading) -> dict[str, Any]:
    return {
        "entries": [[_value(getattr(entry, name)) for name in _FIELDS] for entry in reading.entries],
        "items": b64encode(reading.seen.items).decode(),
        "pairs": b64encode(reading.seen.pairs).decode(),
        "ill_formed": reading.seen.ill_formed,
        "overridden": reading.overridden,
        "unsure": reading.unsure,
    }


def _reading(plain: dict[str, Any]) -> Reading:
    return Reading(
        [_entry(each) for each in plain["entries"]],
        Seen(b64decode(plain["items"]), b64decode(plain["pairs"]), bool(plain["ill_formed"])),
        bool(plain["overridden"]),
        bool(plain["unsure"]),
    )


def _value(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value


def _entry(values: list[Any]) -> RawEntry:
    *texts, published, updated, tags = values
    guid, link, title, summary, content, author, lang = map(str, texts)
    return RawEntry(
        guid,
        link,
        title,
        summary,
        content,
        author,
        lang,
        _date(published),
        _date(updated),
        tuple(map(str, tags)),
    )


def _date(written: str | None) -> datetime | None:
    return datetime.fromisoformat(written) if written else None
