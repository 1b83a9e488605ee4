"""The schema's history: its sum is what the code expects, it is made whole or not at all, and never undone."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect, text

import bot.store.schema as schema
from bot.errors import StoreError, StoreTooNew
from bot.store import Store, open_store, reading_store
from bot.store.address import parsed
from bot.store.engine import Database, connected
from bot.store.tables import metadata
from tests.pg import database
from tests.store.conftest import DATABASES

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(params=DATABASES)
async def empty_url(request: pytest.FixtureRequest, sqlite_url: str) -> AsyncIterator[str]:
    if request.param == "sqlite":
        yield sqlite_url
    else:
        async with database() as address:
            yield address


async def run(url: str, work: Any) -> Any:
    """Work on the bare database, in one transaction."""
    opened: Database = connected(parsed(url))
    try:
        async with opened.write(deciding=True) as connection:
            return await connection.run_sync(work)
    finally:
        await opened.close()


def files_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def tables_of(connection: Connection) -> set[str]:
    return set(inspect(connection).get_table_names()) - {"alembic_version"}


def first(connection: Connection) -> None:
    schema.migrate(connection, "0001")


async def test_the_sum_of_all_steps_is_the_schema_the_code_expects(store: Store, url: str) -> None:
    def differences(connection: Connection) -> Any:
        return compare_metadata(MigrationContext.configure(connection), metadata)

    assert await run(url, differences) == []


async def test_an_older_database_is_brought_up_to_date_with_all_that_is_in_it(empty_url: str) -> None:
    await run(empty_url, first)
    await run(empty_url, _fill_first_schema)
    opened = await open_store(empty_url)
    assert (await opened.views.counts()).deliveries == {"sent": 1}
    assert await opened.wishes.handled("telegram", "1")
    assert await opened.views.delays_by_feed(_EPOCH) == []
    await opened.close()


async def test_a_step_that_fails_leaves_the_database_as_it_was(
    empty_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = schema.migrate

    def failing(connection: Connection) -> None:
        made(connection)
        connection.execute(text("SELECT nothing FROM nowhere"))

    await run(empty_url, first)
    before = await run(empty_url, schema.current)
    monkeypatch.setattr(schema, "migrate", failing)
    with pytest.raises(StoreError):
        await open_store(empty_url)
    monkeypatch.undo()
    assert await run(empty_url, schema.current) == before == "0001"
    await (await open_store(empty_url)).close()


async def test_fault_010_killed_in_the_middle_of_a_migration_the_next_start_makes_it_whole(
    sqlite_url: str,
) -> None:
    child = """
import asyncio, os, signal, sys
from alembic.operations import Operations
from bot.store import open_store
made = Operations.create_index
def dying(self, name, *rest, **more):
    if name == "deliveries_settled":
        os.kill(os.getpid(), signal.SIGKILL)
    return made(self, name, *rest, **more)
Operations.create_index = dying
asyncio.run(open_store(sys.argv[1]))
"""
    died = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", child, sqlite_url], cwd=ROOT, env=os.environ, check=False
    )
    assert died.returncode == -9
    assert await run(sqlite_url, tables_of) == set()
    opened = await open_store(sqlite_url)
    assert (await opened.views.counts()).entries == 0
    await opened.close()


async def test_fault_022_a_newer_database_is_refused_and_left_as_it_is(store: Store, url: str) -> None:
    await store.close()
    newer = text("UPDATE alembic_version SET version_num = '9999'")
    await run(url, lambda connection: connection.execute(newer) and None)
    for reading in (False, True):
        with pytest.raises(StoreTooNew, match="9999"):
            await open_store(url, reading=reading)
    assert "entries" in await run(url, tables_of)


async def test_many_start_at_once_on_an_empty_server_and_all_find_it_ready(postgres_url: str) -> None:
    opened = await asyncio.gather(*(open_store(postgres_url) for _ in range(4)))
    assert len({store.worker.id for store in opened}) == 4
    for store in opened:
        assert (await store.views.counts()).entries == 0
        await store.close()


async def test_who_only_asks_never_makes_a_database(sqlite_url: str, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no database"):
        async with reading_store(sqlite_url):
            pass
    assert files_in(tmp_path) == []


async def test_who_only_asks_never_migrates_one(empty_url: str) -> None:
    await run(empty_url, first)
    with pytest.raises(StoreError, match="newsalert run"):
        async with reading_store(empty_url):
            pass
    assert await run(empty_url, schema.current) == "0001"


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _fill_first_schema(connection: Connection) -> None:
    connection.execute(
        text("""
        INSERT INTO deliveries (id, story, revision, receiver, kind, state, priority, not_before, created, settled,
            published, attempts, reason, place, message, receipts, quiet_rank)
        VALUES ('st-1/desk/1', 'st-1', 1, 'desk', 'alert', 'sent', 3, 1, 1, 2, 1, 1, '', '{}', '{}', '[]', -3)
    """)
    )
    connection.execute(text("INSERT INTO updates (front, \"update\", at) VALUES ('telegram', '1', 1)"))
    connection.execute(text("INSERT INTO lanes (receiver, not_before) VALUES ('desk', 1)"))
