"""Only what is new is parsed, and it is what feedparser would have found in the whole document."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import UTC, datetime

import feedparser
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.identity import identify
from bot.core.model import FeedState, RawEntry
from bot.core.rawwords import marks_of
from bot.sources import reading
from bot.sources.charset import decode
from bot.sources.cutting import cut
from bot.sources.document import read, xml_items
from bot.sources.feed import FeedSource
from bot.sources.http import Client
from bot.sources.memory import Memory
from bot.sources.reading import SMALL, Reading, Seen, is_harmless, read_cheaply, read_feed
from tests.fakes.hostile import HostileServer
from tests.shared import shared_data
from tests.sources import documents
from tests.sources.documents import feed_at, rss, served

NOW = datetime(2022, 2, 15, 9, 0, tzinfo=UTC)
URL = "https://example.org/feed"


def titles(found: Reading) -> list[str]:
    return [entry.title for entry in found.entries]


# ── the cut ──────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("document", "items"),
    [
        (b"<r><item>1</item>\n<item a='b'>2</item></r>", [b"<item>1</item>", b"<item a='b'>2</item>"]),
        (b"<f><entry>1</entry ></f>", [b"<entry>1</entry >"]),
        (b"<x:r><x:item><y:item/></x:item></x:r>", [b"<x:item><y:item/></x:item>"]),
        (b"<r><items/><item>1</item></r>", [b"<item>1</item>"]),
        (b"<r><item><![CDATA[</item><item>]]></item></r>", [b"<item><![CDATA[</item><item>]]></item>"]),
        (b"<r><!-- <item> --><item>1</item></r>", [b"<item>1</item>"]),
        (b"<r><item>1</item><item>1</item></r>", [b"<item>1</item>"] * 2),
        (b"<r></r>", None),
        (b"<r><item>1</r>", None),
        (b"<r><item><item>1</item></item></r>", None),
        (b"<r><item/><item>1</item></r>", None),
        (b"<r></item></r>", None),
        (b"<r><item><![CDATA[</item></r>", None),
        (b"<r><item><!-- </item></r>", None),
        (b"<r><item>1</item", None),
        (b"", None),
    ],
)
def test_a_document_is_cut_at_its_items_or_not_at_all(document: bytes, items: Sequence[bytes] | None) -> None:
    pieces = cut(document)
    assert (pieces and list(pieces.items)) == items
    if pieces:
        assert (
            pieces.head + document[len(pieces.head) : len(document) - len(pieces.tail)] + pieces.tail
            == document
        )


# ── what is new ──────────────────────────────────────────────────────────────────────────────────────
def test_only_unseen_items_come_out_and_an_edited_one_is_unseen() -> None:
    first = read_feed(rss(3, 2, 1))
    second = read_feed(rss(5, 4, 3, 2).replace(b"Headline 2", b"Headline two"), seen=first.seen)
    third = read_feed(rss(5, 4, 3, 2).replace(b"Headline 2", b"Headline two"), seen=second.seen)
    assert titles(first) == ["Headline 3", "Headline 2", "Headline 1"]
    assert titles(second) == ["Headline 5", "Headline 4", "Headline two"]
    assert titles(third) == []


def test_what_was_seen_is_what_the_last_document_held() -> None:
    """Bounded by the document: an item that returns is read again, and its identity makes it a known one."""
    seen = read_feed(rss(2, 1)).seen
    seen = read_feed(rss(3, 2), seen=seen).seen
    assert titles(read_feed(rss(3, 1), seen=seen)) == ["Headline 1"]
    assert len(seen.items) == 2 * 8


@pytest.mark.parametrize("document", [documents.JSON10, documents.JSON11])
def test_a_json_feed_is_always_read_whole(document: str) -> None:
    first = read_feed(document.encode())
    assert not first.seen
    assert titles(read_feed(document.encode(), seen=read_feed(rss(1)).seen)) == titles(first)


def test_utf_16_is_transcoded_before_the_cut() -> None:
    def utf16(*numbers: int) -> bytes:
        return rss(*numbers).decode().replace('encoding="utf-8"', 'encoding="utf-16"').encode("utf-16")

    first = read_feed(utf16(2, 1))
    assert titles(first) == ["Headline 2", "Headline 1"]
    assert titles(read_feed(utf16(3, 2, 1), seen=first.seen)) == ["Headline 3"]


def test_a_count_that_differs_makes_the_whole_document_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = read_feed(rss(2, 1)).seen
    monkeypatch.setattr(reading, "read_small", lambda document: xml_items(read(rss())))
    assert titles(read_feed(rss(3, 2, 1), seen=seen)) == ["Headline 3", "Headline 2", "Headline 1"]


def test_a_new_item_that_breaks_the_document_makes_it_be_read_whole() -> None:
    seen = read_feed(rss(2, 1)).seen
    broken = rss(3, 2, 1).replace(b"Headline 3", b"Headline & 3")
    assert titles(read_feed(broken, seen=seen)) == ["Headline & 3", "Headline 2", "Headline 1"]


def test_an_ill_formed_feed_is_read_piece_by_piece_too() -> None:
    def broken(*numbers: int) -> bytes:
        return rss(*numbers).replace(b"<title>Paper", b"<title>Paper & more")

    first = read_feed(broken(2, 1))
    assert first.seen.ill_formed
    assert titles(read_feed(broken(3, 2, 1), seen=first.seen)) == ["Headline 3"]


# ── identity ─────────────────────────────────────────────────────────────────────────────────────────
LIVE = (
    "<item><guid>live</guid><title>{title}</title><link>https://example.org/live</link>"
    "<pubDate>Tue, 15 Feb 2022 08:0{n}:00 GMT</pubDate></item>"
)


def live(*numbers: int) -> bytes:
    return documents.RSS20.format(
        items="".join(LIVE.format(title=f"Update {n}", n=n) for n in numbers)
    ).encode()


def test_items_that_share_a_guid_come_with_their_like_so_that_none_is_taken_for_another() -> None:
    first = read_feed(live(2, 1), url=URL)
    second = read_feed(live(3, 2, 1), url=URL, seen=first.seen)
    third = read_feed(live(4, 3, 2), url=URL, seen=second.seen)
    assert titles(second) == ["Update 3", "Update 2", "Update 1"]
    keys = [aliases for found in (first, second, third) for aliases in _aliases(found.entries)]
    assert (
        len({key for aliases in keys for key in aliases if aliases}) == 4 * 3
    )  # title + date, + guid, + link


def _aliases(entries: Sequence[RawEntry]) -> list[tuple[str, ...]]:
    return identify("paper", [marks_of(entry, URL) for entry in entries])


ITEMS = st.lists(
    st.fixed_dictionaries(
        {
            "n": st.integers(0, 40),
            "body": st.sampled_from(
                (
                    "plain words",
                    "<![CDATA[<p>an <item> in CDATA</item></p>]]>",
                    "&lt;p&gt;escaped &amp;amp; more&lt;/p&gt;",
                    "<!-- <entry> --> after a comment",
                    "日本語 и кириллица",
                    "<b>raw</b> markup",
                )
            ),
            "guid": st.booleans(),
            "same": st.booleans(),
            "dated": st.booleans(),
        }
    ),
    max_size=12,
)


def _item(kind: str, n: int, body: str, guid: bool, same: bool, dated: bool) -> str:
    link = "story" if same else f"story/{n}"
    if kind == "atom":
        mark = f"<id>urn:{n}</id>" if guid else ""
        date = f"<updated>2022-02-15T08:{n:02}:00Z</updated>" if dated else ""
        base = f' xml:base="https://b{n}.example/"' if same else ""
        words = f'<title>Title {n}</title><link href="{link}"/><summary>{body}</summary>'
        return f"<entry{base}>{mark}{words}{date}</entry>"
    mark = f"<guid>g{n}</guid>" if guid else ""
    date = f"<pubDate>Tue, 15 Feb 2022 08:{n:02}:00 GMT</pubDate>" if dated else ""
    about = f' rdf:about="{link}"' if kind == "rdf" else ""
    words = f"<title>Title {n}</title><link>{link}</link><description>{body}</description>"
    return f"<item{about}>{mark}{words}{date}</item>"


FRAMES = {
    "rss": '<?xml version="1.0"?><rss version="2.0"><channel><title>P</title>{}</channel></rss>',
    "atom": '<feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://a.example/" xml:lang="de">'
    "<title>P</title>{}</feed>",
    "rdf": '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/">'
    "<channel><title>P</title></channel>{}<textinput/></rdf:RDF>",
}


@settings(max_examples=120, deadline=None)
@given(kind=st.sampled_from(sorted(FRAMES)), before=ITEMS, after=ITEMS, kept=st.integers(0, 12))
def test_what_is_read_in_part_is_what_feedparser_reads_in_the_whole(
    kind: str, before: list[dict[str, object]], after: list[dict[str, object]], kept: int
) -> None:
    old = [_item(kind, **item) for item in before]  # type: ignore[arg-type]
    new = [_item(kind, **item) for item in after] + old[:kept]  # type: ignore[arg-type]
    seen = read_feed(FRAMES[kind].format("".join(old)).encode(), url=URL).seen
    document = FRAMES[kind].format("\n".join(new)).encode()
    found = read_feed(document, url=URL, seen=seen)
    whole = xml_items(
        feedparser.parse(io.BytesIO(document), sanitize_html=False, resolve_relative_uris=False)
    ).entries
    unseen = [entry for entry, item in zip(whole, new, strict=True) if item not in old or not seen]
    assert [entry for entry in found.entries if entry in unseen] == unseen
    assert all(entry in whole for entry in found.entries)
    # Beside those in the document, the new items are told apart exactly as if all had been read.
    apart = dict(zip(map(repr, whole), _aliases(whole), strict=True))
    partly = dict(zip(map(repr, found.entries), _aliases(found.entries), strict=True))
    assert all(set(partly[repr(entry)]) == set(apart[repr(entry)]) for entry in unseen)
    cheap = read_cheaply(document, "", URL, seen)
    assert cheap is None or cheap == found


def test_the_captured_feeds_read_in_part_give_the_same_items() -> None:
    """Every document is read once without its newest item and then with it."""
    wrong, partly, tried = [], 0, 0
    for file in sorted(shared_data("feeds", "captured").iterdir()):
        document = file.read_bytes()
        pieces = cut(decode(document).utf8)
        if pieces is None or len(pieces.items) < 2:
            continue
        tried += 1
        seen = read_feed(pieces.with_only(pieces.items[1:]), url=URL).seen
        found = read_feed(document, url=URL, seen=seen)
        whole = read_feed(document, url=URL)
        partly += len(found.entries) < len(whole.entries)
        if list(found.entries)[:1] != list(whole.entries)[:1] or found.seen.items != whole.seen.items:
            wrong.append(file.name)
    assert tried > 50
    assert wrong == []
    assert partly / tried > 0.9


# ── cheaply ──────────────────────────────────────────────────────────────────────────────────────────
def test_a_new_item_is_read_here_and_now() -> None:
    seen = read_feed(rss(2, 1)).seen
    found = read_cheaply(rss(3, 2, 1), "text/xml", URL, seen)
    assert found is not None
    assert titles(found) == ["Headline 3"]


@pytest.mark.parametrize(
    "document",
    [
        rss(3, 2, 1).replace(b"Headline 3", b"x " * SMALL),
        rss(3, 2, 1).replace(b"Headline 3", b"x" * 500).replace(b"<rss", b'<rss xml:lang="en"'),
        rss(3, 2, 1).replace(b"Headline 3", b"Headline & 3"),
        rss(3, 2, 1).replace(b"<rss", b'<!DOCTYPE rss [<!ENTITY x "y">]><rss'),
        rss(3, 2, 1).replace(b"Headline 3", "Заголовок".encode("cp1251")),
        rss(3, 2, 1).decode().encode("utf-16"),
        documents.JSON10.encode(),
        documents.LOGIN.encode(),
        b"",
    ],
    ids=["long", "unbroken", "ill-formed", "doctype", "cp1251", "utf-16", "json", "html", "empty"],
)
def test_what_might_be_costly_is_for_a_parser_process(document: bytes) -> None:
    assert read_cheaply(document, "text/xml", URL, read_feed(rss(2, 1)).seen) is None


def test_an_unknown_feed_is_for_a_parser_process() -> None:
    assert read_cheaply(rss(1), "text/xml", URL, Seen()) is None
    assert is_harmless(rss(1))


# ── memory ───────────────────────────────────────────────────────────────────────────────────────────
def test_a_reading_counts_only_once_its_poll_was_written() -> None:
    memory, one, two = Memory(), Seen(b"1" * 8), Seen(b"2" * 8)
    memory.begin("paper", "")
    memory.read("paper", "first", one)
    memory.begin("paper", "")  # it was not written
    assert not memory.seen("paper")
    memory.read("paper", "first", one)
    memory.begin("paper", "first")
    assert memory.seen("paper") == one
    memory.read("paper", "second", two)
    memory.begin("paper", "first")  # nor was this
    assert memory.seen("paper") == one
    memory.begin("paper", "another")  # somebody else polled it
    assert not memory.seen("paper")


async def test_an_unwritten_poll_brings_the_same_news_again(server: HostileServer, client: Client) -> None:
    source = FeedSource(client)

    async def poll(document: bytes, state: FeedState) -> tuple[list[str], FeedState]:
        feed = feed_at(server.reply("/feed", document))
        got = await source.fetch(feed, state, now=NOW)
        raws = source.parse(feed, got) if got.body is not None else ()
        return [raw.title for raw in raws], FeedState("paper", body_hash=got.body_hash)

    first, state = await poll(rss(1), FeedState("paper"))
    assert (first, (await poll(rss(1), state))[0]) == (["Headline 1"], [])
    lost, _ = await poll(rss(2, 1), state)
    again, state = await poll(rss(2, 1), state)
    assert lost == again == ["Headline 2"]
    assert (await poll(rss(3, 2, 1), state))[0] == ["Headline 3"]
    restarted = FeedSource(client)
    source = restarted
    assert (await poll(rss(4, 3), state))[0] == ["Headline 4", "Headline 3"]


def test_parse_alone_remembers_nothing_of_feeds_that_were_not_fetched(client: Client) -> None:
    source = FeedSource(client)
    for _ in range(2):
        assert len(source.parse(feed_at(URL), served(rss(1)))) == 1
