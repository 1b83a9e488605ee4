"""How soon news is seen at a given number of requests: the shipped pacing against what others do, in one run.

    python -m benchmarks.pacing_traces [--traces FILE] [--minutes 15 5 2 1] [--feeds 54] [--days 7]

Each policy polls the same feeds over the same weeks of real publication times. Ours runs first, with the budget as an
editor would set it; then the one knob of each peer is turned until it makes as many requests. The delay of an item is
the time from its publication to the next poll of its feed. What came before ``train_until`` may be learnt from.

uniform      every feed alike
Miniflux     its ``entry_frequency`` scheduler: in proportion to the items of the last week
AIMD         half the interval after news, a little more after none
Sia-Cho      Sia, Cho and Cho (TKDE 2007): in proportion to the root of the hourly profile of the last 14 days

Of the test period the first seven days are played, which takes minutes; ``--days 28`` plays the whole of it.
``--unfair`` leaves the floors for rare feeds out, to show what fairness costs.

Rules for all: 15 seconds between two polls of a feed at least, 6 hours at most, 20 items in a feed's window.
"""

from __future__ import annotations

import argparse
import heapq
import json
import random
import sys
import time
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from math import sqrt
from pathlib import Path

from bot.core import sharing
from bot.core.model import Feed
from bot.core.pacing import Budget, Pacemaker

DAY, HOUR = 86400, 3600
LEAST, MOST = 15.0, 6.0 * HOUR
WINDOW = 20
LIVE = 3  # days before the test in which our pacing runs, to learn how soon items can be seen
DEFAULT = Path(__file__).resolve().parents[2] / "shared/data/traces/publication_times_2023.jsonl"


@dataclass(frozen=True)
class Trace:
    """One feed's publication times, sorted, in seconds since 1970."""

    name: str
    begin: int
    test: int
    end: int
    published: list[int]

    def between(self, begin: float, end: float) -> list[int]:
        return self.published[bisect_left(self.published, begin) : bisect_left(self.published, end)]


@dataclass
class Result:
    """What a policy brought: requests, delays of each feed's items, items that left the window unseen."""

    requests: int = 0
    delays: list[list[float]] = field(default_factory=list)
    lost: int = 0

    @property
    def mean(self) -> float:
        each = [delay for delays in self.delays for delay in delays]
        return sum(each) / len(each)

    def mean_of(self, feeds: Sequence[int]) -> float:
        """Over feeds, each counting alike."""
        means = [sum(self.delays[feed]) / len(self.delays[feed]) for feed in feeds if self.delays[feed]]
        return sum(means) / len(means)


def load(path: Path, feeds: int, days: float = 365) -> list[Trace]:
    """The traces of a file with one JSON object a line; of the test period so many days."""
    traces = []
    with path.open("rb") as lines:
        for line in lines:
            row = json.loads(line)
            published = sorted(row["published"])
            test = row["train_until"]
            end = min(row["to"], test + int(days * DAY))
            traces.append(Trace(row["feed"], row["from"], test, end, published))
    return traces[:feeds]


def watch(trace: Trace, polls: Iterator[float], result: Result) -> None:
    """What these polls see of the test period."""
    delays: list[float] = []
    result.delays.append(delays)
    last = float(trace.test)
    for poll in polls:
        if trace.test <= poll < trace.end:
            result.requests += 1
        see(trace, last, poll, result, delays)
        last = poll
        if poll >= trace.end:
            return


def see(trace: Trace, last: float, poll: float, result: Result, delays: list[float]) -> list[int]:
    """The items a poll finds new."""
    new = trace.published[bisect_right(trace.published, last) : bisect_right(trace.published, poll)]
    result.lost += max(0, len(new) - WINDOW)
    found = new[-WINDOW:]
    delays.extend(poll - each for each in found if trace.test <= each < trace.end)
    return found


# ── ours ─────────────────────────────────────────────────────────────────────────────────────────────
def ours(traces: Sequence[Trace], minutes: float) -> Result:
    """The shipped pacemaker, its budget set to one request a feed in so many minutes."""
    budget = Budget(timedelta(minutes=minutes), timedelta(seconds=LEAST))
    pace, chance = Pacemaker(budget), random.Random(1)
    feeds = [Feed(trace.name, f"https://{trace.name}", trace.name) for trace in traces]
    begin, test, end = traces[0].begin, traces[0].test, traces[0].end
    pace.arrange(feeds)
    live = test - LIVE * DAY
    for trace in traces:
        for each in trace.between(begin, live):
            pace.saw(trace.name, moment(each), moment(each), live=False)
    pace.rebuild(moment(live))
    result = Result(delays=[[] for _ in traces])
    last = [float(live)] * len(traces)
    due = [(live + chance.random() * minutes * 60, index) for index in range(len(traces))]
    heapq.heapify(due)
    while due:
        at, index = heapq.heappop(due)
        now, trace = moment(at), traces[index]
        if pace.stale(now):
            pace.rebuild(now)
        wait = pace.wait(feeds[index], now).total_seconds()
        for each in see(trace, last[index], at, result, result.delays[index]):
            pace.saw(trace.name, moment(each), now)
        result.requests += test <= at < end
        last[index] = at
        if at < end:
            heapq.heappush(due, (at + wait, index))
    return result


def moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


