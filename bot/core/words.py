"""The words that are one of a few: levels, directions, stances, states, outcomes. Pure.

They are imported from :mod:`bot.core.model` with the nouns that carry them.
"""

from __future__ import annotations

from enum import IntEnum, StrEnum


class Level(IntEnum):
    """How loud. Ordered, so ``level >= Level.HIGH`` reads as it is meant."""

    NONE = 0
    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4

    @property
    def word(self) -> str:
        """The word people read and write: ``high``."""
        return self.name.lower()

    @classmethod
    def of(cls, word: str) -> Level:
        """The level of a word; KeyError for a word that is none."""
        return cls[word.upper()]


class Direction(StrEnum):
    """A rule's sign."""

    NONE = "none"
    ESCALATION = "escalation"
    DEESCALATION = "de-escalation"

    @property
    def arrow(self) -> str:
        """↑ escalation, ↓ de-escalation, nothing else."""
        return {"escalation": "↑", "de-escalation": "↓"}.get(self.value, "")

    def opposes(self, other: Direction) -> bool:
        """True for escalation against de-escalation, either way round."""
        return Direction.NONE not in (self, other) and self is not other


class Stance(StrEnum):
    """Whether the text says that the thing happens."""

    ASSERTED = "asserted"
    DENIED = "denied"
    SIMULATED = "simulated"
    FEARED = "feared"
    CALLED_FOR = "called for"
    BACKGROUND = "background"


class Place(StrEnum):
    """Where in an entry words stand."""

    TITLE = "title"
    LEAD = "lead"  # the summary, or the first paragraph where there is none
    BODY = "body"


class FeedStatus(StrEnum):
    """What a person sees about a feed."""

    NEW = "new"  # never answered yet
    OK = "ok"
    FAILING = "failing"
    BLOCKED = "blocked"  # the address is not public, or the publisher wants credentials
    GONE = "gone"  # 410: not asked again
    PAUSED = "paused"  # a person's wish


class Outcome(StrEnum):
    """What we do about an entry. One of these stands in every stored decision, log line and metric."""

    ALERT = "alert"  # a story worth telling, told for the first time
    UPDATE = "update"  # the story was told; something that matters changed
    REPEAT = "repeat"  # the story was told; nothing new: silent
    NO_MATCH = "no match"
    TOO_OLD = "too old"
    BASELINE = "baseline"  # the feed's first poll: archived, not told
    HELD = "held"  # `confirm: {then: release}`: waits for a second publisher
    COOLDOWN = "cooldown"
    MUTED = "muted"  # a person's silence or ack
    EDITED = "edited"  # a known item changed its words without changing what we would say


class AlertKind(StrEnum):
    """How an alert presents itself to someone who may have been told before."""

    NEW = "new"
    SOURCE = "source joined"  # edit in place, no sound
    CORROBORATED = "corroborated"  # the second independent publisher: edit, and a reply in the thread
    CONFIRMED = "confirmed"  # as many publishers as the rule asks for: the same
    RAISED = "level raised"  # the same
    TURNED = "direction turned"  # the same
    DENIED = "denied"  # another story denies this one, told in this one's thread: edit in place
    REVERSED = "reversed"  # another story turns this one round, told in this one's thread: edit in place

    @property
    def answers(self) -> bool:
        """Does it matter enough for a reply in the thread, which rings, beside the edit, which does not?"""
        return self in _ANSWERS

    @property
    def only_edits(self) -> bool:
        """Does it change the message that was sent, and ring nobody?"""
        return self is not AlertKind.NEW and not self.answers


_ANSWERS = frozenset((AlertKind.CORROBORATED, AlertKind.CONFIRMED, AlertKind.RAISED, AlertKind.TURNED))


class StoryState(StrEnum):
    """What is known of a story; the drawing stands in :mod:`bot.core.storystate`."""

    REPORTED = "reported"  # one publisher family
    CORROBORATED = "corroborated"  # two or more
    CONFIRMED = "confirmed"  # as many as the rule asks for
    DENIED = "denied"
    REVERSED = "reversed"
    QUIET = "quiet"  # nobody added anything for a while
    CLOSED = "closed"  # out of the window: what comes now is another story


class MessageKind(StrEnum):
    """What kind of thing a delivery carries."""

    ALERT = "alert"
    DIGEST = "digest"  # several alerts told together
    NOTICE = "notice"  # a word to the operators


class DeliveryState(StrEnum):
    """The outbox's states; the drawing stands in :mod:`bot.delivery`."""

    OWED = "owed"
    SENDING = "sending"
    SENT = "sent"
    UNKNOWN = "unknown"
    DEAD = "dead"
