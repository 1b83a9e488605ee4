"""What is new in a document: the one function a parser process runs, and what it remembers. Pure.

::

    body ─ charset ─┬─ JSON, uncertain cut, nothing remembered ─▶ the whole document ─┐
                    └─ cut ─ unseen pieces ─ small document ─▶ feedparser ─ counts? ──┴─▶ entries, what was seen

An item that was read before is left out of the entries, unless a new one shares two of its marks: whether a GUID or a
link tells items apart is only seen beside the items that carry it too (:mod:`bot.core.identity`), so those come along.

The small document is believed when it holds as many entries as pieces and is as well-formed as the whole one was;
else the whole document is read after all. Of what was seen only hashes are kept, forty bytes an item.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from xml.parsers.expat import ExpatError, ParserCreate

from bot.core.model import RawEntry
from bot.core.rawwords import marks_of
from bot.sources.charset import Decoded, as_utf8, declared, decode
from bot.sources.cutting import DIGEST, Cut, cut, digest
from bot.sources.document import DECLARATION, Items, is_json, items_of, plain_items, read, xml_items

MOST_REMEMBERED = 3_000  # items of one document; a longer one is parsed whole
_ITEM = 4 * DIGEST  # bytes: an item has at most four pairs of marks

SMALL = 12_000  # bytes
MOST_TAGS = 400
"""A document so small and with so few tags, well-formed, without entities of its own and without long unbroken runs of
letters costs some milliseconds at most, whatever stands in it: it needs no process of its own. The worst we could
think of are measured in ``benchmarks/parse_cost.py``."""
_LONG_RUN = re.compile(rb"[^\s<>\"'=;,/]{120}")


@dataclass(frozen=True, slots=True)
class Seen:
    """What is remembered of a document: for each item its hash and its pairs of marks, packed."""

    items: bytes = b""
    pairs: bytes = b""
    ill_formed: bool = False

    def __bool__(self) -> bool:
        return bool(self.items)

    def places(self) -> dict[bytes, int]:
        """Hash of an item → its number."""
        return {
            self.items[start : start + DIGEST]: number
            for number, start in enumerate(range(0, len(self.items), DIGEST))
        }

    def pairs_of(self, number: int) -> bytes:
        """The pairs of the item of this number."""
        return self.pairs[number * _ITEM : (number + 1) * _ITEM]

    def carriers(self, pair: bytes) -> Iterator[int]:
        """Numbers of the items that have this pair."""
        place = self.pairs.find(pair)
        while place >= 0:
            if place % DIGEST == 0:
                yield place // _ITEM
            place = self.pairs.find(pair, place + 1)


@dataclass(frozen=True, slots=True)
class Reading:
    """The entries that need deciding, what is to be remembered, and how the document was encoded."""

    entries: Sequence[RawEntry]
    seen: Seen = field(default_factory=Seen)
    overridden: bool = False
    unsure: bool = False


def read_feed(body: bytes, content_type: str = "", url: str = "", seen: Seen | None = None) -> Reading:
    """The entries of a feed not ``seen`` before, in document order; ``url`` is where it was read.

    Raises NotAFeedError.
    """
    decoded = decode(body, content_type)
    pieces = None if is_json(decoded.utf8) else cut(decoded.utf8)
    if pieces is not None and seen:
        fresh = _fresh(pieces, url, seen, read_small)
        if fresh is not None:
            return _reading(*fresh, decoded)
    return _whole(decoded, pieces, url)


def read_cheaply(body: bytes, content_type: str, url: str, seen: Seen) -> Reading | None:
    """The same where it is certain to cost next to nothing, else None: then it belongs into a parser process."""
    if not seen or (decoded := _plain_utf8(body, content_type)) is None or (pieces := cut(body)) is None:
        return None
    fresh = _fresh(pieces, url, seen, _read_if_harmless)
    return None if fresh is None else _reading(*fresh, decoded)


# ── whole ────────────────────────────────────────────────────────────────────────────────────────────
def _whole(decoded: Decoded, pieces: Cut | None, url: str) -> Reading:
    found = items_of(decoded.utf8)
    seen = Seen()
    if pieces is not None and len(pieces.items) == len(found.entries) <= MOST_REMEMBERED:
        pairs = b"".join(_packed(entry, url) for entry in found.entries)
        seen = Seen(b"".join(map(digest, pieces.items)), pairs, found.ill_formed)
    return _reading(found.entries, seen, decoded)


def _reading(entries: Sequence[RawEntry], seen: Seen, decoded: Decoded) -> Reading:
    return Reading(entries, seen, decoded.overridden, decoded.unsure)


# ── only what is new ─────────────────────────────────────────────────────────────────────────────────
ReadSmall = Callable[[bytes], Items | None]


def _fresh(pieces: Cut, url: str, seen: Seen, read_it: ReadSmall) -> tuple[Sequence[RawEntry], Seen] | None:
    """Entries and memory from the unseen pieces; None where the whole document must be read."""
    if len(pieces.items) > MOST_REMEMBERED:
        return None
    digests = [digest(item) for item in pieces.items]
    known = seen.places()
    unseen = [place for place, each in enumerate(digests) if each not in known]
    new = _entries_at(unseen, pieces, seen, read_it)
    if new is None:
        return None
    fresh = {digests[place]: _packed(entry, url) for place, entry in zip(unseen, new, strict=True)}
    pairs = (fresh[each] if each in fresh else seen.pairs_of(known[each]) for each in digests)
    now = Seen(b"".join(digests), b"".join(pairs), seen.ill_formed)
    beside = {place for each in fresh.values() for pair in _unpacked(each) for place in now.carriers(pair)}
    if beside <= set(unseen):
        return new, now
    both = _entries_at(sorted(beside.union(unseen)), pieces, seen, read_it)
    return None if both is None else (both, now)


def _entries_at(
    places: Sequence[int], pieces: Cut, seen: Seen, read_it: ReadSmall
) -> Sequence[RawEntry] | None:
    if not places:
        return ()
    found = read_it(pieces.with_only([pieces.items[place] for place in places]))
    if found is None or len(found.entries) != len(places) or (found.ill_formed and not seen.ill_formed):
        return None
    return found.entries


def _packed(entry: RawEntry, url: str) -> bytes:
    """The pairs of an item's marks, hashed, in a place of fixed size."""
    pairs = marks_of(entry, url).pairs()
    packed = b"".join(blake2b(pair.encode("utf-8", "replace"), digest_size=DIGEST).digest() for pair in pairs)
    return packed.ljust(_ITEM, b"\0")


