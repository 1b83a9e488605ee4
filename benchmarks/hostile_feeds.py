"""A hundred hostile feeds beside a thousand healthy ones: what do the healthy ones notice?

    python benchmarks/hostile_feeds.py [--seconds 25] [--healthy 1000] [--hostile 100]

The real poller, client and parser processes against a server in a process of its own, first without and then with the
hostile feeds. Every feed has a host name of its own, all of them this machine. Printed is the time of a healthy poll
from request to entries, how late the event loop comes to a beat every ten milliseconds, and the memory of this process.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import logging
import multiprocessing
import socket
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import lru_cache
from multiprocessing.connection import Connection
from pathlib import Path

import structlog
from aiohttp.abc import AbstractResolver, ResolveResult

from benchmarks.parse_cost import HEAD, item
from bot.core.model import Feed, FeedState, Fetched, RawEntry
from bot.core.pacing import Budget, Pacemaker
from bot.core.turns import TurnLimits
from bot.poller import Poller
from bot.poller_watched import PollerOptions
from bot.ports import Polled
from bot.sources.feed import FeedSource
from bot.sources.http import Client, ClientOptions, guarded_client
from bot.sources.parsers import Parsers, parser_processes
from bot.systemclock import SystemClock
from tests.fakes.publisher import MemoryStates

PUBLISHES_EVERY = 20.0  # seconds, each healthy feed
TOTAL = 5.0  # seconds a request may take
EVERY = timedelta(seconds=5)
SPAWN = multiprocessing.get_context("spawn")


# ── the server ───────────────────────────────────────────────────────────────────────────────────────
def _frame(inside: str) -> bytes:
    return f'<rss version="2.0" xml:lang="en"><channel><item>{inside}</item></channel></rss>'.encode()


SPITE: dict[str, bytes | None] = {
    "author": _frame(f"<author>{'a' * 64_000}</author>"),
    "comments": _frame("<description>" + "<!--" * 50_000 + "</description>"),
    "deep": _frame("<b>" * 20_000),
    "bomb": gzip.compress(b"\0" * 200_000_000),
    "large": (HEAD + "".join(map(item, range(4_000))) + "</channel></rss>").encode(),
    "noise": bytes(range(256)) * 1_000,
    "drip": None,
    "silent": None,
    "endless": None,
    "headers": None,
}
"""Document of each kind of hostile feed; None = it is the server that misbehaves."""


def _answer(body: bytes, *headers: str) -> bytes:
    lines = ["HTTP/1.1 200 OK", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


async def _misbehave(kind: str, writer: asyncio.StreamWriter) -> None:
    if kind == "silent":
        await asyncio.sleep(60)
    if kind == "headers":
        writer.write(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 100_000)
        await writer.drain()
        return
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\n")
    while True:
        writer.write(b"x" if kind == "drip" else b"x" * 65_536)
        await writer.drain()
        await asyncio.sleep(0.1 if kind == "drip" else 0)


@lru_cache(maxsize=100)
def _document(newest: int) -> bytes:
    return (HEAD + "".join(map(item, range(newest, newest - 50, -1))) + "</channel></rss>").encode()


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError, asyncio.IncompleteReadError):
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            kind, _, number = head.split(b" ", 2)[1].decode().strip("/").partition("/")
            if kind == "healthy":
                newest = int((time.monotonic() + int(number) % 97) / PUBLISHES_EVERY) + 50
                if f'"{newest}"'.encode() in head:
                    writer.write(f'HTTP/1.1 304 Not Modified\r\nETag: "{newest}"\r\n\r\n'.encode())
                    continue
                writer.write(_answer(_document(newest), f'ETag: "{newest}"'))
            elif (body := SPITE[kind]) is not None:
                # Changed every time, so that it is read every time.
                writer.write(
                    _answer(
                        body, *(["Content-Encoding: gzip"] if kind == "bomb" else []), "Connection: close"
                    )
                )
                break
            else:
                await _misbehave(kind, writer)
                break
        await writer.drain()
    writer.close()


def serve(told: Connection) -> None:
    """A process of its own; tells its port."""

    async def main() -> None:
        server = await asyncio.start_server(_serve, "127.0.0.1", 0, backlog=2_000)
        told.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(main())


# ── the bot's half ───────────────────────────────────────────────────────────────────────────────────
class Here(AbstractResolver):
    """Every name is this machine."""

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_INET,  # noqa: ARG002 — the library's signature
    ) -> list[ResolveResult]:
        return [
            ResolveResult(hostname=host, host="127.0.0.1", port=port, family=socket.AF_INET, proto=0, flags=0)
        ]

    async def close(self) -> None:
        """Nothing to close."""


class Timed(FeedSource):
    """Notes when a healthy feed's poll began."""

    def __init__(self, client: Client) -> None:
        super().__init__(client)
        self.began: dict[str, float] = {}
        self.took: list[float] = []
        self.met: set[str] = set()

    async def fetch(
        self, feed: Feed, state: FeedState, *, now: datetime, limit: int | None = None
    ) -> Fetched:
        self.began[feed.name] = time.monotonic()
        got = await super().fetch(feed, replace_hash(state, feed), now=now, limit=limit)
        if got.body is None:
            self.ended(feed)
        return got

    def ended(self, feed: Feed) -> None:
        """The poll brought what it could."""
        if feed.name.startswith("healthy"):
            self.took.append(time.monotonic() - self.began[feed.name])
            self.met.add(feed.name)


