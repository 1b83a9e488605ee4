"""What the poller makes of what was decided: bursts, gaps, hubs that can be relied on, and groups that went dark."""

from __future__ import annotations

from collections.abc import Sequence

from bot import metrics
from bot.core.model import (
    AlertKind,
    Decision,
    Entry,
    FeedState,
    FeedStatus,
    Level,
    Outcome,
    RawEntry,
)
from bot.core.normalise import normalise_all
from bot.errors import FetchError
from bot.ports import Polled, PollRecord
from tests.fakes.alerts import alert
from tests.fakes.publisher import MemoryStates
from tests.flow.pollerbench import MINUTE, Bench, feed

HOUR = 60 * MINUTE
RING = "Troops return"


class Newsroom(Bench):
    """A decider that knows what it had before, and rings at one headline."""

    known: set[str]

    async def _decide(self) -> None:
        self.known = set()
        while True:
            polled = await self.queue.get()
            self.polled.append(polled)
            self.poller.decided(polled, PollRecord(polled.state, self._judged(polled)))
            self.states.rows[polled.feed.name] = polled.state
            self.poller.settled(polled, True)

    def _judged(self, polled: Polled) -> Sequence[tuple[Entry, Decision]]:
        entries = normalise_all(polled.raws, polled.feed, first_seen=polled.at, base_url=polled.url)
        fresh = [entry for entry in entries if entry.title not in self.known]
        self.known.update(entry.title for entry in fresh)
        return [(entry, decided(entry, polled)) for entry in fresh]

    def push(self, name: str, *titles: str) -> bool:
        """A hub brings these."""
        self.site(name).pushed = tuple(RawEntry(guid=title, title=title) for title in titles)
        return self.poller.pushed(name)


def decided(entry: Entry, polled: Polled) -> Decision:
    if entry.title != RING or polled.baseline:
        return Decision(entry.key, Outcome.NO_MATCH, ())
    return Decision(
        entry.key, Outcome.ALERT, (), alert=alert(kind=AlertKind.NEW, rule="withdrawal", level=Level.HIGH)
    )


# ── bursts and gaps ──────────────────────────────────────────────────────────────────────────────────
async def test_a_rule_that_fires_speeds_its_feed_and_its_peers_up_and_says_so_in_the_store() -> None:
    strangers = [feed(f"stranger{number}") for number in range(10)]
    bench = Newsroom((feed("hit", tags=("east",)), feed("peer", tags=("east",)), *strangers))
    async with bench.running():
        await bench.clock.advance(1)
        bench.site("hit").publish(RING)
        await bench.clock.advance(10 * MINUTE)
        states = bench.states.rows
        assert (states["hit"].faster, states["peer"].faster) == ("withdrawal", "withdrawal in hit")
        assert states["stranger1"].faster == ""
        assert len(bench.times("hit")) > len(bench.times("stranger1"))
        until = states["hit"].faster_until
        assert until is not None
        await bench.clock.advance(2 * HOUR)
        assert until < bench.clock.now()
        view = bench.poller.pace("hit")
        assert view is not None
        assert (view.faster, view.why) == (1.0, "")


async def test_a_window_in_which_nothing_is_known_is_counted_told_and_looked_at_again_soon() -> None:
    before = metrics.REGISTRY.get_sample_value("newsalert_window_gaps_total") or 0.0
    bench = Newsroom((feed("a"),))
    bench.site("a").publish("one", "two", "three")
    async with bench.running():
        await bench.clock.advance(1)
        bench.site("a").entries = ()
        bench.site("a").publish("seven", "eight", "nine")
        bench.site("a").etag = "another"
        await bench.clock.advance(5 * MINUTE)
        assert metrics.REGISTRY.get_sample_value("newsalert_window_gaps_total") == before + 1
        assert bench.states.rows["a"].faster.startswith("may have missed")
        times = bench.times("a")
        await bench.clock.advance(4 * MINUTE)
        assert len(bench.times("a")) > len(times)


async def test_many_new_items_among_known_ones_are_no_gap() -> None:
    before = metrics.REGISTRY.get_sample_value("newsalert_window_gaps_total") or 0.0
    bench = Newsroom((feed("a"),))
    async with bench.running():
        await bench.clock.advance(1)
        raws = tuple(RawEntry(guid=title, title=title) for title in ("one", "two", "three"))
        polled = Polled(
            bench.feeds[0], FeedState("a"), raws, "https://a.example", bench.clock.now(), shown=50
        )
        bench.poller.decided(polled, PollRecord(None, bench._judged(polled)))
    assert metrics.REGISTRY.get_sample_value("newsalert_window_gaps_total") == before


# ── hubs ─────────────────────────────────────────────────────────────────────────────────────────────
def with_hub(*names: str) -> Newsroom:
    """A bench where hubs call us for these feeds."""
    return Newsroom(tuple(feed(name) for name in names), hub_calls=True)