def _unpacked(pairs: bytes) -> Iterator[bytes]:
    for place in range(0, len(pairs), DIGEST):
        if any(pair := pairs[place : place + DIGEST]):
            yield pair


# ── small documents ──────────────────────────────────────────────────────────────────────────────────
def read_small(document: bytes) -> Items:
    """A document made of a cut, whatever its size."""
    return plain_items(document) or xml_items(read(document))


def _read_if_harmless(document: bytes) -> Items | None:
    if len(document) > SMALL:
        return None
    return plain_items(document) or (xml_items(read(document)) if is_harmless(document) else None)


def is_harmless(document: bytes) -> bool:
    """Can nothing in it make a parser slow? Well-formed, so that the parser for broken ones stays out of it."""
    if (
        len(document) > SMALL
        or b"<!DOCTYPE" in document
        or b"<!ENTITY" in document
        or _LONG_RUN.search(document)
    ):
        return False
    try:
        ParserCreate("utf-8", " ").Parse(DECLARATION.sub(b"", document, count=1), True)
    except ExpatError:
        return False
    return True


def _plain_utf8(body: bytes, content_type: str) -> Decoded | None:
    """The document where it is UTF-8 as it stands and nothing speaks against it; guessing costs too much here."""
    if body[:100].lstrip()[:1] != b"<" or b"\0" in body[:4]:
        return None
    return as_utf8(body, declared(body, content_type))
