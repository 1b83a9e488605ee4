"""Opening the store, with every reason not to told in plain words."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.engine import URL

import bot.store.retention as retention
import bot.store.schema as schema
from bot.errors import StoreError
from bot.store.address import file_of, is_lite, parsed
from bot.store.engine import Database, connected, told
from bot.store.feeds import FeedTable
from bot.store.fleet import Worker
from bot.store.lock import InstanceLock
from bot.store.news import NewsTable
from bot.store.outbox import OutboxTable
from bot.store.views import ViewTable
from bot.store.wishes import WishTable

WAL_ALARM = 512 << 20  # bytes of write-ahead log beyond which somebody should be told


@dataclass(frozen=True, slots=True)
class Store:
    """One open database behind the seams of :mod:`bot.ports`."""

    database: Database
    worker: Worker
    news: NewsTable
    feeds: FeedTable
    outbox: OutboxTable
    wishes: WishTable
    views: ViewTable
    lock: InstanceLock | None = None

    @property
    def digests(self) -> OutboxTable:
        """The outbox folds digests, too."""
        return self.outbox

    def on_owed(self, tell: Callable[[], None]) -> None:
        """Have ``tell`` called when another worker owes something (PostgreSQL; a file has one worker)."""
        self.worker.on_owed(tell)

    @property
    def failed(self) -> str:
        """Why nothing is written any more until a new start; "" = it is."""
        return self.database.failed

    def trouble(self) -> str:
        """What operators should know of the database, in a line; "" = all is well."""
        if self.database.failed:
            return self.database.failed
        path = file_of(self.database.engine.url)
        log = path.with_name(f"{path.name}-wal") if self.database.lite else None
        size = log.stat().st_size if log is not None and log.exists() else 0
        if size <= WAL_ALARM:
            return ""
        return f"{path.name}-wal has grown to {size >> 20} MB: another program keeps the database open for reading"

    async def purge(self, before: datetime) -> int:
        """Forget what was read before then; nothing still owed is touched. Returns how many entries went."""
        return await retention.purge(self.database, before)

    async def forget_readings(self, before: datetime) -> None:
        """Forget what the story index made of entries first seen before then: before its window."""
        await retention.forget_readings(self.database, before)

    async def close(self) -> None:
        """Let go of the database and of its lock."""
        await self.worker.stop()
        await self.database.close()
        if self.lock is not None:
            self.lock.release()


async def open_store(
    address: str, *, reading: bool = False, durable: bool = True, lock: bool = True
) -> Store:
    """Open a database, made and migrated where needed.

    ``reading`` opens an existing one beside a running instance, for questions only. ``durable`` False gives up
    surviving a power cut, for databases that are thrown away. Without ``lock`` several may write into one SQLite
    file; deciding stays single file, delivering does not. Raises StoreError, StoreLocked, StoreTooNew.
    """
    url = parsed(address)
    held = _held(url, reading=reading, lock=lock) if is_lite(url) else None
    database, worker = connected(url, reading=reading, durable=durable), Worker()
    database.alone = held is not None
    try:
        await _prepare(database, reading=reading)
        if not database.lite and not reading:
            with told():
                await worker.start(database.engine)
    except BaseException:
        await database.close()
        if held is not None:
            held.release()
        raise
    outbox = OutboxTable(database, worker)
    return Store(
        database,
        worker,
        NewsTable(database),
        FeedTable(database),
        outbox,
        WishTable(database),
        ViewTable(database),
        held,
    )


def _held(url: URL, *, reading: bool, lock: bool) -> InstanceLock | None:
    """The file's folder made and its lock taken; a reader makes and takes nothing."""
    path = file_of(url)
    if reading:
        if not path.is_file():
            raise StoreError(f"there is no database {path.name} yet; newsalert run makes it")
        return None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise StoreError(f"cannot make the folder {path.parent}: {reason}") from None
    if not lock:
        return None
    held = InstanceLock(path)
    held.take()
    return held


async def _prepare(database: Database, *, reading: bool) -> None:
    if reading:
        async with database.read() as connection:
            await connection.run_sync(schema.require_current)
        return
    if database.lite:
        async with database.read() as connection:
            await connection.run_sync(schema.require_sound)
    async with database.write(deciding=True) as connection:
        await connection.run_sync(schema.migrate)
        await connection.run_sync(schema.require_writable)


@asynccontextmanager
async def reading_store(address: str) -> AsyncIterator[Store]:
    """The store beside a running bot: for questions only. Raises StoreError where there is none."""
    store = await open_store(address, reading=True)
    try:
        yield store
    finally:
        await store.close()
