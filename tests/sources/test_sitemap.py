"""News sitemaps: headlines search engines are told, and nothing twice."""

from __future__ import annotations

import gzip
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.core.model import FeedState, RawEntry
from bot.errors import ParseError
from bot.sources import SOURCES
from bot.sources.document import NotAFeedError
from bot.sources.http import Client
from bot.sources.parsers import ParserOptions, parser_processes
from bot.sources.sitemap import read_sitemap
from tests.fakes.hostile import HostileServer
from tests.sources.documents import MORNING, feed_at

URL = """<url><loc>https://example.org/{n}</loc><lastmod>2022-02-15T09:00:00Z</lastmod><news:news><news:publication>
<news:name>Paper</news:name><news:language>de</news:language></news:publication>
<news:publication_date>2022-02-15T08:0{n}:00Z</news:publication_date>
<news:title><![CDATA[Headline {n} & more]]></news:title>
<news:keywords>war, peace,</news:keywords></news:news></url>"""
PLAIN = "<url><loc>https://example.org/about</loc></url>"


def sitemap(*numbers: int, more: str = PLAIN) -> bytes:
    urls = "".join(URL.format(n=number) for number in numbers)
    space = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"'
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><!-- ours --><urlset {space}>{urls}{more}</urlset>'.encode()
    )


def titles(body: bytes, **more: object) -> list[str]:
    return [entry.title for entry in read_sitemap(body, **more).entries]  # type: ignore[arg-type]


def test_an_address_with_news_is_an_entry_and_a_page_is_none() -> None:
    assert list(read_sitemap(sitemap(1)).entries) == [
        RawEntry(
            guid="https://example.org/1",
            link="https://example.org/1",
            title="Headline 1 &amp; more",
            lang="de",
            published=MORNING,
            updated=datetime(2022, 2, 15, 9, tzinfo=UTC),
            tags=("war", "peace"),
        )
    ]


def test_only_what_is_new_or_has_another_headline_comes_out() -> None:
    seen = read_sitemap(sitemap(1, 2)).seen
    changed = sitemap(1, 2, 3).replace(b"Headline 2", b"Headline two")
    assert titles(changed, seen=seen) == ["Headline two &amp; more", "Headline 3 &amp; more"]


@pytest.mark.parametrize(
    "body",
    [
        gzip.compress(sitemap(1)),
        sitemap(1).replace(b"</urlset>", b""),
        sitemap(1, more="<url><loc>https://example.org/?a=1&b=2</loc>"),
        sitemap(
            1,
            more="<url><loc>x</loc><news:news/></url><url><news:news><news:title>x</news:title></news:news></url>",
        ),
        sitemap(1).replace(b"UTF-8", b"windows-1251"),
        sitemap(1).decode().replace("UTF-8", "utf-16").encode("utf-16"),
    ],
    ids=["packed", "cut", "ill-formed", "without fields", "misdeclared", "utf-16"],
)
def test_careless_sitemaps_are_read(body: bytes) -> None:
    assert titles(body) == ["Headline 1 &amp; more"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html><body>Sign in</body></html>",
        b"<rss version='2.0'><channel/></rss>",
        b"<sitemapindex><sitemap><loc>https://example.org/news.xml</loc></sitemap></sitemapindex>",
        gzip.compress(sitemap(1))[:-30],
        gzip.compress(b"\0" * 30_000_000),
        b"\0\1\2",
    ],
)
def test_what_is_no_sitemap_is_refused(body: bytes) -> None:
    with pytest.raises(NotAFeedError):
        read_sitemap(body)


def test_fault_066_a_sitemap_opens_nothing_either() -> None:
    body = b'<!DOCTYPE urlset [<!ENTITY x SYSTEM "file:///etc/hostname">]>' + sitemap(1)[38:].replace(
        b"more", b"&x;"
    )
    assert all(len(title) < 40 for title in titles(body.replace(b"<![CDATA[", b"").replace(b"]]>", b"")))


async def test_a_sitemap_goes_from_the_wire_through_a_process_to_entries(
    server: HostileServer, client: Client
) -> None:
    source, state = SOURCES["sitemap"](client), FeedState("paper")
    brought = []
    async with parser_processes(ParserOptions(processes=1)) as parsers:
        for numbers in ((1,), (2, 1)):
            feed = replace(feed_at(server.reply("/news.xml", sitemap(*numbers))), kind="sitemap")
            got = await source.fetch(feed, state, now=MORNING)
            brought.append([raw.title for raw in await parsers.parse(source, feed, got)])
            state = replace(state, body_hash=got.body_hash)
        assert brought == [["Headline 1 &amp; more"], ["Headline 2 &amp; more"]]
        got = replace(got, body=b"<html>")
        with pytest.raises(ParseError, match="not a sitemap"):
            await parsers.parse(source, feed, got)
