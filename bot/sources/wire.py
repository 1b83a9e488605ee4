"""How a document goes to a parser process and its entries come back: a length, JSON, and bytes as they are. Pure."""

from __future__ import annotations

import json
import struct
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
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
    """A reading, or why there is none, and whether the process ends with it; its length stands before it.

    One line of JSON for the whole, and one for each entry, so that thousands of them can be unpacked in steps.
    """
    entries = () if isinstance(result, str) else result.entries
    lines = [json.dumps({"last": is_last, **_head(result)})]
    lines += (json.dumps([_value(getattr(entry, name)) for name in _FIELDS]) for entry in entries)
    packed = "\n".join(lines).encode()
    return _LENGTH.pack(len(packed)) + packed


def unpack_length(head: bytes) -> int:
    """Raises ConnectionError for one that no honest process would send."""
    length: int = _LENGTH.unpack(head)[0]
    if length > LONGEST_RESULT:
        raise ConnectionError("an answer of impossible length")
    return length


@dataclass(frozen=True, slots=True)
class Arrived:
    """What a process answered, its entries still packed. All raise ConnectionError for what makes no sense."""

    error: str  # why there is no reading, "" where there is one
    is_last: bool
    seen: Seen
    overridden: bool
    unsure: bool
    lines: Sequence[bytes]

    def entries(self, start: int, stop: int) -> list[RawEntry]:
        """Unpack some of the entries."""
        with _honest():
            return [_entry(json.loads(line)) for line in self.lines[start:stop]]

    def reading(self, entries: Sequence[RawEntry]) -> Reading:
        """The whole, of its entries."""
        return Reading(entries, self.seen, self.overridden, self.unsure)


def unpack_result(packed: bytes) -> Arrived:
    """An answer but for its entries. Raises ConnectionError for what makes no sense."""
    head, *lines = packed.split(b"\n")
    with _honest():
        plain = json.loads(head)
        seen = Seen(b64decode(plain["items"]), b64decode(plain["pairs"]), bool(plain["ill_formed"]))
        return Arrived(
            str(plain["error"]),
            bool(plain["last"]),
            seen,
            bool(plain["overridden"]),
            bool(plain["unsure"]),
            lines,
        )


@contextmanager
def _honest() -> Iterator[None]:
    try:
        yield
    except (ValueError, KeyError, TypeError) as error:
        raise ConnectionError("an answer that makes no sense") from error


def _head(result: Reading | str) -> dict[str, Any]:
    reading = Reading(()) if isinstance(result, str) else result
    return {
        "error": result if isinstance(result, str) else "",
        "items": b64encode(reading.seen.items).decode(),
        "pairs": b64encode(reading.seen.pairs).decode(),
        "ill_formed": reading.seen.ill_formed,
        "overridden": reading.overridden,
        "unsure": reading.unsure,
    }


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
