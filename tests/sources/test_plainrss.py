"""What is read without feedparser is what feedparser reads."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.sources.charset import decode
from bot.sources.document import plain_items, read, xml_items
from tests.shared import shared_data

FRAME = (
    '<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:media="http://search.yahoo.com/mrss/" '
    'xmlns:atom="http://www.w3.org/2005/Atom" xmlns:slash="http://purl.org/rss/1.0/modules/slash/" '
    'xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel>{head}{items}</channel></rss>'
)
TEXTS = st.sampled_from(
    (
        "",
        " ",
        "words",
        " two\n words ",
        "&lt;p&gt;markup &amp;amp; more&lt;/p&gt;",
        "<![CDATA[<b>bold</b> & all]]>",
        "a<![CDATA[]]>b<!-- c -->d",
        "AT&amp;T",
        "Ð¢ÐµÐºÑ\u0081Ñ\u0082",
        "\x93quoted\x94",
        "日本語",
        "ÄÖ",
        "x&#160;y",
        "<b>raw</b>",
    )
)
LINKS = st.sampled_from(
    (
        "https://example.org/1",
        "http://example.org/a?b=1&amp;c=2",
        "https:///example.org",
        "/relative",
        "story 1",
        "https://example.org/a?x=1&amp;copy;=2",
        "http://[bad",
        "",
        "mailto:a@b.example",
        "https://exämple.org/",
        "../x",
    )
)
DATES = st.sampled_from(
    (
        "Tue, 15 Feb 2022 08:01:00 GMT",
        "Tue, 15 Feb 2022 08:01:00 -0930",
        "Tue, 15 Feb 2022 08:01:00 +0100",
        "yesterday",
        "Mon, 31 Feb 2022 08:01:00 GMT",
        "Tue, 1 Jan 2019 23:59:60 GMT",
        "2022-02-15T08:01:00+01:00",
        "15 Feb 22 08:01 EST",
        "Sat, 01 Jan 0001 00:00:00 +0100",
        "Tue, 15 Feb 2022 24:00:00 GMT",
        "Tue, 15 Feb 2022 08:01:00 UTC",
        "",
        "Tue, 15 Foo 2022 08:01:00 GMT",
        "9" * 70,
    )
)


def text(name: str, values: st.SearchStrategy[str], *attributes: str) -> st.SearchStrategy[str]:
    """An element with one of these texts, and one of these attributes or none."""
    some = st.sampled_from(("", *(f" {each}" for each in attributes)))
    return st.builds(lambda value, has: f"<{name}{has}>{value}</{name}>", values, some)


ELEMENTS = st.one_of(
    text("title", TEXTS),
    text("link", LINKS),
    text("guid", LINKS, 'isPermaLink="false"', 'isPermaLink="true"', 'isPermaLink="True"'),
    text("description", TEXTS),
    text("content:encoded", TEXTS),
    text("pubDate", DATES),
    text("dc:date", DATES),
    text("author", TEXTS | st.just("a@b.example (A. Writer)")),
    text("dc:creator", TEXTS),
    text("category", TEXTS, 'domain="d"', 'domain=""'),
    text("dc:subject", TEXTS),
    text("comments", LINKS),
    text("slash:comments", st.just("7")),
    st.sampled_from(
        (
            '<enclosure url="https://example.org/a.mp3" length="1" type="audio/mpeg"/>',
            '<media:content url="https://example.org/a.jpg" medium="image"/>',
            '<media:thumbnail url="https://example.org/a.jpg">words</media:thumbnail>',
            '<media:credit role="author">Somebody</media:credit>',
            '<post-id xmlns="com-wordpress:feed-additions:1">7</post-id>',
            "loose words",
            "<!-- a comment -->",
        )
    ),
)
STRANGE = st.sampled_from(
    (
        '<media:content url="x" lang="de"/>',
        '<atom:link href="https://example.org/2"/>',
        "<source url='x'>S</source>",
        '<title xml:lang="fr">Titre</title>',
        "<media:title>other</media:title>",
        '<description type="text">x</description>',
        "<summary>x</summary>",
        "<link href='https://example.org/3'/>",
        "<Title>x</Title>",
        "<item><title>in</title></item>",
        "<title>one</title><title>two</title>",
        "<media:content><media:title>x</media:title></media:content>",
    )
)
ITEMS = st.lists(ELEMENTS | ELEMENTS | ELEMENTS | ELEMENTS | STRANGE, max_size=8).map(
    lambda parts: f"<item>{''.join(parts)}</item>"
)
HEADS = st.lists(
    text("title", TEXTS)
    | text("language", st.sampled_from(("en", "de-AT", "", " fr ")))
    | text("dc:language", st.just("uk"))
    | text("description", TEXTS)
    | text("pubDate", DATES)
    | text("category", TEXTS, 'domain="d"')
    | st.sampled_from(
        (
            "<image><url>u</url><title>Pic</title><link>https://example.org/</link></image>",
            "<skipHours><hour>3</hour></skipHours>",
            '<atom:link rel="self" href="https://example.org/feed"/>',
            '<cloud domain="x" port="80"/>',
            "<image><title>a</title><language>xx</language></image>",
            "<textInput><title>t</title><name>n</name></textInput>",
        )
    ),
    max_size=4,
).map("".join)


@settings(max_examples=400, deadline=None)
@given(head=HEADS, items=st.lists(ITEMS, min_size=1, max_size=3), tail=HEADS)
def test_a_document_read_without_feedparser_holds_what_feedparser_finds(
    head: str, items: Sequence[str], tail: str
) -> None:
    document = FRAME.format(head=head, items="".join(items) + tail).encode()
    found = plain_items(document)
    assert found is None or found == xml_items(read(document))


@pytest.mark.parametrize(
    "document",
    [
        '<!DOCTYPE rss [<!ENTITY a "b">]>' + FRAME.format(head="", items="<item><title>&a;</title></item>"),
        FRAME.format(head="", items="<item><title>AT&T</title></item>"),
        FRAME.format(head="", items="<item><title>x&nbsp;y</title></item>"),
        FRAME.format(head="", items=""),
        FRAME.format(head="", items="<item><title>one</title><title>two</title></item>"),
        FRAME.format(head="<item><item><title>x</title></item></item>", items=""),
        FRAME.format(head="", items=f"<item><title>x</title><pubDate>{'9' * 70}</pubDate></item>"),
        '<rss version="2.0" xml:lang="de"><channel><item><title>x</title></item></channel></rss>',
        '<rss version="2.0"><item><title>x</title></item></rss>',
        '<feed xmlns="http://www.w3.org/2005/Atom"><entry><title>x</title></entry></feed>',
        "no feed at all",
        "",
    ],
)
def test_what_is_not_plain_is_left_to_feedparser(document: str) -> None:
    assert plain_items(document.encode()) is None


def test_the_usual_feed_is_plain() -> None:
    item = (
        "<item><title>A</title><link>https://example.org/1</link><guid isPermaLink='false'>1</guid>"
        "<dc:creator>B</dc:creator>"
        "<category>c</category><description>d</description><pubDate>Tue, 15 Feb 2022 08:01:00 GMT</pubDate></item>"
    )
    found = plain_items(FRAME.format(head="<title>P</title><language>en</language>", items=item).encode())
    assert found is not None
    assert [(entry.title, entry.lang) for entry in found.entries] == [("A", "en")]


def test_captured_feeds_that_are_plain_are_read_as_feedparser_reads_them() -> None:
    """About half of the documents publishers serve."""
    plain = 0
    for file in sorted(shared_data("feeds", "captured").iterdir()):
        document = decode(file.read_bytes(), "").utf8
        found = plain_items(document)
        plain += found is not None
        assert found is None or list(found.entries) == list(xml_items(read(document)).entries), file.name
    assert plain >= 25
