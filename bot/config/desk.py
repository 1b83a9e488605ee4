"""What the editors' folder says, as values: :class:`Desk`; and one reading of it with all that is wrong in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from bot.core.model import Feed, Receiver
from bot.core.routing import Route
from bot.core.rules import Rule, TermSpec
from bot.errors import Problem

T = TypeVar("T")

FEEDS_FILE = "feeds.yaml"
ROUTES_FILE = "routes.yaml"


@dataclass(frozen=True, slots=True)
class Desk:
    """The editors' wishes. ``lists`` are their own word lists; ``warnings`` let everything run and deserve a look."""

    feeds: tuple[Feed, ...] = ()
    receivers: tuple[Receiver, ...] = ()
    routes: tuple[Route, ...] = ()
    rules: tuple[Rule, ...] = ()
    lists: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    warnings: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Placed(Generic[T]):
    """A value with the place it was read from. ``key`` names it inside its file."""

    value: T
    file: str
    line: int
    key: str

    def problem(self, message: str, remedy: str = "", *, severity: str = "error") -> Problem:
        """A mistake in this value."""
        return Problem(self.file, self.line, self.key, message, remedy, severity)


@dataclass(slots=True)
class Reading:
    """One pass over the folder: what is good in it and every mistake. Filled file by file."""

    feeds: list[Placed[Feed]] = field(default_factory=list)
    receivers: list[Placed[Receiver]] = field(default_factory=list)
    routes: list[Placed[Route]] = field(default_factory=list)
    rules: list[Placed[Rule]] = field(default_factory=list)
    lists: list[Placed[tuple[str, tuple[str, ...]]]] = field(default_factory=list)
    loose: list[Placed[TermSpec]] = field(
        default_factory=list
    )  # terms of rules that were refused for other reasons
    names: list[Placed[str]] = field(default_factory=list)  # of all rules, refused ones among them
    promised: set[str] = field(default_factory=set)  # names of receivers, refused ones among them
    files: set[str] = field(default_factory=set)  # names of all files seen
    problems: list[Problem] = field(default_factory=list)

    @classmethod
    def of(cls, desk: Desk) -> Reading:
        """A desk as if it had just been read, from nowhere in particular."""
        found = cls()
        found.feeds += [Placed(feed, FEEDS_FILE, 0, feed.name) for feed in desk.feeds]
        found.receivers += [Placed(receiver, ROUTES_FILE, 0, receiver.name) for receiver in desk.receivers]
        found.promised.update(receiver.name for receiver in desk.receivers)
        found.routes += [Placed(route, ROUTES_FILE, 0, "routes") for route in desk.routes]
        found.rules += [Placed(rule, rule.file, rule.line, rule.id) for rule in desk.rules]
        found.names += [
            Placed(placed.value.id, placed.file, placed.line, placed.key) for placed in found.rules
        ]
        found.lists += [Placed(pair, "", 0, f"lists.{pair[0]}") for pair in desk.lists.items()]
        return found

    @property
    def errors(self) -> list[Problem]:
        """What keeps the folder from being used as it stands."""
        return [problem for problem in self.problems if problem.severity == "error"]

    def desk(self) -> Desk:
        """The values alone."""
        warnings = tuple(sorted(problem for problem in self.problems if problem.severity != "error"))
        return Desk(
            feeds=tuple(placed.value for placed in self.feeds),
            receivers=tuple(placed.value for placed in self.receivers),
            routes=tuple(placed.value for placed in self.routes),
            rules=tuple(placed.value for placed in self.rules),
            lists=dict(placed.value for placed in self.lists),
            warnings=warnings,
        )
