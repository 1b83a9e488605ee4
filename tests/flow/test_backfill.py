"""A gap is filled from the pages behind the feed, or from the publisher's sitemap."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from bot.core.model import Decision, Feed, FeedState, Outcome, RawEntry
from bot.core.normalise import normalise_all
from bot.errors import FetchError, StoreError
from bot.poller_backfill import MOST_PAGES, MOST_WAITING, Backfill, Ways
from bot.ports import Polled, PollRecord
from bot.sources.archive import OlderPage, older_than
from tests.fakes.clock import START, FakeClock

FEED = Feed("paper", "https://paper.example/feed", "paper")
MAP = Feed("paper-map", "https://paper.example/news.xml", "paper", kind="sitemap")
OTHER = Feed("herald-map", "https://herald.example/news.xml", "herald", kind="sitemap")


def page(number: int, *titles: str, last: bool = False) -> OlderPage:
    raws = [RawEntry(guid=title, title=title) for title in titles]
    older = "" if last else f"https://paper.example/{number + 1}"
    return OlderPage(raws, f"https://paper.example/{number}", older)


@dataclass
class Desk:
    """Pages by address, and what was decided of them."""

    pages: Mapping[str, OlderPage]
    known: set[str] = field(default_factory=lambda: {"a", "b"})
    older: str = "https://paper.example/2"
    read: list[str] = field(default_factory=list)
    polls: list[Polled] = field(default_factory=list)
    polled_now: list[str] = field(default_factory=list)
    broken: bool = False

    def backfill(self) -> Backfill:
        ways = Ways(
            lambda _feed: self.older,
            self._read,
            self._decide,
            self.polled_now.append,
            lambda: (FEED, MAP, OTHER),
        )
        return Backfill(ways, FakeClock())

    async def _read(self, url: str) -> OlderPage:
        self.read.append(url)
        if url not in self.pages:
            raise FetchError("paper", "status-4xx", "404", status=404)
        return self.pages[url]

    async def _decide(self, polled: Polled) -> PollRecord:
        if self.broken:
            raise StoreError("the disk is full")
        self.polls.append(polled)
        entries = normalise_all(polled.raws, polled.feed, first_seen=polled.at, base_url=polled.url)
        fresh = [entry for entry in entries if entry.title not in self.known]
        return PollRecord(None, [(entry, Decision(entry.key, Outcome.NO_MATCH, ())) for entry in fresh])


GAP = Polled(FEED, FeedState("paper"), (), FEED.url, START)


def desk(*pages: OlderPage) -> Desk:
    return Desk({each.url: each for each in pages})


# ── filling ──────────────────────────────────────────────────────────────────────────────────────────
async def test_pages_are_read_until_something_known_and_decided_like_polls() -> None:
    at = desk(page(2, "f", "e"), page(3, "d", "c", "b"), page(4, "a"))
    assert await at.backfill().fill(GAP) == 4
    assert at.read == ["https://paper.example/2", "https://paper.example/3"]
    assert all(polled.older and not polled.baseline for polled in at.polls)


async def test_the_last_page_ends_it_too() -> None:
    at = desk(page(2, "f", "e", last=True))
    assert await at.backfill().fill(GAP) == 2


async def test_a_feed_with_endless_pages_is_left_after_a_few() -> None:
    at = desk(*(page(number, f"item {number}") for number in range(2, 90)))
    assert await at.backfill().fill(GAP) == MOST_PAGES


async def test_an_empty_page_is_passed_over() -> None:
    at = desk(page(2), page(3, "c", "b"))
    assert await at.backfill().fill(GAP) == 1


@pytest.mark.parametrize("broken", [False, True])
async def test_trouble_ends_it_and_nothing_else(broken: bool) -> None:
    at = desk(page(2, "f"))
    at.broken = broken
    assert await at.backfill().fill(GAP) == (0 if broken else 1)


async def test_without_pages_the_publishers_own_sitemap_is_asked_and_no_other() -> None:
    at = desk()
    at.older = ""
    assert await at.backfill().fill(GAP) == 0
    assert at.polled_now == ["paper-map"]


async def test_a_thousand_gaps_at_once_fill_no_memory() -> None:
    backfill = desk().backfill()
    for number in range(1000):
        backfill.offer(Polled(Feed(f"f{number}", "https://x.example", "x"), FeedState("x"), (), "", START))
    assert len(backfill._gaps) == MOST_WAITING


# ── where the page before stands ─────────────────────────────────────────────────────────────────────
URL = "https://paper.example/feed"


def atom(*links: str) -> bytes:
    return f"<feed xmlns='http://www.w3.org/2005/Atom'>{''.join(links)}<title>Paper</title></feed>".encode()


def link(relation: str, href: str) -> str:
    return f'<link rel="{relation}" href="{href}"/>'


@pytest.mark.parametrize(
    ("headers", "body", "older"),
    [
        ({}, atom(link("next", "/feed?page=2")), f"{URL}?page=2"),
        (
            {},
            atom(link("next", "/feed?page=2"), link("prev-archive", "/2022/01")),
            "https://paper.example/2022/01",
        ),
        ({"Link": '</feed?page=3>; rel="next"'}, atom(link("next", "/feed?page=2")), f"{URL}?page=3"),
        ({}, b"<rss><channel><atom:link rel='next' href='/2'/></channel></rss>", "https://paper.example/2"),
        ({}, atom(link("next", URL)), ""),  # itself
        ({}, atom(link("next", "https://elsewhere.example/2")), ""),
        ({}, atom(link("next", "file:///etc/passwd")), ""),
        ({}, atom(link("previous", "/1")), ""),  # newer items
        ({}, atom(), ""),
    ],
)
def test_the_page_before_is_the_feeds_own_word_on_its_own_host(
    headers: Mapping[str, str], body: bytes, older: str
) -> None:
    assert older_than(headers, body, URL) == older
