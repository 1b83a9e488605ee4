"""What is remembered of each feed between two polls. Implements :class:`bot.ports.FeedStates`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

import bot.store.codec as codec
import bot.store.tables as tables
from bot.core.model import FeedState
from bot.store.engine import Database
from bot.store.statements import upsert


class FeedTable:
    """The poller's side."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def states(self) -> Mapping[str, FeedState]:
        """State of every feed ever polled, by feed name."""
        async with self._database.read() as connection:
            rows = await connection.execute(select(tables.feeds.c.name, tables.feeds.c.doc))
            return {name: codec.load(FeedState, doc) for name, doc in rows}

    async def save_state(self, state: FeedState) -> None:
        """For one poll that brought nothing to decide."""
        await self.save_states([state])

    async def save_states(self, states: Collection[FeedState]) -> None:
        """For many, in one transaction."""
        if states:
            async with self._database.write() as connection:
                await write_states(connection, states)


async def write_states(connection: AsyncConnection, states: Iterable[FeedState]) -> None:
    """As part of a transaction."""
    rows = [{"name": state.feed, "doc": codec.dump(state)} for state in states]
    await upsert(connection, tables.feeds, rows)
