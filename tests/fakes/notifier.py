"""A platform in memory: what arrived at it, what it answers next, and whether it can tell what arrived."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bot.core.model import Message, Receipt, Receiver
from bot.errors import Ambiguous, NotSent
from bot.ports import Clock


@dataclass
class MemoryNotifier:
    """Implements :class:`bot.ports.Notifier`.

    ``faults`` are raised one a send to the receiver of that name; an Ambiguous one is raised *after* the message
    arrived (the reply was lost), unless it is in ``lost``. ``slow`` seconds pass on ``clock`` before an answer.
    """

    clock: Clock
    parts: int = 1
    can_tell: bool = True
    slow: float = 0.0
    faults: dict[str, list[Exception]] = field(default_factory=dict)
    lost: list[Exception] = field(default_factory=list)
    down_until: float = 0.0  # monotonic; before it nothing leaves
    answers: list[Exception] = field(default_factory=list)  # raised by find, one a question
    arrived: list[tuple[float, str, str]] = field(default_factory=list)  # monotonic time, address, text
    after: list[Receipt | None] = field(default_factory=list)
    asked: int = 0
    closed: bool = False

    def render(self, message: Message, receiver: Receiver) -> Sequence[Mapping[str, object]]:
        mark = " (repeat)" if message.repeat else ""
        return [{"text": f"{message.delivery}#{number}{mark}"} for number in range(self.parts)]

    async def send(
        self, receiver: Receiver, part: Mapping[str, object], *, after: Receipt | None, now: datetime
    ) -> Receipt:
        self.asked += 1
        await self.clock.sleep(self.slow)
        if self.clock.monotonic() < self.down_until:
            raise NotSent("connection refused")
        waiting = self.faults.get(receiver.name, [])
        fault = waiting.pop(0) if waiting else None
        if fault is None or (isinstance(fault, Ambiguous) and fault not in self.lost):
            self.arrived.append((self.clock.monotonic(), receiver.address, str(part["text"])))
            self.after.append(after)
        if fault is not None:
            raise fault
        return Receipt(receiver.address, str(part["text"]), now)

    async def find(self, receiver: Receiver, message: Message, *, since: datetime) -> Receipt | None:
        if self.answers:
            raise self.answers.pop(0)
        if not self.can_tell:
            raise Ambiguous("this platform keeps no history for bots")
        told = [text for _, _, text in self.arrived if text.startswith(f"{message.delivery}#")]
        return Receipt(receiver.address, max(told), self.clock.now()) if told else None

    async def close(self) -> None:
        self.closed = True

    def texts(self) -> list[str]:
        """What arrived, in order."""
        return [text for _, _, text in self.arrived]
