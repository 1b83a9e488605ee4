"""When to poll next, looking ahead: the moment at which a poll costs least, with what may come after it.

The square-root law (:mod:`bot.core.pacing`) says how *many* polls a feed deserves. It holds for rates that change
slowly, and within the hour they do not: a third of a publisher's items may come on the full hour. The law puts more
polls around that moment, but the one that counts comes just after it, and the one just before is wasted.

So the next poll is found by dynamic programming. A poll costs ``price``, an item costs the seconds it waits, and what
is spent until a moment is compared with what the law itself would spend: ``sqrt(2 · price · rate)`` a second. For each
stretch of the next hour (a minute; parts of it for busy feeds) there is the *value* of a poll at
its beginning: the least that is spent from there on. It depends on no poll made before, so it is kept for the polls to
come. The next poll is where cost until then and value from then on are least; it is then placed to a few seconds.

In a study on real feeds this did as well as a timetable made for a whole month at once. Roads not taken: the timetable
itself (a thousand feeds would need minutes every night, and a poll that comes late throws it out of step), and polling
when the items expected to wait reach a threshold (it does not wait for the full hour when that is near), and longer
stretches for slow feeds (a quarter of the work, but the poll no longer comes just after the minute that counts).
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate, islice
from math import inf, sqrt

from bot.core.rhythm import HOUR, PARTS, WIDTHS

FINE, MINUTES = 1, PARTS
"""How many parts of the hour make a stretch."""
_FINE_BELOW = 150.0  # seconds of a usual interval
_LONGEST = 3600.0  # seconds the usual interval is taken to be at most
_PLANNED = 8.0  # usual intervals for which values are computed at a time, an hour at least
_REACH = 2.0  # … and more to end in, where all ends are equal: the longest interval that is considered
_COSTLY = 1.5  # prices; a wait that has cost so much is not prolonged
_DRIFT = 0.04  # of the pace, by which it may change before values are computed anew
_PIECE = 5.0  # seconds between two places where the poll may come in the end

Stretch = tuple[int, float, float, float, float]
"""Number since midnight, seconds, items expected, the seconds these wait until its end, the law's own cost."""


@dataclass(frozen=True, slots=True)
class _Grid:
    """An hour in stretches: when each begins, its seconds, its share of the items, and how long that waits."""

    begins: Sequence[float]
    seconds: Sequence[float]
    shares: Sequence[float]
    held: Sequence[float]


@dataclass(frozen=True, slots=True)
class _Values:
    """Values of the stretches from number ``first`` on; past them all are alike."""

    first: int
    parts: int
    pace: float
    each: array[float]

    def of(self, number: int) -> float:
        """The value of a poll at the beginning of this stretch."""
        at = number - self.first
        return self.each[at] if 0 <= at < len(self.each) else 0.0

    def serve(self, number: int, parts: int, pace: float, ahead: float) -> bool:
        """Whether they hold for so many stretches from this one, at this pace."""
        inside = self.first <= number and number + ahead <= self.first + len(self.each)
        return inside and parts == self.parts and abs(self.pace / pace - 1) <= _DRIFT


