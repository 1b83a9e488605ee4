"""What is added to the watched feeds, by whichever front: one by its address, many by a list. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from bot.core.items import publisher
from bot.core.model import Feed
from bot.core.urls import canonical
from bot.errors import InputError
from bot.sources.opml import Outline

MOST_ADDED = 500  # feeds of one list
LONGEST_NAME = 60


@dataclass(frozen=True, slots=True)
class Fresh:
    """What a list brings: feeds to be added, how many are watched already, and how many are too many at once."""

    feeds: Sequence[Feed]
    known: int = 0
    left: int = 0


def described(feed: Feed, taken: Collection[str]) -> Feed:
    """The feed with a name and an owner made from its host where none was given. Raises InputError."""
    host = publisher(feed.url)
    if not host or any(character in feed.url for character in " \n\r\t#\"'"):
        raise InputError("This is not an http or https address.")
    if feed.name and feed.name in taken:
        raise InputError("There is a feed of that name already.")
    name = feed.name or free_name(host, taken)
    return replace(feed, name=name, owner=" ".join((feed.owner or host).split()))


def free_name(text: str, taken: Collection[str]) -> str:
    """A short name made of this text, unlike those ``taken``."""
    base = slug(text) or "feed"
    name, number = base, 2
    while name in taken:
        name, number = f"{base}-{number}", number + 1
    return name


def slug(text: str) -> str:
    """``Le Monde: À la une`` → ``le-monde-a-la-une``; "" where nothing of it can be typed."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain)[:LONGEST_NAME].strip("-")


def fresh_feeds(outlines: Sequence[Outline], watched: Sequence[Feed]) -> Fresh:
    """The feeds of a list that are not watched yet, each with a name of its own and its folder as tag."""
    known = {canonical(feed.url) for feed in watched}
    names = {feed.name for feed in watched}
    fresh = [each for each in outlines if canonical(each.url) not in known]
    made: list[Feed] = []
    for outline in fresh[:MOST_ADDED]:
        tags = tuple(filter(None, [slug(outline.folders[0])] if outline.folders else []))
        lang = outline.lang[:2].lower() if outline.lang[:2].isalpha() else ""
        name = free_name(outline.title, names) if slug(outline.title) else ""
        try:
            feed = described(Feed(name, outline.url, "", lang=lang, tags=tags), names)
        except InputError:
            continue  # an address that cannot stand in a file
        names.add(feed.name)
        made.append(feed)
    return Fresh(made, len(outlines) - len(fresh), max(0, len(fresh) - MOST_ADDED))
