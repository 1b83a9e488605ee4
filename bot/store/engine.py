"""Opens a database and hands out transactions: one writer at a time, readers beside it.

SQLite: write-ahead log, so that questions never wait for the poller; ``synchronous=FULL``, because what we call *owed*
or *sent* must survive a power cut, and a poll is one transaction however many items it brings (a few milliseconds of
the disk a poll, measured against losing an alert); every writing transaction begins IMMEDIATE and takes its turn in
this process first, so that two of them never deadlock by upgrading a read lock.

PostgreSQL: the decider holds an advisory lock for the length of its transaction; reading is REPEATABLE READ, so that
both databases answer a question as of one moment; everything else is as the server does it.

After a failed ``fsync`` nobody knows what the disk holds: the kernel may drop the pages and call the next one a
success. Then, and where pages are found damaged, this process writes no more (``failed``) and ends; the next start
reads what is truly there.

Errors of the driver become StoreError here, the one place, with what to do about them.
"""

from __future__ import annotations

import asyncio
import socket
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from asyncpg import PostgresError
from sqlalchemy import event, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from bot.errors import StoreError
from bot.store.address import for_reading, is_lite

BUSY_TIMEOUT = 10_000  # milliseconds another process may hold the file
DECIDER = 7_215_202  # key of the advisory lock that makes deciding single file
SILENT = 12  # seconds without a sign of a PostgreSQL server after which a connection is given up
WAL_KEPT = 64 << 20  # bytes the write-ahead log is cut back to once it is written home

_REMEDIES = (
    ("not a database", "restore the last backup, or move the file away"),
    ("malformed", "restore the last backup, or move the file away"),
    ("readonly", "make the file and its folder belong to the user who runs the bot"),
    ("unable to open", "make the file and its folder belong to the user who runs the bot"),
    ("database is locked", f"another program has held it for {BUSY_TIMEOUT // 1000} seconds"),
    ("full", "make room on the disk; the bot goes on by itself"),
)
_UNTRUSTED = ("SQLITE_IOERR_FSYNC", "SQLITE_IOERR_DIR_FSYNC", "SQLITE_CORRUPT")


class Database:
    """An open database; ``lite`` = SQLite, ``failed`` = why nothing is written any more ("" = it is).

    ``alone`` = no other process writes; then what was read holds as long as ``changes`` stays the same. It counts
    the transactions of this process but for the decider's, which change nothing that is kept in mind by it.
    """

    def __init__(self, engine: AsyncEngine, *, lite: bool) -> None:
        self.engine = engine
        self.lite = lite
        self.failed = ""
        self.alone = False
        self.changes = 0
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
        try:
            async with self._turn, self._begun() as connection:
                yield connection
        finally:
            self.changes += not deciding

    @asynccontextmanager
    async def _begun(self) -> AsyncIterator[AsyncConnection]:
        if self.failed:
            raise StoreError(self.failed)
        with told(), self._watched():
            async with self.engine.connect() as plain:
                connection = await plain.execution_options(newsalert_writes=True)
                async with connection.begin():
                    yield connection

    @contextmanager
    def _watched(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            if getattr(error.orig, "sqlite_errorname", "").startswith(_UNTRUSTED):
                self.failed = f"{error.orig}; nothing more is written until a new start has checked the file"
            raise

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that only reads, as the database stood when it began. Raises StoreError."""
        with told():
            async with self.engine.connect() as plain:
                yield plain if self.lite else await plain.execution_options(**_ONE_MOMENT)

    async def close(self) -> None:
        """Let go of every connection."""
        await self.engine.dispose()


_ONE_MOMENT: dict[str, Any] = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}


@contextmanager
def told() -> Iterator[None]:
    """The driver's errors as ours; their parameters may hold addresses and are left out."""
    try:
        yield
    except DBAPIError as error:
        raise StoreError(plain_reason(error.orig or error)) from None
    except SQLAlchemyError as error:
        raise StoreError(f"{type(error).__name__}: {error}") from None
    except PostgresError as error:  # while connecting; later ones come wrapped
        raise StoreError(plain_reason(error)) from None
    except OSError as error:
        raise StoreError(f"no connection: {error.strerror or str(error) or type(error).__name__}") from None


def plain_reason(error: BaseException) -> str:
    """The first line of what the driver says, and the remedy if there is a known one."""
    lines = str(error).strip().splitlines()
    reason = lines[0] if lines else type(error).__name__
    return next((f"{reason}: {remedy}" for sign, remedy in _REMEDIES if sign in reason), reason)


def connected(url: URL, *, reading: bool = False, durable: bool = True) -> Database:
    """An engine for this address; nothing is asked of it yet. ``reading`` opens the file for questions only."""
    if not is_lite(url):
        engine = create_async_engine(url, pool_size=8, pool_pre_ping=True)
        _hang_up_on_silence(engine)
        return Database(engine, lite=False)
    line = {"factory": _Line}
    engine = create_async_engine(for_reading(url) if reading else url, pool_size=6, connect_args=line)
    _prepare(engine, reading=reading, synchronous="FULL" if durable else "OFF")
    return Database(engine, lite=True)


class _Line(sqlite3.Connection):
    """A connection to a file.

    SQLite puts off closing one while a statement of it lives, and its transaction with it; of a task that was
    cancelled a traceback may keep the statement alive, and everybody else would wait for the file.
    """

    def close(self) -> None:
        """Give up what was not committed, then close."""
        if self.in_transaction:
            self.rollback()
        super().close()


def _hang_up_on_silence(engine: AsyncEngine) -> None:
    """A server that is gone without a word (its machine died, the line is cut) is an error soon, not in a quarter of
    an hour: what a statement waits for is the next try at whoever takes writes now."""

    @event.listens_for(engine.sync_engine, "connect")
    def connect(connection, record) -> None:  # type: ignore[no-untyped-def]  # noqa: ARG001
        line = connection.driver_connection._transport.get_extra_info(
            "socket"
        )  # asyncpg has no other door to it
        if line is not None and line.family != socket.AF_UNIX and hasattr(socket, "TCP_USER_TIMEOUT"):
            line.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, SILENT // 2)
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, SILENT // 4)
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, SILENT * 1000)


def _prepare(engine: AsyncEngine, *, reading: bool, synchronous: str) -> None:
    @event.listens_for(engine.sync_engine, "connect")
    def connect(connection, record) -> None:  # type: ignore[no-untyped-def]  # noqa: ARG001
        connection.isolation_level = None  # we begin transactions ourselves
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT}")
        if not reading:
            cursor.execute("PRAGMA journal_mode = WAL")
            cursor.execute(f"PRAGMA synchronous = {synchronous}")
            cursor.execute(f"PRAGMA journal_size_limit = {WAL_KEPT}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection) -> None:  # type: ignore[no-untyped-def]
        writes = connection.get_execution_options().get("newsalert_writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
