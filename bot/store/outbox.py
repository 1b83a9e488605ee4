"""What is owed and how it went. Implements :class:`bot.ports.Outbox`, Digests and DeadLetters.

The claim must stay cheap with a hundred thousand messages owed to ten thousand receivers, so it never looks at all of
them: it hops through the index from receiver to receiver (a *loose index scan*, which neither database does by itself),
skips those that are throttled or busy, and takes of each the first row that may go.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, delete, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

import bot.store.codec as codec
import bot.store.tables as tables
from bot.core.digests import folded, may_fold
from bot.core.model import Delivery, DeliveryState, Message, MessageKind, Receipt, Receiver
from bot.errors import StoreError
from bot.store.engine import Database
from bot.store.statements import upsert
from bot.store.tables import micros
from bot.store.wishes import readdress

_D = tables.deliveries.c
_OPEN = (DeliveryState.OWED.value, DeliveryState.SENDING.value, DeliveryState.UNKNOWN.value)
_DOUBTFUL = (DeliveryState.SENDING.value, DeliveryState.UNKNOWN.value)

_CLAIM = text("""
    WITH RECURSIVE receivers(name) AS (
        SELECT min(receiver) FROM deliveries WHERE state = 'owed'
        UNION ALL
        SELECT (SELECT min(receiver) FROM deliveries WHERE state = 'owed' AND receiver > receivers.name)
        FROM receivers WHERE receivers.name IS NOT NULL
    )
    SELECT chosen.id FROM receivers
    JOIN deliveries AS chosen ON chosen.id = (
        SELECT mine.id FROM deliveries AS mine
        WHERE mine.state = 'owed' AND mine.receiver = receivers.name AND mine.not_before <= :now
          AND (mine.story = '' OR NOT EXISTS (
              SELECT 1 FROM deliveries AS earlier
              WHERE earlier.story = mine.story AND earlier.receiver = mine.receiver
                AND earlier.revision < mine.revision AND earlier.kind <> 'digest'
                AND earlier.state IN ('owed', 'sending', 'unknown')))
        ORDER BY mine.quiet_rank, mine.created, mine.revision LIMIT 1
    )
    LEFT JOIN lanes ON lanes.receiver = receivers.name
    WHERE receivers.name NOT IN :busy AND (lanes.not_before IS NULL OR lanes.not_before <= :now)
    ORDER BY chosen.quiet_rank, chosen.created, chosen.revision LIMIT :limit
