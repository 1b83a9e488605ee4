"""Statements both databases understand, where SQLAlchemy has one for each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

T = TypeVar("T")

AT_ONCE = 500  # values in one IN (…)


def chunks(values: Iterable[T], size: int = AT_ONCE) -> Iterator[list[T]]:
    """The values, so many at a time."""
    rest = iter(values)
    while part := list(islice(rest, size)):
        yield part


async def upsert(
    connection: AsyncConnection, table: Table, rows: Sequence[Mapping[str, Any]], *, keep: bool = False
) -> None:
    """Insert rows; where the primary key is there already, replace the others (or ``keep`` what is there)."""
    if not rows:
        return
    keys = [column.name for column in table.primary_key]
    insert = _insert(connection, table)
    changed = {name: insert.excluded[name] for name in rows[0] if name not in keys}
    statement = (
        insert.on_conflict_do_nothing()
        if keep or not changed
        else insert.on_conflict_do_update(index_elements=keys, set_=changed)
    )
    await connection.execute(statement, list(rows))


async def put(connection: AsyncConnection, table: Table, row: Mapping[str, Any]) -> bool:
    """Insert one row; False where its primary key is there already."""
    done = await connection.execute(_insert(connection, table).values(**row).on_conflict_do_nothing())
    return bool(done.rowcount)


def _insert(connection: AsyncConnection, table: Table) -> sqlite.Insert | postgresql.Insert:
    return sqlite.insert(table) if connection.dialect.name == "sqlite" else postgresql.insert(table)
