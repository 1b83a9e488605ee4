"""A word to the operators, and the road it takes: never the one it reports about."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.core.model import Delivery, DeliveryState, Level, Message, MessageKind, Receiver


def another_road(admins: Sequence[Receiver], about: Receiver) -> Receiver | None:
    """The first admins' receiver of another platform, else another place on the same one, else none."""
    others = [each for each in admins if (each.kind, each.address) != (about.kind, about.address)]
    return next((each for each in others if each.kind != about.kind), others[0] if others else None)


def notice(road: Receiver, topic: str, text: str, now: datetime) -> Delivery:
    """A notice owed to ``road`` at once. Its id allows one an hour for each topic: trouble comes in floods."""
    identity = f"notice/{road.name}/{topic}/{now:%Y-%m-%dT%H}"
    return Delivery(
        id=identity,
        story="",
        revision=1,
        receiver=road,
        message=Message(identity, MessageKind.NOTICE, notice=text),
        state=DeliveryState.OWED,
        priority=int(Level.HIGH),
        not_before=now,
        created=now,
    )