""").bindparams(bindparam("busy", expanding=True))


class OutboxTable:
    """Delivery's side. Every verb is its own transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # ── choosing ─────────────────────────────────────────────────────────────────────────────────────
    async def claim(
        self, now: datetime, *, busy: Collection[str] = (), limit: int = 50
    ) -> Sequence[Delivery]:
        """Due deliveries, at most one a receiver, loudest first."""
        async with self._database.read() as connection:
            chosen = await connection.execute(
                _CLAIM, {"now": micros(now), "busy": list(busy) or [""], "limit": limit}
            )
            ids = list(chosen.scalars())
            found = {each.id: each for each in await _read(connection, _D.id.in_(ids))} if ids else {}
        return [found[each] for each in ids if each in found]

    async def interrupted(self) -> Sequence[Delivery]:
        """What a crash left in doubt."""
        async with self._database.read() as connection:
            return await _read(connection, _D.state.in_(_DOUBTFUL))

    async def last_receipt(self, story: str, receiver: str) -> Receipt | None:
        """The first message told to this receiver about this story."""
        async with self._database.read() as connection:
            rows = await connection.execute(
                select(_D.receipts)
                .where(_D.story == story, _D.receiver == receiver, _D.receipts != "[]")
                .order_by(_D.revision)
                .limit(1)
            )
            receipts = rows.scalar()
        return codec.load(tuple[Receipt, ...], receipts)[0] if receipts else None

    # ── how it went ──────────────────────────────────────────────────────────────────────────────────
    async def intend(self, delivery: str, now: datetime) -> None:  # noqa: ARG002 — the seam's argument
        """OWED → SENDING; StoreError if somebody else took it."""
        changed = await self._change(
            delivery,
            DeliveryState.SENDING,
            allowed=(DeliveryState.OWED.value,),
            attempts=_D.attempts + 1,
        )
        if not changed:
            raise StoreError(f"{delivery} is not owed any more")

    async def part_sent(self, delivery: str, receipt: Receipt) -> None:
        """One more part arrived."""
        async with self._database.write() as connection:
            receipts = await connection.execute(select(_D.receipts).where(_D.id == delivery))
            known = codec.load(tuple[Receipt, ...], receipts.scalar_one())
            written = codec.dump((*known, receipt), tuple[Receipt, ...])
            await connection.execute(
                update(tables.deliveries).where(_D.id == delivery).values(receipts=written)
            )

    async def sent(self, delivery: str, now: datetime) -> None:
        """SENDING/UNKNOWN → SENT."""
        await self._change(delivery, DeliveryState.SENT, settled=now, reason="")

    async def postpone(
        self, delivery: str, not_before: datetime, reason: str, *, repeat: bool = False
    ) -> None:
        """→ OWED again, later."""
        async with self._database.write() as connection:
            changes: dict[str, Any] = {
                "state": DeliveryState.OWED.value,
                "not_before": not_before,
                "reason": reason,
            }
            if repeat:
                message = await connection.execute(select(_D.message).where(_D.id == delivery))
                marked = replace(codec.load(Message, message.scalar_one()), repeat=True)
                changes["message"] = codec.dump(marked)
            await connection.execute(update(tables.deliveries).where(_D.id == delivery).values(**changes))

    async def unknown(self, delivery: str, reason: str) -> None:
        """SENDING → UNKNOWN."""
        await self._change(delivery, DeliveryState.UNKNOWN, reason=reason)

    async def dead(self, delivery: str, reason: str) -> None:
        """→ DEAD."""
        await self._change(delivery, DeliveryState.DEAD, reason=reason)

    async def bury_lane(self, receiver: str, reason: str) -> int:
        """Everything still owed to this receiver → DEAD."""
        owed = (_D.receiver == receiver, _D.state == DeliveryState.OWED.value)
        async with self._database.write() as connection:
            done = await connection.execute(
                update(tables.deliveries).where(*owed).values(state=DeliveryState.DEAD.value, reason=reason)
            )
        return int(done.rowcount)

    async def throttle(self, receiver: str, not_before: datetime) -> None:
        """Nothing to this receiver before then."""
        async with self._database.write() as connection:
            await upsert(connection, tables.lanes, [{"receiver": receiver, "not_before": not_before}])

    async def redirect(self, receiver: str, address: str) -> None:
        """All it is owed, and its subscription, carry the new address from now on."""
        async with self._database.write() as connection:
            rows = await connection.execute(
                select(_D.id, _D.place).where(_D.receiver == receiver, _D.state.in_(_OPEN))
            )
            moved = [
                {"row": each, "there": codec.dump(replace(codec.load(Receiver, place), address=address))}
                for each, place in rows
            ]
            if moved:
                statement = update(tables.deliveries).where(_D.id == bindparam("row"))
                await connection.execute(statement.values(place=bindparam("there")), moved)
            await readdress(connection, receiver, address)

    async def owe(self, deliveries: Sequence[Delivery]) -> None:
        """Owe messages outside a poll."""
        if deliveries:
            async with self._database.write() as connection:
                await write_owed(connection, deliveries)

    # ── digests ──────────────────────────────────────────────────────────────────────────────────────
    async def fold(self, digest: str, now: datetime) -> Delivery:
        """The other digests due to the same receiver go into this one."""
        async with self._database.write() as connection:
            mine = (await _read(connection, _D.id == digest))[0]
            due = await _read(
                connection,
                _D.receiver == mine.receiver.name,
                _D.state == DeliveryState.OWED.value,
                _D.kind == MessageKind.DIGEST.value,
                _D.not_before <= now,
                _D.id != digest,
            )
            others = [each for each in due if may_fold(each)]
            told = folded(mine, others)
            changes = {
                "story": told.story,
                "priority": told.priority,
                "quiet_rank": -told.priority,
                "message": codec.dump(told.message),
            }
            await connection.execute(update(tables.deliveries).where(_D.id == digest).values(**changes))
            if others:
                await connection.execute(
                    update(tables.deliveries)
                    .where(_D.id.in_([each.id for each in others]))
                    .values(state=DeliveryState.SENT.value, settled=now, reason=f"told in {digest}")
                )
        return told

    # ── dead letters ─────────────────────────────────────────────────────────────────────────────────
    async def revive(self, delivery: str, now: datetime) -> bool:
        """DEAD → OWED at once, attempts counted anew."""
        dead = (DeliveryState.DEAD.value,)
        return await self._change(
            delivery, DeliveryState.OWED, allowed=dead, attempts=0, not_before=now, reason=""
        )

    async def forget(self, delivery: str) -> bool:
        """A dead delivery is removed for good."""
        async with self._database.write() as connection:
            gone = await connection.execute(
                delete(tables.deliveries).where(_D.id == delivery, _D.state == DeliveryState.DEAD.value)
            )
        return bool(gone.rowcount)

    async def _change(
        self, delivery: str, state: DeliveryState, *, allowed: Collection[str] = (), **changes: Any
    ) -> bool:
        conditions = [_D.id == delivery, *([_D.state.in_(allowed)] if allowed else [])]
        async with self._database.write() as connection:
            done = await connection.execute(
                update(tables.deliveries).where(*conditions).values(state=state.value, **changes)
            )
        return bool(done.rowcount)