# ── what others do ───────────────────────────────────────────────────────────────────────────────────
def uniform(traces: Sequence[Trace], requests: int) -> Result:
    """Every feed alike; the mean of five phases."""
    total, chance = Result(delays=[[] for _ in traces]), random.Random(2)
    for _ in range(5):
        result = Result()
        for trace in traces:
            interval = (trace.end - trace.test) * len(traces) / requests
            watch(trace, every(trace.test + chance.random() * interval, interval), result)
        for mine, more in zip(total.delays, result.delays, strict=True):
            mine.extend(more)
        total.requests, total.lost = result.requests, result.lost
    return total


def every(at: float, interval: float) -> Iterator[float]:
    while True:
        yield at
        at += interval


def tuned(
    traces: Sequence[Trace], requests: int, policy: Callable[[Trace, float], Iterator[float]]
) -> Result:
    """A policy whose knob, larger for more requests, is turned until it makes as many as asked."""
    low, high = 1e-6, 1e6
    for _ in range(60):
        knob = sqrt(low * high)
        result = Result()
        for trace in traces:
            watch(trace, policy(trace, knob), result)
        if abs(result.requests / requests - 1) < 0.004:
            break
        low, high = (knob, high) if result.requests < requests else (low, knob)
    return result


def miniflux(trace: Trace, knob: float) -> Iterator[float]:
    """The interval is a week through the items of the last one."""
    at = trace.test + random.Random(trace.name).random() * 300
    while True:
        yield at
        items = bisect_right(trace.published, at) - bisect_left(trace.published, at - 7 * DAY)
        at += min(max(7 * DAY / max(items, 1) / knob, LEAST), MOST)


def aimd(trace: Trace, knob: float) -> Iterator[float]:
    """Half the interval after news, ``1/knob`` seconds more after none."""
    gap, at = 300.0, trace.test + random.Random(trace.name).random() * 300
    seen = bisect_right(trace.published, at)
    while True:
        yield at
        now = bisect_right(trace.published, at)
        gap = min(max(gap / 2 if now > seen else gap + 1 / knob, LEAST), MOST)
        seen, at = now, at + gap


def sia_cho(trace: Trace, knob: float) -> Iterator[float]:
    """The rate of polls is ``knob`` times the root of the hour's rate, learnt anew every day."""
    at, day, roots = trace.test + random.Random(trace.name).random() * 300, -1, [0.0] * 24
    while True:
        yield at
        need = 1.0
        begun = at
        while need > 0:
            if int(at // DAY) != day:
                day = int(at // DAY)
                roots = [knob * sqrt(rate) for rate in profile(trace, day * DAY)]
            speed, left = roots[int(at % DAY // HOUR)], HOUR - at % HOUR
            step = min(left, need / speed)
            need -= step * speed
            at += step if step < left or need <= 0 else left + 1e-6
        at = begun + min(max(at - begun, LEAST), MOST)


def profile(trace: Trace, today: int) -> list[float]:
    """Items a second in each hour of the last 14 days, a twentieth of the mean at least."""
    counts = [0] * 24
    for each in trace.between(today - 14 * DAY, today):
        counts[each % DAY // HOUR] += 1
    floor = max(0.05 * sum(counts) / 24, 0.01)
    return [max(count, floor) / (14 * HOUR) for count in counts]


# ── the table ────────────────────────────────────────────────────────────────────────────────────────
def compare(traces: Sequence[Trace], minutes: float) -> None:
    """One budget: a line for each policy."""
    began = time.perf_counter()
    mine = ours(traces, minutes)
    seconds = time.perf_counter() - began
    budget = len(traces) * (traces[0].end - traces[0].test) / 60 / minutes
    even = uniform(traces, mine.requests)
    slowest = sorted(range(len(traces)), key=lambda index: len(even.delays[index]))[:10]
    rows = {
        "uniform": even,
        "Miniflux": tuned(traces, mine.requests, miniflux),
        "AIMD": tuned(traces, mine.requests, aimd),
        "Sia-Cho": tuned(traces, mine.requests, sia_cho),
        "newsalert": mine,
    }
    print(
        f"\n{minutes:g} minutes: {mine.requests} requests ({mine.requests / budget:.3f} of the budget), "
        f"{1e6 * seconds / mine.requests:.0f} µs each"
    )
    print(
        f"{'':12}{'mean s':>8}{'/uniform':>10}{'/Sia-Cho':>10}{'ten slowest s':>15}{'/uniform':>10}{'lost':>6}"
    )
    for name, result in rows.items():
        slow = result.mean_of(slowest)
        print(
            f"{name:12}{result.mean:8.1f}{result.mean / even.mean:10.3f}"
            f"{result.mean / rows['Sia-Cho'].mean:10.3f}{slow:15.1f}{slow / even.mean_of(slowest):10.3f}{result.lost:6}"
        )


def main(arguments: Sequence[str] = ()) -> None:
    """Read the arguments and print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--traces", type=Path, default=DEFAULT)
    parser.add_argument("--minutes", type=float, nargs="+", default=[15, 5, 2, 1])
    parser.add_argument("--feeds", type=int, default=1000)
    parser.add_argument("--days", type=float, default=7)
    parser.add_argument("--unfair", action="store_true", help="without floors for rare feeds")
    given = parser.parse_args(arguments)
    traces = load(given.traces, given.feeds, given.days)
    if given.unfair:
        sharing.FAIR = sharing.SOME = 0.0
    print(f"{len(traces)} feeds, {sum(len(each.between(each.test, each.end)) for each in traces)} items")
    for minutes in given.minutes:
        compare(traces, minutes)


if __name__ == "__main__":
    main(sys.argv[1:])
