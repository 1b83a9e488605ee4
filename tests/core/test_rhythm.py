"""When a feed publishes: learnt from its items, believed no further than they reach."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from math import isfinite

import pytest

from bot.core.rhythm import DAY, EVEN, GRACE, HALF_LIFE, HOUR, KNOWN, PARTS, Rhythm

MONDAY = int(datetime(2022, 2, 14, tzinfo=UTC).timestamp()) // DAY
EVEN_DAY = (1.0,) * 24
EVEN_HOUR = (1 / 60,) * 60


def learnt(
    days: int, *moments: int, weekdays: tuple[int, ...] = tuple(range(7)), today: int = MONDAY
) -> Rhythm:
    """So many days before today, an item at each of these seconds of the day, these weekdays (0 = Monday)."""
    rhythm = Rhythm()
    for day in range(today - days, today):
        if (day - MONDAY) % 7 in weekdays:
            for moment in moments:
                rhythm.saw(day * DAY + moment, day * DAY + moment + 5.0)
    rhythm.end_day(today)
    return rhythm


# ── how much ─────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(("a_day", "items"), [(1.0, 20), (24.0, 20), (240.0, 20), (2.0, 3)])
def test_the_first_response_tells_how_much_a_feed_publishes(a_day: float, items: int) -> None:
    now = MONDAY * DAY + 12.0 * HOUR
    rhythm = Rhythm()
    rhythm.read((now - number * DAY / a_day for number in range(1, items + 1)), now)
    assert 24 * rhythm.level(MONDAY) == pytest.approx(a_day, rel=0.1)


def test_what_is_dated_in_the_future_tells_nothing() -> None:
    now = MONDAY * DAY + 12.0 * HOUR
    rhythm = Rhythm()
    rhythm.read([now + DAY, now + 2 * DAY], now)
    assert rhythm.level(MONDAY) == 0


def test_recent_days_weigh_more_than_old_ones() -> None:
    rhythm = learnt(14, *range(0, DAY, HOUR), today=MONDAY)
    busy = Rhythm()
    for day in range(MONDAY - 28, MONDAY):
        for moment in range(0, DAY, HOUR if day >= MONDAY - 14 else 6 * HOUR):
            busy.saw(day * DAY + moment, day * DAY + moment)
    busy.end_day(MONDAY)
    assert 24 * rhythm.level(MONDAY) == pytest.approx(24, rel=0.05)
    assert 18 < 24 * busy.level(MONDAY) < 24  # an even mean would be 14


def test_hours_follow_the_day_and_never_fall_to_nothing() -> None:
    hours = learnt(28, *(9 * HOUR + 60 * minute for minute in range(0, 60, 5))).hours(MONDAY, EVEN_DAY)
    assert max(range(24), key=hours.__getitem__) == 9
    assert hours[9] > 5 * hours[15]
    assert min(hours) > 0


def test_weekends_and_working_days_are_told_apart() -> None:
    working = learnt(28, *range(8 * HOUR, 18 * HOUR, 900), weekdays=(0, 1, 2, 3, 4))
    saturday = MONDAY + 5
    assert sum(working.hours(MONDAY, EVEN_DAY)) > 2 * sum(working.hours(saturday, EVEN_DAY))


def test_of_a_feed_with_few_items_the_common_day_is_expected() -> None:
    common = tuple(3.0 if hour == 20 else 21 / 23 for hour in range(24))
    hours = Rhythm()
    hours.read([MONDAY * DAY - HOUR * number for number in range(1, 21)], MONDAY * DAY)
    expected = hours.hours(MONDAY, common)
    assert max(range(24), key=expected.__getitem__) == 20


def test_items_may_be_learnt_in_any_order() -> None:
    moments = [(MONDAY - day) * DAY + hour * HOUR for day in range(1, 15) for hour in (3, 9, 21)]
    forth, back = Rhythm(), Rhythm()
    for moment in moments:
        forth.saw(moment, moment)
    for moment in reversed(moments):
        back.saw(moment, moment)
    for each in (forth, back):
        each.end_day(MONDAY)
    assert forth.hours(MONDAY, EVEN_DAY) == pytest.approx(back.hours(MONDAY, EVEN_DAY))


@pytest.mark.parametrize("days", [-40_000, -1, 0, 1, 40_000])
def test_whatever_the_clock_says_all_numbers_stay_numbers(days: int) -> None:
    rhythm = learnt(7, 9 * HOUR)
    hours = rhythm.hours(MONDAY + days, EVEN_DAY)
    assert all(isfinite(hour) and hour >= 0 for hour in hours)


# ── at which moment ──────────────────────────────────────────────────────────────────────────────────
def test_the_full_hour_stands_out_where_editors_schedule() -> None:
    scheduled = learnt(28, *(hour * HOUR for hour in range(24)))
    minutes = scheduled.minutes()
    assert minutes is not None
    assert minutes[59] == pytest.approx(1.0)  # before the grace of two seconds
    moments = scheduled.moments(EVEN_HOUR)
    assert sum(moments) == pytest.approx(1.0, abs=1e-4)
    last = sum(moments[59 * PARTS :])
    assert last > 0.7


def test_few_items_show_no_minute() -> None:
    assert learnt(3, 0).minutes() is None
    assert list(Rhythm().moments(EVEN_HOUR)) == pytest.approx(EVEN, rel=1e-3)


def test_moments_are_counted_from_two_seconds_past() -> None:
    assert GRACE == 2
    minutes = learnt(28, *(hour * HOUR + 2 for hour in range(24))).minutes()
    assert minutes is not None
    assert minutes[0] == pytest.approx(1.0)


# ── how soon visible ─────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("late", "in_all", "prompt"),
    [(0, KNOWN - 1, False), (0, KNOWN, True), (1, KNOWN, True), (3, 2 * KNOWN, True), (4, 2 * KNOWN, False)],
)
def test_a_feed_is_prompt_when_polls_find_nearly_all_items_where_their_dates_say(
    late: int, in_all: int, prompt: bool
) -> None:
    rhythm = Rhythm()
    for number in range(in_all):
        published = MONDAY * DAY + 600.0 * number
        before = published + (
            120 if number < late else -30
        )  # the poll before did not have it, long after its date
        rhythm.saw(published, published + 200, before)
    assert rhythm.prompt() is prompt


def test_the_lag_is_among_the_least_ages_ever_seen() -> None:
    rhythm = Rhythm()
    assert rhythm.lag() == 0
    for age in (90, 12, 300, 15, 14):
        rhythm.saw(0.0, float(age), -1.0)
    assert rhythm.lag() == 15


def test_the_archive_says_nothing_of_visibility() -> None:
    rhythm = Rhythm()
    for number in range(50):
        rhythm.saw(600.0 * number, 600.0 * number + 1, None)
    assert not rhythm.prompt()


@pytest.mark.parametrize(
    ("late", "seen", "common", "prompt"),
    [
        (0, 0, 0.0, True),  # nothing seen of it yet, and all others are prompt
        (0, 0, 0.4, False),
        (0, 9, 0.4, True),  # it is better than most
        (1, 1, 0.05, False),  # … or worse
        (1, 9, 0.05, True),
    ],
)
def test_until_much_is_seen_of_a_feed_others_tell_whether_it_is_prompt(
    late: int, seen: int, common: float, prompt: bool
) -> None:
    rhythm = Rhythm()
    for number in range(seen):
        rhythm.saw(600.0 * number, 600.0 * number + 200, 600.0 * number + (120 if number < late else -30))
    assert rhythm.sights() == (seen, late)
    assert rhythm.prompt(common) is prompt


def test_an_item_weighs_twice_as_much_as_one_a_half_life_older() -> None:
    weights = []
    for ago in (HALF_LIFE, 2 * HALF_LIFE, 3 * HALF_LIFE):
        rhythm = Rhythm()
        rhythm.saw((MONDAY - ago) * DAY, 0.0)
        rhythm.saw((MONDAY - 3 * HALF_LIFE) * DAY - 1.0, 0.0)  # all are known for as long
        rhythm.end_day(MONDAY)
        weights.append(rhythm._per_hour(MONDAY) - 2.0 ** (-3 - 1 / HALF_LIFE) / 24)
    assert all(newer == pytest.approx(2 * older) for newer, older in pairwise(weights))
