"""What concerns everybody and is for admins alone: feeds' health, dead letters, who subscribed, feedback, reload."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from bot.core.model import Delivery, DeliveryState, Feedback, FeedState, FeedStatus, Subscription
from bot.errors import InputError, Problem
from bot.service_ground import Actor, Ground, Role

log = structlog.get_logger()

NEWEST = 2000  # messages counted for the lanes


@dataclass(frozen=True, slots=True)
class Health:
    """Feeds that want attention, worst first, and how many answer as they should."""

    trouble: Sequence[FeedState]
    good: int
    never: int  # configured, and not yet answered


class Operations:
    """Every verb needs an admin; everybody else is refused without learning what there is."""

    def __init__(self, ground: Ground) -> None:
        self._on = ground

    async def health(self, actor: Actor) -> Health:
        """How the feeds answer. Raises NotPermitted."""
        actor.need(Role.ADMIN, "feeds")
        configured = {feed.name for feed in self._on.orders().feeds if feed.enabled}
        states = [state for name, state in (await self._on.feeds.states()).items() if name in configured]
        good = {FeedStatus.OK, FeedStatus.NEW}
        trouble = [state for state in states if state.status not in good or state.failures]
        fine = sum(state.status is FeedStatus.OK and not state.failures for state in states)
        never = len(configured) - len(trouble) - fine
        return Health(sorted(trouble, key=lambda state: (-state.failures, state.feed)), fine, never)

    # ── dead letters ─────────────────────────────────────────────────────────────────────────────────
    async def dead_letters(self, actor: Actor, limit: int = 20) -> Sequence[Delivery]:
        """Messages that will not go out unless somebody helps. Raises NotPermitted."""
        actor.need(Role.ADMIN, "dead letters")
        return await self._on.views.outbox(DeliveryState.DEAD.value, limit)

    async def lanes(self, actor: Actor) -> Mapping[str, Mapping[str, int]]:
        """Receiver → state → how many of the newest messages. Raises NotPermitted."""
        actor.need(Role.ADMIN, "lanes")
        found: dict[str, Counter[str]] = {}
        for each in await self._on.views.outbox(limit=NEWEST):
            found.setdefault(each.receiver.name, Counter())[each.state.value] += 1
        return found

    async def throttles(self, actor: Actor) -> Sequence[tuple[str, datetime, str]]:
        """Receivers that get nothing yet: name, until when, why. Raises NotPermitted."""
        actor.need(Role.ADMIN, "throttles")
        return await self._on.views.throttles(self._on.now)

    async def retry(self, actor: Actor, delivery: str) -> None:
        """Owe a dead letter anew, at once. Raises InputError, NotPermitted."""
        actor.need(Role.ADMIN, "retry")
        if not await self._on.dead.revive(delivery.strip(), self._on.now):
            raise InputError("There is no such dead letter.")
        self._on.wake.set()

    async def drop(self, actor: Actor, delivery: str) -> None:
        """Remove a dead letter for good. Raises InputError, NotPermitted."""
        actor.need(Role.ADMIN, "drop")
        if not await self._on.dead.forget(delivery.strip()):
            raise InputError("There is no such dead letter.")

    # ── people ───────────────────────────────────────────────────────────────────────────────────────
    async def subscribers(self, actor: Actor) -> Sequence[Subscription]:
        """All who subscribed, those who left too; of their own keywords only how many. Raises NotPermitted."""
        actor.need(Role.ADMIN, "subscribers")
        found = await self._on.wishes.subscriptions(active_only=False)
        return [replace(wish, watches=("…",) * len(wish.watches)) for wish in found]

    async def feedback(self, actor: Actor, rule: str = "", limit: int = 20) -> Sequence[Feedback]:
        """What people called wrong, newest first. Raises NotPermitted."""
        actor.need(Role.ADMIN, "feedback")
        return await self._on.wishes.feedback(rule=rule, limit=limit)

    async def drop_feedback(self, actor: Actor, which: str) -> None:
        """It was looked into. Raises InputError, NotPermitted."""
        actor.need(Role.ADMIN, "drop feedback")
        if not await self._on.wishes.drop_feedback(which.strip()):
            raise InputError("There is no such feedback.")

    # ── the editors' files ───────────────────────────────────────────────────────────────────────────
    async def reload(self, actor: Actor) -> Sequence[Problem]:
        """Read the editors' files again; what is broken keeps its last good version. Raises NotPermitted."""
        actor.need(Role.ADMIN, "reload")
        problems = await self._on.reload()
        log.info("service.reloaded", by=actor.name, problems=len(problems))
        return problems
