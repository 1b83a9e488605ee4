"""Whose turn is next: one heap of names and times. Setting a name again replaces its time."""

from __future__ import annotations

import heapq
from math import inf


class Timers:
    """Times are seconds of a clock that never jumps."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, str]] = []
        self._turn: dict[str, tuple[float, int]] = {}  # what is in force; other heap rows are leftovers
        self._count = 0

    def __len__(self) -> int:
        return len(self._turn)

    def at(self, name: str) -> float:
        """The time set for this name; infinite when none is."""
        return self._turn.get(name, (inf, 0))[0]

    def set(self, name: str, at: float) -> None:
        """This name comes due at that time, and at no other."""
        self._count += 1
        self._turn[name] = (at, self._count)
        heapq.heappush(self._heap, (at, self._count, name))
        if len(self._heap) > 4 * len(self._turn) + 64:
            self._heap = [(when, count, each) for each, (when, count) in self._turn.items()]
            heapq.heapify(self._heap)

    def drop(self, name: str) -> None:
        """This name does not come due any more."""
        self._turn.pop(name, None)

    def pop(self, now: float) -> str | None:
        """The name that has been due for longest, no longer set; None when no name is due."""
        if self.next() > now:
            return None
        name = heapq.heappop(self._heap)[2]
        del self._turn[name]
        return name

    def next(self) -> float:
        """When the next name comes due; infinite when none is set."""
        while self._heap and self._turn.get(self._heap[0][2]) != self._heap[0][:2]:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else inf
