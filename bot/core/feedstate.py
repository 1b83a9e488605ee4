"""What a poll makes of what we remember of a feed: an answer or an error in, the next state out.

==============================  =========  ================================================================
what came                       status     the next try
==============================  =========  ================================================================
200, 304                        ok         as the pace says
410                             gone       never, unless a person asks or gives another address
401, 402, 403, private address  blocked    after an hour, doubled up to a day
404                             failing    after a quarter of an hour, doubled up to a day
``Retry-After``                 failing    as asked, between our own back-off and a day
anything else, no feed          failing    after a minute or its usual wait, doubled up to an hour
==============================  =========  ================================================================

Pauses use "equal jitter" (half fixed, half random), so that feeds which failed together do not return together.
An error changes no validator: what was last read well stays the measure, and a broken body cannot become "unchanged".

A permanent redirect (301, 308) is believed after :data:`AGREEMENT` answers in a row that agree and were feeds, and
never away from https: a hotel's login page says 301 too. A new address that fails for good gives way to the
configured one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.core.model import Feed, FeedState, FeedStatus, Fetched
from bot.core.urls import downgrades, redacted
from bot.errors import BlockedAddress, FetchError, Gone, ParseError

AGREEMENT = 3
"""Permanent redirects in a row to one address before it is asked directly."""
LONGEST_REASON = 300  # characters

FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=1)
NOT_FOUND_PAUSE = timedelta(minutes=15)
REFUSED_PAUSE = timedelta(hours=1)
DAY = timedelta(days=1)
"""The longest we stay away from a feed that may come back, whatever it asks for: ten years have been seen."""

_WANTS_CREDENTIALS = {401, 402, 403}
_TRIES_AT_NEW_ADDRESS = 3


@dataclass(frozen=True, slots=True)
class Failure:
    """A poll that failed: the state after it, when to try again (None = not by ourselves), a word to the operators."""

    state: FeedState
    wait: timedelta | None
    notice: str = ""


def remembered(feed: Feed, state: FeedState | None) -> FeedState:
    """The state to go on with. A new address takes nothing over but that the feed is known: no second baseline."""
    if state is None:
        return FeedState(feed.name, url=feed.url)
    if state.url in ("", feed.url):
        return replace(state, url=feed.url)
    paused = state.status is FeedStatus.PAUSED
    return FeedState(
        feed.name,
        status=FeedStatus.PAUSED if paused else FeedStatus.NEW,
        reason=state.reason if paused else "",
        polls=state.polls,
        baseline_done=state.baseline_done,
        last_poll=state.last_poll,
        last_success=state.last_success,
        url=feed.url,
    )


def address(feed: Feed, state: FeedState) -> str:
    """Where to ask: the configured address, or the one it has moved to for good."""
    return state.moved_to or feed.url


def scheduled(state: FeedState, now: datetime, wait: timedelta | None) -> FeedState:
    """The state with its next poll; ``wait`` None = none."""
    return replace(state, next_poll=None if wait is None else now + wait, interval=wait)


# ── it answered ──────────────────────────────────────────────────────────────────────────────────────
def answered(state: FeedState, fetched: Fetched, now: datetime) -> FeedState:
    """The state after a good answer. A 304 may leave its validators out: then the old ones stay in force."""
    unchanged = fetched.status == 304
    state = replace(
        state,
        status=FeedStatus.OK,
        reason="",
        failures=0,
        polls=state.polls + 1,
        etag=fetched.etag or (state.etag if unchanged else ""),
        last_modified=fetched.last_modified or (state.last_modified if unchanged else ""),
        body_hash=fetched.body_hash or state.body_hash,
        baseline_done=state.baseline_done or fetched.body is not None,
        last_poll=now,
        last_success=now,
        last_full_fetch=state.last_full_fetch if unchanged or fetched.pushed else now,
    )
    return state if fetched.pushed else _redirected(state, fetched.moved_to)


def _redirected(state: FeedState, target: str) -> FeedState:
    asked = state.moved_to or state.url
    if not target or target == asked or downgrades(asked, target):
        return replace(state, moved_hint="", moved_count=0)
    count = state.moved_count + 1 if target == state.moved_hint else 1
    if count < AGREEMENT:
        return replace(state, moved_hint=target, moved_count=count)
    return replace(state, moved_to="" if target == state.url else target, moved_hint="", moved_count=0)


# ── it did not ───────────────────────────────────────────────────────────────────────────────────────
def failed(
    state: FeedState,
    error: FetchError | ParseError,
    now: datetime,
    *,
    jitter: float,
    usual: timedelta = FIRST_PAUSE,
) -> Failure:
    """The state after an error. ``jitter`` is a random number from 0 to 1, ``usual`` the wait of the feed when well."""
    before = state.status
    reason = str(error).removeprefix(f"{state.feed}: ")[:LONGEST_REASON]
    state = replace(
        state,
        status=FeedStatus.FAILING,
        reason=reason,
        failures=state.failures + 1,
        polls=state.polls + 1,
        last_poll=now,
    )
    if state.moved_to and (_is_final(error) or state.failures >= _TRIES_AT_NEW_ADDRESS):
        return _sent_home(state, jitter)
    if isinstance(error, Gone):
        text = f"The feed {state.feed} is gone (410): it is not asked any more. Remove it or give its new address."
        return _told_once(state, FeedStatus.GONE, None, text, before)
    if _is_refusal(error):
        text = f"The feed {state.feed} is blocked: {reason}. It is tried again now and then."
        wait = pause(state.failures, jitter, REFUSED_PAUSE, DAY)
        return _told_once(state, FeedStatus.BLOCKED, wait, text, before)
    return Failure(state, _next_try(error, state.failures, jitter, min(usual, FIRST_PAUSE)))


def _told_once(
    state: FeedState, status: FeedStatus, wait: timedelta | None, text: str, before: FeedStatus
) -> Failure:
    return Failure(replace(state, status=status), wait, "" if before is status else text)


def _next_try(error: FetchError | ParseError, failures: int, jitter: float, first: timedelta) -> timedelta:
    missing = isinstance(error, FetchError) and error.status == 404
    wait = pause(failures, jitter, NOT_FOUND_PAUSE, DAY) if missing else pause(failures, jitter, first)
    asked = error.retry_after if isinstance(error, FetchError) else None
    if asked is None or not asked > 0:  # also catches NaN
        return wait
    return max(wait, timedelta(seconds=min(asked, DAY.total_seconds())))


def pause(
    failures: int, jitter: float, first: timedelta = FIRST_PAUSE, longest: timedelta = LONGEST_PAUSE
) -> timedelta:
    """The pause after the n-th failure in a row: ``first`` doubled each time up to ``longest``, half of it random."""
    doublings = min(max(failures, 1) - 1, 16)
    return min(first * (1 << doublings), longest) * (0.5 + 0.5 * jitter)


def _is_refusal(error: FetchError | ParseError) -> bool:
    if isinstance(error, BlockedAddress):
        return True
    return isinstance(error, FetchError) and error.status in _WANTS_CREDENTIALS


def _is_final(error: FetchError | ParseError) -> bool:
    return _is_refusal(error) or (isinstance(error, FetchError) and error.status in (404, 410))


def _sent_home(state: FeedState, jitter: float) -> Failure:
    reason = f"{redacted(state.moved_to)}, where it had moved: {state.reason}"[:LONGEST_REASON]
    state = replace(state, reason=reason, moved_to="", etag="", last_modified="", failures=1)
    return Failure(state, pause(1, jitter))
