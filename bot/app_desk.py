"""What every command needs of the editors' folder, without the edges that the running bot has."""

from __future__ import annotations

import gc
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from bot.config.desk import Desk
from bot.config.load import failing_examples, load_desk, rulebook_of
from bot.config.storydata import load_story_data
from bot.core.matching import RuleBook, headline
from bot.core.routing import place_of
from bot.core.stories import StoryIndex
from bot.core.storydata import StoryData
from bot.errors import ConfigError
from bot.ingest import Orders

LEARNED = "background"
"""The folder, within the editors', of word tables learned from their own archive."""


def load_orders(rules_dir: Path) -> Orders:
    """The folder as it stands, compiled. Raises ConfigError with every mistake; examples are not run."""
    return orders_of(load_desk(rules_dir))


def proven_orders(rules_dir: Path) -> tuple[Desk, Orders]:
    """The same for a start in earnest: a rule that fails its own examples is a mistake, too. Raises ConfigError."""
    desk = load_desk(rules_dir)
    orders = orders_of(desk)
    failing = failing_examples(desk.rules, orders.rulebook, rules_dir)
    if failing:
        raise ConfigError(problem for problems in failing.values() for problem in problems)
    return desk, orders


def orders_of(desk: Desk, rulebook: RuleBook | None = None) -> Orders:
    """A desk as the decider wants it; ``rulebook`` saves compiling it twice."""
    return Orders(rulebook or rulebook_of(desk), desk.feeds, desk.routes, desk.receivers)


def places_of(orders: Orders, kind: str) -> Sequence[str]:
    """Addresses of the receivers of this kind that the editors configured, as fronts name the place they hear from."""
    return [place_of(each).partition(":")[2] for each in orders.receivers if each.kind == kind]


@cache
def _story_data(rules_dir: Path | None) -> StoryData:
    return load_story_data(learned=rules_dir and rules_dir / LEARNED)


def new_story_index(rules_dir: Path | None = None) -> StoryIndex:
    """An empty index; the tables behind it are read once a process. Raises ConfigError for a table that is none.

    What was learned from the editors' own archive lies in their folder and goes before what is shipped.
    """
    return StoryIndex(_story_data(rules_dir))


def warm(rulebook: RuleBook, rules_dir: Path | None = None) -> None:
    """Read and compile now what the first article would otherwise wait for.

    What was compiled lives on, so the collector need not look at it again: with ten thousand rules a full collection
    would stop the loop for half a second.
    """
    new_story_index(rules_dir)
    for language in ("en", "de", "ru", "uk"):
        rulebook.match(headline("", language))
    gc.collect()
    gc.freeze()