async def test_a_feed_whose_hub_brings_its_news_is_polled_rarely_until_a_poll_finds_more() -> None:
    bench = with_hub("a")
    async with bench.running():
        await bench.clock.advance(1)
        assert bench.push("a", "brought")
        await bench.clock.advance(50 * MINUTE)
        assert bench.times("a") == [0]
        assert bench.states.rows["a"].carried
        bench.site("a").publish("left out")
        await bench.clock.advance(30 * MINUTE)
        assert len(bench.times("a")) > 3
        assert not bench.states.rows["a"].carried


async def test_a_lease_alone_slows_nothing_down() -> None:
    bench = with_hub("a")
    async with bench.running():
        await bench.clock.advance(20 * MINUTE)
        assert len(bench.times("a")) == 5


async def test_what_a_hub_brings_waits_for_no_host() -> None:
    bench = with_hub(*(f"a{number}" for number in range(5)))
    bench.feeds = tuple(feed(f"a{number}", url=f"https://one.example/{number}") for number in range(5))
    async with bench.running():
        assert bench.push("a4", "brought")
        await bench.clock.advance(0)
        assert bench.brought("a4") == [(["brought"], True)]
        assert bench.times("a4") == []


async def test_what_a_hub_brings_of_a_paused_feed_is_not_read() -> None:
    bench = Newsroom((feed("a"),), states=MemoryStates(FeedState("a", FeedStatus.PAUSED)))
    async with bench.running():
        assert not bench.push("a", "brought")
        await bench.clock.advance(HOUR)
        assert bench.polled == []


async def test_a_document_of_a_hub_says_nothing_of_a_gap() -> None:
    before = metrics.REGISTRY.get_sample_value("newsalert_window_gaps_total") or 0.0
    bench = with_hub("a")
    async with bench.running():
        await bench.clock.advance(1)
        bench.push("a", "one", "two", "three")
        await bench.clock.advance(1)
    assert metrics.REGISTRY.get_sample_value("newsalert_window_gaps_total") == before


# ── quiet or blind ───────────────────────────────────────────────────────────────────────────────────
DOWN = FetchError("a", "timeout", "no answer")


async def test_a_group_that_went_dark_is_told_once_and_again_when_it_sees() -> None:
    north = [feed(f"north{number}", tags=("north",)) for number in range(3)]
    bench = Newsroom((*north, feed("south", tags=("south",))))
    async with bench.running():
        await bench.clock.advance(MINUTE)
        for each in north:
            bench.site(each.name).error = DOWN
        await bench.clock.advance(10 * MINUTE)
        assert bench.blind == []
        await bench.clock.advance(HOUR)
        assert [text.partition(" for ")[0] for text in bench.blind] == ["No source tagged north has answered"]
        bench.site("north1").error = None
        await bench.clock.advance(2 * HOUR)
        assert bench.blind[1:] == ["Seeing again: a source tagged north has answered."]


async def test_one_feed_of_many_that_fails_is_no_news() -> None:
    bench = Newsroom(tuple(feed(f"north{number}", tags=("north",)) for number in range(3)))
    bench.site("north1").error = DOWN
    async with bench.running():
        await bench.clock.advance(3 * HOUR)
        assert bench.blind == []


async def test_when_nobody_answers_that_is_one_message_and_all_are_tried_as_soon_as_one_does() -> None:
    feeds = tuple(feed(f"a{number}", tags=(f"tag{number}",), lang="en") for number in range(4))
    bench = Newsroom(feeds)
    async with bench.running():
        await bench.clock.advance(MINUTE)
        for each in feeds:
            bench.site(each.name).error = DOWN
        await bench.clock.advance(3 * HOUR)
        assert len(bench.blind) == 1
        assert "No source at all has answered" in bench.blind[0]
        for each in feeds:
            bench.site(each.name).error = None
        await bench.clock.advance(HOUR)
        ends = [next(at for at in bench.times(each.name) if at > 3 * HOUR + MINUTE) for each in feeds]
        assert max(ends) - min(ends) < 2 * MINUTE
        assert bench.blind[1:] == ["Seeing again: a source has answered."]


async def test_a_night_asleep_is_no_blindness() -> None:
    bench = Newsroom((feed("a"), feed("b")))
    async with bench.running():
        await bench.clock.advance(MINUTE)
        bench.clock.suspend(8 * HOUR)
        await bench.clock.advance(10 * MINUTE)
        assert bench.blind == []


async def test_the_daily_line_names_who_does_not_answer_and_why() -> None:
    bench = Newsroom((feed("a"), feed("b"), feed("c")))
    async with bench.running():
        await bench.clock.advance(MINUTE)
        assert bench.poller.all_eyes_open(7) == "All eyes open: 3 of 3 feeds answer, 7 new items in a day."
        bench.site("b").error = FetchError("b", "timeout", "no answer")
        await bench.clock.advance(HOUR)
        line = bench.poller.all_eyes_open(7)
        assert line.startswith("Eyes: 2 of 3 feeds answer, 7 new items in a day. 1 failing: b (")
        assert "no answer" in line
