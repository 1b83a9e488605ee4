"""A row of Live is a story as the list shows it, and no more."""

from __future__ import annotations

from datetime import timedelta

from bot.core.model import Report, StoryRecord
from bot.web.pages.live import row_of
from bot.web.record import when
from tests.fakes.clock import FakeClock

NOW = FakeClock().now()


def test_a_story_without_an_alert_is_a_headline_with_its_sources() -> None:
    report = Report("harbour", "harbour", "Storm", "javascript:alert(1)", NOW, NOW + timedelta(seconds=1))
    row = row_of(StoryRecord("s1", "Storm <b>", NOW, NOW, 1, reports=(report,)))
    assert row["title_parts"] == [["Storm <b>", 0]]
    assert row["summary_parts"] == []
    assert row["sources"] == [{"owner": "harbour", "link": "", "seen": when(report.first_seen)}]
