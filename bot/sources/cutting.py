"""A document cut at its items, so that what was read before need not be parsed again. Pure.

A feed with one new item of fifty is forty-nine items of work done already. So the bytes are cut at ``<item>`` and
``<entry>``, every piece is hashed, and a parser gets the head, the pieces not seen before, and the tail: for it a
small feed.

The cut knows nothing of XML but comments and CDATA, in which an ``<item>`` is none. Where it cannot be certain
(items within items, an item that does not end, anything left open) it says so, and the whole document is parsed;
:mod:`bot.sources.reading` also compares counts.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b

_MARK = re.compile(rb"<(?:(!--)|!\[CDATA\[|(/?)((?:[\w.-]{1,40}:)?(?:item|entry))(?=[\s/>]))")
DIGEST = 8
"""Bytes of a piece's hash."""


@dataclass(frozen=True, slots=True)
class Cut:
    """What stands before the first item, the items, what stands after the last one."""

    head: bytes
    items: Sequence[bytes]
    tail: bytes

    def with_only(self, items: Sequence[bytes]) -> bytes:
        """The document as if it had these items alone."""
        return self.head + b"\n".join(items) + self.tail


def cut(document: bytes) -> Cut | None:
    """The cut of a document in UTF-8, or None where it is not certain. A document without items has none."""
    items: list[bytes] = []
    name, head, start, place = b"", 0, -1, 0
    while (mark := _MARK.search(document, place)) is not None:
        place = mark.end()
        if mark[3] is None:
            closing = b"]]>" if mark[1] is None else b"-->"
            place = document.find(closing, place) + len(closing)
            if place < len(closing):
                return None
        elif mark[3] != (name or mark[3]):
            continue
        elif not mark[2]:
            if start >= 0:
                return None
            name, start = mark[3], mark.start()
            head = head or start
        else:
            place = document.find(b">", place) + 1
            if start < 0 or not place:
                return None
            items.append(document[start:place])
            start = -1
    if start >= 0 or not items:
        return None
    end = document.rfind(items[-1]) + len(items[-1])
    return Cut(document[:head], items, document[end:])


def digest(piece: bytes) -> bytes:
    """What a piece is known by."""
    return blake2b(piece, digest_size=DIGEST).digest()
