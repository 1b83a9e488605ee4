"""Both databases, and the outbox in memory, behind the same seams: what holds for one holds for all."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Protocol

import pytest

from bot.ports import DeadLetters, Digests, Outbox
from bot.store import Store, open_store
from tests.fakes.outbox import MemoryOutbox
from tests.pg import migrated_database

DATABASES = ("sqlite", "postgres")


class WholeOutbox(Outbox, Digests, DeadLetters, Protocol):
    """All three seams of the outbox at once."""


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite+aiosqlite:///{tmp_path}/news.sqlite3"


@pytest.fixture(params=DATABASES)
async def url(request: pytest.FixtureRequest, sqlite_url: str) -> AsyncIterator[str]:
    """An address of each kind of database in turn."""
    if request.param == "sqlite":
        yield sqlite_url
    else:
        async with migrated_database() as address:
            yield address


@pytest.fixture
async def store(url: str) -> AsyncIterator[Store]:
    opened = await open_store(url, durable=False)
    yield opened
    await opened.close()


@pytest.fixture(params=("memory", *DATABASES))
async def outbox(request: pytest.FixtureRequest, sqlite_url: str) -> AsyncIterator[WholeOutbox]:
    """The outbox in memory and in each kind of database."""
    if request.param == "memory":
        yield MemoryOutbox()
        return
    if request.param == "sqlite":
        opened = await open_store(sqlite_url, durable=False)
        yield opened.outbox
        await opened.close()
        return
    async with migrated_database() as address:
        opened = await open_store(address)
        yield opened.outbox
        await opened.close()
