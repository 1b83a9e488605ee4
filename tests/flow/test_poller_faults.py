"""The poller when publishers fail, editors change their feeds and people pause them: no feed harms another."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.core.model import FeedStatus
from bot.errors import BlockedAddress, FetchError, Gone
from tests.flow.pollerbench import LONG, MINUTE, Bench, feed


# ── errors ───────────────────────────────────────────────────────────────────────────────────────────
async def test_a_feed_that_is_gone_is_told_once_and_asked_no_more() -> None:
    bench = Bench((feed("a"),), options=LONG)
    bench.site("a").error = Gone("a")
    async with bench.running():
        await bench.clock.advance(48 * 60 * MINUTE)
        assert bench.times("a") == [0]
        assert len(bench.notices) == 1
        assert bench.states.rows["a"].status is FeedStatus.GONE
    again = Bench((feed("a"),), bench.states, options=LONG)
    async with again.running():
        await again.clock.advance(60 * MINUTE)
        assert again.times("a") == []


@pytest.mark.parametrize(
    "error",
    [FetchError("a", "http", "401", status=401), BlockedAddress("a", "10.0.0.1")],
    ids=["401", "private"],
)
async def test_a_feed_that_refuses_us_is_told_once_and_asked_rarely(error: Exception) -> None:
    bench = Bench((feed("a"),), options=LONG)
    bench.site("a").error = error
    async with bench.running():
        await bench.clock.advance(24 * 60 * MINUTE)
        assert [time / 3600 for time in bench.times("a")] == [0, 1, 3, 7, 15]
        assert len(bench.notices) == 1
        assert bench.states.rows["a"].status is FeedStatus.BLOCKED


async def test_a_notice_that_cannot_be_written_is_told_after_the_next_try() -> None:
    bench = Bench((feed("a"),), unwritable_notices=1, options=LONG)
    bench.site("a").error = Gone("a")
    async with bench.running():
        await bench.clock.advance(2 * 60 * MINUTE)
        assert len(bench.notices) == 1
        assert len(bench.times("a")) == 2


async def test_a_page_that_is_no_feed_changes_nothing_that_was_known() -> None:
    bench = Bench((feed("a"),))
    bench.site("a").publish("news")
    async with bench.running():
        bench.site("a").etag, bench.site("a").broken = "login page", True
        await bench.clock.advance(300)
        state = bench.poller.state("a")
        assert (state.status, state.etag, state.reason) == (FeedStatus.FAILING, "v1", "a page, not a feed")
        bench.site("a").etag, bench.site("a").broken = "v1", False
        await bench.clock.advance(60)
        assert bench.poller.state("a").status is FeedStatus.OK
        assert len(bench.polled) == 1


async def test_a_mistake_in_a_source_is_a_failure_of_that_feed_alone() -> None:
    bench = Bench((feed("a"), feed("b")))
    bench.site("a").error = ZeroDivisionError()
    async with bench.running():
        await bench.clock.advance(300)
        assert bench.poller.state("a").reason == "unexpected ZeroDivisionError"
        assert bench.times("b") == [0, 300]


async def test_a_publisher_that_asks_for_time_gets_it() -> None:
    bench = Bench((feed("a"), feed("b")), options=LONG)
    bench.site("a").error = FetchError("a", "http", "429", status=429, retry_after=1234)
    bench.site("b").error = FetchError("b", "http", "503", status=503, retry_after=3e8)
    async with bench.running():
        await bench.clock.advance(24 * 60 * MINUTE)
        assert bench.times("a")[1] == 1234
        assert bench.times("b") == [0, 86400]


async def test_max_age_is_a_floor() -> None:
    bench = Bench((feed("a"),))
    bench.site("a").max_age = timedelta(minutes=20)
    async with bench.running():
        await bench.clock.advance(45 * MINUTE)
        assert bench.times("a") == [0, 1200, 2400]


async def test_a_permanent_move_is_believed_after_three_answers_that_agree() -> None:
    bench = Bench((feed("a"),))
    bench.site("a").moved_to = new = "https://new.example/rss"
    async with bench.running():
        await bench.clock.advance(15 * MINUTE)
        assert [request.url for request in bench.source.requests] == [bench.feeds[0].url] * 3 + [new]


# ── the editors change their feeds ───────────────────────────────────────────────────────────────────
async def test_feeds_come_and_go_while_running() -> None:
    async with Bench((feed("a"), feed("b"), feed("c"))).running() as bench:
        first = bench.feeds
        bench.feeds = (first[0], replace(first[1], enabled=False), feed("d"))
        await bench.clock.advance(5 * MINUTE)
        asked = [request.url.split("//")[1][0] for request in bench.source.requests]
        assert sorted(asked) == ["a", "a", "b", "c", "d"]


async def test_another_address_starts_with_nothing_remembered_but_that_the_feed_is_known() -> None:
    bench = Bench((feed("a"),))
    bench.site("a").publish("old")
    async with bench.running():
        bench.feeds = (feed("a", url="https://other.example/rss"),)
        bench.site("a").publish("fresh")
        await bench.clock.advance(2)
        last = bench.source.requests[-1]
        assert (last.url, last.state.etag) == ("https://other.example/rss", "")
        assert bench.brought("a")[-1] == (["fresh"], False)


@pytest.mark.parametrize("change", ["removed", "moved"])
async def test_a_poll_under_way_of_a_feed_that_changed_has_no_effect(change: str) -> None:
    bench = Bench((feed("a"),))
    old = bench.site("a")
    old.takes = 10
    async with bench.running():
        await bench.clock.advance(1)
        bench.feeds = (feed("a", url="https://other.example/rss"),) if change == "moved" else ()
        await bench.clock.advance(30)
        assert [polled.url for polled in bench.polled] == ["https://other.example/rss"] * (change == "moved")


# ── a person's wish ──────────────────────────────────────────────────────────────────────────────────
async def test_a_paused_feed_rests_until_it_is_resumed_also_over_a_restart() -> None:
    bench = Bench((feed("a"),))
    async with bench.running():
        assert bench.poller.pause("a", "too noisy")
        await bench.clock.advance(20 * MINUTE)
        assert bench.times("a") == [0]
    again = Bench((feed("a"),), bench.states)
    async with again.running():
        await again.clock.advance(20 * MINUTE)
        assert again.poller.state("a").status is FeedStatus.PAUSED
        assert again.times("a") == []
        assert again.poller.resume("a")
        await again.clock.advance(1)
        assert again.times("a") == [1200]
        assert not again.poller.resume("a")


async def test_a_pause_wished_for_during_a_poll_outlives_it() -> None:
    bench = Bench((feed("a"),))
    bench.site("a").takes = 10
    async with bench.running():
        await bench.clock.advance(1)
        bench.poller.pause("a")
        await bench.clock.advance(20 * MINUTE)
        assert bench.times("a") == [0]
        assert bench.states.rows["a"].status is FeedStatus.PAUSED
        assert len(bench.polled) == 1


async def test_poll_now_does_not_wait_and_during_a_poll_asks_once_more() -> None:
    bench = Bench((feed("a"),))
    bench.site("a").takes = 10
    async with bench.running():
        await bench.clock.advance(5)
        assert bench.poller.poll_now("a")
        await bench.clock.advance(10)
        assert bench.times("a") == [0, 10]
        assert not bench.poller.poll_now("unknown")
