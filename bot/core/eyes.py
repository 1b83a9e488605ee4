"""Quiet or blind? Feeds that have nothing new look like feeds that do not answer; people must be able to tell.

A feed's *sight* is a word with a reason and the next try. One feed of many that fails is no news to the operators. What
is, is a whole group that went dark: no source of a tag, of a language, or none at all has answered for a while.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache

from bot.core.model import Feed, FeedState, FeedStatus

BLIND_AFTER = timedelta(minutes=12)
"""A group of feeds that has not answered for so long is blind …"""
PATIENCE = 3
"""… but for a feed that is polled rarely this many of its usual waits."""
SLOW_AFTER = timedelta(minutes=2)
STALE_GAPS, STALE_AFTER = 8, timedelta(days=2)
_NAMED = 5  # feeds named in one line
_EVERYONE, _TAGGED = "source at all", "source tagged "


class Sight(StrEnum):
    """How a feed does, in one word."""

    NEW = "new"  # not asked yet
    OK = "ok"
    SLOW = "slow"  # it answers, and we come to it late
    STALE = "stale"  # it answers, and has had nothing new for far longer than it used to
    FAILING = "failing"
    BLOCKED = "blocked"
    GONE = "gone"
    PAUSED = "paused"


@dataclass(frozen=True, slots=True)
class FeedSight:
    """A feed as people see it; ``next_try`` None = it is not asked by itself."""

    feed: str
    sight: Sight
    reason: str = ""
    next_try: datetime | None = None
    answered: datetime | None = None
    faster: str = ""  # it is polled more often for a while, because of this

    @property
    def open(self) -> bool:
        """Whether it answers."""
        return self.sight in (Sight.OK, Sight.SLOW, Sight.STALE)


def sight_of(
    state: FeedState, now: datetime, *, newest: datetime | None = None, a_day: float = 0.0
) -> FeedSight:
    """``newest`` is its newest item's time and ``a_day`` how many it usually has a day, 0 if that is not known."""
    sight, reason = Sight(state.status.value), state.reason
    late = now - state.next_poll if state.next_poll else timedelta()
    if state.status is FeedStatus.OK and late > SLOW_AFTER + (state.interval or timedelta()):
        sight, reason = Sight.SLOW, f"its poll is {_minutes(late)} late"
    elif state.status is FeedStatus.OK and newest is not None and a_day > 0:
        silent = now - newest
        if silent > max(STALE_AFTER, STALE_GAPS * timedelta(days=1) / a_day):
            sight, reason = (
                Sight.STALE,
                f"nothing new for {silent.days} days, usually {a_day:.2g} items a day",
            )
    burst = state.faster if state.faster_until is not None and state.faster_until > now else ""
    return FeedSight(state.feed, sight, reason, state.next_poll, state.last_success, burst)


# ── blindness ────────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True, slots=True)
class Silence:
    """A feed that is asked, how long ago it last answered, and its usual wait."""

    feed: Feed
    since: timedelta
    usual: timedelta

    @property
    def dark(self) -> bool:
        """Whether it has been silent for too long."""
        return self.since >= max(BLIND_AFTER, PATIENCE * self.usual)


@dataclass(frozen=True, slots=True)
class Blind:
    """A group of feeds of which none answers. ``who`` goes into "no … has answered"."""

    who: str
    feeds: tuple[str, ...]
    since: timedelta
    everyone: bool = False

    def told(self) -> str:
        """For the operators."""
        return f"No {self.who} has answered for {_minutes(self.since)}: {_some(self.feeds)}."

    def over(self) -> str:
        """For the operators, when it is."""
        who = "source" if self.everyone else self.who
        return f"Seeing again: a {who} has answered."


class Groups:
    """Feeds looked at one after the other, and what that says of the groups they are in: all, tags, languages."""

    def __init__(self) -> None:
        self._seeing: set[str] = set()
        self._dark: dict[str, list[Silence]] = {}

    def add(self, each: Silence) -> None:
        """One more feed that is asked."""
        if each.dark:
            for group in _groups_of(each.feed.tags, each.feed.lang):
                self._dark.setdefault(group, []).append(each)
        else:
            self._seeing.update(_groups_of(each.feed.tags, each.feed.lang))

    def blind(self) -> list[Blind]:
        """The groups that are dark: all feeds, else tags, else languages; groups with the same feeds are told once."""
        dark = {group: feeds for group, feeds in self._dark.items() if group not in self._seeing}
        if _EVERYONE in dark:
            return [replace(_blind(_EVERYONE, dark[_EVERYONE]), everyone=True)]
        found: dict[tuple[str, ...], Blind] = {}
        for group in sorted(dark, key=lambda group: not group.startswith(_TAGGED)):
            blind = _blind(group, dark[group])
            found.setdefault(blind.feeds, blind)
        return list(found.values())


@lru_cache(maxsize=10_000)
def _groups_of(tags: tuple[str, ...], lang: str) -> tuple[str, ...]:
    return (_EVERYONE, *(_TAGGED + tag for tag in tags), *([f"source in {lang}"] if lang else []))


def _blind(who: str, members: Sequence[Silence]) -> Blind:
    return Blind(who, tuple(sorted(each.feed.name for each in members)), min(each.since for each in members))


# ── once a day ───────────────────────────────────────────────────────────────────────────────────────
def all_eyes_open(sights: Iterable[FeedSight], items: int) -> str:
    """The daily line to the operators: how many feeds answer, and which do not and why. ``items`` of the last day."""
    seen = sorted((each for each in sights if each.sight is not Sight.PAUSED), key=lambda each: each.feed)
    closed = [each for each in seen if not each.open]
    count = f"{len(seen) - len(closed)} of {len(seen)} feeds answer, {items} new items in a day."
    if not closed:
        stale = [each.feed for each in seen if each.sight is Sight.STALE]
        return f"All eyes open: {count}" + (f" Nothing new for long in {_some(stale)}." if stale else "")
    words = []
    for sight in (Sight.FAILING, Sight.BLOCKED, Sight.GONE, Sight.NEW):
        these = [
            f"{each.feed} ({each.reason})" if each.reason else each.feed
            for each in closed
            if each.sight is sight
        ]
        if these:
            words.append(f"{len(these)} {sight.value}: {_some(these)}")
    return f"Eyes: {count} " + "; ".join(words) + "."


def _some(names: Sequence[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def _minutes(time: timedelta) -> str:
    return f"{max(1, round(time.total_seconds() / 60))} min"


# ── what may have been missed ────────────────────────────────────────────────────────────────────────
def missed(new: int, shown: int, expected: float) -> int:
    """How many items may have gone through a feed's window unseen: 0 unless nothing of what it shows was known.

    ``expected`` items were due since the last poll, ``shown`` are in the window, ``new`` of them were not known.
    """
    if shown < 3 or new < shown:
        return 0
    return max(1, round(expected) - shown)
