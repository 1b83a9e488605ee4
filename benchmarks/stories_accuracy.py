"""Same news or not: how well stories are told apart, side by side with three peers.

    python -m benchmarks stories_accuracy
    python -m benchmarks.stories_accuracy [--show KIND] [--threshold N …]

Sets (``../shared/data/stories``, left out where absent; a JSONL archive with ``story`` as gold may be named with
``--archive``): news round-ups of three outlets each, the first half tuned on, the second held out; one topic with two
look-alike events; pairs of headlines. Fresh pairs of the project lie in ``tests/data/stories``.

*Dated* spreads the round-ups over time as they come, so that the window of 72 h holds :data:`STORIES_A_WINDOW` of them:
*near* puts those next to each other that look most alike (the hardest season), *far* leaves the order as given.

Peers, each in a few lines: WorldMonitor's rule (Jaccard of title words ≥ .5), NewsBlur's (overlap of title words
≥ .6), plain TF-IDF with single link. B³ and pairwise figures as usual; *hidden* are stories none of whose articles
opened one, *duplicates* the further alerts of a story already told.
"""

from __future__ import annotations

import argparse
import csv
import json
import math
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import combinations
from pathlib import Path

from bot.config.storydata import load_story_data
from bot.core.items import parse_item
from bot.core.model import Entry
from bot.core.normalise import entry_of_item
from bot.core.stories import Placement, StoryIndex
from bot.core.storydata import StoryData

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared" / "data" / "stories"
OWN = ROOT / "tests" / "data" / "stories"
STORIES_A_WINDOW = 30
WINDOW = timedelta(hours=72)
EPOCH = datetime(2022, 1, 1, tzinfo=UTC)

Clusterer = Callable[[Sequence[Entry]], list[str]]
"""Entries in order → the story of each."""


@dataclass(frozen=True)
class Archive:
    """Entries in order with the story each belongs to."""

    name: str
    entries: Sequence[Entry]
    gold: Sequence[str]


@dataclass(frozen=True)
class Pair:
    """Two headlines and whether they tell one event."""

    kind: str
    lang: str
    first: str
    second: str
    same: bool


# ── clusterers ───────────────────────────────────────────────────────────────────────────────────────
@cache
def story_data() -> StoryData:
    """The tables of the project, read once."""
    return load_story_data()


def ours(entries: Sequence[Entry]) -> list[str]:
    """The project's index, as ``newsalert cluster`` runs it."""
    index = StoryIndex(story_data())
    return [_told(index, entry).story for entry in entries]


def _told(index: StoryIndex, entry: Entry) -> Placement:
    placement = index.place(entry, (), entry.first_seen)
    index.absorb(entry, (), placement)
    return placement


def tokens(text: str) -> frozenset[str]:
    """Words of three letters and more."""
    return frozenset(word for word in re.findall(r"\w+", text.lower()) if len(word) > 2)


def jaccard(left: frozenset[str], right: frozenset[str]) -> float:
    """WorldMonitor: shared words by all words."""
    return len(left & right) / (len(left | right) or 1)


def overlap(left: frozenset[str], right: frozenset[str]) -> float:
    """NewsBlur: shared words by the words of the shorter headline."""
    return len(left & right) / (min(len(left), len(right)) or 1)


def by_ratio(ratio: Callable[[frozenset[str], frozenset[str]], float], least: float) -> Clusterer:
    """Join the story of the most alike headline in the window, if it is alike enough."""

    def cluster(entries: Sequence[Entry]) -> list[str]:
        told: list[tuple[frozenset[str], str, datetime]] = []
        for entry in entries:
            words = tokens(entry.title)
            live = [each for each in told if entry.first_seen - each[2] <= WINDOW]
            best = max(live, key=lambda each: ratio(words, each[0]), default=None)
            alike = best is not None and ratio(words, best[0]) >= least
            told.append((words, best[1] if best and alike else entry.key, entry.first_seen))
        return [story for _, story, _ in told]

    return cluster


