"""Outlets to choose from: ``rules/catalogue/*.yaml``, in the very schema of ``feeds.yaml``. Nothing of it is read by
the bot until someone takes it over.

An upper-case tag of two letters is the outlet's country (``DE``); the other tags are its kind and its region.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from bot.config.crosscheck import doubles
from bot.config.folder import read_feed_files, yaml_files
from bot.config.settings import default_rules_dir
from bot.core.model import Feed
from bot.core.text import fold
from bot.errors import ConfigError, Problem

FOLDER = "catalogue"


def load_catalogue(rules_dir: Path) -> tuple[Feed, ...]:
    """Every outlet of the catalogue beside these rules, else of the one that came with the program.

    Raises ConfigError with every mistake.
    """
    places = (rules_dir / FOLDER, default_rules_dir() / FOLDER)
    folder = next((place for place in places if place.is_dir()), places[0])
    paths = yaml_files(folder)
    if not paths:
        raise ConfigError([Problem(str(folder), 0, "", "holds no catalogue", "set NEWSALERT_RULES_DIR")])
    reading = read_feed_files(paths)
    problems = [*reading.problems, *doubles(reading.feeds, lambda feed: feed.name, "the feed")]
    if problems:
        raise ConfigError(problems)
    return tuple(placed.value for placed in reading.feeds)


def country(feed: Feed) -> str:
    """The country or countries, "" where the outlet belongs to none."""
    return " ".join(tag for tag in feed.tags if is_country(tag))


def is_country(tag: str) -> bool:
    """Does this tag name a country?"""
    return len(tag) == 2 and tag.isalpha() and tag.isupper()


def search(
    feeds: Iterable[Feed], *, text: str = "", countries: Iterable[str] = (), lang: str = "", tag: str = ""
) -> Iterator[Feed]:
    """Feeds that fit everything asked for; ``text`` is looked for in name, owner and address."""
    wanted = {each.upper() for each in countries}
    for feed in feeds:
        fits = fold(text) in fold(f"{feed.name} {feed.owner} {feed.url}")
        fits = fits and (not wanted or not wanted.isdisjoint(feed.tags))
        fits = fits and lang in ("", feed.lang)
        if fits and (not tag or tag.lower() in {each.lower() for each in feed.tags}):
            yield feed
