"""What the process took during the last day, minute by minute; in memory, for the console's numbers.

Prometheus keeps such series far better. This is for the newsroom that has none, and for the first look when something
is slow.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot import metrics

KEPT = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Beat:
    """The time since the beat before: ``processor`` is a share of one, polls and failures are counts."""

    at: datetime
    processor: float
    megabytes: float
    polls: int
    failed: int


class Pulse:
    """``vitals`` are asked at every beat."""

    def __init__(self, vitals: Callable[[], metrics.Vitals] = metrics.vitals) -> None:
        self._vitals = vitals
        self._beats: deque[Beat] = deque()
        self._before: tuple[datetime, metrics.Vitals] | None = None

    def beat(self, now: datetime) -> None:
        """Look; the first look only begins to count."""
        found = self._vitals()
        if self._before is not None and now > self._before[0]:
            then, before = self._before
            self._beats.append(
                Beat(
                    now,
                    max(0.0, found.processor_seconds - before.processor_seconds)
                    / (now - then).total_seconds(),
                    found.megabytes,
                    max(0, found.polls - before.polls),
                    max(0, found.failed - before.failed),
                )
            )
        self._before = now, found
        while self._beats and self._beats[0].at < now - KEPT:
            self._beats.popleft()

    @property
    def beats(self) -> Sequence[Beat]:
        """Oldest first."""
        return tuple(self._beats)
