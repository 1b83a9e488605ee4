"""What was read and decided: the decider's transaction. Implements :class:`bot.ports.News` and its Ledger."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

import bot.store.codec as codec
import bot.store.tables as tables
from bot.core.model import Decision, Entry, KnownEntry, StoryRecord
from bot.ports import Filed, PollRecord
from bot.store.engine import Database
from bot.store.feeds import write_states
from bot.store.outbox import write_owed
from bot.store.statements import chunks, upsert

_ENTRY = tables.entries.c


class NewsTable:
    """The decider's side."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @asynccontextmanager
    async def deciding(self) -> AsyncIterator[PollLedger]:
        """One transaction, one decider at a time."""
        async with self._database.write(deciding=True) as connection:
            yield PollLedger(connection)


class PollLedger:
    """One open transaction of the decider."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def known(self, aliases: Collection[str]) -> Mapping[str, KnownEntry]:
        """Alias → the entry it belongs to, for those that are known."""
        found: dict[str, KnownEntry] = {}
        alias = tables.aliases.c
        for part in chunks(aliases):
            rows = await self._connection.execute(
                select(alias.alias, _ENTRY.key, _ENTRY.fingerprint, _ENTRY.story, _ENTRY.first_seen)
                .join(tables.entries, _ENTRY.key == alias.key)
                .where(alias.alias.in_(part))
            )
            found |= {row[0]: KnownEntry(*row[1:]) for row in rows}
        return found

    async def filed_since(self, cursor: int, since: datetime) -> Sequence[Filed]:
        """Entries with a story, newer than ``cursor``, in cursor order."""
        first = max(cursor + 1, await first_since(self._connection, since))
        rows = await self._connection.execute(
            select(_ENTRY.cursor, _ENTRY.doc, _ENTRY.story, _ENTRY.decision)
            .where(_ENTRY.cursor >= first, _ENTRY.story != "", _ENTRY.first_seen >= since)
            .order_by(_ENTRY.cursor)
        )
        return [
            Filed(number, codec.load(Entry, doc), story, codec.load(Decision, decision).matches)
            for number, doc, story, decision in rows
        ]

    async def stories(self, ids: Collection[str]) -> Mapping[str, StoryRecord]:
        """The stories of these ids."""
        found: dict[str, StoryRecord] = {}
        story = tables.stories.c
        for part in chunks(ids):
            rows = await self._connection.execute(select(story.id, story.doc).where(story.id.in_(part)))
            found |= {name: codec.load(StoryRecord, doc) for name, doc in rows}
        return found

    async def write(self, record: PollRecord) -> int:
        """Write it all; returns the highest cursor given out, 0 when no entry was new."""
        if record.state is not None:
            await write_states(self._connection, [record.state])
        highest = await self._write_new(record)
        for entry, decision in record.edited:
            await self._connection.execute(
                update(tables.entries).where(_ENTRY.key == entry.key).values(**_changed(entry, decision))
            )
        further = [
            {"alias": alias, "key": key}
            for key, found in record.aliases.items()
            for alias in dict.fromkeys(found)
        ]
        await upsert(self._connection, tables.aliases, further, keep=True)
        await upsert(self._connection, tables.stories, [_story_row(story) for story in record.stories])
        await write_owed(self._connection, record.owed)
        return highest

    async def _write_new(self, record: PollRecord) -> int:
        if not record.entries:
            return 0
        rows = [
            {"key": entry.key, "first_seen": entry.first_seen, **_changed(entry, decision)}
            for entry, decision in record.entries
        ]
        await self._connection.execute(insert(tables.entries), rows)
        known = [{"alias": alias, "key": entry.key} for entry, _ in record.entries for alias in entry.aliases]
        await upsert(self._connection, tables.aliases, known, keep=True)
        highest = await self._connection.execute(select(func.max(_ENTRY.cursor)))
        return int(highest.scalar_one())


async def first_since(connection: AsyncConnection, since: datetime) -> int:
    """A cursor below which nothing was seen since then: whoever reads on from there passes no old rows."""
    found = await connection.scalar(select(func.min(_ENTRY.cursor)).where(_ENTRY.first_seen >= since))
    return int(found or 0)


def _changed(entry: Entry, decision: Decision) -> dict[str, Any]:
    decided = decision.alert.decided if decision.alert else entry.first_seen
    return {
        "feed": entry.feed,
        "link": entry.link,
        "story": decision.story,
        "outcome": decision.outcome.value,
        "fingerprint": entry.fingerprint,
        "published": entry.published,
        "dated": entry.dated,
        "decided": decided,
        "doc": codec.dump(entry),
        "decision": codec.dump(decision),
    }


def _story_row(story: StoryRecord) -> dict[str, Any]:
    return {"id": story.id, "updated": story.updated, "revision": story.revision, "doc": codec.dump(story)}
