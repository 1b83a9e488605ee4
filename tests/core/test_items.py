"""One JSON line in, one item out, or a sentence that says why not."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from bot.core.items import parse_item, publisher
from bot.errors import InputError


def test_a_full_line_becomes_an_item() -> None:
    line = json.dumps(
        {
            "id": 7,
            "title": "Troops go home",
            "text": "First.\n\nSecond <b>.",
            "feed": "https://www.gazette.example/rss",
            "published": "2022-02-15 11:55:00+00:00",
            "more": {"ignored": True},
        }
    )
    item = parse_item(line)
    assert (item.id, item.raw.guid, item.raw.title) == ("7", "7", "Troops go home")
    assert item.raw.content == "<p>First.</p><p>Second &lt;b&gt;.</p>"
    assert item.raw.published == datetime(2022, 2, 15, 11, 55, tzinfo=UTC)
    assert (item.feed.name, item.feed.owner) == ("https://www.gazette.example/rss", "gazette.example")


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("{", "not JSON"),
        ("[1]", "a JSON object is wanted, this is a list"),
        ("{}", "none of title"),
        ('{"title": ["x"]}', "title: text is wanted, this is a list"),
        ('{"title": "x", "published": "yesterday"}', "published: 'yesterday' is no time"),
        ('{"title": "x", "published": "9e99"}', "is no time"),
    ],
)
def test_a_bad_line_says_why(line: str, says: str) -> None:
    with pytest.raises(InputError, match=says.replace("[", r"\[")):
        parse_item(line)


@pytest.mark.parametrize(
    ("published", "hour"),
    [
        ("2022-02-15T11:00:00Z", 11),
        ("2022-02-15T11:00:00", 11),
        ("2022-02-15T13:00:00+02:00", 11),
        (1644922800, 11),
    ],
)
def test_times_are_read_in_every_common_form(published: object, hour: int) -> None:
    item = parse_item(json.dumps({"title": "x", "published": published}))
    assert item.raw.published is not None
    assert item.raw.published.hour == hour


def test_the_publisher_family_is_the_bare_host() -> None:
    assert publisher("https://feeds.bbci.co.uk/news/rss.xml") == "bbci.co.uk"
    assert publisher("no address") == ""
