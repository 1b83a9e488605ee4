"""Whose turn it is: feeds that are due, places to read in, and hosts that want a pause between two requests.

A poll that takes longer than ``slow_after`` gives its place to the next feed and goes on beside it, up to a limit in
all: a hundred publishers that trickle a byte a second must not hold up the thousand that answer at once. Only what has
been read and waits to be decided keeps its place, so that a slow decider holds the reading back.

A host's places are booked ahead, in the order of asking: a thousand feeds of one host cost one look each.

All times are seconds of a clock that never jumps.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from bot.core.timers import Timers

_HOST_BUSY = 0.25  # seconds until a feed whose host is being read looks again


@dataclass(frozen=True, slots=True)
class TurnLimits:
    """How many polls at a time; seconds where not a number of polls."""

    places: int = 32
    beside: int = 8  # slow ones included, not more than so many times ``places``
    slow_after: float = 2.0
    host_places: int = 1  # requests to one host at a time
    host_gap: float = 5.0  # between two requests to one host


@dataclass(slots=True)
class _UnderWay:
    host: str
    since: float
    reading: bool = True


class Turns:
    """A feed is set to a time, is taken when it may be polled, and is done when its poll has ended."""

    def __init__(self, limits: TurnLimits | None = None) -> None:
        self._limits = limits or TurnLimits()
        self._timers = Timers()
        self._host: dict[str, str] = {}  # of every feed that is set
        self._booked: set[str] = set()  # feeds whose time is a place of their host
        self._host_opens: dict[str, float] = {}
        self._under_way: dict[str, _UnderWay] = {}
        self._asked: Counter[str] = Counter()  # requests under way by host

    def set(self, name: str, host: str, at: float) -> None:
        """This feed wants to be polled at that time, and at no other."""
        self._host[name] = host
        self._booked.discard(name)
        self._timers.set(name, at)

    def drop(self, name: str) -> None:
        """This feed is not to be polled any more; a poll under way is not touched."""
        self._timers.drop(name)
        self._host.pop(name, None)
        self._booked.discard(name)

    def take(self, now: float) -> str | None:
        """The feed to be polled now; it is under way from here on. None when no feed may be."""
        while self._places(now) > 0 and (name := self._timers.pop(now)) is not None:
            if self._may_ask(name, now):
                host = self._host[name]
                self.drop(name)
                self._under_way[name] = _UnderWay(host, now)
                self._asked[host] += 1
                return name
        return None

    def read(self, name: str) -> None:
        """The request has been answered; what came waits to be decided and keeps its place."""
        poll = self._under_way[name]
        if poll.reading:
            poll.reading = False
            self._leave(poll.host)

    def done(self, name: str) -> None:
        """The poll has ended and gives its place back."""
        poll = self._under_way.pop(name, None)
        if poll is not None and poll.reading:
            self._leave(poll.host)

    def under_way(self, name: str) -> bool:
        """Whether this feed is being polled."""
        return name in self._under_way

    def next_look(self, now: float) -> float:
        """When a feed may be taken next, if no poll ends before: a feed comes due, or a poll turns out slow."""
        if self._places(now) > 0:
            return self._timers.next()
        slow = self._limits.slow_after
        reading = (poll.since + slow for poll in self._under_way.values() if poll.reading)
        return min((at for at in reading if at > now), default=now + slow)

    # ── places and hosts ─────────────────────────────────────────────────────────────────────────────
    def _places(self, now: float) -> int:
        limits = self._limits
        recent = now - limits.slow_after
        taken = sum(not poll.reading or poll.since > recent for poll in self._under_way.values())
        return min(limits.places - taken, limits.places * limits.beside - len(self._under_way))

    def _may_ask(self, name: str, now: float) -> bool:
        """Whether its host may be asked now; if not, the feed is set to the host's next free place."""
        host = self._host[name]
        busy = self._asked[host] >= self._limits.host_places
        at = now if name in self._booked else self._book(host, now)
        if at <= now and not busy:
            return True
        self._booked.add(name)
        self._timers.set(name, max(at, now + _HOST_BUSY) if busy else at)
        return False

    def _book(self, host: str, now: float) -> float:
        at = max(now, self._host_opens.get(host, now))
        self._host_opens[host] = at + self._limits.host_gap
        if len(self._host_opens) > 2 * len(self._host) + 1024:
            self._host_opens = {each: opens for each, opens in self._host_opens.items() if opens > now}
        return at

    def _leave(self, host: str) -> None:
        self._asked[host] -= 1
        if not self._asked[host]:
            del self._asked[host]
