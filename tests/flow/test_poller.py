"""The poller over publishers in memory: never twice at a time, nothing lost, nobody waits for a slow one."""

from __future__ import annotations

import asyncio
import gc
from datetime import timedelta

import pytest

from bot.core.model import FeedState, FeedStatus
from bot.core.turns import TurnLimits
from bot.errors import FetchError
from bot.poller_visit import HUGE, HUGE_AT_ONCE
from bot.poller_watched import PollerOptions
from tests.fakes.clock import START
from tests.fakes.publisher import MemoryStates, Site
from tests.flow.pollerbench import MINUTE, Bench, feed


# ── when ─────────────────────────────────────────────────────────────────────────────────────────────
async def test_every_feed_is_polled_at_start_and_then_at_its_pace() -> None:
    async with Bench((feed("a"), feed("b", min_interval=timedelta(hours=1)))).running() as bench:
        await bench.clock.advance(15 * MINUTE)
        assert bench.times("a") == [0, 300, 600, 900]
        assert bench.times("b") == [0]


async def test_a_feed_is_not_polled_while_its_last_poll_is_undecided() -> None:
    bench = Bench((feed("a"),), deciding=False)
    bench.feeds = (feed("a"),)
    async with bench.running():
        await bench.clock.advance(30 * MINUTE)
        assert bench.times("a") == [0]
        bench.poller.settled(bench.polled[0], True)
        await bench.clock.advance(1)
        assert len(bench.times("a")) == 2


async def test_a_slow_publisher_delays_nobody_and_a_slow_host_takes_one_place() -> None:
    slow = [feed(f"slow{number}", url=f"https://slow.example/{number}") for number in range(8)]
    quick = [feed(f"quick{number}") for number in range(8)]
    bench = Bench((*slow, *quick), options=PollerOptions(TurnLimits(places=2)))
    for each in slow:
        bench.source.sites[each.url].takes = 30
    async with bench.running():
        await bench.clock.advance(1)
        assert all(len(bench.times(each.name)) == 1 for each in quick)
        assert sum(len(bench.times(each.name)) for each in slow) == 1


async def test_slow_publishers_give_their_places_back() -> None:
    slow = [feed(f"slow{number}") for number in range(6)]
    bench = Bench((*slow, feed("quick")), options=PollerOptions(TurnLimits(places=2, slow_after=2, beside=4)))
    for each in slow:
        bench.source.sites[each.url].takes = 60
    async with bench.running():
        await bench.clock.advance(1)
        assert bench.times("quick") == []
        await bench.clock.advance(6)
        assert bench.times("quick") == [6]
        assert bench.source.most_at_once <= 8


async def test_huge_documents_are_read_few_at_a_time_and_others_wait_for_none_of_them() -> None:
    huge = [feed(f"huge{number}") for number in range(9)]
    bench = Bench((*huge, feed("small")))
    for each in huge:
        bench.source.sites[each.url] = Site(size=HUGE + 1, takes=5)
    async with bench.running():
        await bench.clock.advance(5 + 9 * 5)
        assert bench.times("small") == [0]
        assert {polled.feed.name for polled in bench.polled} == {each.name for each in (*huge, feed("small"))}
        bench.source.most_at_once = 0
        await bench.clock.advance(5 * MINUTE)
        assert bench.source.most_at_once <= HUGE_AT_ONCE + 1
        assert len(bench.times("small")) == 2
        assert all(len(bench.times(each.name)) == 3 for each in huge)  # the first was asked for twice


