"""Quiet or blind: a word for every feed, and groups that went dark."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest

from bot.core.eyes import (
    BLIND_AFTER,
    Blind,
    FeedSight,
    Groups,
    Sight,
    Silence,
    all_eyes_open,
    missed,
    sight_of,
)
from bot.core.model import Feed, FeedState, FeedStatus

NOW = datetime(2022, 2, 15, 12, 0, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


# ── one feed ─────────────────────────────────────────────────────────────────────────────────────────
def state(status: FeedStatus = FeedStatus.OK, **more: object) -> FeedState:
    return FeedState("a", status, **more)  # type: ignore[arg-type]  # the fields' own types


@pytest.mark.parametrize(
    ("seen", "sight", "reason"),
    [
        (sight_of(state(FeedStatus.NEW), NOW), Sight.NEW, ""),
        (sight_of(state(next_poll=NOW + MINUTE), NOW), Sight.OK, ""),
        (sight_of(state(next_poll=NOW - 6 * MINUTE, interval=5 * MINUTE), NOW), Sight.OK, ""),
        (
            sight_of(state(next_poll=NOW - 9 * MINUTE, interval=5 * MINUTE), NOW),
            Sight.SLOW,
            "its poll is 9 min late",
        ),
        (sight_of(state(), NOW, newest=NOW - DAY, a_day=50), Sight.OK, ""),
        (
            sight_of(state(), NOW, newest=NOW - 3 * DAY, a_day=50),
            Sight.STALE,
            "nothing new for 3 days, usually 50 items a day",
        ),
        (
            sight_of(state(), NOW, newest=NOW - 7 * DAY, a_day=1),
            Sight.OK,
            "",
        ),  # eight gaps are more than that
        (
            sight_of(state(), NOW, newest=NOW - 9 * DAY, a_day=1),
            Sight.STALE,
            "nothing new for 9 days, usually 1 items a day",
        ),
        (sight_of(state(), NOW, newest=NOW - 900 * DAY, a_day=0), Sight.OK, ""),  # nobody knows its pace
        (sight_of(state(FeedStatus.FAILING, reason="503"), NOW), Sight.FAILING, "503"),
        (sight_of(state(FeedStatus.BLOCKED, reason="403"), NOW), Sight.BLOCKED, "403"),
        (
            sight_of(state(FeedStatus.GONE, reason="410"), NOW, newest=NOW - 90 * DAY, a_day=9),
            Sight.GONE,
            "410",
        ),
        (sight_of(state(FeedStatus.PAUSED, reason="by anna"), NOW), Sight.PAUSED, "by anna"),
    ],
)
def test_a_feed_is_told_in_a_word_with_its_reason(seen: FeedSight, sight: Sight, reason: str) -> None:
    assert (seen.sight, seen.reason) == (sight, reason)


@pytest.mark.parametrize(("left", "told"), [(MINUTE, "invasion"), (-MINUTE, ""), (timedelta(), "")])
def test_a_burst_is_told_until_it_is_over(left: timedelta, told: str) -> None:
    assert sight_of(state(faster="invasion", faster_until=NOW + left), NOW).faster == told


# ── blindness ────────────────────────────────────────────────────────────────────────────────────────
def silence(name: str, minutes: float, *tags: str, lang: str = "", usual: float = 5) -> Silence:
    feed = Feed(name, f"https://{name}.example", name, tags=tags, lang=lang)
    return Silence(feed, minutes * MINUTE, usual * MINUTE)


HEARD = silence("heard", 1, "west", lang="en")


def blind_of(silences: Iterable[Silence]) -> list[Blind]:
    groups = Groups()
    for each in silences:
        groups.add(each)
    return groups.blind()


@pytest.mark.parametrize(
    ("silences", "who"),
    [
        ([], []),
        ([HEARD], []),
        ([silence("a", 13, "north"), HEARD], []),  # the least is three usual waits
        ([silence("a", 16, "north"), HEARD], ["source tagged north"]),
        ([silence("a", 16, "north"), silence("b", 2, "north"), HEARD], []),  # one of two sees
        ([silence("a", 16, "north"), silence("b", 99, "north"), HEARD], ["source tagged north"]),
        ([silence("rare", 100, "north", usual=60), HEARD], []),  # it is not asked that often
        ([silence("rare", 181, "north", usual=60), HEARD], ["source tagged north"]),
        ([silence("quick", 11, "north", usual=1), HEARD], []),  # twelve minutes at least
        ([silence("a", 16, lang="de"), HEARD], ["source in de"]),
        ([silence("a", 16, "north", lang="de"), HEARD], ["source tagged north"]),  # the same feeds, told once
        ([silence("a", 16, "north"), silence("b", 16, "south")], ["source at all"]),
        (
            [silence("a", 16, "north", lang="de"), silence("b", 16, lang="de"), HEARD],
            ["source tagged north", "source in de"],
        ),
    ],
)
def test_a_group_is_blind_when_none_of_it_answers(silences: list[Silence], who: list[str]) -> None:
    assert [blind.who for blind in blind_of(silences)] == who


def test_what_is_told_names_the_group_the_time_and_the_feeds() -> None:
    feeds = [silence(f"feed{number}", 20 + number, "north") for number in range(8)]
    (blind,) = blind_of([*feeds, HEARD])
    assert blind.told() == (
        "No source tagged north has answered for 20 min: feed0, feed1, feed2, feed3, feed4 and 3 more."
    )
    assert blind.over() == "Seeing again: a source tagged north has answered."
    assert timedelta(minutes=12) == BLIND_AFTER


# ── once a day ───────────────────────────────────────────────────────────────────────────────────────
OK = FeedSight("a", Sight.OK)


@pytest.mark.parametrize(
    ("sights", "line"),
    [
        ([OK], "All eyes open: 1 of 1 feeds answer, 5 new items in a day."),
        ([OK, FeedSight("b", Sight.PAUSED)], "All eyes open: 1 of 1 feeds answer, 5 new items in a day."),
        (
            [OK, FeedSight("b", Sight.STALE)],
            "All eyes open: 2 of 2 feeds answer, 5 new items in a day. Nothing new for long in b.",
        ),
        (
            [
                OK,
                FeedSight("c", Sight.FAILING, "503"),
                FeedSight("b", Sight.GONE, "410"),
                FeedSight("d", Sight.NEW),
            ],
            "Eyes: 1 of 4 feeds answer, 5 new items in a day. 1 failing: c (503); 1 gone: b (410); 1 new: d.",
        ),
    ],
)
def test_the_daily_line_is_short_when_all_is_well_and_names_names_when_not(
    sights: list[FeedSight], line: str
) -> None:
    assert all_eyes_open(sights, 5) == line


# ── gaps ─────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("new", "shown", "expected", "lost"),
    [
        (0, 20, 5.0, 0),
        (19, 20, 40.0, 0),  # one was known: nothing went through
        (20, 20, 50.0, 30),
        (20, 20, 5.0, 1),  # unexpected, and still it may be
        (20, 20, 0.0, 1),
        (2, 2, 9.0, 0),  # so small a window shows nothing
        (0, 0, 9.0, 0),
    ],
)
def test_items_may_be_lost_only_where_nothing_shown_was_known(
    new: int, shown: int, expected: float, lost: int
) -> None:
    assert missed(new, shown, expected) == lost
