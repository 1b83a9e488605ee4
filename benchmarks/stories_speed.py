"""How fast a story is found among 100,000 live articles, how much memory they take, how long a rebuild takes.

    python -m benchmarks stories_speed
    python -m benchmarks.stories_speed [--live N] [--asked N]

Articles are made up: words of the shipped tables drawn by their frequency, names and places on top, six articles an
event, so that lists of postings are as uneven as in life. The peer in the same run is the search a careful
programmer would write first: every article of the window compared by its set of words. The collector is frozen and
tuned as the app does it (:func:`freeze`): without that a full collection stops the world for longer than any article.
"""

from __future__ import annotations

import argparse
import gc
import random
import resource
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.config.storydata import load_story_data
from bot.core.matching import headline
from bot.core.model import Entry
from bot.core.stories import StoryIndex, story_id

START = datetime(2024, 1, 1, tzinfo=UTC)
SPAN = timedelta(hours=71)
ARTICLES_AN_EVENT = 6


def freeze() -> None:
    """What the app does once its tables and its index are loaded: they are never garbage."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


def resident() -> float:
    """Megabytes this process holds now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


def articles(count: int, seed: int) -> Iterator[Entry]:
    """Made-up articles in order of time, six an event, interleaved."""
    draw = random.Random(seed)
    words, weights = _vocabulary()
    step = SPAN / count
    open_events: list[list[str]] = []
    for number in range(count):
        if len(open_events) < 400 or draw.random() < 1 / ARTICLES_AN_EVENT:
            open_events.append(draw.choices(words, weights, k=30) + [_name(draw) for _ in range(6)])
            del open_events[:-800]
        event = draw.choice(open_events)
        title = " ".join(draw.sample(event, 9)).capitalize()
        summary = " ".join(draw.sample(event, 22) + draw.choices(words, weights, k=22))
        at = START + number * step
        yield replace(
            headline(title, "en"), summary=summary, key=f"{seed}-{number}", aliases=(f"{seed}-{number}",), link="",
            owner=f"outlet {number % 300}", first_seen=at, published=at,
        )  # fmt: skip


def _vocabulary() -> tuple[list[str], list[float]]:
    share = load_story_data().of("en").share
    words = [word for word in share if word.isalpha() and len(word) > 2]
    return words, [min(share[word], 1e-3) for word in words]


def _name(draw: random.Random) -> str:
    syllables = (
        "ka",
        "ro",
        "min",
        "tel",
        "bar",
        "sho",
        "lu",
        "van",
        "dri",
        "go",
        "pe",
        "sta",
        "no",
        "wi",
        "zu",
    )
    return "".join(draw.choices(syllables, k=3)).capitalize()


def percentile(times: Sequence[float], share: float) -> float:
    """The time that a share of all stay below, in milliseconds."""
    return sorted(times)[min(int(share * len(times)), len(times) - 1)] * 1000


def ask(index: StoryIndex, asked: Sequence[Entry]) -> list[float]:
    """Seconds each article took to be placed and remembered."""
    times = []
    for entry in asked:
        begun = time.perf_counter()
        placement = index.place(entry, (), entry.first_seen)
        index.absorb(entry, (), placement)
        times.append(time.perf_counter() - begun)
    return times


def peer(live: Sequence[Entry], asked: Sequence[Entry]) -> list[float]:
    """Seconds each article takes if every article of the window is looked at."""
    bags = [frozenset(f"{entry.title} {entry.summary}".lower().split()) for entry in live]
    times = []
    for entry in asked:
        begun = time.perf_counter()
        bag = frozenset(f"{entry.title} {entry.summary}".lower().split())
        max(len(bag & other) / len(bag | other) for other in bags)
        times.append(time.perf_counter() - begun)
    return times


def main(arguments: Sequence[str] = ()) -> None:
    """Fill, ask, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--live", type=int, default=100_000)
    parser.add_argument("--asked", type=int, default=3_000)
    given = parser.parse_args(arguments)
    data = load_story_data()
    stories = {}
    everything = list(articles(given.live + given.asked, seed=1))
    live, asked = everything[: given.live], everything[given.live :]
    made = resident()
    index = StoryIndex(data)
    begun = time.perf_counter()
    for number, entry in enumerate(live):
        stories[number // ARTICLES_AN_EVENT] = story_id(entry)
        index.absorb_filed(entry, (), stories[number // ARTICLES_AN_EVENT])
    rebuilt = time.perf_counter() - begun
    held = resident() - made
    freeze()
    times = ask(index, asked)
    print(f"{len(index)} live articles, {held:.0f} MB more than before, rebuilt in {rebuilt:.1f} s")
    print(
        f"placed and remembered: mean {1000 * sum(times) / len(times):.2f} ms, p50 {percentile(times, 0.5):.2f}, "
        f"p99 {percentile(times, 0.99):.2f}, worst {1000 * max(times):.1f} ms"
    )
    slow = peer(live, asked[:5])
    print(
        f"looking at every article instead: {sum(slow) / len(slow) / (sum(times) / len(times)):.0f} times as long"
    )


if __name__ == "__main__":
    main(sys.argv[1:])