class Expected:
    """What a feed is expected to publish: items in each hour from midnight on, and how an hour's spread over its parts.

    ``moments`` has the share of each of the hour's 420 parts; without it all moments are alike.
    """

    __slots__ = ("_grids", "_values", "hours")

    def __init__(self, hours: Sequence[float], moments: Sequence[float] = ()) -> None:
        self.hours = array("f", hours)
        self._grids = {parts: _grid(moments, parts) for parts in (FINE, MINUTES)} if moments else {}
        self._values: _Values | None = None

    def rate(self, time: float) -> float:
        """Items a second in the hour of that time, in seconds from midnight."""
        return max(self.hours[min(int(time // HOUR), len(self.hours) - 1)], 1e-6) / HOUR

    def next_poll(self, start: float, pace: float, shortest: float) -> float:
        """Seconds from a poll at ``start`` until the next, ``shortest`` at least.

        ``pace`` is polls a second of a feed with one item a second.
        """
        interval = min(1 / (pace * sqrt(self.rate(start))), _LONGEST)
        parts = FINE if interval < _FINE_BELOW else MINUTES
        values = self._values_at(start, pace, interval, parts)
        elapsed = unseen = 0.0
        cost = price = 1 / (2 * pace * pace)
        least, best = inf, (0, 0.0, elapsed, cost, unseen)
        for number, seconds, items, held, own in self._stretches(start, pace, parts):
            before = number, seconds, elapsed, cost, unseen
            cost += unseen * seconds + held - own
            unseen += items
            elapsed += seconds
            if elapsed >= shortest and cost + values.of(number + 1) < least:
                least, best = cost + values.of(number + 1), before
            elif least < inf and cost > _COSTLY * price:
                break
        return max(shortest, self._placed(start, pace, values, *best))

    def _placed(
        self,
        start: float,
        pace: float,
        values: _Values,
        number: int,
        seconds: float,
        elapsed: float,
        cost: float,
        unseen: float,
    ) -> float:
        """The best place for the poll in this stretch, which begins after ``elapsed`` seconds, or in the next.

        A poll within a stretch leaves the rest of it ahead, as one at its beginning does; so its value is taken.
        """
        end = elapsed + seconds - 1e-3
        value, beyond = values.of(number), values.of(number + 1)
        until = elapsed + seconds + HOUR / len(self._grids[values.parts].begins) - 1
        least, place = inf, elapsed
        for _, wide, items, _, own in self._stretches(start + elapsed, pace, FINE):
            pieces = 2 if wide > _PIECE else 1
            for _ in range(pieces):
                cost += ((unseen + items / pieces / 2) * wide - own) / pieces
                unseen += items / pieces
                elapsed += wide / pieces
                total = cost + (value if elapsed < end else beyond)
                if total < least:
                    least, place = total, elapsed
            if elapsed >= until:
                break
        return place

    # ── stretches and their values ───────────────────────────────────────────────────────────────────
    def _number(self, time: float, parts: int) -> int:
        """The number since midnight of the stretch that time lies in."""
        hour, second = divmod(time, HOUR)
        begins = self._grids[parts].begins
        return int(hour) * len(begins) + bisect_right(begins, second) - 1

    def _stretches(self, start: float, pace: float, parts: int) -> Iterator[Stretch]:
        """From ``start`` on, without end; the first is cut there."""
        grid, hour = self._grids[parts], int(start // HOUR)
        count = len(grid.begins)
        at = self._number(start, parts) - hour * count
        cut = start % HOUR - grid.begins[at]
        while True:
            rate = self.rate(hour * HOUR)
            each, own = rate * HOUR, sqrt(rate) / pace
            for index in range(at, count):
                seconds, share, held = grid.seconds[index], grid.shares[index], grid.held[index]
                if cut:
                    left = 1 - cut / seconds
                    seconds, share, held, cut = seconds - cut, share * left, held * left * left, 0.0
                yield hour * count + index, seconds, each * share, each * held, own * seconds
            hour, at = hour + 1, 0

    def _values_at(self, start: float, pace: float, interval: float, parts: int) -> _Values:
        """The values of the stretches from ``start`` on, kept from before if they serve."""
        number, count = self._number(start, parts), len(self._grids[parts].begins)
        length = HOUR / count
        if self._values is None or not self._values.serve(number, parts, pace, _REACH * interval / length):
            begin = number // count * HOUR + self._grids[parts].begins[number % count]
            planned = int(max(_PLANNED * interval, HOUR) / length)
            rows = list(
                islice(self._stretches(begin, pace, parts), planned + int(_REACH * interval / length) + 1)
            )
            values = _backwards(rows, planned, 1 / (2 * pace * pace))
            self._values = _Values(number, parts, pace, array("f", values))
        return self._values


def _grid(moments: Sequence[float], parts: int) -> _Grid:
    """An hour in stretches of so many parts. At the end of one, its parts' items have waited since theirs, and half."""
    begins, seconds = _layout(parts)
    widths = tuple(float(width) for width in WIDTHS) * 60
    shares, held = array("f"), array("f")
    for stretch, at in enumerate(range(0, len(widths), parts)):
        wide, many = widths[at : at + parts], moments[at : at + parts]
        shares.append(sum(many))
        held.append(
            sum(
                share * (seconds[stretch] - end + width / 2)
                for share, end, width in zip(many, accumulate(wide), wide, strict=True)
            )
        )
    return _Grid(begins, seconds, shares, held)


@cache
def _layout(parts: int) -> tuple[Sequence[float], Sequence[float]]:
    """When each stretch begins, and its seconds: the same for all feeds, and kept once."""
    widths = tuple(float(width) for width in WIDTHS) * 60
    seconds = tuple(sum(widths[at : at + parts]) for at in range(0, len(widths), parts))
    return (0.0, *accumulate(seconds[:-1])), seconds


def _backwards(rows: Sequence[Stretch], planned: int, price: float) -> list[float]:
    """The values of the first ``planned`` stretches: the least that is spent from a poll at their beginning on."""
    values = [0.0] * (len(rows) + 1)
    spent = [held - own for _, _, _, held, own in rows]
    for begin in range(planned - 1, -1, -1):
        cost, unseen, least = price, 0.0, inf
        for at in range(begin, len(rows)):
            _, seconds, items, _, _ = rows[at]
            cost += unseen * seconds + spent[at]
            unseen += items
            value = cost + values[at + 1]
            if value < least:
                least = value
            elif cost > _COSTLY * price:
                break
        values[begin] = least
    return values[:planned]