def tfidf(entries: Sequence[Entry]) -> list[str]:
    """Plain TF-IDF of title and summary, single link, at the threshold that suits round-ups best."""
    texts = [Counter(tokens(f"{entry.title} {entry.summary[:300]}")) for entry in entries]
    found = Counter(word for text in texts for word in text)
    told: list[tuple[dict[str, float], str, datetime]] = []
    postings: dict[str, list[int]] = defaultdict(list)
    for text, entry in zip(texts, entries, strict=True):
        weights = {
            word: (1 + math.log(n)) * math.log(len(texts) / found[word] + 1) for word, n in text.items()
        }
        length = math.sqrt(sum(weight * weight for weight in weights.values())) or 1.0
        scores: dict[int, float] = defaultdict(float)
        for word, weight in weights.items():
            weights[word] = weight / length
            for number in postings[word]:
                scores[number] += weights[word] * told[number][0][word]
            postings[word].append(len(told))
        live = [number for number in scores if entry.first_seen - told[number][2] <= WINDOW]
        best = max(live, key=lambda number: scores[number], default=-1)
        story = told[best][1] if best >= 0 and scores[best] >= 0.25 else entry.key
        told.append((weights, story, entry.first_seen))
    return [story for _, story, _ in told]


PEERS: Mapping[str, Clusterer] = {
    "newsalert": ours,
    "WorldMonitor ≥ .5": by_ratio(jaccard, 0.5),
    "NewsBlur ≥ .6": by_ratio(overlap, 0.6),
    "TF-IDF ≥ .25": tfidf,
}


# ── figures ──────────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True)
class Figures:
    """What a clustering is worth."""

    b_cubed: float
    precision: float
    recall: float
    hidden: int
    duplicates: int
    stories: int
    lookalikes: int = 0  # pairs of look-alike events merged …
    lookalike_pairs: int = 0  # … of so many

    def __str__(self) -> str:
        text = f"B³ {self.b_cubed:.3f}  pairs P {self.precision:.3f} R {self.recall:.3f}"
        text += f"  hidden {self.hidden:3} duplicates {self.duplicates:4} of {self.stories}"
        if self.lookalike_pairs:
            text += f"  look-alikes {self.lookalikes} of {self.lookalike_pairs}"
            text += f" ({100 * self.lookalikes / self.lookalike_pairs:.1f} %)"
        return text


def figures(gold: Sequence[str], found: Sequence[str], topic: Callable[[str], str] | None = None) -> Figures:
    """B³, pairwise, and what a receiver would have noticed."""
    by_gold, by_found = members(gold), members(found)
    cells = Counter(zip(gold, found, strict=True))
    precision = sum(n * n / len(by_found[story]) for (_, story), n in cells.items()) / len(gold)
    recall = sum(n * n / len(by_gold[event]) for (event, _), n in cells.items()) / len(gold)
    hits, said, true = (
        pairs_of(cells.values()),
        pairs_of(map(len, by_found.values())),
        pairs_of(map(len, by_gold.values())),
    )
    openers = {gold[numbers[0]] for numbers in by_found.values()}
    merged, possible = lookalikes(gold, found, topic) if topic else (0, 0)
    return Figures(
        2 * precision * recall / (precision + recall), hits / max(said, 1), hits / max(true, 1),
        len(by_gold) - len(openers), len(by_found) - len(openers), len(by_gold), merged, possible,
    )  # fmt: skip


def members(labels: Sequence[str]) -> dict[str, list[int]]:
    """Label → the numbers of its items."""
    found: dict[str, list[int]] = defaultdict(list)
    for number, label in enumerate(labels):
        found[label].append(number)
    return found


