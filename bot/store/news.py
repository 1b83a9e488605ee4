"""What was read and decided: the decider's transaction. Implements :class:`bot.ports.News` and its Ledger."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import LargeBinary, bindparam, cast, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

import bot.store.codec as codec
import bot.store.tables as tables
from bot.core.model import Decision, Entry, KnownEntry, Match, StoryRecord
from bot.ports import Filed, PollRecord
from bot.store.engine import Database
from bot.store.feeds import write_states
from bot.store.outbox import write_owed
from bot.store.statements import ROWS, chunks, upsert

PAGE = 500  # entries the index is told of at a time: a rebuild holds a page, not the window

_ENTRY = tables.entries.c
_ALIAS = tables.aliases.c
_STORY = tables.stories.c

# Built once: to put a statement together costs more than to run it.
_KNOWN = (
    select(_ALIAS.alias, _ENTRY.key, _ENTRY.fingerprint, _ENTRY.story, _ENTRY.first_seen)
    .join(tables.entries, _ENTRY.key == _ALIAS.key)
    .where(_ALIAS.alias.in_(bindparam("aliases", expanding=True)))
)
_FILED = (
    select(_ENTRY.cursor, _ENTRY.story, func.coalesce(cast(tables.readings.c.doc, LargeBinary), b""))
    .join(tables.readings, tables.readings.c.key == _ENTRY.key, isouter=True)
    .where(_ENTRY.cursor >= bindparam("first"), _ENTRY.story != "", _ENTRY.first_seen >= bindparam("since"))
    .order_by(_ENTRY.cursor)
    .limit(PAGE)
)
_TEXTS = select(_ENTRY.cursor, _ENTRY.doc, _ENTRY.decision).where(
    _ENTRY.cursor.in_(bindparam("cursors", expanding=True))
)
_STORIES = select(_STORY.id, _STORY.doc).where(_STORY.id.in_(bindparam("ids", expanding=True)))
_FIRST = select(func.min(_ENTRY.cursor)).where(_ENTRY.first_seen >= bindparam("since"))
_HIGHEST = select(func.max(_ENTRY.cursor))


class NewsTable:
    """The decider's side."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.highest = 0  # cursor we gave out last

    def nothing_since(self, cursor: int) -> bool:
        """True where surely nobody filed anything after this cursor: whoever writes alone need not ask."""
        return self._database.alone and cursor > 0 and cursor == self.highest

    @asynccontextmanager
    async def deciding(self) -> AsyncIterator[PollLedger]:
        """One transaction, one decider at a time."""
        async with self._database.write(deciding=True) as connection:
            yield PollLedger(connection, self)


class PollLedger:
    """One open transaction of the decider."""

    def __init__(self, connection: AsyncConnection, news: NewsTable) -> None:
        self._connection = connection
        self._news = news

    async def known(self, aliases: Collection[str]) -> Mapping[str, KnownEntry]:
        """Alias → the entry it belongs to, for those that are known."""
        found: dict[str, KnownEntry] = {}
        for part in chunks(aliases):
            rows = await self._connection.execute(_KNOWN, {"aliases": part})
            found |= {row[0]: KnownEntry(*row[1:]) for row in rows}
        return found

    async def filed_since(self, cursor: int, since: datetime) -> Sequence[Filed]:
        """The next entries with a story, newer than ``cursor``, in cursor order."""
        if self._news.nothing_since(cursor):
            return []
        first = cursor + 1 if cursor else await first_since(self._connection, since)
        rows = await self._connection.execute(_FILED, {"first": first, "since": since})
        return [Filed(*row) for row in rows]

    async def texts(self, cursors: Collection[int]) -> Mapping[int, tuple[Entry, Sequence[Match]]]:
        """Cursor → the entry and what was found in it."""
        found: dict[int, tuple[Entry, Sequence[Match]]] = {}
        for part in chunks(cursors):
            rows = await self._connection.execute(_TEXTS, {"cursors": part})
            found |= {
                number: (codec.load(Entry, doc), codec.load(Decision, decision).matches)
                for number, doc, decision in rows
            }
        return found

    async def stories(self, ids: Collection[str]) -> Mapping[str, StoryRecord]:
        """The stories of these ids."""
        found: dict[str, StoryRecord] = {}
        for part in chunks(ids):
            rows = await self._connection.execute(_STORIES, {"ids": part})
            found |= {name: codec.load(StoryRecord, doc) for name, doc in rows}
        return found

    async def write(self, *records: PollRecord) -> int:
        """Write it all; returns the highest cursor given out, 0 when no entry was new."""
        await write_states(self._connection, [each.state for each in records if each.state is not None])
        highest = await self._write_new([new for each in records for new in each.entries])
        for entry, decision in (edited for each in records for edited in each.edited):
            await self._connection.execute(
                update(tables.entries).where(_ENTRY.key == entry.key).values(**_changed(entry, decision))
            )
        await self._write_readings(records)
        further = {(alias, key) for each in records for key, more in each.aliases.items() for alias in more}
        await self._write_aliases(sorted(further))
        changed = {story.id: story for each in records for story in each.stories}
        await upsert(self._connection, tables.stories, map(_story_row, changed.values()))
        await write_owed(self._connection, [owed for each in records for owed in each.owed])
        return highest

    async def _write_new(self, entries: Sequence[tuple[Entry, Decision]]) -> int:
        if not entries:
            return 0
        rows = (
            {"key": entry.key, "first_seen": entry.first_seen, **_changed(entry, decision)}
            for entry, decision in entries
        )
        for part in chunks(rows, ROWS):
            await self._connection.execute(insert(tables.entries), part)
        await self._write_aliases([(alias, entry.key) for entry, _ in entries for alias in entry.aliases])
        highest = await self._connection.execute(_HIGHEST)
        self._news.highest = int(highest.scalar_one())
        return self._news.highest

    async def _write_readings(self, records: Sequence[PollRecord]) -> None:
        rows = [
            {"key": entry.key, "first_seen": entry.first_seen, "doc": each.readings[entry.key]}
            for each in records
            for entry, _ in (*each.entries, *each.edited)
            if entry.key in each.readings
        ]
        await upsert(self._connection, tables.readings, rows)

    async def _write_aliases(self, pairs: Sequence[tuple[str, str]]) -> None:
        rows = [{"alias": alias, "key": key} for alias, key in pairs]
        await upsert(self._connection, tables.aliases, rows, keep=True)


async def first_since(connection: AsyncConnection, since: datetime) -> int:
    """A cursor below which nothing was seen since then: whoever reads on from there passes no old rows."""
    found = await connection.scalar(_FIRST, {"since": since})
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
