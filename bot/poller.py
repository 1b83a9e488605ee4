"""The poller: feeds are read side by side, and what they brought waits in a queue for the decider.

::

    whose turn? ─▶ fetch ─▶ parse ─┬─ something ─▶ queue ─▶ ingest ─▶ settled ─┐
        ▲                          ├─ unchanged ─▶ state kept, saved soon ─────┤
        └──── next poll ───────────┴─ failed ────▶ back-off, perhaps a notice ─┘

A feed is busy from its turn until the decider has settled it, so it is never polled twice at a time. What could not be
written is polled again with the *old* state: the publisher is asked for the same news once more, nothing is lost.

Scheduling runs on the monotonic clock alone. A wall clock that jumps moves no poll; after a suspended night every feed
is due once, not once for every poll missed, and they take turns as ever (:mod:`bot.core.turns`).

One poll is made by :mod:`bot.poller_visit`; states are kept and saved by :mod:`bot.poller_states`; the pace is learnt,
and blindness told, by :mod:`bot.poller_lookout`.
"""

from __future__ import annotations

import asyncio
import gc
import random
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial

import structlog

from bot import metrics
from bot.core.eyes import FeedSight, all_eyes_open, sight_of
from bot.core.feedstate import address, pause
from bot.core.model import Feed, FeedState, FeedStatus
from bot.core.pacing import Pacemaker, PaceView
from bot.core.turns import Turns
from bot.core.urls import host_of
from bot.failpoint import reach
from bot.poller_lookout import Asked, Gap, History, Lookout, Notice, no_history, tell_nobody
from bot.poller_states import StateBook
from bot.poller_visit import Visits
from bot.poller_watched import HubCalls, Parse, PollerOptions, Watched, is_asked, parse_here
from bot.ports import Clock, FeedStates, Polled, PollRecord, Source
from bot.waiting import first_of

log = structlog.get_logger()

UNDECIDED_PAUSE = timedelta(seconds=5)
"""Before a poll that could not be written is made again; doubled each time up to …"""
LONGEST_UNDECIDED_PAUSE = timedelta(minutes=5)
A_SECOND = 1_000  # feeds looked at for blindness: ten thousand are not looked at every second


