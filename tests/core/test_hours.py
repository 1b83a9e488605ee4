"""Quiet hours and digests, as tables: wall times, midnight, and the nights the clocks change."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest

from bot.core.hours import due, read_digest, read_quiet, write_digest
from bot.core.model import Level, Subscription


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def wish(**changes: str) -> Subscription:
    return Subscription("telegram", "7", **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("22-7", "22:00-07:00"),
        ("22:30 – 6:45", "22:30-06:45"),
        ("9.00-17.00", "09:00-17:00"),
        ("23-24", "23:00-00:00"),
    ],
)
def test_quiet_hours_are_read_as_people_write_them(text: str, read: str) -> None:
    assert str(read_quiet(text)) == read
    assert read_quiet(read) == read_quiet(text)


@pytest.mark.parametrize("text", ["", "22", "22-", "-7", "22-22", "25-7", "22:60-7", "ten-seven", "22-7-9"])
def test_what_are_no_quiet_hours(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        read_quiet(text)


@pytest.mark.parametrize(
    ("text", "read", "stored"),
    [
        ("08:00", time(8), "08:00"),
        ("8", time(8), "08:00"),
        ("18.30", time(18, 30), "18:30"),
        ("30m", timedelta(minutes=30), "30m"),
        ("2 h", timedelta(hours=2), "120m"),
    ],
)
def test_digests_are_read_as_people_write_them(text: str, read: time | timedelta, stored: str) -> None:
    assert read_digest(text) == read
    assert write_digest(read) == stored
    assert read_digest(stored) == read


@pytest.mark.parametrize("text", ["", "4m", "13h", "999m", "soon", "25:00", "-30m"])
def test_what_is_no_digest(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        read_digest(text)


QUIET = {"quiet": "22:00-07:00"}
KYIV = {**QUIET, "zone": "Europe/Kyiv"}  # UTC+2 in winter


@pytest.mark.parametrize(
    ("wished", "level", "now", "told"),
    [
        ({}, Level.HIGH, "2022-02-15T03:00", None),
        (QUIET, Level.HIGH, "2022-02-15T21:59", None),
        (QUIET, Level.HIGH, "2022-02-15T22:00", "2022-02-16T07:00"),
        (QUIET, Level.HIGH, "2022-02-15T03:00", "2022-02-15T07:00"),
        (QUIET, Level.HIGH, "2022-02-15T07:00", None),
        (QUIET, Level.CRITICAL, "2022-02-15T03:00", None),  # critical passes
        (KYIV, Level.LOW, "2022-02-15T20:00", "2022-02-16T05:00"),  # 22:00 there
        (KYIV, Level.LOW, "2022-02-15T05:00", None),
        ({"quiet": "13:00-15:00"}, Level.LOW, "2022-02-15T14:00", "2022-02-15T15:00"),  # within a day
        ({"digest": "08:00"}, Level.HIGH, "2022-02-15T07:59", "2022-02-15T08:00"),
        ({"digest": "08:00"}, Level.HIGH, "2022-02-15T08:00", "2022-02-16T08:00"),
        ({"digest": "08:00", "zone": "Europe/Kyiv"}, Level.HIGH, "2022-02-15T07:00", "2022-02-16T06:00"),
        ({"digest": "30m"}, Level.HIGH, "2022-02-15T07:10", "2022-02-15T07:30"),
        ({"digest": "30m"}, Level.HIGH, "2022-02-15T07:30", "2022-02-15T08:00"),
        ({"digest": "120m", "zone": "Asia/Kolkata"}, Level.HIGH, "2022-02-15T07:00", "2022-02-15T08:30"),
        ({**QUIET, "digest": "30m"}, Level.HIGH, "2022-02-15T22:10", "2022-02-16T07:00"),  # both
        ({**QUIET, "digest": "30m"}, Level.HIGH, "2022-02-15T21:40", "2022-02-16T07:00"),  # its edge is quiet
        ({**QUIET, "digest": "30m"}, Level.CRITICAL, "2022-02-15T22:10", "2022-02-16T07:00"),  # as wished
        ({"quiet": "22:00-07:00", "zone": "Mars/Olympus"}, Level.LOW, "2022-02-15T23:00", "2022-02-16T07:00"),
    ],
)
def test_when_a_chat_is_told(wished: dict[str, str], level: Level, now: str, told: str | None) -> None:
    assert due(wish(**wished), level, at(now)) == (at(told) if told else None)


@pytest.mark.parametrize(
    ("now", "told"),
    [
        ("2022-03-26T22:00", "2022-03-27T05:00"),  # 23:00 in Berlin; the night is an hour shorter
        ("2022-10-29T21:00", "2022-10-30T06:00"),  # 23:00 in Berlin; an hour longer
    ],
)
def test_seven_in_the_morning_is_seven_on_either_side_of_a_change_of_the_clocks(now: str, told: str) -> None:
    assert due(wish(quiet="22:00-07:00", zone="Europe/Berlin"), Level.LOW, at(now)) == at(told)


def test_an_hour_that_does_not_exist_is_the_hour_after_it() -> None:
    held = due(wish(quiet="22:00-02:30", zone="Europe/Berlin"), Level.LOW, at("2022-03-27T00:30"))
    assert held == at("2022-03-27T01:30")  # 03:30 in Berlin, where 02:30 never came
