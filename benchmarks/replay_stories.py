"""What stories save people, on a dated archive: alerts a day before and after, and the largest stories.

    python -m benchmarks replay_stories        [--archive FILE] [--rules DIR] [--largest 10]

*Before*: every article on which a rule fires rings by itself. *After*: a story rings once, and what is told of it later
edits that message or answers in its thread. *Title only* is what most tools do: an exact title rings once. Articles
with the same title and summary, however they are spelled in case and spacing, are syndicated copies and must all lie
in one story within the window; those that do not are listed.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from bot.app_desk import load_orders, new_story_index
from bot.core.items import parse_item
from bot.core.model import Entry
from bot.core.normalise import entry_of_item
from bot.demo.desk import shipped_rules

ARCHIVE = Path(__file__).resolve().parents[2] / "shared" / "data" / "replay" / "2022-02-01_to_03-05.jsonl"
WINDOW_HOURS = 72


@dataclass(frozen=True)
class Told:
    """An article, its story, and whether a rule fired."""

    entry: Entry
    story: str
    rings: bool

    @property
    def words(self) -> str:
        """What makes it a copy of another."""
        return " ".join(f"{self.entry.title} {self.entry.summary}".lower().split())


def told(archive: Path, rules: Path) -> Iterator[Told]:
    """Every article in order, placed as the running bot places it; those no rule fires on by their words alone."""
    rulebook, index = load_orders(rules).rulebook, new_story_index(rules)
    with archive.open(encoding="utf-8", newline="\n") as lines:
        for line in lines:
            entry = entry_of_item(parse_item(line))
            matches = rulebook.match(entry)
            placement = index.place(entry, matches, entry.first_seen)
            index.absorb(entry, matches, placement)
            yield Told(entry, placement.story, bool(matches))


def parted_copies(articles: Sequence[Told]) -> list[tuple[Told, Told]]:
    """Neighbouring copies, within the window, that are not in one story."""
    copies: dict[str, list[Told]] = defaultdict(list)
    for each in articles:
        copies[each.words].append(each)
    pairs = ((one, other) for same in copies.values() for one, other in pairwise(same))
    return [(one, other) for one, other in pairs if one.story != other.story and _near(one, other)]


def _near(one: Told, other: Told) -> bool:
    return abs((other.entry.published - one.entry.published).total_seconds()) <= WINDOW_HOURS * 3600


def report(articles: Sequence[Told], largest: int) -> None:
    """Print it."""
    ringing = [each for each in articles if each.rings]
    span = articles[-1].entry.published - articles[0].entry.published
    days = max(span.total_seconds() / 86_400, 1.0)
    copies = len(articles) - len({each.words for each in articles})
    print(f"{len(articles)} articles over {days:.0f} days, {copies} of them copies word for word")
    rows = {
        "every article": len(ringing),
        "title only": len({each.entry.title.lower() for each in ringing}),
        "stories": len({each.story for each in ringing}),
    }
    for name, alerts in rows.items():
        print(
            f"{name:16}{alerts:6} alerts {alerts / days:8.2f} a day {alerts / len(ringing):8.2f} of every article"
        )
    parted = parted_copies(articles)
    print(f"copies within {WINDOW_HOURS} h that are parted: {len(parted)}")
    for one, other in parted:
        print(f"  {one.story} {other.story}  {one.entry.title}")
    stories: dict[str, list[Told]] = defaultdict(list)
    for each in articles:
        stories[each.story].append(each)
    for story in sorted(stories.values(), key=len, reverse=True)[:largest]:
        first, last = (f"{each.entry.published:%d %b %H:%M}" for each in (story[0], story[-1]))
        print(f"\n{len(story)} articles, {first} to {last}")
        for each in story:
            print(f"  {'*' if each.rings else ' '} {each.entry.title}")


def main(arguments: Sequence[str] = ()) -> None:
    """Parse the command line and print; says so where there is no archive."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--archive", type=Path, default=ARCHIVE)
    parser.add_argument("--rules", type=Path, default=shipped_rules())
    parser.add_argument("--largest", type=int, default=10)
    given = parser.parse_args(arguments)
    if not given.archive.exists():
        print(f"left out: there is no {given.archive.name}")
        return
    report(list(told(given.archive, given.rules)), given.largest)


if __name__ == "__main__":
    main(sys.argv[1:])