def replace_hash(state: FeedState, feed: Feed) -> FeedState:
    """Hostile documents are read anew every time."""
    return state if feed.name.startswith("healthy") else FeedState(feed.name)


async def _measured(port: int, healthy: int, hostile: int, seconds: float) -> dict[str, float]:
    kinds = list(SPITE)
    feeds = [Feed(f"healthy{n}", f"http://h{n}.example:{port}/healthy/{n}", "h") for n in range(healthy)]
    feeds += [
        Feed(f"x{n}", f"http://x{n}.example:{port}/{kinds[n % len(kinds)]}/{n}", "x") for n in range(hostile)
    ]
    options = ClientOptions(host_gap=0.0, total_timeout=TOTAL, allow_loopback=True)
    async with guarded_client(options, resolver=Here()) as client, parser_processes() as parsers:
        source = Timed(client)

        async def parse(_: object, feed: Feed, fetched: Fetched) -> Sequence[RawEntry]:
            entries = await parsers.parse(source, feed, fetched)
            source.ended(feed)
            return entries

        queue: asyncio.Queue[Polled] = asyncio.Queue(64)
        poller = Poller(
            {"feed": source},
            MemoryStates(),
            queue,
            feeds=lambda: feeds,
            clock=SystemClock(),
            pace=Pacemaker(Budget(EVERY, EVERY, EVERY)),
            parse=parse,
            options=PollerOptions(TurnLimits(host_gap=0.0)),
        )
        return await _run(poller, queue, source, parsers, healthy, seconds)


async def _run(
    poller: Poller,
    queue: asyncio.Queue[Polled],
    source: Timed,
    parsers: Parsers,
    healthy: int,
    seconds: float,
) -> dict[str, float]:
    lags: list[float] = []

    async def settle() -> None:
        while True:
            polled = await queue.get()
            poller.settled(polled, True)

    async def beat() -> None:
        while True:
            began = time.monotonic()
            await asyncio.sleep(0.01)
            lags.append(time.monotonic() - began - 0.01)

    tasks = [asyncio.create_task(each) for each in (poller.run(), settle(), beat())]
    while len(source.met) < healthy:  # noqa: ASYNC110 — in their first round all are read whole
        await asyncio.sleep(1)
    await asyncio.sleep(EVERY.total_seconds())
    source.took.clear()
    lags.clear()
    before = time.process_time()
    await asyncio.sleep(seconds)
    used = time.process_time() - before
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return {
        "polls": len(source.took),
        "p50 ms": _percentile(source.took, 0.5) * 1_000,
        "p99 ms": _percentile(source.took, 0.99) * 1_000,
        "lag p99.9 ms": _percentile(lags, 0.999) * 1_000,
        "cpu %": used / seconds * 100,
        "memory MB": _memory(),
        "killed": parsers.killed,
    }


def _percentile(values: list[float], share: float) -> float:
    ordered = sorted(values) or [0.0]
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def _memory() -> float:
    statm = Path("/proc/self/statm")
    return int(statm.read_text("ascii").split()[1]) * 4_096 / 1e6 if statm.exists() else 0.0


def measure(told: Connection, port: int, healthy: int, hostile: int, seconds: float) -> None:
    """In a process of its own, so that neither run finds the memory of the other."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    told.send(asyncio.run(_measured(port, healthy, hostile, seconds)))


def _apart(port: int, healthy: int, hostile: int, seconds: float) -> dict[str, float]:
    ours, theirs = multiprocessing.Pipe()
    process = SPAWN.Process(target=measure, args=(theirs, port, healthy, hostile, seconds))
    process.start()
    found: dict[str, float] = ours.recv()
    process.join()
    return found


def main(arguments: Sequence[str] = ()) -> None:
    """Print both runs side by side."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--seconds", type=float, default=25.0)
    parser.add_argument("--healthy", type=int, default=1_000)
    parser.add_argument("--hostile", type=int, default=100)
    options = parser.parse_args(arguments)
    ours, theirs = multiprocessing.Pipe()
    server = SPAWN.Process(target=serve, args=(theirs,), daemon=True)
    server.start()
    port = ours.recv()
    try:
        alone = _apart(port, options.healthy, 0, options.seconds)
        beside = _apart(port, options.healthy, options.hostile, options.seconds)
    finally:
        server.terminate()
    print(f"{options.healthy} healthy feeds{'alone':>20}{f'beside {options.hostile} hostile':>22}")
    for name, value in alone.items():
        print(f"{name:20}{value:16.1f}{beside[name]:22.1f}")


if __name__ == "__main__":
    main(sys.argv[1:])
