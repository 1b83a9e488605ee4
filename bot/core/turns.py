"""Whose turn it is: feeds that are due, places to read in, and hosts that want a pause between two requests.

A poll that takes longer than ``slow_after`` gives its place to the next feed and goes on beside it, up to a limit in
all: a hundred publishers that trickle a byte a second must not hold up the thousand that answer at once. Only what has
been read and waits to be decided keeps its place, so that a slow decider holds the reading back.

A feed that is due waits in its host's line, and only hosts that may be asked are looked at: ten thousand feeds of one
host cost no more looks than of as many hosts. Whoever has been due for longest is first.

All times are seconds of a clock that never jumps.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.core.timers import Timers


@dataclass(frozen=True, slots=True)
class TurnLimits:
    """How many polls at a time; seconds where not a number of polls."""

    places: int = 32
    beside: int = 8  # slow ones included, not more than so many times ``places``
    slow_after: float = 2.0
    host_places: int = 1  # requests to one host at a time
    host_gap: float = 5.0  # between two requests to one host


@dataclass(slots=True)
class _Host:
    waiting: dict[str, float] = field(default_factory=dict)  # feeds in line, and since when they are due
    opens: float = 0.0
    asked: int = 0  # requests under way


@dataclass(slots=True)
class _UnderWay:
    host: str
    since: float
    reading: bool = True


class Turns:
    """A feed is set to a time, is taken when it may be polled, and is done when its poll has ended."""

    def __init__(self, limits: TurnLimits | None = None) -> None:
        self._limits = limits or TurnLimits()
        self._timers = Timers()  # feeds that are not due
        self._open = Timers()  # hosts that have feeds in line and may be asked, or will
        self._host: dict[str, str] = {}  # of every feed that is set
        self._hosts: dict[str, _Host] = {}
        self._under_way: dict[str, _UnderWay] = {}

    def set(self, name: str, host: str, at: float) -> None:
        """This feed wants to be polled at that time, and at no other."""
        self.drop(name)
        self._host[name] = host
        self._timers.set(name, at)

    def drop(self, name: str) -> None:
        """This feed is not to be polled any more; a poll under way is not touched."""
        self._timers.drop(name)
        host = self._host.pop(name, None)
        if host in self._hosts and self._hosts[host].waiting.pop(name, None) is not None:
            self._look(host)

    def take(self, now: float) -> str | None:
        """The feed to be polled now; it is under way from here on. None when no feed may be."""
        if self._places(now) <= 0:
            return None
        self._line_up(now)
        host = self._open.pop(now)
        if host is None:
            return None
        lane = self._hosts[host]
        name = next(iter(lane.waiting))
        lane.opens, lane.asked = now + self._limits.host_gap, lane.asked + 1
        self._under_way[name] = _UnderWay(host, now)
        self.drop(name)
        return name

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
            return min(self._timers.next(), self._open.next())
        slow = self._limits.slow_after
        reading = (poll.since + slow for poll in self._under_way.values() if poll.reading)
        return min((at for at in reading if at > now), default=now + slow)

    # ── places and hosts ─────────────────────────────────────────────────────────────────────────────
    def _places(self, now: float) -> int:
        limits = self._limits
        recent = now - limits.slow_after
        taken = sum(not poll.reading or poll.since > recent for poll in self._under_way.values())
        return min(limits.places - taken, limits.places * limits.beside - len(self._under_way))

    def _line_up(self, now: float) -> None:
        """Feeds that were due before anybody who may be asked go into the lines of their hosts."""
        while (due := self._timers.next()) <= self._open.next() and (
            name := self._timers.pop(now)
        ) is not None:
            host = self._host[name]
            if host not in self._hosts:
                self._tidy(now)
                self._hosts[host] = _Host()
            self._hosts[host].waiting[name] = due
            self._look(host)

    def _look(self, host: str) -> None:
        """When this host's line goes on: after its pause, if it has a place."""
        lane = self._hosts[host]
        if lane.waiting and lane.asked < self._limits.host_places:
            self._open.set(host, max(lane.opens, next(iter(lane.waiting.values()))))
        else:
            self._open.drop(host)

    def _leave(self, host: str) -> None:
        self._hosts[host].asked -= 1
        self._look(host)

    def _tidy(self, now: float) -> None:
        """Forget hosts of which there is nothing to remember, now and then."""
        if len(self._hosts) > 2 * len(self._host) + 1024:
            self._hosts = {
                name: each
                for name, each in self._hosts.items()
                if each.waiting or each.asked or each.opens > now
            }
