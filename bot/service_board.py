"""Where watchers hear of stories the moment they ring; apart, because the ground holds it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bot.core.model import StoryRecord
from bot.ports import PollRecord


class Board:
    """Tells whoever watches which stories changed. Without watchers it costs one comparison a poll."""

    def __init__(self) -> None:
        self._watchers: set[Callable[[Sequence[StoryRecord]], None]] = set()

    def offer(self, record: PollRecord) -> None:
        """A poll was decided and stored."""
        if not self._watchers:
            return
        told = [story for story in record.stories if story.alert is not None]
        for watcher in tuple(self._watchers) if told else ():
            watcher(told)

    def watch(self, watcher: Callable[[Sequence[StoryRecord]], None]) -> Callable[[], None]:
        """Call ``watcher`` from now on; returns what ends it."""
        self._watchers.add(watcher)
        return lambda: self._watchers.discard(watcher)
