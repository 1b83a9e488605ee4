"""What was read is kept as long as it holds: the decider asks for every poll what changes a few times a day."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from bot.store.engine import Database

T = TypeVar("T")


class Kept(Generic[T]):
    """One answer of the database, read anew after every write, and always where others may write, too."""

    def __init__(self, database: Database, read: Callable[[], Awaitable[T]]) -> None:
        self._database = database
        self._read = read
        self._last: tuple[int, T] | None = None

    async def get(self) -> T:
        """Raises StoreError."""
        changes = self._database.changes  # before reading: what is written meanwhile makes it stale
        if self._last is not None and self._last[0] == changes and self._database.alone:
            return self._last[1]
        self._last = changes, await self._read()
        return self._last[1]
