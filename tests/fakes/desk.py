"""A service over memory, with a small desk of rules in our own words."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

from bot.config.languages import load_languages
from bot.core.matching import RuleBook
from bot.core.model import Direction, Feed, Receiver
from bot.core.rules import Rule, TermSpec
from bot.ingest import Orders
from bot.service import Service
from bot.service_ground import Doors, Ground
from tests.fakes.clock import FakeClock
from tests.fakes.outbox import MemoryOutbox
from tests.fakes.wishes import MemoryFeedStates, MemoryViews, MemoryWishes

ADMIN = 900
RULES = (
    Rule(
        "troop-withdrawal",
        "Troops pulling back",
        (TermSpec("troops, forces, soldiers + return, returning, withdraw", "strong"),),
        category="conflict",
        tags=("border",),
        direction=Direction.DEESCALATION,
    ),
    Rule(
        "invasion",
        "Invasion",
        (TermSpec("invasion, invade", "strong"),),
        category="conflict",
        direction=Direction.ESCALATION,
    ),
    Rule("breach", "Data breach", (TermSpec("breach, hacked", "strong"),), category="cyber"),
)


@dataclass
class Desk:
    """Everything a test may want to look into."""

    wishes: MemoryWishes = field(default_factory=MemoryWishes)
    views: MemoryViews = field(default_factory=MemoryViews)
    feeds: MemoryFeedStates = field(default_factory=MemoryFeedStates)
    outbox: MemoryOutbox = field(default_factory=MemoryOutbox)
    clock: FakeClock = field(default_factory=FakeClock)
    doors: Doors = field(default_factory=lambda: Doors(telegram_admins=(ADMIN,)))
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    orders: Orders = field(
        default_factory=lambda: Orders(
            RuleBook(RULES, {"army": ["troops", "soldiers"]}, load_languages()),
            feeds=(Feed("wire", "https://wire.example/feed", "Wire"),),
            receivers=(Receiver("desk", "slack", "C1"),),
        )
    )

    def service(self, **more: Any) -> Service:
        """The real service over these parts; ``more`` are further parts of its ground."""
        ground = Ground(
            self.wishes, self.views, self.feeds, self.outbox, self.outbox,
            lambda: self.orders, self.clock, self.doors, self.wake, **more,
        )  # fmt: skip
        return Service(ground)
