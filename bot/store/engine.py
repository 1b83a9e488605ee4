"""Opens a database and hands out transactions: one writer at a time, readers beside it.

SQLite: write-ahead log, so that questions never wait for the poller; ``synchronous=FULL``, because what we call *owed*
or *sent* must survive a power cut, and a poll is one transaction however many items it brings (a few milliseconds of
the disk a poll, measured against losing an alert); every writing transaction begins IMMEDIATE and takes its turn in
this process first, so that two of them never deadlock by upgrading a read lock.

PostgreSQL: the decider holds an advisory lock for the length of its transaction; everything else is as the server does
it.

Errors of the driver become StoreError here, the one place.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from sqlalchemy import event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from bot.errors import StoreError

BUSY_TIMEOUT = 10_000  # milliseconds another process may hold the file
DECIDER = 7_215_202  # key of the advisory lock that makes deciding single file


class Database:
    """An open database; ``lite`` = SQLite."""

    def __init__(self, engine: AsyncEngine, *, lite: bool) -> None:
        self.engine = engine
        self.lite = lite
        self._turn = asyncio.Lock()

    @asynccontextmanager
    async def write(self, *, deciding: bool = False) -> AsyncIterator[AsyncConnection]:
        """A writing transaction; commits on leaving, rolls back on an exception. Raises StoreError."""
        if not self.lite:
            async with self._begun() as connection:
                if deciding:
                    await connection.execute(text(f"SELECT pg_advisory_xact_lock({DECIDER})"))
                yield connection
            return
        async with self._turn, self._begun() as connection:
            yield connection

    @asynccontextmanager
    async def _begun(self) -> AsyncIterator[AsyncConnection]:
        with told():
            async with self.engine.connect() as plain:
                connection = await plain.execution_options(newsalert_writes=True)
                async with connection.begin():
                    yield connection

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that only reads, as the database stood when it began. Raises StoreError."""
        with told():
            async with self.engine.connect() as connection:
                yield connection

    async def close(self) -> None:
        """Let go of every connection."""
        await self.engine.dispose()


@contextmanager
def told() -> Iterator[None]:
    """The driver's errors as ours; their parameters may hold addresses and are left out."""
    try:
        yield
    except DBAPIError as error:
        raise StoreError(plain_reason(error)) from None
    except SQLAlchemyError as error:
        raise StoreError(f"{type(error).__name__}: {error}") from None
    except OSError as error:
        raise StoreError(f"no connection: {error.strerror or error}") from None


def plain_reason(error: DBAPIError) -> str:
    """The first line of what the driver says."""
    lines = str(error.orig).strip().splitlines()
    return lines[0] if lines else type(error.orig).__name__


def sqlite_path(url: URL) -> Path:
    """The file behind a SQLite address."""
    return Path(url.database or "")


def connected(address: str, *, reading: bool = False, durable: bool = True) -> Database:
    """An engine for this address; nothing is asked of it yet. ``reading`` opens the file for questions only."""
    url = make_url(address)
    if url.get_backend_name() != "sqlite":
        return Database(create_async_engine(url, pool_size=8, pool_pre_ping=True), lite=False)
    if reading:
        url = url.set(database=f"file:{sqlite_path(url)}", query={"mode": "ro", "uri": "true"})
    engine = create_async_engine(url, pool_size=6)
    _prepare(engine, reading=reading, synchronous="FULL" if durable else "OFF")
    return Database(engine, lite=True)


def _prepare(engine: AsyncEngine, *, reading: bool, synchronous: str) -> None:
    @event.listens_for(engine.sync_engine, "connect")
    def connect(connection, record) -> None:  # type: ignore[no-untyped-def]  # noqa: ARG001
        connection.isolation_level = None  # we begin transactions ourselves
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT}")
        if not reading:
            cursor.execute("PRAGMA journal_mode = WAL")
            cursor.execute(f"PRAGMA synchronous = {synchronous}")
            cursor.execute("PRAGMA journal_size_limit = 67108864")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection) -> None:  # type: ignore[no-untyped-def]
        writes = connection.get_execution_options().get("newsalert_writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