def pairs_of(sizes: Iterable[int]) -> int:
    """How many pairs groups of such sizes hold."""
    return sum(size * (size - 1) // 2 for size in sizes)


def lookalikes(gold: Sequence[str], found: Sequence[str], topic: Callable[[str], str]) -> tuple[int, int]:
    """Pairs of one topic and two events: merged, and all."""
    merged = possible = 0
    for numbers in members([topic(event) for event in gold]).values():
        for one, other in combinations(numbers, 2):
            if gold[one] != gold[other]:
                possible += 1
                merged += found[one] == found[other]
    return merged, possible


# ── data ─────────────────────────────────────────────────────────────────────────────────────────────
def read_archive(path: Path) -> Archive:
    """An archive with gold."""
    entries, gold = [], []
    with path.open(encoding="utf-8", newline="\n") as lines:
        for line in lines:
            entries.append(entry_of_item(parse_item(line)))
            gold.append(json.loads(line)["story"])
    return Archive(path.stem, entries, gold)


def halves(whole: Archive) -> tuple[Archive, Archive]:
    """The half that was tuned on, and the other; stories stay whole."""
    names = list(dict.fromkeys(whole.gold))
    first = set(names[: len(names) // 2])
    return _part(whole, first, "tuned"), _part(whole, set(names) - first, "held out")


def _part(whole: Archive, stories: set[str], name: str) -> Archive:
    kept = [number for number, story in enumerate(whole.gold) if story in stories]
    return Archive(f"{whole.name}, {name}", [whole.entries[n] for n in kept], [whole.gold[n] for n in kept])


def dated(whole: Archive, *, near: bool) -> Archive:
    """The archive spread over time, story after story, the articles of one within a day."""
    stories = list(members(whole.gold).items())
    order = _tour(whole, [numbers for _, numbers in stories]) if near else range(len(stories))
    step = WINDOW / STORIES_A_WINDOW
    timed = [
        (EPOCH + place * step + turn * timedelta(hours=7), number)
        for place, story in enumerate(order)
        for turn, number in enumerate(stories[story][1])
    ]
    entries = [
        replace(whole.entries[number], first_seen=time, published=time) for time, number in sorted(timed)
    ]
    gold = [whole.gold[number] for _, number in sorted(timed)]
    return Archive(f"{whole.name}, dated {'near' if near else 'far'}", entries, gold)


def _tour(whole: Archive, stories: Sequence[Sequence[int]]) -> list[int]:
    """Stories in an order in which each is followed by the most alike of the rest."""
    bags = [
        tokens(" ".join(whole.entries[n].title + " " + whole.entries[n].summary for n in numbers))
        for numbers in stories
    ]
    found = Counter(word for bag in bags for word in bag)
    rarity = {word: math.log(len(bags) / count) for word, count in found.items()}
    left = dict(enumerate(bags))
    tour = [0]
    bag = left.pop(0)
    while left:
        nearest = max(left, key=lambda n: sum(rarity[w] for w in bag & left[n]) / math.sqrt(len(left[n])))
        tour.append(nearest)
        bag = left.pop(nearest)
    return tour


def read_pairs(path: Path) -> list[Pair]:
    """A table of pairs: kind, lang, a, b, label."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [Pair(row["kind"], row["lang"], row["a"], row["b"], row["label"] == "same") for row in rows]


def headline_entry(title: str, lang: str, key: str) -> Entry:
    """A headline as an entry that came just now."""
    code = "" if lang == "x" else lang
    item = parse_item(json.dumps({"id": key, "title": title, "lang": code}))
    return replace(entry_of_item(item), first_seen=EPOCH, published=EPOCH)


def merged(pair: Pair, clusterer: Clusterer) -> bool:
    """Does a clusterer that knows nothing else put both into one story?"""
    one, other = clusterer(
        [headline_entry(pair.first, pair.lang, "1"), headline_entry(pair.second, pair.lang, "2")]
    )
    return one == other


# ── report ───────────────────────────────────────────────────────────────────────────────────────────
def archives() -> Iterator[tuple[Archive, Callable[[str], str] | None]]:
    """Every archive that is here, and how its look-alikes are known."""
    roundups, twins = SHARED / "allsides_train.jsonl", SHARED / "ecbplus_odd.jsonl"
    if roundups.exists():
        for half in halves(read_archive(roundups)):
            yield half, None
            yield dated(half, near=False), None
            yield dated(half, near=True), None
    if twins.exists():
        yield read_archive(twins), lambda event: event.split("_")[0]


def report_pairs(path: Path, peers: Mapping[str, Clusterer], show: str) -> None:
    """How many pairs of each kind each clusterer merges."""
    if not path.exists():
        return
    pairs = read_pairs(path)
    print(f"\n{path.name}: merged of each kind")
    for name, clusterer in peers.items():
        verdicts = [(pair, merged(pair, clusterer)) for pair in pairs]
        kinds = Counter(pair.kind for pair in pairs)
        hits = Counter(pair.kind for pair, together in verdicts if together)
        print(f"  {name:20}" + "  ".join(f"{kind} {hits[kind]}/{n}" for kind, n in kinds.items()))
        if name == "newsalert" and show:
            for pair, together in verdicts:
                if together != pair.same and show in ("all", pair.kind):
                    print(f"      {pair.kind:11} {pair.lang} {pair.first}  ‖  {pair.second}")


def main(arguments: Sequence[str] = ()) -> None:
    """Print all figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--show", default="", help="print the pairs of this kind that went wrong; all")
    parser.add_argument("--alone", action="store_true", help="without the peers")
    parser.add_argument("--pairs", action="store_true", help="only the tables of pairs")
    given = parser.parse_args(arguments)
    peers = {"newsalert": ours} if given.alone else PEERS
    for table in (SHARED / "opposites_dev.tsv", *sorted(OWN.glob("*.tsv"))):
        report_pairs(table, peers, given.show)
    for archive, topic in () if given.pairs else archives():
        print(f"\n{archive.name}: {len(archive.entries)} articles")
        for name, clusterer in peers.items():
            print(f"  {name:20}{figures(archive.gold, clusterer(archive.entries), topic)}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
