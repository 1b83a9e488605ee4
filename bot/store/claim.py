"""Choosing what goes next: due, at most one a receiver, loudest first, in order within a story.

Two roads to the same answer. The short one reads the first few hundred owed rows in order of loudness, all there is
to do in daily life and while a backlog drains. Where they do not yield enough (a long queue of receivers that are
throttled, busy or hold digests stands in front) the long one hops through the index from receiver to receiver, a
*loose index scan* neither database does by itself, and takes of each the first row that may go: ten thousand hops for
ten thousand receivers, however many messages wait behind each. A query that sorts all that is owed would do neither.

Both databases understand the statements; they differ only in how a list is unpacked.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from datetime import datetime
from functools import cache
from typing import NamedTuple

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.fleet import LIVING
from bot.store.tables import micros

WINDOW = 250  # rows the short road reads at least

_DUE = """
    {row}.not_before <= :now AND ({row}.story = '' OR NOT EXISTS (
        SELECT 1 FROM deliveries AS earlier
        WHERE earlier.story = {row}.story AND earlier.receiver = {row}.receiver
          AND earlier.revision < {row}.revision AND earlier.kind <> 'digest'
          AND earlier.state IN ('owed', 'sending', 'unknown')))
"""

_FREE = """
    {receiver} NOT IN ({busy}) AND (lanes.receiver IS NULL OR lanes.not_before <= :now AND (
        lanes.holder IN (0, :me) OR lanes.held_until <= :now OR lanes.holder NOT IN ({living})))
"""

_SHORT_SQL = """
    SELECT head.id, head.receiver FROM (
        SELECT id, story, revision, receiver, not_before, quiet_rank, created FROM deliveries
        WHERE state = 'owed' ORDER BY quiet_rank, created, revision LIMIT :window
    ) AS head
    LEFT JOIN lanes ON lanes.receiver = head.receiver
    WHERE {due} AND {free}
    ORDER BY head.quiet_rank, head.created, head.revision
"""

_LONG_SQL = """
    WITH RECURSIVE receivers(name) AS (
        SELECT min(receiver) FROM deliveries WHERE state = 'owed'
        UNION ALL
        SELECT (SELECT min(receiver) FROM deliveries WHERE state = 'owed' AND receiver > receivers.name)
        FROM receivers WHERE receivers.name IS NOT NULL
    )
    SELECT chosen.id, chosen.receiver FROM receivers
    JOIN deliveries AS chosen ON chosen.id = (
        SELECT mine.id FROM deliveries AS mine
        WHERE mine.state = 'owed' AND mine.receiver = receivers.name AND {due}
        ORDER BY mine.quiet_rank, mine.created, mine.revision LIMIT 1
    )
    LEFT JOIN lanes ON lanes.receiver = receivers.name
    WHERE {free}
    ORDER BY chosen.quiet_rank, chosen.created, chosen.revision LIMIT :limit
"""

_BUSY = {
    "sqlite": "SELECT value FROM json_each(:busy)",
    "postgresql": "SELECT unnest(CAST(:busy AS text[]))",
}
_OTHERS = {"sqlite": "SELECT 0", "postgresql": LIVING}


class Road(NamedTuple):
    """A statement, the name its rows have in it, and where its receivers stand."""

    sql: str
    row: str
    receiver: str


SHORT = Road(_SHORT_SQL, "head", "head.receiver")
LONG = Road(_LONG_SQL, "mine", "receivers.name")


@cache
def statement(road: Road, dialect: str) -> TextClause:
    """The road's statement as this database wants it."""
    free = _FREE.format(receiver=road.receiver, busy=_BUSY[dialect], living=_OTHERS[dialect])
    return text(road.sql.format(due=_DUE.format(row=road.row), free=free))


async def heads(
    connection: AsyncConnection, now: datetime, *, busy: Collection[str], limit: int, me: int
) -> Sequence[str]:
    """The ids of what may go now, first things first, at most one a receiver and ``limit`` in all."""
    dialect = connection.dialect.name
    names = list(busy)
    wanted = {"now": micros(now), "me": me, "busy": json.dumps(names) if dialect == "sqlite" else names}
    short = await connection.execute(statement(SHORT, dialect), wanted | {"window": max(WINDOW, 4 * limit)})
    chosen: dict[str, str] = {}
    for delivery, receiver in short:
        chosen.setdefault(receiver, delivery)
    if len(chosen) < limit:
        long = await connection.execute(statement(LONG, dialect), wanted | {"limit": limit})
        chosen = {receiver: delivery for delivery, receiver in long}
    return list(chosen.values())[:limit]
