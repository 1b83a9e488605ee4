"""The poller: feeds are read side by side, and what they brought waits in a queue for the decider.

::

    whose turn? ─▶ fetch ─▶ parse ─┬─ something ─▶ queue ─▶ ingest ─▶ settled ─┐
        ▲                          ├─ unchanged ─▶ state kept, saved soon ─────┤
        └──── next poll ───────────┴─ failed ────▶ back-off, perhaps a notice ─┘

A feed is busy from its turn until the decider has settled it, so it is never polled twice at a time. What could not be
written is polled again with the *old* state: the publisher is asked for the same news once more, nothing is lost.

Scheduling runs on the monotonic clock alone. A wall clock that jumps moves no poll; after a suspended night every feed
is due once, not once for every poll missed, and they take turns as ever (:mod:`bot.core.turns`).

States of polls that brought nothing are saved together, about once a second: one transaction instead of dozens. To
lose that second is harmless. They hold no more than counters, times and validators; an older validator costs one full
answer whose items are all known, an older count of failures one try that comes a little early.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial

import structlog

from bot import metrics
from bot.core.feedstate import (
    LONGEST_PAUSE,
    Failure,
    address,
    answered,
    failed,
    pause,
    remembered,
    scheduled,
)
from bot.core.model import Feed, FeedState, FeedStatus, Fetched, RawEntry
from bot.core.pacing import Pacemaker
from bot.core.turns import TurnLimits, Turns
from bot.core.urls import host_of, redacted
from bot.errors import FetchError, ParseError, StoreError
from bot.failpoint import reach
from bot.ports import Clock, FeedStates, Polled, Source

log = structlog.get_logger()

UNDECIDED_PAUSE = timedelta(seconds=5)
"""Before a poll that could not be written is made again; doubled each time up to …"""
LONGEST_UNDECIDED_PAUSE = timedelta(minutes=5)
LATE = 60.0
"""Seconds by which a poll is so late that feeds must have piled up: their next polls are spread out."""

Parse = Callable[[Source, Feed, Fetched], Awaitable[Sequence[RawEntry]]]
Notice = Callable[[str, str], Awaitable[None]]


async def parse_here(source: Source, feed: Feed, fetched: Fetched) -> Sequence[RawEntry]:
    """Parse in this very process. Raises ParseError."""
    return source.parse(feed, fetched)


async def tell_nobody(topic: str, text: str) -> None:
    """For want of operators a notice goes into the log."""
    log.warning("notice", topic=topic, text=text)


@dataclass(frozen=True, slots=True)
class PollerOptions:
    """Seconds."""

    turns: TurnLimits = field(default_factory=TurnLimits)
    deadline: float = 120.0  # of a whole poll: behind the client's own, so that no feed goes silent for ever
    tick: float = 1.0  # states are saved, and the editors' feeds looked at, this often


@dataclass(slots=True)
class _Watched:
    """A feed in force. ``busy`` from its turn until it is settled; ``queued`` is what the decider has of it."""

    feed: Feed
    due: float = 0.0
    busy: bool = False
    again: bool = False  # poll it once more when it is free
    met: bool = False  # polled since we started
    queued: Polled | None = None
    undecided: int = 0  # polls in a row that could not be written


class Poller:
    """Polls the feeds that ``feeds()`` names, each as ``pace`` says. One instance a process.

    ``sources`` maps a feed's kind to its source; ``notice(topic, text)`` tells the operators and may raise StoreError;
    ``parse`` runs a source's parser, in a child process for instance; ``jitter()`` is a random number from 0 to 1.
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
        options: PollerOptions | None = None,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._sources = sources
        self._store = states
        self._queue = queue
        self._feeds = feeds
        self._clock = clock
        self._pace = pace or Pacemaker()
        self._notice = notice
        self._parse = parse
        self._options = options or PollerOptions()
        self._jitter = jitter
        self._states: dict[str, FeedState] = {}  # of every feed ever polled
        self._loaded = False
        self._orders: Sequence[Feed] | None = None  # the feeds as last taken over
        self._watched: dict[str, _Watched] = {}
        self._polls: dict[str, asyncio.Task[None]] = {}
        self._turns = Turns(self._options.turns)
        self._unsaved: dict[str, FeedState] = {}
        self._saving: Mapping[str, FeedState] = {}
        self._wake = asyncio.Event()

    # ── what others may ask ──────────────────────────────────────────────────────────────────────────
    @property
    def met_everyone(self) -> bool:
        """Was every feed in force asked at least once since we started, or is not to be asked?"""
        return self._orders is not None and all(
            each.met or not _is_asked(self.state(name)) for name, each in self._watched.items()
        )

    def settled(self, polled: Polled, written: bool) -> None:
        """The decider has done with this poll; its feed is free again."""
        watched = self._watched.get(polled.feed.name)
        if watched is None or watched.queued is not polled:
            return  # the feed was removed or changed meanwhile, or the poll was not ours
        if written:
            watched.undecided = 0
            self._keep(polled.state, written=True)
        else:
            watched.undecided += 1
            wait = pause(watched.undecided, self._jitter(), UNDECIDED_PAUSE, LONGEST_UNDECIDED_PAUSE)
            watched.due = self._clock.monotonic() + wait.total_seconds()
        self._free(watched)

    def poll_now(self, name: str) -> bool:
        """Poll this feed as soon as its host allows, gone and paused ones too; False when there is no such feed."""
        watched = self._watched.get(name)
        if watched is not None:
            watched.again = watched.busy
            self._set(watched, self._clock.monotonic())
        return watched is not None

    def pause(self, name: str, reason: str = "") -> bool:
        """Poll this feed no more until :meth:`resume`; False when there is no such feed."""
        watched = self._watched.get(name)
        if watched is not None:
            self._turns.drop(name)
            self._save_soon(
                replace(self.state(name), status=FeedStatus.PAUSED, reason=reason, next_poll=None)
            )
        return watched is not None

    def resume(self, name: str) -> bool:
        """Poll a paused feed again, at once; False when it was not paused."""
        if name not in self._watched or self.state(name).status is not FeedStatus.PAUSED:
            return False
        self._save_soon(replace(self.state(name), status=FeedStatus.NEW, reason=""))
        return self.poll_now(name)

    def state(self, name: str) -> FeedState:
        """What is remembered of this feed."""
        return self._states.get(name) or FeedState(name)

    # ── the loop ─────────────────────────────────────────────────────────────────────────────────────
    async def run(self) -> None:
        """Poll until cancelled; polls under way are then dropped, which loses nothing. Raises StoreError at start."""
        if not self._loaded:
            self._states.update(await self._store.states())
            self._loaded = True
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._keep_launching())
                group.create_task(self._keep_saving())
        finally:
            await self._abandon()

    async def _keep_launching(self) -> None:
        while True:
            self._wake.clear()
            self._take_over()
            self._launch()
            now = self._clock.monotonic()
            longest = self._turns.next_look(now) - now
            await _first(self._wake.wait(), self._clock.sleep(min(longest, self._options.tick)))

    async def _keep_saving(self) -> None:
        while True:
            await self._clock.sleep(self._options.tick)
            await self.save()

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
        if not self._unsaved:
            return
        self._saving, self._unsaved = self._unsaved, {}
        try:
            await self._store.save_states(list(self._saving.values()))
        except StoreError as error:
            log.warning("feed_states.unsaved", feeds=len(self._saving), error=str(error))
            self._unsaved = {**self._saving, **self._unsaved}
        finally:
            self._saving = {}
        metrics.feeds(Counter(self.state(name).status for name in self._watched))

    def _launch(self) -> None:
        while (name := self._turns.take(self._clock.monotonic())) is not None:
            watched = self._watched[name]
            watched.busy = True
            task = asyncio.create_task(self._poll(watched), name=f"poll {name}")
            self._polls[name] = task
            task.add_done_callback(partial(self._landed, watched))

    def _landed(self, watched: _Watched, _: asyncio.Task[None]) -> None:
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
        state = self._states[feed.name] = remembered(feed, self._states.get(feed.name))
        watched = self._watched[feed.name] = _Watched(feed)
        watched.due = self._clock.monotonic() + self._left(state)
        if feed.name not in self._polls and _is_asked(state):
            self._set(watched, watched.due)

    def _left(self, state: FeedState) -> float:
        """Seconds left of a wait begun before we started: after a wrong clock not longer than that wait was."""
        if state.next_poll is None or state.interval is None:
            return 0.0
        left = state.next_poll - self._clock.now()
        return max(0.0, min(left, state.interval).total_seconds())

    def _set(self, watched: _Watched, due: float) -> None:
        """The feed is due then; while it is busy, that is for later."""
        name = watched.feed.name
        watched.due = due
        if not watched.busy and self._watched.get(name) is watched:
            self._turns.set(name, host_of(address(watched.feed, self.state(name))), due)
            self._wake.set()

    def _free(self, watched: _Watched, due: float | None = None) -> None:
        """The feed's poll is over; it is due again at ``due``, or when it was decided before."""
        watched.busy, watched.queued = False, None
        if due is not None:
            watched.due = due
        if watched.again:
            watched.again, watched.due = False, self._clock.monotonic()
        if _is_asked(self.state(watched.feed.name)):
            self._set(watched, watched.due)

    # ── one poll ─────────────────────────────────────────────────────────────────────────────────────
    async def _poll(self, watched: _Watched) -> None:
        feed, state, began = watched.feed, self.state(watched.feed.name), self._clock.monotonic()
        reach("after claim")
        try:
            async with asyncio.timeout(self._options.deadline):
                fetched, raws = await self._read(replace(feed, url=address(feed, state)), state)
        except (FetchError, ParseError) as error:
            await self._failed(watched, state, error, began)
        except TimeoutError:
            overdue = FetchError(feed.name, "overdue", "the poll came to no end")
            await self._failed(watched, state, overdue, began)
        except Exception as error:  # a mistake in one source must not end the reading of others
            log.exception("source.failed", feed=feed.name)
            mistake = FetchError(feed.name, "internal", f"unexpected {type(error).__name__}")
            await self._failed(watched, state, mistake, began)
        else:
            await self._answered(watched, state, fetched, raws, began)

    async def _read(self, feed: Feed, state: FeedState) -> tuple[Fetched, Sequence[RawEntry]]:
        source = self._sources[feed.kind]
        fetched = await source.fetch(feed, state, now=self._clock.now())
        reach("after fetch")
        return fetched, () if fetched.body is None else await self._parse(source, feed, fetched)

    async def _answered(
        self, watched: _Watched, before: FeedState, fetched: Fetched, raws: Sequence[RawEntry], began: float
    ) -> None:
        now, monotonic = self._clock.now(), self._clock.monotonic()
        result = "unchanged" if fetched.body is None else "new"
        metrics.polled(result, monotonic - began, now, entries=len(raws))
        log.debug("poll.read", feed=watched.feed.name, result=result, entries=len(raws))
        state = answered(before, fetched, now)
        if state.moved_to != before.moved_to:
            log.info("feed.moved", feed=state.feed, to=redacted(address(watched.feed, state)))
        share = self._jitter() if not watched.met or began - watched.due > LATE else 1.0
        wait = self._pace.wait(watched.feed, now, not_before=fetched.max_age or timedelta(), share=share)
        state = scheduled(state, now, wait)
        watched.due, watched.met = monotonic + wait.total_seconds(), True
        if fetched.body is None:
            self._keep(state)
            self._free(watched)
            return
        baseline = not before.baseline_done
        await self._hand_over(watched, Polled(watched.feed, state, raws, fetched.url, now, baseline=baseline))

    async def _hand_over(self, watched: _Watched, polled: Polled) -> None:
        """To the decider, when it has room; the feed stays busy until it is settled."""
        watched.queued = polled
        self._turns.read(watched.feed.name)
        try:
            await self._queue.put(polled)
        except asyncio.CancelledError:
            watched.queued = None
            raise

    async def _failed(
        self, watched: _Watched, before: FeedState, error: FetchError | ParseError, began: float
    ) -> None:
        now = self._clock.now()
        kind = error.kind if isinstance(error, FetchError) else "parse"
        metrics.polled(kind, self._clock.monotonic() - began, now)
        usual = self._pace.wait(watched.feed, now)
        failure = await self._told(failed(before, error, now, jitter=self._jitter(), usual=usual))
        state = scheduled(failure.state, now, failure.wait)
        log.warning("poll.failed", feed=state.feed, kind=kind, reason=state.reason, failures=state.failures)
        watched.met = True
        self._keep(state)
        self._free(watched, self._clock.monotonic() + (failure.wait or timedelta()).total_seconds())

    async def _told(self, failure: Failure) -> Failure:
        """The same, after its notice is owed; what could not be told is told after the next try."""
        if not failure.notice:
            return failure
        try:
            await self._notice(f"feed/{failure.state.feed}", failure.notice)
        except StoreError as error:
            log.warning("notice.unwritable", feed=failure.state.feed, error=str(error))
            state = replace(failure.state, status=FeedStatus.FAILING)
            return Failure(state, failure.wait or LONGEST_PAUSE)
        return failure

    # ── states ───────────────────────────────────────────────────────────────────────────────────────
    def _keep(self, state: FeedState, *, written: bool = False) -> None:
        """Go on with this state. A pause wished for meanwhile stays; so does what is written later than it."""
        before = self.state(state.feed)
        if before.status is FeedStatus.PAUSED:
            state, written = (
                replace(state, status=FeedStatus.PAUSED, reason=before.reason, next_poll=None),
                False,
            )
        if written and state.feed not in self._saving:
            self._states[state.feed] = state
            self._unsaved.pop(state.feed, None)
        else:
            self._save_soon(state)

    def _save_soon(self, state: FeedState) -> None:
        self._states[state.feed] = self._unsaved[state.feed] = state


def _is_asked(state: FeedState) -> bool:
    return state.status not in (FeedStatus.GONE, FeedStatus.PAUSED)


async def _first(*waits: Coroutine[None, None, object]) -> None:
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
