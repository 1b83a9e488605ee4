"""How fast a story is found among 100,000 live articles, how much memory they take, how long a restart takes.

    python -m benchmarks stories_speed
    python -m benchmarks.stories_speed [--live N] [--asked N]

Articles are made up: words of the shipped tables drawn by their frequency, names and places on top, six articles an
event, so that lists of postings are as uneven as in life. Peers in the same run, each as a careful programmer would
write it first: WorldMonitor's rule and NewsBlur's against every headline of the window, TF-IDF through an inverted
index of all words. The collector is frozen and tuned as the app does it (:func:`freeze`): without that a full
collection stops the world for longer than any article.

All times are processor time, so that what else runs on the machine does not count.

The restart is a whole one: a decider over a database in which all articles of the window are filed, from its first
question to its first answer; beside it stands what reading them anew would take.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import math
import random
import resource
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.stories_accuracy import jaccard, overlap, tokens
from bot.app_desk import new_story_index
from bot.config.languages import load_languages
from bot.config.storydata import load_story_data
from bot.core.matching import RuleBook, headline
from bot.core.model import (
    Decision,
    Direction,
    Entry,
    Evidence,
    Feed,
    FeedState,
    Level,
    Match,
    Outcome,
    Place,
    Stance,
    Step,
)
from bot.core.stories import Placement, StoryIndex, story_id
from bot.ingest import Ingest, Orders
from bot.ports import Polled, PollRecord
from bot.store import open_store

START = datetime(2024, 1, 1, tzinfo=UTC)
SPAN = timedelta(hours=71)
ARTICLES_AN_EVENT = 6
AT_ONCE = 64  # articles written in one transaction, as in a flood of polls
FIRED = (
    Match(
        "troop-withdrawal", 60, Level.HIGH, Direction.DEESCALATION,
        (Evidence("troops + leave", "strong", Place.TITLE, 0, Stance.ASSERTED, 60, "troops leave", (0, 12)),),
    ),
)  # fmt: skip
STEPS = (
    Step("match", "fired", "troop-withdrawal 60"),
    Step("story", "similar", "0.44"),
    Step("decide", "repeat"),
)


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
        begun = time.process_time()
        placement = index.place(entry, (), entry.first_seen)
        index.absorb(entry, (), placement)
        times.append(time.process_time() - begun)
    return times


def by_ratio(
    ratio: Callable[[frozenset[str], frozenset[str]], float], live: Sequence[Entry], asked: Sequence[Entry]
) -> list[float]:
    """Seconds each article takes if its headline is held against every one of the window."""
    bags = [tokens(entry.title) for entry in live]
    times = []
    for entry in asked:
        begun = time.process_time()
        bag = tokens(entry.title)
        max(ratio(bag, other) for other in bags)
        times.append(time.process_time() - begun)
    return times


def by_tfidf(live: Sequence[Entry], asked: Sequence[Entry]) -> list[float]:
    """Seconds each article takes if all its words are looked up in an inverted index."""
    texts = [Counter(tokens(f"{entry.title} {entry.summary[:300]}")) for entry in live]
    found = Counter(word for text in texts for word in text)
    postings: dict[str, list[tuple[int, float]]] = defaultdict(list)
    for number, text in enumerate(texts):
        weights = {word: math.log(len(texts) / found[word] + 1) for word in text}
        length = math.sqrt(sum(weight * weight for weight in weights.values()))
        for word, weight in weights.items():
            postings[word].append((number, weight / length))
    times = []
    for entry in asked:
        begun = time.process_time()
        scores: dict[int, float] = defaultdict(float)
        for word in tokens(f"{entry.title} {entry.summary[:300]}"):
            rarity = math.log(len(texts) / (found[word] or 1) + 1)
            for number, weight in postings.get(word, ()):
                scores[number] += rarity * weight
        max(scores.values(), default=0.0)
        times.append(time.process_time() - begun)
    return times


# ── the restart ──────────────────────────────────────────────────────────────────────────────────────
async def restart(filed: Sequence[tuple[Entry, str, bytes]], folder: Path) -> tuple[float, float]:
    """Seconds to write these articles with their readings, and seconds until a new decider is ready."""
    store = await open_store(f"sqlite+aiosqlite:///{folder}/news.sqlite3")
    begun = time.process_time()
    for first in range(0, len(filed), AT_ONCE):
        part = filed[first : first + AT_ONCE]
        entries = [
            (entry, Decision(entry.key, Outcome.REPEAT, STEPS, story, FIRED)) for entry, story, _ in part
        ]
        readings = {entry.key: reading for entry, _, reading in part}
        async with store.news.deciding() as ledger:
            await ledger.write(PollRecord(None, entries, readings=readings))
    written = time.process_time() - begun
    await store.close()
    store = await open_store(f"sqlite+aiosqlite:///{folder}/news.sqlite3")
    orders = Orders(RuleBook((), {}, load_languages()))
    ingest = Ingest(
        store.news, store.wishes, orders=lambda: orders, new_index=new_story_index, wake=asyncio.Event()
    )
    feed = Feed("wire", "https://wire.example/feed", "Wire")
    begun = time.process_time()
    await ingest.handle(Polled(feed, FeedState("wire"), (), feed.url, filed[-1][0].first_seen))
    taken = time.process_time() - begun
    await store.close()
    return written, taken


def main(arguments: Sequence[str] = ()) -> None:
    """Fill, ask, start again, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--live", type=int, default=100_000)
    parser.add_argument("--asked", type=int, default=3_000)
    given = parser.parse_args(arguments)
    everything = list(articles(given.live + given.asked, seed=1))
    live, asked = everything[: given.live], everything[given.live :]
    index = new_story_index()
    made = resident()
    begun = time.process_time()
    filed = fill(index, live)
    read = time.process_time() - begun
    held = resident() - made - sum(len(reading) for _, _, reading in filed) / 1e6
    freeze()
    times = ask(index, asked)
    mean = sum(times) / len(times)
    print(f"{len(index)} live articles, {held:.0f} MB more than before")
    print(
        f"placed and remembered: mean {1000 * mean:.2f} ms, p50 {percentile(times, 0.5):.2f}, "
        f"p99 {percentile(times, 0.99):.2f}, worst {1000 * max(times):.1f} ms"
    )
    with tempfile.TemporaryDirectory() as folder:
        written, taken = asyncio.run(restart(filed, Path(folder)))
    print(
        f"started again in {taken:.1f} s ({1000 * taken / len(filed):.2f} ms an article; "
        f"reading them anew: {read:.1f} s); filing them had taken {written:.1f} s"
    )
    for name, slow in (
        ("WorldMonitor's rule", by_ratio(jaccard, live, asked[:5])),
        ("NewsBlur's rule", by_ratio(overlap, live, asked[:5])),
        ("TF-IDF, all words", by_tfidf(live, asked[:50])),
    ):
        print(
            f"{name}: {1000 * sum(slow) / len(slow):.1f} ms, {sum(slow) / len(slow) / mean:.1f} times as long"
        )


def fill(index: StoryIndex, live: Iterable[Entry]) -> list[tuple[Entry, str, bytes]]:
    """The window, six articles a story; each with its story and its reading."""
    filed: list[tuple[Entry, str, bytes]] = []
    for number, entry in enumerate(live):
        story = filed[-1][1] if number % ARTICLES_AN_EVENT else story_id(entry)
        reading = index.absorb(entry, (), Placement(story, is_new=False, how="", similarity=0.0, shared=()))
        filed.append((entry, story, reading))
    return filed


if __name__ == "__main__":
    main(sys.argv[1:])
