"""Publishers that break the marks of their items, read poll by poll as the bot reads them: in part, and told apart.

A small ledger stands for the store: an item is new when none of its aliases is known.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from bot.core.normalise import normalise_all
from bot.sources.reading import Seen, read_feed
from tests.sources.documents import RSS20, feed_at

NOW = datetime(2022, 2, 15, 20, 0, tzinfo=UTC)
URL = "https://example.org/feed"
FEED = feed_at(URL)


def item(n: int, poll: int, **change: str) -> str:
    """Item ``n`` as it stands in the document of a poll."""
    marks = {
        "guid": f"<guid>tag:{n}</guid>",
        "title": f"<title>Headline number {n}</title>",
        "link": f"<link>https://example.org/story/{n}</link>",
        "date": f"<pubDate>Tue, 15 Feb 2022 08:{n:02}:00 GMT</pubDate>",
        "words": f"<description>Words of item {n}.</description>",
    }
    marks |= {name: text.format(n=n, poll=poll) for name, text in change.items()}
    return f"<item>{''.join(marks.values())}</item>"


class Reader:
    """Reads document after document and remembers, as source and store do."""

    def __init__(self) -> None:
        self.seen = Seen()
        self.known: dict[str, str] = {}

    def poll(self, *items: str) -> list[str]:
        """Titles of the new items."""
        reading = read_feed(RSS20.format(items="".join(items)).encode(), url=URL, seen=self.seen)
        self.seen = reading.seen
        new = []
        for entry in normalise_all(reading.entries, FEED, first_seen=NOW, base_url=URL):
            key = next((self.known[alias] for alias in entry.aliases if alias in self.known), None)
            if key is None:
                new.append(entry.title or entry.summary)
            self.known.update(dict.fromkeys(entry.aliases, key or entry.key))
        return sorted(new)


CHURN = {
    "073 guid changes every poll": {"guid": "<guid>random-{poll}-{n}</guid>"},
    "073 guid and date change": {
        "guid": "<guid>{poll}{n}</guid>", "date": "<pubDate>Tue, 15 Feb 2022 1{poll}:00:00 GMT</pubDate>",
    },
    "074 one guid for all": {"guid": "<guid>https://example.org/</guid>"},
    "074 one guid and one link for all": {"guid": "<guid>x</guid>", "link": "<link>https://example.org/live</link>"},
    "075 no guid": {"guid": ""},
    "075 no guid, no link": {"guid": "", "link": ""},
    "075 no guid, no link, no title": {"guid": "", "link": "", "title": ""},
    "075 no guid, no link, no date": {"guid": "", "link": "", "date": ""},
    "076 tracking in the link": {
        "link": "<link>https://example.org/story/{n}?utm_source=rss&amp;utm_id={poll}</link>", "guid": "",
    },
    "076 case and scheme of the guid": {"guid": "<guid>HTTP://Example.org/{n}?utm_medium={poll}</guid>"},
    "077 edited words": {"words": "<description>Words, edition {poll}.</description>"},
    "077 edited title": {"title": "<title>Headline number {n}, edition {poll}</title>"},
}  # fmt: skip


@pytest.mark.parametrize("change", CHURN.values(), ids=[f"fault_{name}" for name in CHURN])
def test_fault_073_to_077_every_item_is_new_once(change: dict[str, str]) -> None:
    reader = Reader()
    told: list[str] = []
    for poll in range(6):
        numbers = range(poll + 3, poll - 1, -1)
        told += reader.poll(*(item(n, poll, **change) for n in numbers))
    assert len(told) == 9
    assert len({title.partition(", edition")[0] for title in told}) == 9 or "words" in change


def test_fault_078_an_item_that_returns_is_known() -> None:
    reader = Reader()
    assert reader.poll(item(2, 0), item(1, 0)) == ["Headline number 1", "Headline number 2"]
    assert reader.poll(item(2, 0)) == []
    assert reader.poll(item(2, 0), item(1, 0)) == []


def test_copies_within_a_document_are_one_item() -> None:
    assert Reader().poll(item(1, 0), item(1, 0), item(2, 0)) == ["Headline number 1", "Headline number 2"]


@pytest.mark.parametrize(
    "publish",
    [
        lambda n: item(n, 0, guid="<guid>x</guid>", link="<link>https://example.org/live</link>"),
        lambda n: item(n, 0, title="<title>Live</title>", guid=""),
        lambda n: item(
            n, 0, title="<title>Live</title>", guid="", link="<link>https://example.org/live</link>"
        ),
    ],
    ids=["one guid and link", "one title", "one title and link"],
)
def test_a_live_page_rings_for_every_update_however_it_is_read(publish: Callable[[int], str]) -> None:
    """One new item at a time, which is what reading in part sees alone."""
    reader = Reader()
    for newest in range(1, 8):
        assert len(reader.poll(*(publish(n) for n in range(newest, max(0, newest - 4), -1)))) == 1