# ── rows ─────────────────────────────────────────────────────────────────────────────────────────────
async def _read(connection: AsyncConnection, *conditions: Any) -> list[Delivery]:
    rows = await connection.execute(select(tables.deliveries).where(*conditions).order_by(_D.created, _D.id))
    return [delivery_of(row) for row in rows]


def delivery_of(row: Row[Any]) -> Delivery:
    """A row as the noun it is."""
    return Delivery(
        id=row.id,
        story=row.story,
        revision=row.revision,
        receiver=codec.load(Receiver, row.place),
        message=codec.load(Message, row.message),
        state=DeliveryState(row.state),
        priority=row.priority,
        not_before=row.not_before,
        created=row.created,
        attempts=row.attempts,
        reason=row.reason,
        receipts=codec.load(tuple[Receipt, ...], row.receipts),
    )


async def write_owed(connection: AsyncConnection, deliveries: Iterable[Delivery]) -> None:
    """As part of a transaction. An id already known is left as it is."""
    await upsert(connection, tables.deliveries, [_row(each) for each in deliveries], keep=True)


def _row(delivery: Delivery) -> dict[str, Any]:
    newest = max(
        (
            max((report.published for report in alert.reports), default=alert.published)
            for alert in delivery.message.alerts
        ),
        default=None,
    )
    return {
        "id": delivery.id,
        "story": delivery.story,
        "revision": delivery.revision,
        "receiver": delivery.receiver.name,
        "kind": delivery.message.kind.value,
        "state": delivery.state.value,
        "priority": delivery.priority,
        "quiet_rank": -delivery.priority,
        "not_before": delivery.not_before,
        "created": delivery.created,
        "settled": None,
        "published": newest,
        "attempts": delivery.attempts,
        "reason": delivery.reason,
        "place": codec.dump(delivery.receiver),
        "message": codec.dump(delivery.message),
        "receipts": codec.dump(delivery.receipts, tuple[Receipt, ...]),
    }
