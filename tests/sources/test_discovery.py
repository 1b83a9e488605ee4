"""A person knows an address; we find its feeds, and offer none that was not read."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.errors import BlockedAddress, FetchError
from bot.sources.discovery import MOST_TRIES, Candidate, Discovery, candidates_in, sitemaps_in, usual_places
from bot.sources.http import Client
from bot.sources.parsers import ParserOptions, Parsers, parser_processes
from tests.fakes.hostile import HostileServer, hostile_server
from tests.sources.documents import ATOM, JSON11, rss
from tests.sources.test_sitemap import sitemap

PAGE = """<!DOCTYPE html><html><head><base href="/x/">
<link rel="alternate" type="application/rss+xml" title="All  news" href="rss.xml">
<link rel="ALTERNATE" type="application/atom+xml; charset=utf-8" href="https://feeds.example/atom">
<link rel="alternate" hreflang="de" href="/de"><link rel="stylesheet" href="/feed.css" type="text/css">
<link rel="alternate" type="application/feed+json" href="javascript:1">
</head><body><a href="/rss/world">World</a> <a href="/world">World</a> <a href="rss.xml">again</a>
<a href="/about?rss=1">About</a> <a href="/feeding-birds">Birds</a> <a href="/a.rdf">RDF</a></body></html>"""


def test_a_page_announces_feeds_and_links_to_them() -> None:
    assert candidates_in(PAGE.encode(), "text/html", "https://example.org/page") == [
        Candidate("https://example.org/x/rss.xml", "announced", title="All news"),
        Candidate("https://feeds.example/atom", "announced"),
        Candidate("https://example.org/rss/world", "linked", title="World"),
        Candidate("https://example.org/a.rdf", "linked", title="RDF"),
    ]


@pytest.mark.parametrize(
    "body", [b"", b"\0", b"<", b"%PDF", b"<html>" * 5_000, "<a href='\u00e9'>".encode("utf-16")]
)
def test_odd_pages_announce_nothing(body: bytes) -> None:
    assert candidates_in(body, "text/html", "https://example.org/") == []


def test_robots_name_news_sitemaps() -> None:
    robots = "User-agent: *\nSitemap: https://example.org/all.xml\nSITEMAP:https://example.org/news.xml\nSitemap: news"
    assert sitemaps_in(robots) == [Candidate("https://example.org/news.xml", "robots.txt", "sitemap")]


def test_usual_places_stand_at_the_root() -> None:
    assert usual_places("https://example.org/a/b?c#d")[0].url == "https://example.org/feed"


@pytest.fixture
async def parsers() -> AsyncIterator[Parsers]:
    async with parser_processes(ParserOptions(processes=1)) as parsers:
        yield parsers


@pytest.fixture
def discovery(client: Client, parsers: Parsers) -> Discovery:
    return Discovery(client, parsers)


async def test_an_address_that_is_a_feed_is_the_answer(server: HostileServer, discovery: Discovery) -> None:
    (found,) = await discovery.feeds_of(server.reply("/feed", rss(2, 1)))
    assert (found.kind, found.found, found.items, found.newest and found.newest.minute) == (
        "feed",
        "the address itself",
        2,
        2,
    )
    assert len(server.asked) == 1


async def test_what_a_page_announces_is_read_before_it_is_offered(
    server: HostileServer, discovery: Discovery
) -> None:
    server.reply("/robots.txt", f"Sitemap: {server.url('/news.xml')}".encode())
    server.reply("/x/rss.xml", rss(1))
    server.reply("/rss/world", JSON11.encode())
    server.reply("/a.rdf", b"<html>gone</html>")
    server.reply("/news.xml", sitemap(1, 2))
    found = await discovery.feeds_of(
        server.reply("/", PAGE.replace("https://feeds.example", server.base).encode())
    )
    assert [(each.url, each.kind, each.items) for each in found] == [
        (server.url("/x/rss.xml"), "feed", 1),
        (server.url("/rss/world"), "feed", 1),
        (server.url("/news.xml"), "sitemap", 2),
    ]


async def test_without_a_hint_the_usual_places_are_tried_and_not_for_ever(
    server: HostileServer, discovery: Discovery
) -> None:
    server.reply("/atom.xml", ATOM.encode())
    found = await discovery.feeds_of(server.reply("/", b"<html><body>Hello</body></html>"))
    assert [each.url for each in found] == [server.url("/atom.xml")]
    many = "".join(f"<a href='/rss/{number}'>x</a>" for number in range(100))
    server.asked.clear()
    assert await discovery.feeds_of(server.reply("/many", many.encode())) == []
    assert len(server.asked) == MOST_TRIES


async def test_fault_062_a_page_cannot_send_us_into_our_network(
    server: HostileServer, discovery: Discovery
) -> None:
    async with hostile_server("127.0.0.2") as canary:
        link = f'<link rel="alternate" type="application/rss+xml" href="{canary.url("/feed")}">'
        assert await discovery.feeds_of(server.reply("/", f"<html><head>{link}</head></html>".encode())) == []
        with pytest.raises(BlockedAddress):
            await discovery.feeds_of(canary.url("/"))
        assert canary.connections == 0


async def test_an_address_that_fails_is_an_error(server: HostileServer, discovery: Discovery) -> None:
    with pytest.raises(FetchError):
        await discovery.feeds_of(server.url("/nothing"))
