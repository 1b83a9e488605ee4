"""The rounds every client of :mod:`benchmarks.whole_cycle` goes through; runs in its peers' interpreters, too."""

from __future__ import annotations

import urllib.request
from collections.abc import Awaitable, Callable
from statistics import median

import psutil

PHASES = {"first poll": 0, "nothing changed": 0, "one new in every feed": 1, "1 % changed": 100}
"""Name → each how many-th feed publishes before it; 0 = none."""


def processor_seconds() -> float:
    """Of this process and its children, dead and alive."""
    own = psutil.Process()
    times = own.cpu_times()
    spent = times.user + times.system + times.children_user + times.children_system
    for child in own.children(recursive=True):
        living = child.cpu_times()
        spent += living.user + living.system
    return float(spent)


def publish(base: str, every: int) -> None:
    """Have the feeds publish."""
    if every:
        request = urllib.request.Request(f"{base}/publish/{every}", method="POST")  # noqa: S310 — our own server
        urllib.request.urlopen(request).close()  # noqa: S310


async def measured(base: str, rounds: int, poll: Callable[[], Awaitable[None]]) -> dict[str, float]:
    """Processor seconds by phase."""
    spent: dict[str, float] = {}
    for name, every in PHASES.items():
        found = []
        for _ in range(1 if name == "first poll" else rounds):
            publish(base, every)
            before = processor_seconds()
            await poll()
            found.append(processor_seconds() - before)
        spent[name] = median(found)
    spent["MB resident"] = psutil.Process().memory_info().rss / 1e6
    return spent
