"""Lists of feeds, ours and strangers'."""

from __future__ import annotations

import pytest

from bot.core.model import Feed
from bot.errors import InputError
from bot.sources.opml import DEEPEST, Outline, read_opml, write_opml
from tests.sources.documents import MORNING

LIST = b"""<?xml version="1.0" encoding="UTF-8"?><opml version="1.0"><head><title>Mine</title></head><body>
<outline text="World"><outline text="Europe">
<outline type="rss" text="Paper  &amp; Co" title="x" xmlUrl="https://example.org/feed"
htmlUrl="https://example.org/" language="de"/></outline><outline xmlurl="https://example.org/lower"/></outline>
<outline text="Twice" xmlUrl="https://www.example.org/feed/"/><outline text="Bad" xmlUrl="javascript:alert(1)"/>
<outline text="Worse" xmlUrl="file:///etc/passwd"/><outline text="Folder"/></body></opml>"""


def test_feeds_come_out_with_their_folders_each_once() -> None:
    assert read_opml(LIST) == [
        Outline("https://example.org/feed", "Paper & Co", "https://example.org/", "de", ("World", "Europe")),
        Outline("https://example.org/lower", folders=("World",)),
    ]


@pytest.mark.parametrize(
    "document",
    [b"", b"<rss/>", b"\0", b"<opml" + b" " * 6_000_000, b"PK\x03\x04", b'{"feeds": []}'],
    ids=["empty", "rss", "zero", "large", "zip", "json"],
)
def test_fault_131_what_is_no_list_is_refused(document: bytes) -> None:
    with pytest.raises(InputError):
        read_opml(document)


def test_fault_131_a_hostile_list_opens_nothing_and_ends() -> None:
    bomb = b'<!DOCTYPE opml [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY x SYSTEM "file:///etc/hosts">]>'
    hostile = bomb + LIST[38:].replace(b"Mine", b"&x;&b;").replace(b"Twice", b"&x;")
    assert "localhost" not in repr(read_opml(hostile))
    deep = b"<opml><body>" + b"<outline text='f'>" * 5_000 + b"<outline xmlUrl='https://example.org/'/>"
    assert len(read_opml(deep)) <= 1
    nested = (
        "<outline text='f'>" * DEEPEST + "<outline xmlUrl='https://example.org/'/>" + "</outline>" * DEEPEST
    )
    assert len(read_opml(f"<opml><body>{nested}</body></opml>".encode())[0].folders) == DEEPEST


def test_what_we_write_can_be_read_and_holds_no_password() -> None:
    feeds = [
        Feed("paper", "https://user:word@example.org/feed?src=rss", "paper", lang="de", tags=("world", "x")),
        Feed("a <b> & \u00e9", "https://example.org/2", "b"),
    ]
    written = write_opml(feeds, "newsalert", MORNING)
    assert b"word" not in written.replace(b"world", b"")
    assert read_opml(written) == [
        Outline("https://example.org/feed?src=rss", "paper", lang="de", folders=("world",)),
        Outline("https://example.org/2", "a <b> & \u00e9"),
    ]
