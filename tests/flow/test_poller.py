"""The poller over publishers in memory: never twice at a time, nothing lost, nobody waits for a slow one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from bot.core.model import Feed, FeedState, FeedStatus
from bot.core.pacing import Budget, Pacemaker
from bot.core.turns import TurnLimits
from bot.errors import BlockedAddress, FetchError, Gone, StoreError
from bot.poller import Poller
from bot.poller_watched import PollerOptions
from bot.ports import Polled
from tests.fakes.clock import START, FakeClock
from tests.fakes.publisher import FakeSource, MemoryStates, Site

MINUTE = 60.0
BUDGET = Budget(timedelta(minutes=5), timedelta(minutes=1), timedelta(hours=1))
LONG = PollerOptions(tick=300)  # for days that pass in a test


def feed(name: str, **more: object) -> Feed:
    defaults = {"url": f"https://{name}.example/rss", "owner": name}
    return Feed(name, **(defaults | more))  # type: ignore[arg-type]


class JumpyClock(FakeClock):
    """A clock that can be set, and a machine that can be put to sleep."""

    def jump(self, by: timedelta) -> None:
        """Set the wall clock; the monotonic one goes on."""
        self._start += by

    def suspend(self, seconds: float) -> None:
        """Nothing runs for so long; who slept meanwhile wakes late."""
        self._elapsed += seconds
        self._sleepers = [(max(at, self._elapsed), *rest) for at, *rest in self._sleepers]  # type: ignore[misc]


@dataclass
class Bench:
    """A poller with all it needs, and a decider that notes what it got."""

    feeds: tuple[Feed, ...]
    states: MemoryStates = field(default_factory=MemoryStates)
    clock: JumpyClock = field(default_factory=JumpyClock)
    options: PollerOptions = field(default_factory=PollerOptions)
    polled: list[Polled] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)  # about single feeds
    blind: list[str] = field(default_factory=list)  # about groups of them
    undecided: int = 0  # so many next polls cannot be written
    deciding: bool = True
    unwritable_notices: int = 0
    hub_calls: bool = False  # … us for every feed

    def __post_init__(self) -> None:
        self.source = FakeSource(self.clock)
        self.queue: asyncio.Queue[Polled] = asyncio.Queue(maxsize=4)
        self.poller = Poller(
            {"feed": self.source},
            self.states,
            self.queue,
            feeds=lambda: self.feeds,
            clock=self.clock,
            pace=Pacemaker(BUDGET),
            notice=self._notice,
            hub_calls=lambda _name: self.hub_calls,
            options=self.options,
            jitter=lambda: 1.0,
        )

    async def _notice(self, topic: str, text: str) -> None:
        if self.unwritable_notices and topic.startswith("feed/"):
            self.unwritable_notices -= 1
            raise StoreError("the disk is full")
        (self.blind if topic.startswith("blind/") else self.notices).append(text)

    async def _decide(self) -> None:
        while True:
            polled = await self.queue.get()
            written = not self.undecided
            self.undecided -= not written
            self.polled.append(polled)
            if written:
                self.states.rows[polled.feed.name] = polled.state
            if self.deciding:
                self.poller.settled(polled, written)

    def site(self, name: str) -> Site:
        return self.source.sites[next(each.url for each in self.feeds if each.name == name)]

    def times(self, name: str) -> list[float]:
        return self.source.times(next(each.url for each in self.feeds if each.name == name))

    def brought(self, name: str) -> list[tuple[list[str], bool]]:
        """What the decider got of this feed: titles, and whether it was the baseline."""
        return [
            ([raw.title for raw in polled.raws], polled.baseline)
            for polled in self.polled
            if polled.feed.name == name
        ]

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Bench]:
        tasks = [asyncio.create_task(self.poller.run()), asyncio.create_task(self._decide())]
        try:
            await self.clock.advance(0)
            yield self
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


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
