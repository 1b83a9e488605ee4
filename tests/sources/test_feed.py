"""Every dialect we read, from document to raw entries."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import feedparser
import pytest

from bot.core.model import FeedState, RawEntry
from bot.core.normalise import normalise_all
from bot.errors import ParseError
from bot.sources.feed import FeedSource
from bot.sources.http import Client
from tests.fakes.hostile import HostileServer
from tests.shared import shared_data
from tests.sources import documents
from tests.sources.documents import MORNING, feed_at, rss, served


@pytest.fixture
def source(client: Client) -> FeedSource:
    return FeedSource(client)


def parse(source: FeedSource, body: bytes | str, content_type: str = "text/xml") -> list[RawEntry]:
    return list(source.parse(feed_at("https://example.org/feed"), served(body, content_type)))


ENTRY = RawEntry("g1", "https://example.org/1", "Headline 1")


@pytest.mark.parametrize(
    ("document", "entry"),
    [
        (rss(1), replace(ENTRY, summary="<p>Words of item 1.</p>", published=MORNING)),
        (documents.RSS091, replace(ENTRY, guid="", summary="Words of item 1.")),
        (documents.RDF, replace(ENTRY, guid="https://example.org/1", updated=MORNING)),
        (
            documents.ATOM,
            replace(
                ENTRY, summary="Words of item 1.", author="A. Writer", lang="de", published=MORNING,
                updated=MORNING.replace(minute=30), tags=("world",),
            ),
        ),
        (
            documents.JSON10,
            replace(
                ENTRY, guid="1", content="<p>Words of item 1.</p>", author="A. Writer", published=MORNING,
                tags=("world",),
            ),
        ),
        (
            documents.JSON11,
            replace(
                ENTRY, title="1 &lt; 2 &amp; 3", content="Words &lt;of&gt; item 1.", author="A. Writer", lang="de",
                updated=MORNING,
            ),
        ),
    ],
    ids=["rss20", "rss091", "rdf", "atom", "json10", "json11"],
)  # fmt: skip
def test_every_dialect_says_the_same(source: FeedSource, document: bytes | str, entry: RawEntry) -> None:
    assert parse(source, document) == [entry]


@pytest.mark.parametrize(
    ("document", "what"),
    [
        (documents.LOGIN, "a web page"),
        ("", "an empty document"),
        ("Bad gateway", "no items"),
        ('{"error": "not found"}', "without a list"),
        ('{"items": [', "broken JSON"),
        ('{"items": ' + "[" * 100_000, "nested"),
        ("<sitemap/>", "no items"),
    ],
)
def test_fault_059_what_is_no_feed_is_an_error(source: FeedSource, document: str, what: str) -> None:
    with pytest.raises(ParseError, match=f"not a feed: .*{what}"):
        parse(source, document)


def test_a_feed_without_items_is_a_feed(source: FeedSource) -> None:
    assert parse(source, rss()) == []


@pytest.mark.parametrize(
    ("base", "link"),
    [
        ("", "https://example.org/1"),
        ("https://cdn.example/x/", "https://cdn.example/x/1"),
        ("/x/", "https://example.org/x/1"),
    ],
)
def test_relative_links_are_seen_from_xml_base_or_from_where_the_document_was_read(
    source: FeedSource, base: str, link: str
) -> None:
    atom = documents.ATOM.replace("<entry>", f'<entry xml:base="{base}">' if base else "<entry>")
    raws = parse(source, atom.replace('href="https://example.org/1"', 'href="1"'))
    entries = normalise_all(raws, feed_at(""), first_seen=MORNING, base_url="https://example.org/feed")
    assert [entry.link for entry in entries] == [link]


def test_items_with_json_fields_of_the_wrong_type_are_kept(source: FeedSource) -> None:
    fields = '"id": null, "url": 7, "title": "Still here", "tags": "x", "authors": {}, "date_published": []'
    body = '{"items": [{' + fields + "}, 3]}"
    assert parse(source, body) == [RawEntry(guid="7", link="7", title="Still here")]


async def test_a_feed_goes_from_the_wire_to_entries(server: HostileServer, source: FeedSource) -> None:
    feed = feed_at(server.feed("/feed", rss(2, 1), Content_Type="application/rss+xml"))
    got = await source.fetch(feed, FeedState("paper"), now=MORNING)
    assert [raw.title for raw in source.parse(feed, got)] == ["Headline 2", "Headline 1"]


async def test_it_knows_how_many_items_stood_there_beside_the_new_ones(
    server: HostileServer, source: FeedSource
) -> None:
    feed, state = feed_at(server.feed("/feed", rss(2, 1))), FeedState("paper")
    for body, new, shown in ((rss(3, 2, 1), 3, 3), (rss(4, 3, 2), 1, 3), (rss(7, 6, 5), 3, 3)):
        server.feed("/feed", body)
        got = await source.fetch(feed, state, now=MORNING)
        assert (len(source.parse(feed, got)), source.shown(feed)) == (new, shown)
        state = FeedState("paper", body_hash=got.body_hash)


CAPTURED = Path("feeds", "captured")


def test_the_captured_feeds_read_as_feedparser_reads_their_bytes(source: FeedSource) -> None:
    """61 documents as publishers served them: the same entries, titles, links, guids and dates."""
    for file in sorted(shared_data(*CAPTURED.parts).iterdir()):
        want = feedparser.parse(io.BytesIO(file.read_bytes()))
        got = source.parse(feed_at("", file.name), served(file.read_bytes(), "", ""))
        assert [(raw.guid, raw.link, raw.title) for raw in got] == [
            (entry.get("id", ""), entry.get("link", ""), entry.get("title", "")) for entry in want.entries
        ], file.name
        assert [raw.published and raw.published.timetuple()[:6] for raw in got] == [
            dict.get(entry, "published_parsed") and entry.published_parsed[:6] for entry in want.entries
        ], file.name
