"""Article pages: politely asked for, and of what stands on them only the article."""

from __future__ import annotations

import html

import pytest

from bot.core.cleaning import article_lines
from bot.errors import FetchError, ParseError
from bot.sources.http import Client
from bot.sources.page import PageSource
from tests.fakes.hostile import HostileServer
from tests.shared import shared_data

SENTENCE = (
    "The battalions that had trained near the river went back to their barracks on Tuesday, officers said."
)


def page(*paragraphs: str) -> bytes:
    inside = "".join(f"<p>{html.escape(each)}</p>" for each in paragraphs)
    menu = "<nav><a href='/a'>World</a><a href='/b'>Sport</a></nav>"
    return (
        f"<html><head><title>T</title></head><body>{menu}<article>{inside}</article></body></html>".encode()
    )


ARTICLE = page(*(f"{SENTENCE} It was part {number} of the plan." for number in range(4)))


async def test_the_article_is_read_and_the_menu_is_not(server: HostileServer, client: Client) -> None:
    link = server.reply("/story", ARTICLE, Content_Type="text/html")
    found = await PageSource(client).read(link)
    assert len(found) == 4
    assert all(line.startswith(SENTENCE) for line in found)


async def test_an_article_is_asked_for_once(server: HostileServer, client: Client) -> None:
    link = server.reply("/story", ARTICLE, Content_Type="text/html")
    source = PageSource(client)
    assert await source.read(link) == await source.read(f"{link}?utm_source=rss")
    assert [asked.path for asked in server.asked] == ["/robots.txt", "/story"]


@pytest.mark.parametrize(
    ("status", "robots", "readable"),
    [
        (200, b"User-agent: *\nDisallow: /private\n", True),
        (200, b"User-agent: *\nDisallow: /story\n", False),
        (200, b"User-agent: newsalert\nDisallow: /\n\nUser-agent: *\nAllow: /\n", False),
        (200, b"\xff\x00<html>", True),
        (404, b"", True),
        (403, b"", True),
        (429, b"", False),
        (503, b"", False),
    ],
)
async def test_robots_rules_are_the_sites_word(
    server: HostileServer, client: Client, status: int, robots: bytes, readable: bool
) -> None:
    server.reply("/robots.txt", robots, status)
    link = server.reply("/story", ARTICLE, Content_Type="text/html")
    if readable:
        assert await PageSource(client).read(link)
    else:
        with pytest.raises(FetchError) as caught:
            await PageSource(client).read(link)
        assert (caught.value.kind, server.times("/story")) == ("robots", 0)


async def test_robots_rules_are_read_once_for_many_pages(server: HostileServer, client: Client) -> None:
    source = PageSource(client)
    for number in range(3):
        await source.read(server.reply(f"/{number}", ARTICLE, Content_Type="text/html"))
    assert server.times("/robots.txt") == 1


@pytest.mark.parametrize(
    ("body", "content_type"),
    [(b"%PDF-1.7", "application/pdf"), (b"", "text/html"), (b"<html><body></body></html>", "text/html")],
)
async def test_a_page_without_an_article_is_an_error(
    server: HostileServer, client: Client, body: bytes, content_type: str
) -> None:
    link = server.reply("/story", body, Content_Type=content_type)
    with pytest.raises(ParseError):
        await PageSource(client).read(link)


@pytest.mark.parametrize(
    "link",
    ["", "javascript:alert(1)", "http://127.0.0.2:1/story", "file:///etc/passwd", "http://[127.0.0.2:1]/"],
)
async def test_fault_062_a_link_in_a_feed_opens_no_door(client: Client, link: str) -> None:
    with pytest.raises(FetchError) as caught:
        await PageSource(client).read(link)
    assert caught.value.kind in (
        "bad-url",
        "robots",
    )  # robots.txt could not be read where nothing may be asked


async def test_an_appeal_around_an_article_is_not_part_of_it(server: HostileServer, client: Client) -> None:
    """The founding article, its publisher's appeal in plain paragraphs around it."""
    lines = [
        line for line in shared_data("seed", "article.txt").read_text("utf-8").splitlines() if line.strip()
    ]
    link = server.reply("/story", page(*lines), Content_Type="text/html; charset=utf-8")
    found = article_lines(await PageSource(client).read(link))
    assert len(found) > 15
    assert not [line for line in found if any(name in line for name in ("Trump", "Harris", "election"))]
