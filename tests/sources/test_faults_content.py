"""Documents made to hurt: each is read, or refused, in bounded time, and touches nothing but itself."""

from __future__ import annotations

import random
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.model import RawEntry
from bot.core.normalise import normalise_all
from bot.errors import ParseError
from bot.sources.document import NotAFeedError
from bot.sources.feed import FeedSource
from bot.sources.http import Client
from bot.sources.parsers import ParserOptions, Parsers, parser_processes
from bot.sources.reading import read_feed
from tests.fakes.hostile import hostile_server
from tests.sources import documents
from tests.sources.documents import RSS20, feed_at, rss, served

NOW = datetime(2022, 2, 15, 9, 0, tzinfo=UTC)
FEED = feed_at("https://example.org/feed")


def items(body: bytes | str) -> list[RawEntry]:
    try:
        return list(read_feed(body.encode() if isinstance(body, str) else body).entries)
    except NotAFeedError:
        return []


def channel(inside: str, before: str = "") -> str:
    return (
        f'<?xml version="1.0"?>{before}<rss version="2.0"><channel><title>P</title>{inside}</channel></rss>'
    )


def laughs(levels: int, name: str = "lol") -> str:
    entities = "".join(f'<!ENTITY {name}{n} "{f"&{name}{n - 1};" * 10}">' for n in range(1, levels))
    return f'<!DOCTYPE rss [<!ENTITY {name}0 "ha">{entities}]>'


# ── markup ───────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    "document",
    [
        channel("<item><title>&lol9;</title></item>", laughs(10)),
        channel(
            "<item><title>" + "&big;" * 5_000 + "</title></item>",
            f'<!DOCTYPE rss [<!ENTITY big "{"x" * 50_000}">]>',
        ),
        channel("<item><title>&a;</title></item>", '<!DOCTYPE rss [<!ENTITY a "&b;"><!ENTITY b "&a;">]>'),
    ],
    ids=["billion laughs", "quadratic", "endless"],
)
async def test_fault_065_entities_within_entities_stay_within_limits(client: Client, document: str) -> None:
    async with parser_processes(ParserOptions(processes=1, cpu=3)) as parsers:
        before = time.process_time()
        try:
            found = await parsers.parse(FeedSource(client), FEED, served(document))
            assert sum(len(entry.title) for entry in found) < 3_000_000
        except ParseError:
            pass
        assert time.process_time() - before < 1.0  # of this very process


async def test_fault_066_nothing_outside_the_document_is_opened(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    secret = tmp_path_factory.mktemp("private") / "secret.txt"
    secret.write_text("the secret word")
    async with hostile_server("127.0.0.2") as canary:
        for system in (secret.as_uri(), str(secret), canary.url("/x"), f"ftp://127.0.0.2:{canary.port}/x"):
            for doctype in (
                f'<!DOCTYPE rss [<!ENTITY x SYSTEM "{system}">]>',
                f'<!DOCTYPE rss PUBLIC "-//x//y" "{system}" [<!ENTITY x "y">]>',
                f'<!DOCTYPE rss [<!ENTITY % p SYSTEM "{system}"> %p;]>',
                f'<!DOCTYPE rss SYSTEM "{system}">',
                f'<?xml-stylesheet href="{system}"?>',
            ):
                found = items(
                    channel(
                        "<item><title>one &x; two</title><link>https://example.org/1</link></item>", doctype
                    )
                )
                assert "secret word" not in repr(found)
                include = (
                    f'<x:include xmlns:x="http://www.w3.org/2001/XInclude" href="{system}" parse="text"/>'
                )
                include = f"<item><title>{include}</title></item>"
                assert "secret word" not in repr(items(channel(include)))
        assert canary.connections == 0


@pytest.mark.parametrize("name", ["a", "item", "div", "b", "media:group"])
async def test_fault_067_deep_nesting_breaks_nothing(client: Client, name: str) -> None:
    document = channel(f"<item><title>x</title><description>{f'<{name}>' * 20_000}</description></item>")
    async with parser_processes(ParserOptions(processes=1, cpu=2)) as parsers:
        with suppress(ParseError):
            await parsers.parse(FeedSource(client), FEED, served(document))
        assert len(await parsers.parse(FeedSource(client), FEED, served(rss(1)))) == 1


@pytest.mark.parametrize(
    "inside",
    [
        "<description>" + "<!--" * 100_000 + "</description>",
        "<description>" + "&lt;!--" * 100_000 + "</description>",
        "<description><![CDATA[" + "<!--" * 100_000 + "]]></description>",
        "<description>" + "<![CDATA[" * 50_000 + "</description>",
        "<pubDate>" + "9" * 200_000 + "</pubDate>",
        "<link>" + "//" * 100_000 + "</link>",
        "<category>" + "x," * 100_000 + "</category>",
        "<category>x</category>" * 20_000,
        "<enclosure url='x'/>" * 20_000,
        "<title>" + "&amp;" * 100_000 + "</title>",
        "<title>" + "\u0301" * 100_000 + "</title>",
    ],
    ids=lambda inside: inside[:30],
)  # fmt: skip
async def test_fault_069_what_is_slow_to_read_is_read_or_given_up(
    parsers: Parsers, client: Client, inside: str
) -> None:
    before = time.process_time()
    with suppress(ParseError):
        await parsers.parse(FeedSource(client), FEED, served(channel(f"<item>{inside}</item>")))
    assert time.process_time() - before < 1.0


@pytest.fixture
async def parsers() -> AsyncIterator[Parsers]:
    async with parser_processes(ParserOptions(processes=1, cpu=2)) as parsers:
        yield parsers


# ── dates ────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("date", "year"),
    [
        ("Tue, 15 Feb 2022 08:00:00 GMT", 2022),
        ("2022-02-15T08:00:00+05:30", 2022),
        ("15 Feb 2099 08:00:00 +0000", 2099),
        ("9" * 200_000, None),
        ("Thu, 32 Foo 99999 99:99:99 +9999", None),
        ("0000-00-00T00:00:00Z", None),
        ("9999-12-31T23:59:59-23:59", None),
        ("-1", None),
        ("soon", None),
        ("", None),
        ("\u0662\u0660\u0662\u0662-02-15", None),
    ],
)
def test_fault_037_a_date_is_a_date_or_nothing(date: str, year: int | None) -> None:
    before = time.process_time()
    (entry,) = items(channel(f"<item><title>x</title><pubDate>{date}</pubDate></item>"))
    assert time.process_time() - before < 1.0
    if year is None:
        assert entry.published is None or 1 <= entry.published.year <= 9999
        assert normalise_all([entry], FEED, first_seen=NOW, base_url="")[0].published <= NOW
    else:
        assert entry.published is not None
        assert (entry.published.year, entry.published.tzinfo) == (year, UTC)


