"""The outbox in memory: the contract of :class:`bot.ports.Outbox`, and what died with a process stays known."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from bot.core.digests import folded, may_fold
from bot.core.model import Delivery, DeliveryState, MessageKind, Receipt, Receiver
from bot.errors import StoreError


class MemoryOutbox:
    """Implements :class:`bot.ports.Outbox`. ``failing`` > 0 makes that many next writes raise StoreError."""

    def __init__(self, *deliveries: Delivery) -> None:
        self.rows: dict[str, Delivery] = {each.id: each for each in deliveries}
        self.throttled: dict[str, datetime] = {}
        self.failing = 0
        self.log: list[str] = []

    def states(self) -> dict[str, str]:
        """Delivery id → the word of its state."""
        return {each.id: each.state.value for each in self.rows.values()}

    def _change(self, delivery: str, verb: str, **changes: object) -> None:
        if self.failing:
            self.failing -= 1
            raise StoreError("the disk is full")
        self.log.append(f"{verb} {delivery}")
        self.rows[delivery] = replace(self.rows[delivery], **changes)  # type: ignore[arg-type]

    async def claim(
        self, now: datetime, *, busy: Collection[str] = (), limit: int = 50
    ) -> Sequence[Delivery]:
        chosen: dict[str, Delivery] = {}
        for each in sorted(self.rows.values(), key=lambda row: (-row.priority, row.created, row.revision)):
            name = each.receiver.name
            if name in chosen or name in busy or self.throttled.get(name, now) > now:
                continue
            if each.state is DeliveryState.OWED and each.not_before <= now and not self._waits(each):
                chosen[name] = each
        return list(chosen.values())[:limit]

    def _waits(self, later: Delivery) -> bool:
        return any(
            each.story == later.story
            and each.receiver.name == later.receiver.name
            and each.revision < later.revision
            and each.message.kind is not MessageKind.DIGEST
            and each.state not in {DeliveryState.SENT, DeliveryState.DEAD}
            for each in self.rows.values()
            if later.story
        )

    async def intend(self, delivery: str, now: datetime) -> None:
        assert self.rows[delivery].state is DeliveryState.OWED
        attempts = self.rows[delivery].attempts + 1
        self._change(delivery, "intend", state=DeliveryState.SENDING, attempts=attempts)

    async def part_sent(self, delivery: str, receipt: Receipt) -> None:
        self._change(delivery, "part", receipts=(*self.rows[delivery].receipts, receipt))

    def _settled(self, delivery: str) -> bool:
        """What is sent or dead stays so, whoever comes late."""
        return self.rows[delivery].state in {DeliveryState.SENT, DeliveryState.DEAD}

    async def sent(self, delivery: str, now: datetime) -> None:
        assert self.rows[delivery].state is not DeliveryState.OWED
        if not self._settled(delivery):
            self._change(delivery, "sent", state=DeliveryState.SENT)

    async def postpone(
        self, delivery: str, not_before: datetime, reason: str, *, repeat: bool = False
    ) -> None:
        if self._settled(delivery):
            return
        message = self.rows[delivery].message
        message = replace(message, repeat=message.repeat or repeat)
        changes = {
            "state": DeliveryState.OWED,
            "not_before": not_before,
            "reason": reason,
            "message": message,
        }
        self._change(delivery, "postpone", **changes)

    async def unknown(self, delivery: str, reason: str) -> None:
        if not self._settled(delivery):
            self._change(delivery, "unknown", state=DeliveryState.UNKNOWN, reason=reason)

    async def dead(self, delivery: str, reason: str) -> None:
        if not self._settled(delivery):
            self._change(delivery, "dead", state=DeliveryState.DEAD, reason=reason)

    async def bury_lane(self, receiver: str, reason: str) -> int:
        owed = [row.id for row in self.rows.values() if row.receiver.name == receiver]
        owed = [each for each in owed if self.rows[each].state is DeliveryState.OWED]
        for each in owed:
            self._change(each, "dead", state=DeliveryState.DEAD, reason=reason)
        return len(owed)

    async def throttle(self, receiver: str, not_before: datetime) -> None:
        self.throttled[receiver] = not_before

    async def redirect(self, receiver: str, address: str) -> None:
        for each in list(self.rows.values()):
            if each.receiver.name == receiver:
                self._change(each.id, "redirect", receiver=replace(each.receiver, address=address))

    async def interrupted(self) -> Sequence[Delivery]:
        doubtful = {DeliveryState.SENDING, DeliveryState.UNKNOWN}
        return [each for each in self.rows.values() if each.state in doubtful]

    async def last_receipt(self, story: str, receiver: str) -> Receipt | None:
        told = (
            each
            for each in sorted(self.rows.values(), key=lambda row: -row.revision)
            if each.story == story and each.receiver.name == receiver and each.receipts
        )
        return next((each.receipts[0] for each in told), None)

    async def left_since(self, since: datetime) -> Sequence[tuple[Receiver, datetime]]:
        left = [(row.receiver, receipt.sent) for row in self.rows.values() for receipt in row.receipts]
        return sorted((each for each in left if each[1] >= since), key=lambda each: each[1])

    async def fold(self, digest: str, now: datetime) -> Delivery:
        """Implements :class:`bot.ports.Digests`."""
        receiver = self.rows[digest].receiver.name
        others = [
            each
            for each in self.rows.values()
            if each.id != digest and each.receiver.name == receiver and may_fold(each)
            if each.state is DeliveryState.OWED and each.not_before <= now
        ]
        self.rows[digest] = folded(self.rows[digest], others)
        for each in others:
            self._change(each.id, "fold", state=DeliveryState.SENT, reason=f"told in {digest}")
        return self.rows[digest]

    async def revive(self, delivery: str, now: datetime) -> bool:
        """Implements :class:`bot.ports.DeadLetters`."""
        row = self.rows.get(delivery)
        if row is None or row.state is not DeliveryState.DEAD:
            return False
        self._change(delivery, "revive", state=DeliveryState.OWED, attempts=0, not_before=now, reason="")
        return True

    async def forget(self, delivery: str) -> bool:
        row = self.rows.get(delivery)
        if row is None or row.state is not DeliveryState.DEAD:
            return False
        del self.rows[delivery]
        return True

    async def owe(self, deliveries: Sequence[Delivery]) -> None:
        for each in deliveries:
            self.rows.setdefault(each.id, each)
