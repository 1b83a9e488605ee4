"""The square-root clock: how a budget of requests is shared among feeds, and what makes a feed go faster."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.core.model import Feed
from bot.core.pacing import BURST_SHARE, MOST_PEERS, Budget, Pacemaker, skipped_hours

NOW = datetime(2022, 2, 15, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def feed(name: str, *tags: str, **more: object) -> Feed:
    return Feed(name, f"https://{name}.example/rss", name, tags=tags, **more)  # type: ignore[arg-type]  # keywords


def newest(a_day: float, count: int = 20) -> list[datetime]:
    """The newest items of a feed that publishes so many a day, evenly."""
    return [NOW - DAY * (number / a_day) for number in range(count)]


def paced(*feeds: tuple[Feed, float], budget: Budget | None = None) -> Pacemaker:
    """A pacemaker that knows these feeds by their first response."""
    pace = Pacemaker(budget or Budget())
    pace.arrange(each for each, _ in feeds)
    for each, a_day in feeds:
        pace.read(each, newest(a_day), NOW)
    return pace


def seconds(pace: Pacemaker, of: Feed) -> float:
    return pace.usual(of, NOW).total_seconds()


def test_a_feed_nobody_knows_yet_is_polled_at_the_budgets_pace() -> None:
    pace = Pacemaker(Budget(timedelta(minutes=5)))
    assert pace.wait(feed("new"), NOW) == timedelta(minutes=5)


def test_four_times_the_news_is_polled_about_twice_as_often() -> None:
    busy, calm = feed("busy"), feed("calm")
    pace = paced((busy, 160.0), (calm, 40.0))
    assert 1.5 < seconds(pace, calm) / seconds(pace, busy) < 2.2


def test_one_newcomer_among_many_has_an_even_share_until_all_are_weighed() -> None:
    many = [(feed(f"f{number}"), 40.0) for number in range(50)]
    new = feed("new")
    pace = paced(*many)
    pace.arrange([*(each for each, _ in many), new])
    pace.settle()
    pace.read(new, newest(160.0), NOW)
    assert 250 < seconds(pace, new) < 350
    pace.settle()
    assert seconds(pace, new) < 220


def test_the_budget_is_spent_and_not_overspent() -> None:
    feeds = [(feed(f"f{number}"), float(rate)) for number, rate in enumerate((2, 10, 40, 90, 200))]
    pace = paced(*feeds)
    a_day = sum(86_400 / seconds(pace, each) for each, _ in feeds)
    wanted = len(feeds) * 86_400 / 300
    assert 0.9 * wanted < a_day < 1.1 * wanted


def test_a_rare_feed_does_not_starve() -> None:
    rare = feed("rare")
    pace = paced((rare, 0.5), *((feed(f"busy{number}"), 300.0) for number in range(10)))
    assert seconds(pace, rare) < 3 * 300


def test_bounds_of_a_feed_go_before_what_it_deserves() -> None:
    kept = feed("kept", min_interval=timedelta(minutes=20), max_interval=timedelta(minutes=30))
    pace = paced((kept, 400.0), (feed("other"), 4.0))
    assert timedelta(minutes=20) <= pace.wait(kept, NOW) <= timedelta(minutes=30)


def test_what_the_publisher_asks_for_is_waited_for() -> None:
    pace = paced((feed("a"), 100.0))
    assert pace.wait(feed("a"), NOW, not_before=timedelta(minutes=50)) == timedelta(minutes=50)


def test_a_hit_speeds_up_the_feed_and_its_peers_and_fades() -> None:
    hit, peer, stranger = feed("hit", "baltics"), feed("peer", "baltics"), feed("stranger", "sports")
    others = [(feed(f"other{number}", "sports"), 20.0) for number in range(20)]
    pace = paced((hit, 20.0), (peer, 20.0), (stranger, 20.0), *others)
    before = seconds(pace, hit), seconds(pace, peer), seconds(pace, stranger)
    assert list(pace.burst("hit", NOW, "invasion"))[:2] == ["hit", "peer"]
    assert seconds(pace, hit) < before[0] / 1.5
    assert seconds(pace, peer) < before[1]
    assert seconds(pace, stranger) == before[2]
    view = pace.view("peer", NOW)
    assert view is not None
    assert view.why == "invasion in hit"
    later = pace.usual(hit, NOW + timedelta(hours=12)).total_seconds()
    assert later > seconds(pace, hit)


def test_what_was_learnt_is_rebuilt_at_midnight_and_follows_the_clock() -> None:
    """A feed that publishes by day only is asked more by day than by night."""
    by_day = feed("by-day")
    pace = paced((by_day, 24.0), (feed("other"), 24.0))
    for day in range(14, 0, -1):
        for hour in range(8, 20):
            for minute in (5, 25, 45):
                moment = (NOW - DAY * day).replace(hour=hour, minute=minute)
                pace.saw("by-day", moment, moment + timedelta(minutes=3))
        pace.rebuild((NOW - DAY * (day - 1)).replace(hour=0, minute=1))
    noon = pace.usual(by_day, NOW.replace(hour=12)).total_seconds()
    night = pace.usual(by_day, NOW.replace(hour=3)).total_seconds()
    assert night > 1.5 * noon


def test_a_day_of_little_news_leaves_its_polls_to_days_of_much() -> None:
    office, paper = feed("office"), feed("paper")
    pace = paced((office, 24.0), (paper, 24.0))
    saturday, monday = datetime(2022, 2, 12, tzinfo=UTC), datetime(2022, 2, 14, tzinfo=UTC)
    for day in range(35, 0, -1):
        for hour in range(24):
            moment = monday - DAY * day + timedelta(hours=hour)
            pace.saw("paper", moment, moment)
            if moment.weekday() < 5:
                pace.saw("office", moment, moment)
    polls = {}
    for today in (saturday, monday):
        pace.rebuild(today + timedelta(minutes=1))
        polls[today] = [pace.usual(each, today + timedelta(hours=12)) for each in (office, paper)]
    assert polls[saturday][0] > 1.5 * polls[monday][0]
    assert polls[saturday][1].total_seconds() == pytest.approx(polls[monday][1].total_seconds(), rel=0.1)


# ── what the publisher asks for ──────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("document", "hours"),
    [
        (b"<rss><channel><skipHours><hour>0</hour><hour>23</hour></skipHours></channel></rss>", {0, 23}),
        (b"<skipHours>\n <hour> 3 </hour>\n</skipHours>", {3}),
        (b"<skipHours><hour>24</hour></skipHours>", {0}),  # as RSS 0.91 wrote midnight
        (b"<skipHours><hour>25</hour><hour>x</hour><hour>-1</hour></skipHours>", set()),
        (b"<skipHours><hour>3</hour>", set()),  # no end
        (b"<ttl>600</ttl>", set()),
        (b"", set()),
    ],
)
def test_hours_to_be_skipped_are_read_from_the_document(document: bytes, hours: set[int]) -> None:
    assert skipped_hours(document) == hours


def test_no_poll_falls_into_the_publishers_quiet_hours() -> None:
    pace = paced((feed("a"), 100.0))
    pace.quiet(feed("a"), [12, 13])
    next_poll = NOW + pace.wait(feed("a"), NOW)
    assert timedelta() <= next_poll - NOW.replace(hour=14) < timedelta(minutes=1)


def test_a_publisher_that_wants_no_poll_at_any_hour_is_polled_as_ever() -> None:
    pace = paced((feed("a"), 100.0))
    pace.quiet(feed("a"), range(24))
    assert pace.wait(feed("a"), NOW) <= timedelta(hours=1)


def test_a_day_of_max_age_waits_no_longer_than_the_longest_interval() -> None:
    pace = paced((feed("a"), 100.0))
    assert pace.wait(feed("a"), NOW, not_before=timedelta(days=1)) == timedelta(hours=1)


def test_a_feed_whose_hub_calls_us_is_polled_at_the_longest_interval() -> None:
    pace = paced((feed("a"), 400.0), (feed("b", max_interval=timedelta(minutes=20)), 400.0))
    assert pace.wait(feed("a"), NOW, rarely=True) == timedelta(hours=1)
    assert pace.wait(feed("b", max_interval=timedelta(minutes=20)), NOW, rarely=True) == timedelta(minutes=20)


# ── bursts within the budget ─────────────────────────────────────────────────────────────────────────
def test_all_bursts_together_cost_no_more_than_their_share() -> None:
    feeds = [feed(f"f{number}", "east") for number in range(40)]
    pace = paced(*((each, 40.0) for each in feeds))
    even = sum(86_400 / seconds(pace, each) for each in feeds)
    chosen = pace.burst("f0", NOW, "invasion")
    bursting = sum(86_400 / seconds(pace, each) for each in feeds)
    assert 1 < len(chosen) < len(feeds)
    assert bursting <= (1 + BURST_SHARE) * even * 1.01


def test_a_hit_among_very_many_feeds_speeds_up_the_most_related_ones_only() -> None:
    near = [feed(f"near{number}", "war", "baltics") for number in range(5)]
    far = [feed(f"far{number}", "war", lang="en") for number in range(4 * MOST_PEERS)]
    pace = paced(*((each, 24.0) for each in (*far, *near)))
    chosen = pace.burst("near0", NOW, "invasion")
    assert set(chosen[:5]) == {each.name for each in near}
    assert len(chosen) == 1 + MOST_PEERS


def test_a_feed_nobody_knows_yet_is_sped_up_too() -> None:
    pace = Pacemaker(Budget(timedelta(minutes=5)))
    pace.arrange([feed("a")])
    pace.hurry("a", NOW, "may have missed 3")
    assert pace.wait(feed("a"), NOW) == timedelta(minutes=2.5)


def test_a_burst_ends_and_says_until_when() -> None:
    pace = paced(*((feed(f"f{number}"), 40.0) for number in range(10)))
    pace.burst("f0", NOW, "invasion")
    view = pace.view("f0", NOW)
    assert view is not None
    assert view.until == NOW + timedelta(hours=1)
    later = pace.view("f0", NOW + timedelta(hours=1))
    assert later is not None
    assert (later.faster, later.why, later.until) == (1.0, "", None)
