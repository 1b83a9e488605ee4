"""Silence until a time: a chat's own, which mutes nobody else, or everybody's, by an admin or an ack.

An *ack* says that somebody has seen to it: what is still to come of the story is quiet on every platform. A silence's
id is made of what it mutes and for whom, so that muting twice prolongs and never piles up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from hashlib import blake2b

from bot.core.model import Silence
from bot.core.routing import OWN
from bot.core.watches import common_story, is_watch
from bot.errors import InputError
from bot.service_ground import Actor, Ground, Role

MUTE_STORY = timedelta(hours=24)
MUTE_RULE = timedelta(hours=6)
ACK = timedelta(hours=24)
LONGEST = timedelta(days=30)
LABELS = ("rule", "category", "tag", "level", "direction", "language", "feed", "owner", "story")


class Silences:
    """Mute, list, drop, ack."""

    def __init__(self, ground: Ground) -> None:
        self._on = ground

    async def mute_story(self, actor: Actor, story: str) -> Silence:
        """This chat hears no more of the story for a day, unless it turns critical. Raises NotPermitted."""
        actor.need(Role.KEEPER, "mute story")
        return await self._save(actor, {OWN: actor.receiver, "story": common_story(story)}, MUTE_STORY)

    async def mute_rule(self, actor: Actor, rule: str) -> Silence:
        """This chat hears nothing of the rule for six hours. Raises InputError, NotPermitted."""
        actor.need(Role.KEEPER, "mute rule")
        if rule not in self._on.orders().rulebook.rules and not is_watch(rule):
            raise InputError("There is no such rule any more.")
        return await self._save(actor, {OWN: actor.receiver, "rule": rule}, MUTE_RULE)

    async def mute(
        self, actor: Actor, labels: Mapping[str, str], lasting: timedelta, reason: str = ""
    ) -> Silence:
        """Everybody hears nothing of what carries all these labels. Raises InputError, NotPermitted."""
        actor.need(Role.ADMIN, "mute")
        if not labels or not set(labels) <= set(LABELS):
            raise InputError("Say what to mute by these labels: {labels}.", labels=", ".join(LABELS))
        if not timedelta() < lasting <= LONGEST:
            raise InputError("A silence lasts at most {days} days.", days=LONGEST.days)
        return await self._save(actor, dict(labels), lasting, reason)

    async def ack(self, actor: Actor, story: str) -> Silence:
        """Seen to: the story is quiet everywhere for a day, unless it turns critical. Raises NotPermitted.

        By an admin, or by a keeper of a place the editors configured; a subscriber's chat is no such place.
        """
        actor.need(Role.KEEPER if self._on.doors.belongs(actor) else Role.ADMIN, "ack")
        return await self._save(actor, {"story": common_story(story)}, ACK, "ack")

    async def listed(self, actor: Actor) -> Sequence[Silence]:
        """Those in force that concern this chat: its own, and everybody's."""
        actor.need(Role.READER, "silences")
        found = await self._on.wishes.silences(self._on.now)
        mine = [each for each in found if each.labels.get(OWN, actor.receiver) == actor.receiver]
        everything = actor.role is Role.ADMIN and not actor.place
        return sorted(found if everything else mine, key=lambda each: (each.until, each.id))

    async def drop(self, actor: Actor, which: str) -> Silence:
        """End a silence, by its id: a keeper this chat's own, an admin any. Raises InputError, NotPermitted."""
        actor.need(Role.KEEPER, "drop silence")
        found = {each.id: each for each in await self._on.wishes.silences(self._on.now)}
        silence = found.get(which.strip())
        own = silence is not None and silence.labels.get(OWN) == actor.receiver
        if silence is None or not (own or actor.role is Role.ADMIN):
            raise InputError("There is no such silence; /silences lists them.")
        await self._on.wishes.drop_silence(silence.id)
        return silence

    async def _save(
        self, actor: Actor, labels: dict[str, str], lasting: timedelta, reason: str = ""
    ) -> Silence:
        text = "\n".join(f"{label}={labels[label]}" for label in sorted(labels))
        identity = blake2b(text.encode(), digest_size=4).hexdigest()
        silence = Silence(identity, labels, self._on.now + lasting, actor.name, reason)
        await self._on.wishes.save_silence(silence)
        return silence
