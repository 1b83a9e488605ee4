"""What is owed and how it went. Implements :class:`bot.ports.Outbox`, Digests and DeadLetters.

Every verb names the states it may leave and, in a fleet, the worker that may do so: whoever was stopped in the middle
and comes back too late (its lane was taken over meanwhile) changes nothing any more. What is sent stays sent.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, bindparam, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

import bot.store.codec as codec
import bot.store.tables as tables
from bot.core.digests import folded, may_fold
from bot.core.model import Alert, Delivery, DeliveryState, Message, MessageKind, Receipt, Receiver
from bot.errors import StoreError
from bot.store.claim import heads
from bot.store.engine import Database
from bot.store.fleet import Worker, hold, orphans, tell_the_others
from bot.store.statements import upsert
from bot.store.wishes import readdress

_D = tables.deliveries.c
_OPEN = (DeliveryState.OWED.value, DeliveryState.SENDING.value, DeliveryState.UNKNOWN.value)
_DOUBTFUL = (DeliveryState.SENDING.value, DeliveryState.UNKNOWN.value)


class OutboxTable:
    """Delivery's side. Every verb is its own transaction."""

    def __init__(self, database: Database, worker: Worker) -> None:
        self._database = database
        self._worker = worker

    # ── choosing ─────────────────────────────────────────────────────────────────────────────────────
    async def claim(
        self, now: datetime, *, busy: Collection[str] = (), limit: int = 50
    ) -> Sequence[Delivery]:
        """Due deliveries, at most one a receiver, loudest first."""
        if self._database.lite:
            async with self._database.read() as connection:
                ids = await heads(connection, now, busy=busy, limit=limit, me=0)
                found: Sequence[Delivery] = await _read(connection, _D.id.in_(ids)) if ids else ()
        else:
            ids, found = await self._claim_lanes(now, busy, limit)
        rows = {each.id: each for each in found}
        return [rows[each] for each in ids if each in rows]

    async def _claim_lanes(
        self, now: datetime, busy: Collection[str], limit: int
    ) -> tuple[Sequence[str], Sequence[Delivery]]:
        """In a fleet what we choose is ours only with its lane."""
        async with self._database.write() as connection:
            ids = await heads(connection, now, busy=busy, limit=limit, me=self._worker.id)
            if not ids:
                return (), ()
            found = await _read(connection, _D.id.in_(ids), _D.state == DeliveryState.OWED.value)
            wanted = {each.receiver.name for each in found}
            ours = await hold(connection, wanted, self._worker.id, now)
        return ids, [each for each in found if each.receiver.name in ours]

    async def interrupted(self) -> Sequence[Delivery]:
        """What a crash left in doubt; in a fleet what the dead left, and then it is ours."""
        if self._database.lite:
            async with self._database.read() as connection:
                return await _read(connection, _D.state.in_(_DOUBTFUL))
        async with self._database.write() as connection:
            ids = await orphans(connection, self._worker.id)
            return await _read(connection, _D.id.in_(ids)) if ids else []

    async def last_receipt(self, story: str, receiver: str) -> Receipt | None:
        """The message that stands for this story there now."""
        async with self._database.read() as connection:
            rows = await connection.execute(
                select(_D.receipts)
                .where(_D.story == story, _D.receiver == receiver, _D.receipts != "[]")
                .order_by(_D.revision.desc())
                .limit(1)
            )
            receipts = rows.scalar()
        return codec.load(tuple[Receipt, ...], receipts)[0] if receipts else None

    # ── how it went ──────────────────────────────────────────────────────────────────────────────────
    async def intend(self, delivery: str, now: datetime) -> None:  # noqa: ARG002 — the seam's argument
        """OWED → SENDING; StoreError if somebody else took it."""
        changes = {"attempts": _D.attempts + 1, "holder": self._worker.id}
        owed = _D.state == DeliveryState.OWED.value
        if not await self._change(delivery, DeliveryState.SENDING, owed, **changes):
            raise StoreError(f"{delivery} is not owed any more")

    async def part_sent(self, delivery: str, receipt: Receipt) -> None:
        """One more part arrived. Whoever took the delivery over meanwhile has found it by itself."""
        mine = (_D.id == delivery, self._mine())
        async with self._database.write() as connection:
            receipts = (await connection.execute(select(_D.receipts).where(*mine))).scalar()
            if receipts is not None:
                known = codec.load(tuple[Receipt, ...], receipts)
                written = codec.dump((*known, receipt), tuple[Receipt, ...])
                await connection.execute(update(tables.deliveries).where(*mine).values(receipts=written))

    async def sent(self, delivery: str, now: datetime) -> None:
        """SENDING/UNKNOWN → SENT."""
        await self._change(delivery, DeliveryState.SENT, self._mine(), settled=now, reason="")

    async def postpone(
        self, delivery: str, not_before: datetime, reason: str, *, repeat: bool = False
    ) -> None:
        """→ OWED again, later."""
        changes: dict[str, Any] = {"not_before": not_before, "reason": reason}
        async with self._database.write() as connection:
            if repeat:
                message = await connection.scalar(select(_D.message).where(_D.id == delivery))
                changes["message"] = codec.dump(replace(codec.load(Message, message or ""), repeat=True))
            await _change(connection, delivery, DeliveryState.OWED, self._mine(owed=True), **changes)

    async def unknown(self, delivery: str, reason: str) -> None:
        """SENDING → UNKNOWN."""
        await self._change(delivery, DeliveryState.UNKNOWN, self._mine(), reason=reason)

    async def dead(self, delivery: str, reason: str) -> None:
        """→ DEAD."""
        await self._change(delivery, DeliveryState.DEAD, self._mine(owed=True), reason=reason)

    def _mine(self, *, owed: bool = False) -> ColumnElement[bool]:
        """In doubt, and nobody took it over from us; or, where that will do, owed."""
        mine = and_(_D.state.in_(_DOUBTFUL), _D.holder == self._worker.id)
        return or_(mine, _D.state == DeliveryState.OWED.value) if owed else mine

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

    async def left_since(self, since: datetime) -> Sequence[tuple[Receiver, datetime]]:
        """Of what was settled since then, and of what is under way."""
        wanted = select(_D.place, _D.receipts).where(
            _D.receipts != "[]", or_(_D.settled >= since, _D.state.in_(_DOUBTFUL))
        )
        async with self._database.read() as connection:
            rows = (await connection.execute(wanted)).all()
        left = [
            (codec.load(Receiver, place), receipt.sent)
            for place, receipts in rows
            for receipt in codec.load(tuple[Receipt, ...], receipts)
            if receipt.sent >= since
        ]
        return sorted(left, key=lambda each: each[1])

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
        dead = _D.state == DeliveryState.DEAD.value
        return await self._change(delivery, DeliveryState.OWED, dead, attempts=0, not_before=now, reason="")

    async def forget(self, delivery: str) -> bool:
        """A dead delivery is removed for good."""
        async with self._database.write() as connection:
            gone = await connection.execute(
                delete(tables.deliveries).where(_D.id == delivery, _D.state == DeliveryState.DEAD.value)
            )
        return bool(gone.rowcount)

    async def _change(
        self, delivery: str, state: DeliveryState, allowed: ColumnElement[bool], **changes: Any
    ) -> bool:
        async with self._database.write() as connection:
            return await _change(connection, delivery, state, allowed, **changes)


