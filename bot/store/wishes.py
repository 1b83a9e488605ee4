"""What people asked for while the bot runs. Implements :class:`bot.ports.Wishes`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Select, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

import bot.store.codec as codec
import bot.store.tables as tables
from bot.core.model import Feedback, Silence, Subscription
from bot.store.engine import Database
from bot.store.kept import Kept
from bot.store.statements import put, upsert

_S = tables.subscriptions.c
_ALL = select(_S.doc).order_by(_S.kind, _S.address)
_ACTIVE = _ALL.where(_S.active)


class WishTable:
    """Every verb is its own transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._active = Kept(database, lambda: self._subscriptions(_ACTIVE))
        self._silences = Kept(database, self._every_silence)

    async def subscriptions(self, *, active_only: bool = True) -> Sequence[Subscription]:
        """All of them, or those that want to be told now."""
        return await (self._active.get() if active_only else self._subscriptions(_ALL))

    async def _subscriptions(self, wanted: Select[str]) -> Sequence[Subscription]:
        async with self._database.read() as connection:
            return [codec.load(Subscription, doc) for doc in (await connection.execute(wanted)).scalars()]

    async def subscription(self, kind: str, address: str) -> Subscription | None:
        """One chat's."""
        async with self._database.read() as connection:
            return await _subscription(connection, kind, address)

    async def save_subscription(self, subscription: Subscription) -> None:
        """Insert or replace, by kind + address."""
        async with self._database.write() as connection:
            await upsert(connection, tables.subscriptions, [_row(subscription)])

    async def silences(self, now: datetime) -> Sequence[Silence]:
        """Those still in force."""
        return [each for each in await self._silences.get() if each.until > now]

    async def _every_silence(self) -> Sequence[Silence]:
        table = tables.silences.c
        wanted = select(table.doc).order_by(table.until, table.id)
        async with self._database.read() as connection:
            return [codec.load(Silence, doc) for doc in (await connection.execute(wanted)).scalars()]

    async def save_silence(self, silence: Silence) -> None:
        """Insert or replace, by id."""
        row = {"id": silence.id, "until": silence.until, "doc": codec.dump(silence)}
        async with self._database.write() as connection:
            await upsert(connection, tables.silences, [row])

    async def drop_silence(self, id: str) -> bool:  # noqa: A002 — the field's name
        """True if there was one."""
        return await self._drop(tables.silences, id)

    async def handled(self, front: str, update: str) -> bool:
        """Was this platform update handled?"""
        table = tables.updates.c
        wanted = select(table.at).where(table.front == front, table.update == update)
        async with self._database.read() as connection:
            return (await connection.execute(wanted)).first() is not None

    async def seen_update(self, front: str, update: str, now: datetime) -> bool:
        """True if it was handled before; remembers it otherwise."""
        row = {"front": front, "update": update, "at": now}
        async with self._database.write() as connection:
            return not await put(connection, tables.updates, row)

    async def save_feedback(self, feedback: Feedback) -> None:
        """Insert or replace, by id."""
        row = {"id": feedback.id, "rule": feedback.rule, "at": feedback.at, "doc": codec.dump(feedback)}
        async with self._database.write() as connection:
            await upsert(connection, tables.feedback, [row])

    async def feedback(self, *, rule: str = "", limit: int = 100) -> Sequence[Feedback]:
        """Newest first."""
        table = tables.feedback.c
        wanted = select(table.doc).order_by(table.at.desc(), table.id).limit(limit)
        if rule:
            wanted = wanted.where(table.rule == rule)
        async with self._database.read() as connection:
            return [codec.load(Feedback, doc) for doc in (await connection.execute(wanted)).scalars()]

    async def drop_feedback(self, id: str) -> bool:  # noqa: A002 — the field's name
        """True if there was one."""
        return await self._drop(tables.feedback, id)

    async def _drop(self, table: Any, key: str) -> bool:
        async with self._database.write() as connection:
            gone = await connection.execute(delete(table).where(table.c.id == key))
        return bool(gone.rowcount)


async def _subscription(connection: AsyncConnection, kind: str, address: str) -> Subscription | None:
    doc = await connection.execute(select(_S.doc).where(_S.kind == kind, _S.address == address))
    found = doc.scalar()
    return codec.load(Subscription, found) if found is not None else None


async def readdress(connection: AsyncConnection, receiver: str, address: str) -> None:
    """As part of a transaction: the subscription of this receiver moves to another address, settings and all.

    A forum's topic stays the same topic. Who has subscribed at the new address meanwhile is left as they wished.
    """
    kind, _, old = receiver.partition(":")
    wish = await _subscription(connection, kind, old)
    if wish is None:
        return
    _, slash, thread = old.partition("/")
    await connection.execute(delete(tables.subscriptions).where(_S.kind == kind, _S.address == old))
    moved = replace(wish, address=f"{address}{slash}{thread}")
    await upsert(connection, tables.subscriptions, [_row(moved)], keep=True)


def _row(subscription: Subscription) -> dict[str, Any]:
    return {
        "kind": subscription.kind,
        "address": subscription.address,
        "active": subscription.active,
        "doc": codec.dump(subscription),
    }
