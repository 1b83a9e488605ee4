"""Opening the store, with every reason not to told in plain words."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.engine import make_url

import bot.store.schema as schema
import bot.store.tables as tables
from bot.errors import StoreError
from bot.store.engine import Database, connected, sqlite_path
from bot.store.feeds import FeedTable
from bot.store.lock import InstanceLock
from bot.store.news import NewsTable
from bot.store.outbox import OutboxTable
from bot.store.views import ViewTable
from bot.store.wishes import WishTable


@dataclass(frozen=True, slots=True)
class Store:
    """One open database behind the seams of :mod:`bot.ports`."""

    database: Database
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

    async def purge(self, before: datetime) -> int:
        """Forget what was read before then; nothing still owed is touched. Returns how many entries went."""
        async with self.database.write() as connection:
            settled = tables.deliveries.c.state.in_(("sent", "dead"))
            await connection.execute(
                delete(tables.deliveries).where(settled, tables.deliveries.c.created < before)
            )
            old = select(tables.entries.c.key).where(tables.entries.c.first_seen < before)
            await connection.execute(delete(tables.aliases).where(tables.aliases.c.key.in_(old)))
            gone = await connection.execute(
                delete(tables.entries).where(tables.entries.c.first_seen < before)
            )
            await connection.execute(delete(tables.stories).where(tables.stories.c.updated < before))
            await connection.execute(delete(tables.updates).where(tables.updates.c.at < before))
            await connection.execute(delete(tables.silences).where(tables.silences.c.until < before))
        return int(gone.rowcount)

    async def close(self) -> None:
        """Let go of the database and of its lock."""
        await self.database.close()
        if self.lock is not None:
            self.lock.release()


async def open_store(address: str, *, reading: bool = False, durable: bool = True) -> Store:
    """Open a database, made and migrated where needed.

    ``reading`` opens an existing one beside a running instance, for questions only. ``durable`` False gives up
    surviving a power cut, for databases that are thrown away. Raises StoreError, StoreLocked, StoreTooNew.
    """
    url = make_url(address)
    lock = None
    if url.get_backend_name() == "sqlite":
        path = sqlite_path(url)
        if reading and not path.is_file():
            raise StoreError(f"there is no database {path.name} yet; newsalert run makes it")
        if not reading:
            _make_folder(address)
            lock = InstanceLock(path)
            lock.take()
    database = connected(address, reading=reading, durable=durable)
    try:
        await _prepare(database, reading=reading)
    except BaseException:
        await database.close()
        if lock is not None:
            lock.release()
        raise
    return Store(
        database,
        NewsTable(database),
        FeedTable(database),
        OutboxTable(database),
        WishTable(database),
        ViewTable(database),
        lock,
    )


def _make_folder(address: str) -> None:
    folder = sqlite_path(make_url(address)).parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"cannot make the folder {folder}: {(error.strerror or str(error)).lower()}"
        ) from None


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


@asynccontextmanager
async def reading_store(address: str) -> AsyncIterator[Store]:
    """The store beside a running bot: for questions only. Raises StoreError where there is none."""
    store = await open_store(address, reading=True)
    try:
        yield store
    finally:
        await store.close()
