"""When one feed publishes: by hour of the day and by second of the hour, learnt from its items.

Three things are learnt apart, each with no more memory than it can use:

* **How much, and at which hours.** Counts by weekday and hour in which an item weighs twice as much as one ten days
  older. For a given day its own weekday counts three times, the other type of day (working day, weekend) a tenth.
  Hours are smoothed with their neighbours and leaned on what feeds in common do, the more the rarer the feed is.
* **At which moment of the hour.** An eighth of all news carries a date in the first minute of an hour, for many
  publishers a third: editors schedule. Counted in 420 parts, seven a minute, leaned on the common pattern.
* **How soon it can be seen.** A date is not visibility: a cache may show the item minutes later, and then the moment
  of the hour says nothing. An item is *late* when a poll made over a minute after its date did not have it. The
  moment is only used where few items are; then polls are aimed at the date plus the least age ever seen. Where few
  items have been seen yet, those of all feeds tell.

Moments are counted from two seconds past (:data:`GRACE`): what is dated on the full minute, as scheduled articles
are, belongs to the end of the minute before, and a poll at two seconds past has them.

Weights grow with time instead of decaying: an item of day d counts 2^(d/10), and a sum is scaled when it is asked for.
So items may be learnt in any order, from the archive or as they come, and no night has to touch every counter.
"""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Iterable, Sequence
from functools import lru_cache

DAY = 86400
HOUR = 3600
GRACE = 2
"""Seconds past the full minute from which minutes are counted."""
MARKS = (8, 18, 28, 38, 48, 58, 60)
"""Where the parts of a minute end, counted from :data:`GRACE`; the last part is the full minute and what is near it."""
PARTS = len(MARKS)
WIDTHS = (8, 10, 10, 10, 10, 10, 2)
EVEN = tuple(width / HOUR for _ in range(60) for width in WIDTHS)
"""The shape of an hour about which nothing is known."""

HALF_LIFE = 10  # days
SAME_WEEKDAY = 3.0
OTHER_TYPE = 0.1
PRIOR, PRIOR_ITEMS = 0.2, 4.0  # days' worth of the common pattern, and items' worth
NEIGHBOURS = 0.15  # of each hour beside
FLOOR = 0.02  # of the mean, for the quietest hour
COMMON_ITEMS = 200.0  # items' worth of the common minutes
OWN_SHAPE_ITEMS = 20.0  # … of the feed's own minute, for each minute of the hour
EVEN_ITEMS = 30.0  # … of an even minute, for that
MANY = 6000  # items in the hour's parts; beyond, old ones count half

KNOWN = 10  # items to be seen before visibility is judged by them alone
COMMON_SIGHT = 5.0  # … and so many items' worth of what is seen of all feeds
LATE_AFTER = 60.0  # seconds
LATE_SHARE = 0.15
AGES = 48  # items whose age when first seen is remembered

_BEGIN = tuple(end - width for end, width in zip(MARKS, WIDTHS, strict=True))
PART_OF = tuple(next(part for part, end in enumerate(MARKS) if second < end) for second in range(60))


