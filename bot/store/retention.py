"""What may be forgotten. Nothing still owed is, nor what would be taken for news should a feed show it again.

An item with a date that comes back after the retention is too old to be told; one without a date would be new. A slow
feed without dates shows the same items for years, so the newest of each such feed stay, whatever their age.

Each step is a transaction of its own, and short, so that the decider never waits long for the nightly broom.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Table, delete, exists, func, not_, or_, select

import bot.store.tables as tables
from bot.store.engine import Database

STEP = 2_000  # rows a transaction
UNDATED_KEPT = 200  # items of a feed without dates; hardly a feed shows more at once

_E = tables.entries.c
_S = tables.stories.c
_D = tables.deliveries.c
_L = tables.lanes.c
_OWED = _D.state.not_in(("sent", "dead"))


async def purge(database: Database, before: datetime) -> int:
    """Forget what is older; returns how many entries went."""
    gone = 0
    while step := await _forget_entries(database, before):
        gone += step
    about = exists().where(_E.story == _S.id) | exists().where(_D.story == _S.id, _OWED)
    await _forget(database, tables.stories, _S.id, _S.updated < before, not_(about))
    there = exists().where(_S.id == _D.story)  # a story that goes on is still edited and answered
    await _forget(database, tables.deliveries, _D.id, not_(_OWED), _D.created < before, not_(there))
    async with database.write() as connection:
        await connection.execute(delete(tables.updates).where(tables.updates.c.at < before))
        await connection.execute(delete(tables.silences).where(tables.silences.c.until < before))
        idle = not_(exists().where(_D.receiver == _L.receiver))
        await connection.execute(delete(tables.lanes).where(_L.not_before < before, idle))
    return gone


async def forget_readings(database: Database, before: datetime) -> None:
    """Forget what the story index made of entries seen before then: they have left its window."""
    await _forget(database, tables.readings, tables.readings.c.key, tables.readings.c.first_seen < before)


async def _forget_entries(database: Database, before: datetime) -> int:
    owed = exists().where(_D.story == _E.story, _D.story != "", _OWED)
    may_go = select(_E.key).where(_E.first_seen < before, not_(owed), or_(_E.dated, _E.cursor <= _unseen()))
    async with database.write() as connection:
        keys = (await connection.execute(may_go.limit(STEP))).scalars().all()
        if keys:
            await connection.execute(delete(tables.aliases).where(tables.aliases.c.key.in_(keys)))
            await connection.execute(delete(tables.entries).where(_E.key.in_(keys)))
    return len(keys)


def _unseen() -> ColumnElement[int]:
    """The newest cursor among a feed's undated entries that surely stand in it no more; 0 where there is none."""
    like = tables.entries.alias()
    found = (
        select(like.c.cursor)
        .where(like.c.feed == _E.feed, ~like.c.dated)
        .order_by(like.c.cursor.desc())
        .offset(UNDATED_KEPT)
        .limit(1)
        .correlate(tables.entries)
        .scalar_subquery()
    )
    return func.coalesce(found, 0)


async def _forget(database: Database, table: Table, key: Any, *conditions: ColumnElement[bool]) -> None:
    while True:
        async with database.write() as connection:
            found = await connection.execute(select(key).where(*conditions).limit(STEP))
            keys = found.scalars().all()
            if not keys:
                return
            await connection.execute(delete(table).where(key.in_(keys)))