class Poller:
    """Polls the feeds that ``feeds()`` names, each as ``pace`` says. One instance a process.

    ``sources`` maps a feed's kind to its source; ``notice(topic, text)`` tells the operators and may raise StoreError;
    ``parse`` runs a source's parser, in a child process for instance; ``history(since)`` is what the store remembers of
    publications; ``hub_calls(feed)`` whether a hub does; ``gap(polled)`` hears of gaps; ``jitter()`` is from 0 to 1.
    """

    def __init__(
        self,
        sources: Mapping[str, Source],
        states: FeedStates,
        queue: asyncio.Queue[Polled],
        *,
        feeds: Callable[[], Sequence[Feed]],
        clock: Clock,
        pace: Pacemaker | None = None,
        notice: Notice = tell_nobody,
        parse: Parse = parse_here,
        history: History = no_history,
        hub_calls: HubCalls = lambda _feed: False,
        gap: Gap = lambda _polled: None,
        options: PollerOptions | None = None,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._book = StateBook(states)
        self._queue = queue
        self._feeds = feeds
        self._clock = clock
        self._pace = pace or Pacemaker()
        self._options = options or PollerOptions()
        self._jitter = jitter
        self._remembers = False
        self._rested = False
        self._orders: Sequence[Feed] | None = None  # the feeds as last taken over
        self._watched: dict[str, Watched] = {}
        self._polls: dict[str, asyncio.Task[None]] = {}
        self._turns = Turns(self._options.turns)
        self._wake = asyncio.Event()
        self._lookout = Lookout(
            self._pace,
            clock,
            notice=notice,
            history=history,
            gap=gap,
            longest_tick=20 + 10 * self._options.tick,
        )
        self._visits = Visits(
            sources,
            self._pace,
            clock,
            parse=parse,
            notice=notice,
            rarely=lambda name, pushed: (pushed or self._lookout.is_carried(name)) and hub_calls(name),
            jitter=jitter,
            deadline=self._options.deadline,
        )

    # ── what others may ask ──────────────────────────────────────────────────────────────────────────
    @property
    def met_everyone(self) -> bool:
        """Was every feed in force asked at least once since we started, or is not to be asked?"""
        return self._orders is not None and all(
            each.met or not is_asked(self.state(name)) for name, each in self._watched.items()
        )

    def settled(self, polled: Polled, written: bool) -> None:
        """The decider has done with this poll; its feed is free again."""
        watched = self._watched.get(polled.feed.name)
        if watched is None or watched.queued is not polled:
            return  # the feed was removed or changed meanwhile, or the poll was not ours
        if written:
            watched.undecided = 0
            self._book.put(polled.state, written=True)
            self._mark(polled.feed.name)
        else:
            watched.undecided += 1
            wait = pause(watched.undecided, self._jitter(), UNDECIDED_PAUSE, LONGEST_UNDECIDED_PAUSE)
            watched.due = self._clock.monotonic() + wait.total_seconds()
        self._free(watched)

    def poll_now(self, name: str) -> bool:
        """Poll this feed as soon as its host allows, gone and paused ones too; False when there is no such feed."""
        return self._poll_now(name)

    def pushed(self, name: str) -> bool:
        """A hub has brought this feed's news to its source: read it at once, its host need not be asked."""
        return not self.is_paused(name) and self._poll_now(name, host=f"hub of {name}")

    def _poll_now(self, name: str, host: str = "") -> bool:
        watched = self._watched.get(name)
        if watched is not None:
            watched.again = watched.busy
            self._set(watched, self._clock.monotonic(), host)
        return watched is not None

    def pause(self, name: str, reason: str = "") -> bool:
        """Poll this feed no more until :meth:`resume`; False when there is no such feed."""
        watched = self._watched.get(name)
        if watched is not None:
            self._turns.drop(name)
            self._book.wish(
                replace(self.state(name), status=FeedStatus.PAUSED, reason=reason, next_poll=None)
            )
        return watched is not None

    def resume(self, name: str) -> bool:
        """Poll a paused feed again, at once; False when it was not paused."""
        if name not in self._watched or self.state(name).status is not FeedStatus.PAUSED:
            return False
        self._book.wish(replace(self.state(name), status=FeedStatus.NEW, reason=""))
        return self.poll_now(name)

    def is_paused(self, name: str) -> bool:
        """Did a person pause it?"""
        return self.state(name).status is FeedStatus.PAUSED

    def names(self) -> Collection[str]:
        """The feeds in force."""
        return self._watched.keys()

    def state(self, name: str) -> FeedState:
        """What is remembered of this feed."""
        return self._book.of(name)

    def decided(self, polled: Polled, record: PollRecord) -> None:
        """The decider's hook for every poll that was written: the pace learns; a rule that fired begins a burst."""
        now = self._clock.monotonic()
        for name in self._lookout.decided(polled, record):
            watched = self._watched.get(name)
            if watched is not None and is_asked(self.state(name)):
                self._mark(name)
                wait = self._pace.usual(watched.feed, self._clock.now()).total_seconds()
                self._set(watched, min(watched.due, now + wait * self._jitter()))

    def _mark(self, name: str) -> None:
        """Write down what others may want to know of this feed's pace."""
        view = self.pace(name)
        if view is not None:
            self._book.mark(name, view.why, view.until, carried=self._lookout.is_carried(name))

    def pace(self, name: str) -> PaceView | None:
        """How often this feed is polled and why; None when it is not in force."""
        return self._pace.view(name, self._clock.now()) if name in self._watched else None

    def sight(self, name: str) -> FeedSight:
        """How this feed does: a word, the reason, the next try."""
        now = self._clock.now()
        view = self.pace(name)
        newest, a_day = (view.newest, view.items_a_day) if view else (None, 0.0)
        return sight_of(self.state(name), now, newest=newest, a_day=a_day)

    def sights(self) -> list[FeedSight]:
        """The same of every feed in force."""
        return [self.sight(name) for name in self._watched]

    def all_eyes_open(self, items: int) -> str:
        """The daily line for the operators; ``items`` were new in a day."""
        return all_eyes_open(self.sights(), items)

    # ── the loop ─────────────────────────────────────────────────────────────────────────────────────
    async def run(self) -> None:
        """Poll until cancelled; polls under way are then dropped, which loses nothing. Raises StoreError at start."""
        await self._book.load()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._keep_launching())
                group.create_task(self._keep_looking())
        finally:
            await self._abandon()

    async def _keep_launching(self) -> None:
        while True:
            self._wake.clear()
            self._take_over()
            self._launch()
            now = self._clock.monotonic()
            longest = self._turns.next_look(now) - now
            await first_of(self._wake.wait(), self._clock.sleep(min(longest, self._options.tick)))

    async def _keep_looking(self) -> None:
        if not self._remembers:
            await self._lookout.remember()
            self._remembers = True
        looked = 0.0
        while True:
            await self._clock.sleep(self._options.tick)
            await self.save()
            await self._lookout.rebuild()
            self._pace.settle()
            self._rest()
            now = self._clock.monotonic()
            if now - looked >= min(len(self._watched) / A_SECOND, 10.0):
                looked = now
                if await self._lookout.watch(self._asked()):
                    self._retry_all()

    def _rest(self) -> None:
        """What is known of thousands of feeds lives on: to look through it for garbage stops the loop for a while."""
        if not self._rested and len(self._watched) > A_SECOND and self.met_everyone:
            self._rested = True
            gc.collect()
            gc.freeze()

    def _asked(self) -> Iterator[Asked]:
        """Feeds one by one, but for those that rest; how many are in which state goes into the metrics."""
        statuses = Counter[FeedStatus]()
        for name, each in list(self._watched.items()):
            status = self.state(name).status
            statuses[status] += 1
            if status is not FeedStatus.PAUSED:
                yield Asked(each.feed, each.answered)
        metrics.feeds(statuses)

    def _retry_all(self) -> None:
        """The network is back: what failed is tried now, not when its back-off ends."""
        for name, watched in self._watched.items():
            if self.state(name).status is FeedStatus.FAILING:
                self._set(watched, self._clock.monotonic())

    async def _abandon(self) -> None:
        """Stop all that is under way. Feeds whose poll was dropped are due at once, should we run again."""
        tasks = list(self._polls.values())
        dropped = [self._watched[name] for name in self._polls if name in self._watched]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for watched in dropped:
            if watched.queued is None:
                self._free(watched, self._clock.monotonic())
        await self.save()

    async def save(self) -> None:
        """Save the states of polls that brought nothing. What the store refuses is tried again with the next."""
        await self._book.save()

    def _launch(self) -> None:
        while (name := self._turns.take(self._clock.monotonic())) is not None:
            watched = self._watched[name]
            watched.busy = True
            task = asyncio.create_task(self._poll(watched), name=f"poll {name}")
            self._polls[name] = task
            task.add_done_callback(partial(self._landed, watched))

    def _landed(self, watched: Watched, _: asyncio.Task[None]) -> None:
        name = watched.feed.name
        del self._polls[name]
        self._turns.done(name)
        current = self._watched.get(name)
        if current is not None and current is not watched:
            self._set(current, current.due)  # its address changed while the old one was read
        self._wake.set()

    # ── which feeds ──────────────────────────────────────────────────────────────────────────────────
    def _take_over(self) -> None:
        """Take over the editors' feeds if they changed: what they removed stops, what is new or has moved starts."""
        orders = self._feeds()
        if orders is self._orders:
            return
        self._orders = orders
        wanted = {feed.name: feed for feed in orders if feed.enabled}
        for name in self._watched.keys() - wanted.keys():
            self._forget(name)
        for feed in wanted.values():
            self._watch(feed)
        self._pace.arrange(wanted.values())
        log.info("feeds.in_force", feeds=len(wanted))

    def _forget(self, name: str) -> None:
        del self._watched[name]
        self._turns.drop(name)
        if name in self._polls:
            self._polls[name].cancel()

    def _watch(self, feed: Feed) -> None:
        watched = self._watched.get(feed.name)
        if watched is not None and (watched.feed.url, watched.feed.kind) == (feed.url, feed.kind):
            watched.feed = feed
            return
        if watched is not None:
            self._forget(feed.name)
        state, now = self._book.take_up(feed), self._clock.monotonic()
        self._lookout.carries(feed.name, carried=state.carried)
        watched = self._watched[feed.name] = Watched(feed, now + self._left(state), now)
        if feed.name not in self._polls and is_asked(state):
            self._set(watched, watched.due)

    def _left(self, state: FeedState) -> float:
        """Seconds left of a wait begun before we started: after a wrong clock not longer than that wait was."""
        if state.next_poll is None or state.interval is None:
            return 0.0
        left = state.next_poll - self._clock.now()
        return max(0.0, min(left, state.interval).total_seconds())

    def _set(self, watched: Watched, due: float, host: str = "") -> None:
        """The feed is due then; while it is busy, that is for later. ``host`` if it is not the address' own."""
        name = watched.feed.name
        watched.due = due
        if not watched.busy and self._watched.get(name) is watched:
            self._turns.set(name, host or host_of(address(watched.feed, self.state(name))), due)
            self._wake.set()

    def _free(self, watched: Watched, due: float | None = None) -> None:
        """The feed's poll is over; it is due again at ``due``, or when it was decided before."""
        watched.busy, watched.queued = False, None
        if due is not None:
            watched.due = due
        if watched.again:
            watched.again, watched.due = False, self._clock.monotonic()
        if is_asked(self.state(watched.feed.name)):
            self._set(watched, watched.due)

    # ── one poll ─────────────────────────────────────────────────────────────────────────────────────
    async def _poll(self, watched: Watched) -> None:
        reach("after claim")
        visited = await self._visits.visit(watched, self.state(watched.feed.name))
        watched.met = True
        watched.due = self._clock.monotonic() + (visited.wait or timedelta()).total_seconds()
        if visited.polled is not None:
            await self._hand_over(watched, visited.polled)
            return
        self._book.put(visited.state)
        self._free(watched)

    async def _hand_over(self, watched: Watched, polled: Polled) -> None:
        """To the decider, when it has room; the feed stays busy until it is settled."""
        watched.queued = polled
        self._turns.read(watched.feed.name)
        try:
            await self._queue.put(polled)
        except asyncio.CancelledError:
            watched.queued = None
            raise
