"""Which items of each feed were read before; lost at a restart, which costs one reading of every document.

A poll may be read and then not written (the database refused, the process was killed): what it brought must be read
again. So a reading is remembered as *pending*, under the hash of its document. The next poll comes with the feed's
state, and in it the hash of the last document whose poll was written: if that is the pending one, it holds.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from bot.sources.reading import Seen

MOST_FEEDS = 50_000
NOTHING = Seen()


@dataclass(slots=True)
class _Feed:
    written: str = ""  # hash of a document whose poll was written …
    seen: Seen = NOTHING  # … and what it held
    pending: str = ""  # the last one read since
    pending_seen: Seen = NOTHING


class Memory:
    """By feed name; the feeds asked for least recently are forgotten first."""

    def __init__(self) -> None:
        self._feeds: OrderedDict[str, _Feed] = OrderedDict()

    def begin(self, feed: str, written: str) -> None:
        """A poll of this feed begins; ``written`` is the hash of the last document whose poll was written."""
        known = self._feeds.pop(feed, None) or _Feed()
        if known.pending and known.pending == written:
            known.written, known.seen = written, known.pending_seen
        elif known.written != written:
            known.written, known.seen = "", NOTHING
        known.pending, known.pending_seen = "", NOTHING
        self._feeds[feed] = known
        if len(self._feeds) > MOST_FEEDS:
            self._feeds.popitem(last=False)

    def seen(self, feed: str) -> Seen:
        """What need not be read again."""
        known = self._feeds.get(feed)
        return NOTHING if known is None else known.seen

    def read(self, feed: str, document: str, seen: Seen) -> None:
        """The document of this hash was read and held that."""
        known = self._feeds.get(feed)
        if known is not None:
            known.pending, known.pending_seen = document, seen