# ── sizes ────────────────────────────────────────────────────────────────────────────────────────────
def test_fault_079_ten_thousand_items_are_read_at_once() -> None:
    document = RSS20.format(
        items="".join(f"<item><guid>{n}</guid><title>Item {n}</title></item>" for n in range(10_000))
    )
    assert len(items(document)) == 10_000


def test_fault_080_a_feed_that_has_lost_its_items_is_still_a_feed() -> None:
    seen = read_feed(rss(*range(50))).seen
    found = read_feed(rss(), seen=seen)
    assert not found.entries
    assert not found.seen
    assert len(read_feed(rss(*range(50)), seen=found.seen).entries) == 50


# ── characters ───────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    "strange", ["\0", "\x01", "\x1b[31m", "\x7f", "\x85", "\ufffe", "\u202e", "\u200b" * 999, "\ud800"]
)
def test_fault_072_strange_characters_cost_nothing_but_themselves(strange: str) -> None:
    body = rss(1).decode().replace("Headline", f"Head{strange}line").encode("utf-8", "surrogatepass")
    entries = normalise_all(items(body), FEED, first_seen=NOW, base_url="")
    assert len(entries) == 1
    title = entries[0].title
    assert title.endswith("1")
    assert not [character for character in title if character in "\0\x01\x1b\x7f\x85\u202e\u200b\ud800"]


@pytest.mark.parametrize(
    ("document", "link"),
    [
        (rss(1).replace(b"https://example.org/1", b"/story"), "https://example.org/story"),
        (rss(1).replace(b"https://example.org/1", b"javascript:alert(1)"), ""),
        (rss(1).replace(b"https://example.org/1", b"data:text/html,x"), ""),
        (rss(1).replace(b"https://example.org/1", b"//cdn.example/1"), "https://cdn.example/1"),
        (
            rss(1).replace(b"https://example.org/1", b"http://bank.example@evil.example/"),
            "http://evil.example/",
        ),
        (documents.RSS091.encode(), "https://example.org/1"),
        (documents.RDF.encode(), "https://example.org/1"),
        (
            documents.ATOM.replace('href="https://example.org/1"', 'href="../1"').encode(),
            "https://example.org/1",
        ),
        (documents.JSON10.replace("https://example.org/1", "a/b").encode(), "https://example.org/a/b"),
    ],
)
def test_fault_082_links_are_absolute_and_clickable_or_none(document: bytes, link: str) -> None:
    """Fault 88, too: what stands before an @ is no host."""
    (entry,) = normalise_all(items(document), FEED, first_seen=NOW, base_url="https://example.org/feed")
    assert entry.link == link


# ── anything at all ──────────────────────────────────────────────────────────────────────────────────
DIALECTS = [
    rss(2, 1),
    *(each.encode() for each in (documents.ATOM, documents.RDF, documents.JSON10, documents.LOGIN)),
]


@settings(max_examples=150, deadline=None)
@given(
    document=st.sampled_from(DIALECTS),
    seed=st.integers(0, 2**32),
    noise=st.binary(max_size=40),
    times=st.integers(1, 6),
)
def test_fault_070_damaged_documents_are_read_or_refused(
    document: bytes, seed: int, noise: bytes, times: int
) -> None:
    chance, seen = random.Random(seed), read_feed(rss(1)).seen
    for _ in range(times):
        start = chance.randrange(len(document) + 1)
        end = min(len(document), start + chance.choice((0, 0, 1, 5, 200)))
        document = (
            document[:start]
            + chance.choice((noise, b"", document[start:end] * 2, b"<item>", b"]]>", b"\0"))
            + document[end:]
        )
    for memory in (None, seen):
        try:
            found = read_feed(document, seen=memory)
        except NotAFeedError:
            continue
        normalise_all(found.entries, FEED, first_seen=NOW, base_url="https://example.org/")


def test_fault_070_a_namespace_with_a_space_in_it_is_refused() -> None:
    document = documents.RDF.replace("www.w3.org/1999", "www.w3\u00a0org/1999", 1).encode()
    with pytest.raises(NotAFeedError):
        read_feed(document)


@settings(max_examples=100, deadline=None)
@given(document=st.binary(max_size=300))
def test_fault_070_noise_is_refused(document: bytes) -> None:
    assert items(document) == []