async def _change(
    connection: AsyncConnection,
    delivery: str,
    state: DeliveryState,
    allowed: ColumnElement[bool],
    **changes: Any,
) -> bool:
    statement = update(tables.deliveries).where(_D.id == delivery, allowed)
    return bool((await connection.execute(statement.values(state=state.value, **changes))).rowcount)


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


async def write_owed(connection: AsyncConnection, deliveries: Collection[Delivery]) -> None:
    """As part of a transaction. An id already known is left as it is."""
    await upsert(connection, tables.deliveries, map(_row, deliveries), keep=True)
    if deliveries and connection.dialect.name != "sqlite":
        await tell_the_others(connection)


def _row(delivery: Delivery) -> dict[str, Any]:
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
        "attempts": delivery.attempts,
        "reason": delivery.reason,
        "place": codec.dump(delivery.receiver),
        "message": codec.dump(delivery.message),
        "receipts": codec.dump(delivery.receipts, tuple[Receipt, ...]),
        **_article(delivery.message.alerts),
    }


def _article(alerts: Sequence[Alert]) -> dict[str, Any]:
    """The newest report that made us tell."""
    newest = max(
        (
            (each.published, each.first_seen, each.feed, alert.decided)
            for alert in alerts
            for each in alert.reports
        ),
        default=(None, None, None, None),
    )
    return dict(zip(("published", "first_seen", "feed", "decided"), newest, strict=True))
