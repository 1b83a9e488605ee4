"""Lists of serial numbers by key: which entries have this term, which did this rule find.

Serials ascend: new ones come at the end, the oldest leave at the front, in order. To cut one number off the front of a
long list moves all the others, which for the commonest terms took longer than to find a story. So what has left stays
in the list until it is half of it, and whoever reads says where the living begin.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from typing import Generic, TypeVar

Key = TypeVar("Key", int, str)


class Postings(Generic[Key]):
    """Keys and the serials that have them; a key nobody has any more takes no room."""

    def __init__(self) -> None:
        self._lists: dict[Key, array[int]] = {}

    def __len__(self) -> int:
        return len(self._lists)

    def add(self, serial: int, keys: Iterable[Key]) -> None:
        """The newest serial has these keys."""
        lists = self._lists
        for key in keys:
            listed = lists.get(key)
            if listed is None:
                lists[key] = array("I", (serial,))
            else:
                listed.append(serial)

    def drop(self, serial: int, keys: Iterable[Key]) -> None:
        """The oldest serial, which has these keys, leaves."""
        lists = self._lists
        for key in keys:
            listed = lists.get(key)
            if listed is None:
                continue
            if listed[-1] <= serial:
                del lists[key]
            elif listed[len(listed) // 2] <= serial:
                del listed[: bisect_right(listed, serial)]

    def newest(self, key: Key, most: int, first: int) -> Sequence[int]:
        """At most so many of the serials that have a key, none older than ``first``, in order."""
        listed = self._lists.get(key)
        if listed is None or most <= 0:
            return ()
        begin = max(len(listed) - most, 0)
        return listed[begin if listed[begin] >= first else bisect_left(listed, first) :]
