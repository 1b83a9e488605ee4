"""One of several workers over one PostgreSQL: its sign of life, its lanes, the word that something is owed.

A worker holds a session's advisory lock for as long as it lives. The server lets go of it the moment the process or
its connection is gone, so nobody has to guess from heartbeats and clocks whether it is dead. A lane (a receiver's way
out) belongs to the worker that claimed it last, until that worker dies or has not claimed for ``HELD``: one worker
keeps a chat's pace, and two never speak to it in turns. What a worker was sending when it died is taken over by
:func:`orphans`, by one of the others.

With SQLite there is one instance and none of this: its number is 0, and nobody else is alive.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import Any

import asyncpg
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

import bot.store.tables as tables
from bot.store.statements import upsert
from bot.store.tables import micros

HELD = timedelta(seconds=30)  # a lane is kept without being claimed
AGAIN = 0.25  # seconds between two tries to come back to a server that is away
BEAT = 5.0  # seconds between two looks whether our session still answers, and how long it may take
REACH = 10.0  # seconds a new session may take
SILENCE = "SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3"
CHANNEL = "newsalert_owed"
LIFE = 7_215_203  # first half of the workers' advisory locks; the second is the worker

LIVING = f"""
    SELECT CAST(CAST(objid AS bigint) AS integer) FROM pg_locks
    WHERE locktype = 'advisory' AND classid = {LIFE} AND objsubid = 2 AND granted
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""  # noqa: S608 — our own constant

_HOLD = text(f"""
    UPDATE lanes SET holder = :me, held_until = :until WHERE receiver IN (
        SELECT receiver FROM lanes
        WHERE receiver = ANY(CAST(:names AS text[]))
          AND (holder IN (0, :me) OR held_until <= :now OR holder NOT IN ({LIVING}))
          AND :me IN ({LIVING})
        FOR UPDATE SKIP LOCKED)
    RETURNING receiver
""")  # noqa: S608 — our own constant

_ORPHANS = text(f"""
    UPDATE deliveries SET holder = :me WHERE id IN (
        SELECT id FROM deliveries
        WHERE state IN ('sending', 'unknown') AND (holder = :me OR holder NOT IN ({LIVING}))
        FOR UPDATE SKIP LOCKED)
    RETURNING id
""")  # noqa: S608 — our own constant


class Worker:
    """This process among its like. ``id`` is 0 until :meth:`start`, and stays so where there is no fleet."""

    def __init__(self) -> None:
        self.id = 0
        self._owed: list[Callable[[], None]] = []
        self._session: Any = None  # asyncpg's, beside the pool: the lock and the ear belong to it
        self._gone = asyncio.Event()
        self._life: asyncio.Task[None] | None = None

    def on_owed(self, tell: Callable[[], None]) -> None:
        """Have ``tell`` called when any worker owes something. It may be missed: sweep all the same."""
        self._owed.append(tell)

    async def start(self, engine: AsyncEngine) -> None:
        """Be alive. Raises what the driver raises."""
        self.id = 1 + secrets.randbelow(2**31 - 2)
        await self._live(engine)
        self._life = asyncio.create_task(self._stay_alive(engine), name="store life")

    async def stop(self) -> None:
        """Be dead at once, for the others to take over."""
        if self._life is not None:
            self._life.cancel()
            await asyncio.gather(self._life, return_exceptions=True)
            await _ended(self._session)
            self._life = None

    async def _stay_alive(self, engine: AsyncEngine) -> None:
        """Make another session whenever the server was away, or the way to it."""
        while True:
            await self._heard_of_the_end()
            while self._gone.is_set():
                try:
                    await self._live(engine)
                except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
                    await asyncio.sleep(AGAIN)
            self._tell()  # what was owed meanwhile nobody told us of

    async def _heard_of_the_end(self) -> None:
        """Wait until our session is over; where nobody says so, it is over when it does not answer."""
        while not self._gone.is_set():
            try:
                await asyncio.wait_for(self._gone.wait(), BEAT)
            except TimeoutError:
                await self._beat()

    async def _beat(self) -> None:
        try:
            await self._session.execute("SELECT 1", timeout=BEAT)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError):  # a TimeoutError is one, too
            self._session.terminate()
            self._gone.set()

    async def _live(self, engine: AsyncEngine) -> None:
        _, where = engine.dialect.create_connect_args(engine.url)
        session = await asyncpg.connect(**where, timeout=REACH)
        gone = asyncio.Event()
        try:
            session.add_termination_listener(lambda _: gone.set())
            await session.execute(SILENCE)
            await session.execute(f"SELECT pg_advisory_lock({LIFE}, {self.id})")
            await session.add_listener(CHANNEL, lambda *_: self._tell())
        except BaseException:
            session.terminate()
            raise
        self._session, self._gone = session, gone

    def _tell(self) -> None:
        for tell in self._owed:
            tell()


async def _ended(session: Any) -> None:
    """Say goodbye, so that the server has let go of the lock when this returns; to one that is away, just go."""
    try:
        await session.close(timeout=1)
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
        session.terminate()


async def tell_the_others(connection: AsyncConnection) -> None:
    """As part of a transaction: once it commits, every worker hears that something is owed."""
    await connection.execute(text(f"NOTIFY {CHANNEL}"))


async def hold(
    connection: AsyncConnection, receivers: Collection[str], me: int, now: datetime
) -> Collection[str]:
    """Take these lanes, as part of a transaction; returns those that are ours now."""
    rows = [{"receiver": name, "not_before": now} for name in sorted(receivers)]
    await upsert(connection, tables.lanes, rows, keep=True)
    wanted = {"me": me, "now": micros(now), "until": micros(now + HELD), "names": sorted(receivers)}
    return set((await connection.execute(_HOLD, wanted)).scalars())


async def orphans(connection: AsyncConnection, me: int) -> Collection[str]:
    """What the dead were sending is ours now, beside what we left ourselves; returns the deliveries' ids."""
    return set((await connection.execute(_ORPHANS, {"me": me})).scalars())
