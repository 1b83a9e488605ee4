"""Is this item one we have seen? Two of its four marks must agree.

Publishers break every single mark: GUIDs are missing, change with every poll or are the same for all items; links
get tracking parameters, new slugs, or all lead to one live page; headlines are edited; dates are touched. So no
single mark identifies an item, a *pair* does, within its feed:

==============  =======================================================================
guid + link     survives a new headline, a new date
guid + title    survives a new link
link + title    survives a GUID that is missing, changing, or shared by all items
title + date    survives a GUID and a link that both change with every poll
==============  =======================================================================

Items of a live page (one link, own headlines) stay apart, as do items that all carry one GUID. A pair that two
different items of one document carry identifies neither and is left out. Where a mark is missing its neighbour
stands in for it: without a GUID the link alone must do, as most readers have it.

The scope is the feed: no feed can speak for another's items, and the same article in two feeds is the same *story*,
which is for the story index to see.

Roads not taken: the GUID alone (loses alerts where it is reused, repeats them where it changes); the link alone
(live pages); a hash of all words (every edit a new item); learning a feed's habits (state that is wrong on the day
the publisher changes software).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b

from bot.core import urls
from bot.core.plain import folded


@dataclass(frozen=True, slots=True)
class Marks:
    """What may tell an item from another, folded so that spelling does not matter. "" = the publisher gave none."""

    guid: str
    link: str
    title: str
    date: str  # or, for want of one, the words

    @classmethod
    def of(cls, guid: str, link: str, title: str, date: datetime | None, words: str) -> Marks:
        """Fold the marks of an item; ``date`` as the publisher wrote it, ``words`` its summary and body."""
        link = urls.canonical(link)
        return cls(
            guid=_folded_guid(guid) or link,
            link=link or _folded_guid(guid),
            title=folded(title),
            date=date.isoformat() if date else digest(words),
        )

    def pairs(self) -> tuple[str, ...]:
        """The pairs this item has, strongest first, not yet bound to a feed."""
        found = [f"title+date {self.title}\n{self.date}"]
        if self.guid:
            found.insert(0, f"link+title {self.link}\n{self.title}")
            found.insert(0, f"guid+link {self.guid}\n{self.link}")
            if self.guid != self.link:
                found.insert(1, f"guid+title {self.guid}\n{self.title}")
        return tuple(found)


def identify(feed: str, marks: Sequence[Marks]) -> list[tuple[str, ...]]:
    """For each item of one document its aliases, the first being its key; () for a copy of an earlier item.

    Aliases are short and opaque; items of different feeds never share one.
    """
    unique = set(marks)
    carriers = Counter(pair for each in unique for pair in each.pairs())
    seen: set[Marks] = set()
    result: list[tuple[str, ...]] = []
    for each in marks:
        own = [pair for pair in each.pairs() if carriers[pair] == 1]
        result.append(() if each in seen else _aliases(feed, own or [repr(each)]))
        seen.add(each)
    return result


def digest(text: str) -> str:
    """128 bits of a text, as 32 hexadecimal digits."""
    return blake2b(text.encode("utf-8", "replace"), digest_size=16).hexdigest()


def _aliases(feed: str, pairs: Iterable[str]) -> tuple[str, ...]:
    return tuple(digest(f"{feed}\n{pair}") for pair in pairs)


def _folded_guid(guid: str) -> str:
    """Case, spaces and, where it is an address, its tracking and its scheme do not matter."""
    guid = "".join(guid.split())
    return (urls.canonical(guid) or re.sub(r"[?&#]utm_[^&#]*", "", guid)).casefold()
