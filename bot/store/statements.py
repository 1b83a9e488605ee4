"""Statements both databases understand, where SQLAlchemy has one for each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

T = TypeVar("T")

AT_ONCE = 500  # values in one IN (…)
ROWS = 200  # written between two breaths of the event loop: a message to ten thousand chats must not stop it


def chunks(values: Iterable[T], size: int = AT_ONCE) -> Iterator[list[T]]:
    """The values, so many at a time."""
    rest = iter(values)
    while part := list(islice(rest, size)):
        yield part


async def upsert(
    connection: AsyncConnection, table: Table, rows: Iterable[Mapping[str, Any]], *, keep: bool = False
) -> None:
    """Insert rows; where the primary key is there already, replace the others (or ``keep`` what is there)."""
    for part in chunks(rows, ROWS):
        statement = _upsert(table, tuple(part[0]), keep, connection.dialect.name)
        await connection.execute(statement, part)


@cache
def _upsert(
    table: Table, names: tuple[str, ...], keep: bool, dialect: str
) -> sqlite.Insert | postgresql.Insert:
    keys = [column.name for column in table.primary_key]
    insert = _insert(table, dialect)
    changed = {name: insert.excluded[name] for name in names if name not in keys}
    if keep or not changed:
        return insert.on_conflict_do_nothing()
    return insert.on_conflict_do_update(index_elements=keys, set_=changed)


async def put(connection: AsyncConnection, table: Table, row: Mapping[str, Any]) -> bool:
    """Insert one row; False where its primary key is there already."""
    done = await connection.execute(
        _insert(table, connection.dialect.name).values(**row).on_conflict_do_nothing()
    )
    return bool(done.rowcount)


def _insert(table: Table, dialect: str) -> sqlite.Insert | postgresql.Insert:
    return sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)