async def test_what_is_known_of_very_many_feeds_is_kept_from_the_garbage_collector(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bot.poller.A_SECOND", 2)
    frozen = gc.get_freeze_count()
    try:
        async with Bench((feed("a"), feed("b"), feed("c"))).running() as bench:
            await bench.clock.advance(10)
            assert gc.get_freeze_count() > frozen
    finally:
        gc.unfreeze()


async def test_there_is_a_pause_between_two_requests_to_one_host() -> None:
    feeds = tuple(feed(f"a{number}", url=f"https://one.example/{number}") for number in range(5))
    async with Bench(feeds).running() as bench:
        await bench.clock.advance(4 * MINUTE)
        assert sorted(request.at for request in bench.source.requests) == [0, 5, 10, 15, 20]


async def test_a_slow_decider_holds_the_reading_back() -> None:
    bench = Bench(
        tuple(feed(f"a{number}") for number in range(50)), options=PollerOptions(TurnLimits(places=3))
    )
    task = asyncio.create_task(bench.poller.run())
    await bench.clock.advance(10 * MINUTE)
    assert len(bench.source.requests) == bench.queue.maxsize + 3
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


# ── what ─────────────────────────────────────────────────────────────────────────────────────────────
async def test_the_first_good_poll_is_the_baseline_and_no_other() -> None:
    bench = Bench((feed("a"),))
    bench.site("a").publish("old")
    bench.site("a").error = FetchError("a", "timeout", "no answer")
    async with bench.running():
        bench.site("a").error = None
        await bench.clock.advance(5 * MINUTE)
        bench.site("a").publish("new")
        await bench.clock.advance(5 * MINUTE)
        assert bench.brought("a") == [(["old"], True), (["new", "old"], False)]


async def test_the_first_poll_after_a_long_downtime_is_no_baseline() -> None:
    known = FeedState("a", FeedStatus.OK, baseline_done=True, next_poll=START - timedelta(days=9))
    bench = Bench((feed("a"),), MemoryStates(known))
    bench.site("a").publish("missed")
    async with bench.running():
        assert bench.brought("a") == [(["missed"], False)]


async def test_a_restart_keeps_the_time_of_the_next_poll() -> None:
    wait = timedelta(minutes=3)
    known = FeedState("a", FeedStatus.OK, next_poll=START + wait, interval=wait)
    async with Bench((feed("a"),), MemoryStates(known)).running() as bench:
        await bench.clock.advance(4 * MINUTE)
        assert bench.times("a") == [180]


async def test_what_cannot_be_written_is_polled_again_with_the_old_state() -> None:
    bench = Bench((feed("a"),), undecided=2)
    bench.site("a").publish("news")
    async with bench.running():
        await bench.clock.advance(20)
        assert bench.brought("a") == [(["news"], True)] * 3
        assert [request.state.etag for request in bench.source.requests] == [""] * 3
        assert bench.times("a") == [0, 5, 15]
        assert bench.poller.state("a").etag == "v1"


async def test_states_of_unchanged_feeds_are_saved_together() -> None:
    feeds = tuple(feed(f"a{number}") for number in range(40))
    async with Bench(feeds).running() as bench:
        await bench.clock.advance(299)
        before = len(bench.states.transactions)
        await bench.clock.advance(3)
        assert [len(names) for names in bench.states.transactions[before:]] == [40]


async def test_states_the_store_refused_are_saved_later() -> None:
    async with Bench((feed("a"),)).running() as bench:
        await bench.clock.advance(299)
        bench.states.failing = 3
        await bench.clock.advance(10)
        assert bench.states.rows["a"].polls == 2


async def test_what_is_saved_late_never_replaces_what_was_decided_since() -> None:
    """A batch that hangs in the store while the same feed's news is written is followed by the newer state."""
    bench = Bench((feed("a"),))
    release = asyncio.Event()
    save = bench.states.save_states

    async def hanging(states: list[FeedState]) -> None:
        await release.wait()
        await save(states)

    async with bench.running():
        await bench.clock.advance(300)
        bench.states.save_states = hanging  # type: ignore[method-assign, assignment]
        await bench.clock.advance(2)
        bench.site("a").publish("news")
        bench.poller.poll_now("a")
        await bench.clock.advance(5)
        release.set()
        await bench.clock.advance(3)
        assert bench.states.rows["a"].etag == "v1"


# ── time ─────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("by", [timedelta(days=3), timedelta(hours=-2), timedelta(days=-9000)])
async def test_a_wall_clock_that_jumps_moves_no_poll(by: timedelta) -> None:
    async with Bench((feed("a"), feed("b"))).running() as bench:
        await bench.clock.advance(100)
        bench.clock.jump(by)
        await bench.clock.advance(1000)
        assert bench.times("a") == bench.times("b") == [0, 300, 600, 900]


async def test_after_a_suspended_night_every_feed_is_polled_once_and_they_take_turns() -> None:
    feeds = tuple(feed(f"a{number}") for number in range(100))
    bench = Bench(feeds, options=PollerOptions(TurnLimits(places=5)))
    async with bench.running():
        for each in feeds:
            bench.source.sites[each.url].takes = 1
        await bench.clock.advance(200)
        bench.source.requests.clear()
        bench.clock.suspend(8 * 3600)
        await bench.clock.advance(25)
        assert len(bench.source.requests) == 100
        assert bench.source.most_at_once <= 5


async def test_a_wait_of_a_wrong_clock_costs_one_wait_at_most() -> None:
    wait = timedelta(minutes=5)
    known = FeedState("a", FeedStatus.OK, next_poll=START + timedelta(days=4000), interval=wait)
    async with Bench((feed("a"),), MemoryStates(known)).running() as bench:
        await bench.clock.advance(6 * MINUTE)
        assert bench.times("a") == [300]


async def test_a_stopped_poller_drops_what_is_under_way_and_begins_with_it_again() -> None:
    bench = Bench((feed("a"), feed("b")))
    bench.site("a").takes = 50
    async with bench.running():
        await bench.clock.advance(10)
    async with bench.running():
        await bench.clock.advance(60)
        assert bench.times("a") == [0, 10]
        assert bench.times("b") == [0]
