"""What an editor wrote, as values: a rule, its terms as text, its examples. Compiled by :mod:`bot.core.matching`.

Keys and defaults are the ones of ``rules/README.md``; a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from bot.core.model import Direction, Level, Place, Stance

STRENGTH_POINTS: Mapping[str, int] = {"strong": 60, "keywords": 40, "weak": 15, "against": -40}
"""Points of a term in a headline, by the list it stands in."""

DEFAULT_LEVELS: Mapping[Level, int] = {
    Level.LOW: 20,
    Level.MEDIUM: 40,
    Level.HIGH: 60,
    Level.CRITICAL: 85,
}
"""The score from which a rule's level is reached."""

DEFAULT_NEAR = 6  # content words between the words of a term
DEFAULT_COOLDOWN = timedelta(hours=2)
DEFAULT_MAX_AGE = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class TermSpec:
    """One line of a rule as the editor typed it. ``strength`` is the list it stands in."""

    text: str
    strength: str  # strong | keywords | weak | against | ignore | never
    points: int | None = None  # own points, None = those of its strength
    languages: tuple[str, ...] = ()  # () = tried on every language
    line: int = 0


@dataclass(frozen=True, slots=True)
class Confirm:
    """``outlets`` independent publishers within ``within``; then the level is raised, or the alert released."""

    outlets: int
    within: timedelta
    then: str  # raise | release


@dataclass(frozen=True, slots=True)
class Example:
    """A headline that must (``match``) or must not ring; checked before a rule goes live."""

    text: str
    match: bool
    lang: str = ""
    at_least: Level | None = None
    at_most: Level | None = None
    line: int = 0


@dataclass(frozen=True, slots=True)
class Rule:
    """What an editor watches for."""

    id: str
    title: str
    terms: tuple[TermSpec, ...]
    description: str = ""
    category: str = ""
    tags: tuple[str, ...] = ()
    enabled: bool = True
    direction: Direction = Direction.NONE
    severity: Level = Level.CRITICAL  # the loudest it may get
    levels: Mapping[Level, int] = field(default_factory=lambda: dict(DEFAULT_LEVELS))
    languages: tuple[str, ...] = ()  # () = all
    where: tuple[Place, ...] = (Place.TITLE, Place.LEAD, Place.BODY)
    near: int = DEFAULT_NEAR
    stance: Mapping[Stance, float] | None = None  # None = ½ for everything not asserted; `any` = all 1
    needs: tuple[tuple[str, ...], ...] = ()  # one term of each list must occur somewhere
    confirm: Confirm | None = None
    cooldown: timedelta = DEFAULT_COOLDOWN
    max_age: timedelta = DEFAULT_MAX_AGE
    examples: tuple[Example, ...] = ()
    file: str = ""
    line: int = 0

    def level_of(self, score: int) -> Level:
        """The level a score reaches, capped by ``severity``."""
        reached = max((level for level, least in self.levels.items() if score >= least), default=Level.NONE)
        return min(reached, self.severity)