class Rhythm:
    """What is known of one feed. Times are seconds since 1970; days are days since then."""

    __slots__ = (
        "_ages",
        "_base",
        "_by_hour",
        "_fresh",
        "_late",
        "_parts",
        "_since",
        "cold",
        "items",
        "newest",
    )

    def __init__(self) -> None:
        self.items = 0
        self.newest = 0.0
        self.cold = 0.0  # items an hour as its first response told
        self._since: int | None = None  # the day from which on we know it
        self._base: int | None = None  # the day whose items weigh 1
        self._by_hour = array("d", bytes(8 * 7 * 24))  # weekday × hour, in growing weights
        self._parts = array("f", bytes(4 * 60 * PARTS))
        self._fresh: list[float] = []  # not yet counted by hour: their day is not over
        self._ages: deque[float] = deque(maxlen=AGES)  # when first seen, of items that can tell
        self._late: deque[bool] = deque(maxlen=AGES)

    # ── learning ─────────────────────────────────────────────────────────────────────────────────────
    def read(self, published: Iterable[float], now: float) -> None:
        """The items of a feed's first response tell how much it publishes; ``now`` is when we met it."""
        self._since = int(now) // DAY if self._since is None else self._since
        newest = sorted((time for time in published if time <= now), reverse=True)[:20]
        if newest:
            self.cold = len(newest) * HOUR / max(now - newest[-1], HOUR)

    def saw(self, published: float, first_seen: float, before: float | None = None) -> None:
        """A new item. ``before`` is when the feed was polled last before it was seen, None if that cannot tell."""
        self.items += 1
        self.newest = max(self.newest, published)
        self._fresh.append(published - GRACE)
        second = int(published - GRACE) % HOUR
        self._parts[second // 60 * PARTS + PART_OF[second % 60]] += 1
        if self.items % MANY == 0:
            self._parts = array("f", (count / 2 for count in self._parts))
        if before is not None:
            self._ages.append(max(0.0, first_seen - published))
            self._late.append(before > published + LATE_AFTER)

    def end_day(self, today: int) -> None:
        """Count the items of days that are over."""
        begins = today * DAY
        over = [int(time) for time in self._fresh if time < begins]
        if not over:
            return
        first = min(over) // DAY
        self._since = min(first, first if self._since is None else self._since)
        self._base = first if self._base is None else self._base
        for time in over:
            day, second = divmod(time, DAY)
            self._by_hour[day % 7 * 24 + second // HOUR] += _weight(day - self._base)
        self._fresh = [time for time in self._fresh if time >= begins]

    # ── how much ─────────────────────────────────────────────────────────────────────────────────────
    def level(self, today: int) -> float:
        """Items an hour, recent days more than old ones; the first response counts as a day, each day less."""
        age = self._age(today)
        first = 2.0 ** -min(age, 60) if self.cold else 0.0
        days = _days_weight(age, 0, None) + first
        return (self._per_hour(today) + first * self.cold) / days if days else 0.0

    def hours(self, today: int, common: Sequence[float], ahead: int = 0) -> list[float]:
        """Expected items in each hour of the day that is so many days ahead of today.

        ``common`` is the shape of a day, 1 on average.
        """
        level, like = self.level(today), (today + ahead) % 7
        scale, days = self._scale(today), _days_weight(self._age(today), today, like)
        prior = PRIOR + PRIOR_ITEMS / max(24 * level, 1e-9)
        counts = [prior * level * share for share in common]
        for weekday in range(7):
            weight = _likeness(weekday, like) * scale
            row = self._by_hour[weekday * 24 : weekday * 24 + 24]
            counts = [count + weight * more for count, more in zip(counts, row, strict=True)]
        each = [count / (days + prior) for count in counts]
        return [
            max(
                FLOOR * level,
                NEIGHBOURS * (each[hour - 1] + each[(hour + 1) % 24]) + (1 - 2 * NEIGHBOURS) * each[hour],
            )
            for hour in range(24)
        ]

    def shape(self, today: int) -> list[float] | None:
        """Its own day, 1 on average, whatever the weekday; None while it has too few items to show one."""
        level = self._per_hour(today)
        if self.items < 20 or level <= 0:
            return None
        scale = self._scale(today) / level
        return [scale * float(sum(self._by_hour[hour::24])) for hour in range(24)]

    def _age(self, today: int) -> int:
        return 0 if self._since is None else max(0, today - self._since)

    def _scale(self, today: int) -> float:
        return _weight((self._base or today) - today)

    def _per_hour(self, today: int) -> float:
        return self._scale(today) * float(sum(self._by_hour)) / 24

    # ── at which moment ──────────────────────────────────────────────────────────────────────────────
    def minutes(self) -> list[float] | None:
        """The share of each minute of the hour; None while it has too few items to show any."""
        total = float(sum(self._parts))
        if total < 20:
            return None
        return [float(sum(self._parts[at : at + PARTS])) / total for at in range(0, 60 * PARTS, PARTS)]

    def moments(self, common: Sequence[float]) -> array[float]:
        """The share of each part of the hour; ``common`` is that of its minutes."""
        parts, total = self._parts, sum(self._parts)
        own = [
            (sum(parts[part::PARTS]) + EVEN_ITEMS * width / 60) / (total + EVEN_ITEMS)
            for part, width in enumerate(WIDTHS)
        ]
        shares = array("f")
        for minute in range(60):
            row = parts[minute * PARTS : minute * PARTS + PARTS]
            seen = sum(row)
            share = (seen + COMMON_ITEMS * common[minute]) / (total + COMMON_ITEMS) / (seen + OWN_SHAPE_ITEMS)
            shares.extend(share * (count + OWN_SHAPE_ITEMS * own[part]) for part, count in enumerate(row))
        return shares

    # ── how soon visible ─────────────────────────────────────────────────────────────────────────────
    def sights(self) -> tuple[int, int]:
        """How many items could tell of visibility, and how many of these were late."""
        return len(self._late), sum(self._late)

    def prompt(self, common: float | None = None) -> bool:
        """Whether items can be seen soon after their date; False while that is unknown.

        ``common`` is the share of late items among all feeds, None if that is not known either.
        """
        seen, late = self.sights()
        if common is None:
            return seen >= KNOWN and late <= LATE_SHARE * seen
        return late + COMMON_SIGHT * common <= LATE_SHARE * (seen + COMMON_SIGHT)

    def lag(self) -> float:
        """Seconds from its date until an item was surely visible: among the least ages when first seen."""
        return sorted(self._ages)[min(2, len(self._ages) - 1)] if self._ages else 0.0


def _weight(days: int) -> float:
    return float(2 ** (max(-3500, min(days, 3500)) / HALF_LIFE))  # whatever the clock says, it is a number


def _likeness(weekday: int, wanted: int) -> float:
    """How much a day tells about another. Days since 1970 begin with a Thursday: 2 is a Saturday, 3 a Sunday."""
    if weekday == wanted:
        return SAME_WEEKDAY
    return 1.0 if (weekday in (2, 3)) == (wanted in (2, 3)) else OTHER_TYPE


@lru_cache(maxsize=4096)
def _days_weight(age: int, today: int, like: int | None) -> float:
    """The weight of the ``age`` days before ``today``: each by its age, and by its likeness to the weekday ``like``."""
    return sum(
        _weight(-back) * (1.0 if like is None else _likeness((today - back) % 7, like))
        for back in range(1, min(age, 20 * HALF_LIFE) + 1)
    )
