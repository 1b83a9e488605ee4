"""One poll of a feed: it is asked, what came is read, and what is known of it afterwards is worked out.

Whatever goes wrong ends here, as a state with a reason and a time of the next try: a mistake in one source must not end
the reading of others.

A hundred publishers that send five megabytes each would fill the memory together. So a document is read up to
:data:`HUGE` bytes; one that is larger is asked for again, in a line in which few are read at a time and in which nobody
else waits, and its feed goes there at once from then on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from bot import metrics
from bot.core.feedstate import LONGEST_PAUSE, Failure, address, answered, failed, scheduled
from bot.core.model import Feed, FeedState, FeedStatus, Fetched, RawEntry
from bot.core.pacing import Pacemaker, skipped_hours
from bot.core.urls import redacted
from bot.errors import FetchError, ParseError, StoreError
from bot.failpoint import reach
from bot.poller_lookout import Notice
from bot.poller_watched import Parse, Watched
from bot.ports import Clock, Polled, Remembering, Source

log = structlog.get_logger()

HUGE = 500_000
"""Bytes of a document, unpacked; of a hundred feeds one may be larger."""
HUGE_AT_ONCE = 2
LATE = 60.0
"""Seconds by which a poll is so late that feeds must have piled up: their next polls are spread out."""


Read = tuple[Fetched, Sequence[RawEntry]]


@dataclass(frozen=True, slots=True)
class Visited:
    """What a poll brought: the state to go on with, the time until the next, and what is to be decided, if anything.

    ``wait`` is None for a feed that is not to be asked again by itself.
    """

    state: FeedState
    wait: timedelta | None
    polled: Polled | None = None


class Visits:
    """One a poller. ``rarely(name, pushed)``: whether a hub brings this feed's news, ``pushed`` if it just did."""

    def __init__(
        self,
        sources: Mapping[str, Source],
        pace: Pacemaker,
        clock: Clock,
        *,
        parse: Parse,
        notice: Notice,
        rarely: Callable[[str, bool], bool],
        jitter: Callable[[], float],
        deadline: float,
    ) -> None:
        self._sources = sources
        self._pace = pace
        self._clock = clock
        self._parse = parse
        self._notice = notice
        self._rarely = rarely
        self._jitter = jitter
        self._deadline = deadline  # seconds
        self._huge: set[str] = set()  # feeds whose last document was
        self._line = asyncio.Semaphore(HUGE_AT_ONCE)

    async def visit(self, watched: Watched, state: FeedState) -> Visited:
        """Poll this feed, of which ``state`` is remembered. Raises nothing but CancelledError."""
        feed, began = watched.feed, self._clock.monotonic()
        try:
            async with asyncio.timeout(self._deadline):
                fetched, raws = await self._read(replace(feed, url=address(feed, state)), state)
        except (FetchError, ParseError) as error:
            return await self._failed(watched, state, error, began)
        except TimeoutError:
            overdue = FetchError(feed.name, "overdue", "the poll came to no end")
            return await self._failed(watched, state, overdue, began)
        except Exception as error:
            log.exception("source.failed", feed=feed.name)
            mistake = FetchError(feed.name, "internal", f"unexpected {type(error).__name__}")
            return await self._failed(watched, state, mistake, began)
        return self._answered(watched, state, fetched, raws, began)

    async def _read(self, feed: Feed, state: FeedState) -> Read:
        if feed.name not in self._huge:
            try:
                return await self._ask(feed, state, HUGE)
            except FetchError as error:
                if error.kind != "too-large":
                    raise
            self._huge.add(feed.name)
        async with self._line:
            fetched, raws = await self._ask(feed, state)
        if fetched.body is not None and len(fetched.body) <= HUGE:
            self._huge.discard(feed.name)
        return fetched, raws

    async def _ask(self, feed: Feed, state: FeedState, limit: int | None = None) -> Read:
        source = self._sources[feed.kind]
        fetched = await source.fetch(feed, state, now=self._clock.now(), limit=limit)
        reach("after fetch")
        return fetched, () if fetched.body is None else await self._parse(source, feed, fetched)

    def _answered(
        self, watched: Watched, before: FeedState, fetched: Fetched, raws: Sequence[RawEntry], began: float
    ) -> Visited:
        now, monotonic = self._clock.now(), self._clock.monotonic()
        result = "unchanged" if fetched.body is None else "new"
        metrics.polled(result, monotonic - began, now, entries=len(raws))
        log.debug("poll.read", feed=watched.feed.name, result=result, entries=len(raws))
        state = answered(before, fetched, now)
        watched.answered = monotonic
        if fetched.body is not None:
            self._learn(watched.feed, fetched.body, raws)
        if state.moved_to != before.moved_to:
            log.info("feed.moved", feed=state.feed, to=redacted(address(watched.feed, state)))
        share = self._jitter() if not watched.met or began - watched.due > LATE else 1.0
        rarely = self._rarely(state.feed, fetched.pushed)
        not_before = fetched.max_age or timedelta()
        wait = self._pace.wait(watched.feed, now, not_before=not_before, share=share, rarely=rarely)
        state = scheduled(state, now, wait)
        return Visited(state, wait, self._polled(watched.feed, before, state, fetched, raws, now))

    def _polled(
        self,
        feed: Feed,
        before: FeedState,
        state: FeedState,
        fetched: Fetched,
        raws: Sequence[RawEntry],
        now: datetime,
    ) -> Polled | None:
        if fetched.body is None:
            return None
        source = self._sources[feed.kind]
        return Polled(
            feed,
            state,
            raws,
            fetched.url,
            now,
            baseline=not before.baseline_done,
            shown=source.shown(feed) if isinstance(source, Remembering) else None,
            pushed=fetched.pushed,
        )

    def _learn(self, feed: Feed, body: bytes, raws: Sequence[RawEntry]) -> None:
        dates = (raw.published for raw in raws)
        self._pace.read(feed, [date for date in dates if date is not None], self._clock.now())
        self._pace.quiet(feed, skipped_hours(body))

    async def _failed(
        self, watched: Watched, before: FeedState, error: FetchError | ParseError, began: float
    ) -> Visited:
        now = self._clock.now()
        kind = error.kind if isinstance(error, FetchError) else "parse"
        metrics.polled(kind, self._clock.monotonic() - began, now)
        usual = self._pace.usual(watched.feed, now)
        failure = await self._told(failed(before, error, now, jitter=self._jitter(), usual=usual))
        state = scheduled(failure.state, now, failure.wait)
        log.warning("poll.failed", feed=state.feed, kind=kind, reason=state.reason, failures=state.failures)
        return Visited(state, failure.wait)

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
