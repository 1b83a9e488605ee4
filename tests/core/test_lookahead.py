"""Where the next poll falls: at the moment that costs least, with what may come after it."""

from __future__ import annotations

from itertools import islice
from math import sqrt

import pytest

from bot.core.lookahead import Expected
from bot.core.pacing import even_poll
from bot.core.rhythm import EVEN, HOUR, PARTS, WIDTHS

SHORTEST = 15.0


def peak(minute: int, share: float) -> list[float]:
    """An hour of which this share comes in one minute, the rest evenly."""
    flat = (1 - share) / 59
    minutes = [share if each == minute else flat for each in range(60)]
    return [minutes[each] * width / 60 for each in range(60) for width in WIDTHS]


def polls(expected: Expected, interval: float, until: float, start: float = 0.0) -> list[float]:
    """The times of polls whose usual distance, by the law, would be this one at the first hour's rate."""
    pace = 1 / (interval * sqrt(expected.rate(start)))
    times, at = [], start
    while at < until:
        at += expected.next_poll(at, pace, SHORTEST)
        times.append(at)
    return times


def waited(times: list[float], moments: list[float], hours: float) -> float:
    """Seconds an item waits on average, by the parts of the hour."""
    total = weight = 0.0
    edges = [0.0]
    for _ in range(60):
        for width in WIDTHS:
            edges.append(edges[-1] + width)
    for hour in range(1, int(hours)):
        for at, share in enumerate(moments):
            middle = hour * HOUR + (edges[at] + edges[at + 1]) / 2
            total += share * (next(time for time in times if time >= middle) - middle)
            weight += share
    return total / weight


@pytest.mark.parametrize("interval", [60.0, 120.0, 300.0, 900.0])
def test_where_all_moments_are_alike_polls_come_as_often_as_the_law_says(interval: float) -> None:
    expected = Expected([10.0] * 48, EVEN)
    times = polls(expected, interval, 10 * HOUR)
    assert len(times) == pytest.approx(10 * HOUR / interval, rel=0.12)


@pytest.mark.parametrize("interval", [120.0, 300.0, 900.0])
def test_a_poll_comes_soon_after_the_minute_in_which_most_is_published(interval: float) -> None:
    expected = Expected([10.0] * 48, peak(30, 0.4))
    times = polls(expected, interval, 12 * HOUR)
    for hour in range(2, 11):
        end = hour * HOUR + 31 * 60
        assert min(abs(time - end) for time in times) < 75


@pytest.mark.parametrize(("interval", "share"), [(300.0, 0.4), (300.0, 0.2), (600.0, 0.4)])
def test_looking_ahead_beats_even_polls_at_the_same_number(interval: float, share: float) -> None:
    moments = peak(0, share)
    expected = Expected([20.0] * 48, moments)
    times = polls(expected, interval, 24 * HOUR)
    distance = 24 * HOUR / len(times)
    even = [37.0 + number * distance for number in range(len(times) + 2)]
    assert waited(times, moments, 23) < 0.9 * waited(even, moments, 23)


def test_no_poll_comes_sooner_than_the_shortest() -> None:
    expected = Expected([5000.0] * 48, peak(0, 0.9))
    pace = 1 / (5 * sqrt(expected.rate(0)))
    at = 0.0
    for _ in range(200):
        wait = expected.next_poll(at, pace, SHORTEST)
        assert wait >= SHORTEST
        at += wait


def test_quiet_hours_are_polled_less_and_busy_ones_more() -> None:
    hours = [1.0 if hour % 24 < 12 else 16.0 for hour in range(48)]
    times = polls(Expected(hours, EVEN), 600.0, 24 * HOUR)
    quiet = sum(time < 12 * HOUR for time in times)
    assert 3 < (len(times) - quiet) / quiet < 5  # the root of sixteen


def test_a_feed_without_news_is_still_polled() -> None:
    expected = Expected([0.0] * 48, EVEN)
    assert expected.rate(5 * HOUR) > 0
    assert expected.next_poll(0.0, 1 / (300 * sqrt(expected.rate(0))), SHORTEST) < 3 * HOUR


def test_by_the_law_alone_polls_are_even_within_the_hour_and_fewer_in_quiet_ones() -> None:
    expected = Expected([4.0 if hour < 1 else 1.0 for hour in range(48)])
    pace = 1 / (300 * sqrt(expected.rate(0)))
    assert even_poll(expected, 0.0, pace) == pytest.approx(300)
    assert even_poll(expected, 2 * HOUR, pace) == pytest.approx(600)
    assert even_poll(expected, HOUR - 150, pace) == pytest.approx(150 + 300)  # half in each hour


def test_parts_of_the_hour_make_an_hour() -> None:
    assert sum(WIDTHS) * 60 == HOUR
    assert len(list(islice(EVEN, 500))) == 60 * PARTS
    assert sum(EVEN) == pytest.approx(1.0)
