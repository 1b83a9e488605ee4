"""When a chat wants to be told: at once, after its quiet hours, or in its digest. All in the chat's own time.

::

    alert ─▶ digest wished? ──no──▶ quiet hours? ──no──▶ at once
                 │yes                   │yes, and not critical
                 ▼                      ▼
          the next edge of it ──▶ the end of the quiet hours ──▶ told together there

What is held is an ordinary delivery with a later ``not_before``; :mod:`bot.core.digests` folds what is due at the
same time into one message. So quiet hours defer and never drop, and nothing new has to be durable.

Times are wall times: "07:00" is seven o'clock on the chat's wall on either side of a change of the clocks. An hour
that does not exist on the day of the change is taken as the hour after it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.core.model import Level, Subscription

SHORTEST_DIGEST = timedelta(minutes=5)
LONGEST_DIGEST = timedelta(hours=12)

_CLOCK = re.compile(r"(\d{1,2})(?:[:.](\d{2}))?")
_SPAN = re.compile(r"(\d{1,3})\s*(m|min|h)")


@dataclass(frozen=True, slots=True)
class Quiet:
    """From ``start`` until ``end``, over midnight where the end is the earlier one."""

    start: time
    end: time

    def holds(self, at: time) -> bool:
        """Is this wall time within it? The end is not."""
        if self.start <= self.end:
            return self.start <= at < self.end
        return at >= self.start or at < self.end

    def __str__(self) -> str:
        return f"{self.start:%H:%M}-{self.end:%H:%M}"


def read_quiet(text: str) -> Quiet:
    """``22-7``, ``22:00-07:30``, with any dash. ValueError for anything else."""
    start, dash, end = re.sub(r"\s*[-–—]\s*", "-", text.strip()).partition("-")
    if not dash:
        raise ValueError(text)
    found = Quiet(_wall(start), _wall(end))
    if found.start == found.end:
        raise ValueError(text)
    return found


def read_digest(text: str) -> time | timedelta:
    """``08:00`` or ``8`` = daily then; ``30m``, ``2h`` = that often. ValueError for anything else."""
    span = _SPAN.fullmatch(text.strip().lower())
    if span is None:
        return _wall(text)
    every = timedelta(minutes=int(span[1]) * (60 if span[2] == "h" else 1))
    if not SHORTEST_DIGEST <= every <= LONGEST_DIGEST:
        raise ValueError(text)
    return every


def write_digest(wish: time | timedelta) -> str:
    """The wish as it is stored, the inverse of :func:`read_digest`."""
    if isinstance(wish, time):
        return f"{wish:%H:%M}"
    minutes = int(wish.total_seconds() // 60)
    return f"{minutes}m"


def _wall(text: str) -> time:
    found = _CLOCK.fullmatch(text.strip())
    if found is None:
        raise ValueError(text)
    return time(int(found[1]) % 24 if found[1] == "24" else int(found[1]), int(found[2] or 0))


def zone_of(name: str) -> ZoneInfo:
    """The time zone of this IANA name; UTC for one this machine does not know (any more)."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


def due(wish: Subscription, level: Level, now: datetime) -> datetime | None:
    """When this chat wants to hear of something of this level that was decided ``now``; None = at once."""
    zone = zone_of(wish.zone)
    held = _next_edge(read_digest(wish.digest), now, zone) if wish.digest else None
    if not wish.quiet or (level is Level.CRITICAL and held is None):
        return held
    quiet = read_quiet(wish.quiet)
    at = held or now
    if quiet.holds(at.astimezone(zone).time()):
        return _next(quiet.end, at, zone)
    return held


def _next_edge(wish: time | timedelta, now: datetime, zone: ZoneInfo) -> datetime:
    if isinstance(wish, time):
        return _next(wish, now, zone)
    local = now.astimezone(zone)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0).astimezone(UTC)
    return midnight + wish * ((now - midnight) // wish + 1)


def _next(wall: time, after: datetime, zone: ZoneInfo) -> datetime:
    """The next time the clock on this wall shows that, in UTC."""
    today = after.astimezone(zone).date()
    days = (datetime.combine(today + timedelta(days=day), wall, zone).astimezone(UTC) for day in range(3))
    return next(day for day in days if day > after)
