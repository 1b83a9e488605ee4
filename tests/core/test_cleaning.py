"""The line filter, in our own words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.core.cleaning import LineMemory, article_lines, is_appeal

NOW = datetime(2022, 2, 15, tzinfo=UTC)
LINE = "Our correspondents bring you the news around the clock"


@pytest.mark.parametrize(
    ("paragraph", "appeal"),
    [
        ("Your support lets our reporters follow the vote in every swing state.", True),
        ("Readers’ contributions keep this page free.", True),
        ("Subscribe to our newsletter for the morning briefing.", True),
        ("Want more? Start your premium subscription today.", True),
        ("Quality journalism has to be paid for by somebody.", True),
        ("Log in to leave a reply", True),
        ("Подпишитесь на наш канал", True),
        ("Підтримайте нашу редакцію", True),
        ("Jetzt abonnieren und weiterlesen", True),
        ("The president pledged his support for the allies.", False),
        ("Ministers support the plan, a spokesman told journalists.", False),
        ("The company's subscribers left in their thousands.", False),
        ("Troops returned to base after the drills.", False),
        ("Journalists were barred from the border area.", False),
    ],
)
def test_an_appeal_is_told_from_news(paragraph: str, appeal: bool) -> None:
    assert is_appeal(paragraph) is appeal


def test_everything_after_a_closing_heading_is_dropped() -> None:
    page = ["One.", "Two.", "Three.", "Recommended", "Election heats up", "Comments"]
    assert article_lines(page) == ["One.", "Two.", "Three."]


def test_a_heading_near_the_top_costs_only_itself() -> None:
    assert article_lines(["One.", "Read more", "Two.", "Three."]) == ["One.", "Two.", "Three."]


def test_a_line_in_three_articles_of_one_publisher_is_the_pages_own() -> None:
    memory = LineMemory()
    kept = [
        memory.filtered("gazette", f"/{number}", [LINE, f"News {number} of today."], NOW)
        for number in range(4)
    ]
    assert [LINE in lines for lines in kept] == [True, True, False, False]
    assert all(f"News {number} of today." in lines for number, lines in enumerate(kept))


@pytest.mark.parametrize(
    ("owner", "article", "later"),
    [("herald", "/9", timedelta(0)), ("gazette", "/1", timedelta(0)), ("gazette", "/9", timedelta(days=8))],
    ids=["another publisher", "the same article again", "a week later"],
)
def test_a_line_is_kept_where_it_does_not_recur(owner: str, article: str, later: timedelta) -> None:
    memory = LineMemory()
    for seen in ("/0", "/1"):
        memory.filtered("gazette", seen, [LINE], NOW)
    assert memory.filtered(owner, article, [LINE], NOW + later) == [LINE]
