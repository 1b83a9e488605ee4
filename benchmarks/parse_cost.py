"""What a poll with one new item costs to parse, against feedparser on the whole body, in one run.

    python benchmarks/parse_cost.py [--polls 40] [--items 20 50 200]

Feeds are RSS 2.0 in invented words with HTML descriptions, a new item on top of each poll and the oldest one gone.
Ours is all that happens between the answer and the entries: hash of the body, charset, cut, hash of each piece, and
feedparser on what is new. Processor time of this process; the two take turns, so that both meet the same machine.

The last lines are the worst that may be read in the event loop: documents made to be slow, as far as they pass for
harmless, and what the way to a parser process and back adds.
"""

from __future__ import annotations

import argparse
import asyncio
import html
import io
import random
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from hashlib import blake2b

import feedparser

from bot.sources.feed import FeedSource
from bot.sources.parsers import parser_processes
from bot.sources.reading import SMALL, Seen, is_harmless, read_cheaply, read_feed, read_small
from bot.sources.wire import Job

HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?><rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/" '
    'xmlns:atom="http://www.w3.org/2005/Atom"><channel><title>The Paper</title><link>https://example.org/</link>'
    '<atom:link href="https://example.org/feed" rel="self"/><description>All of it</description>'
    "<language>en</language><ttl>5</ttl>"
)
SYLLABLES = [a + b for a in "bdfgklmnprstv" for b in "aeio"]


def item(number: int) -> str:
    """An item of usual size; the same number gives the same item."""
    chance = random.Random(number)

    def words(count: int) -> str:
        return " ".join("".join(chance.choices(SYLLABLES, k=chance.randint(1, 4))) for _ in range(count))

    text = f'<p>{words(30)} <a href="/{number}">{words(3)}</a></p><p>{words(25)}<br/><img src="/i/{number}.jpg"/></p>'
    return (
        f"<item><title>{words(9)}</title><link>https://example.org/story/{number}</link>"
        f"<guid isPermaLink='false'>tag:example.org,{number}</guid><dc:creator>{words(2)}</dc:creator>"
        f"<category>{words(1)}</category><description>{html.escape(text)}</description>"
        f"<pubDate>Tue, 15 Feb 2022 {number // 60 % 24:02}:{number % 60:02}:00 GMT</pubDate></item>"
    )


def documents(items: int, polls: int) -> list[bytes]:
    """One document a poll."""
    made = [item(number) for number in range(items + polls)]
    return [
        (HEAD + "\n".join(reversed(made[poll : poll + items])) + "</channel></rss>").encode()
        for poll in range(polls)
    ]


def milliseconds(work: Callable[[], object]) -> float:
    """Processor time of this process."""
    before = time.process_time()
    work()
    return (time.process_time() - before) * 1_000


def whole(body: bytes) -> int:
    """The peer, as its documentation has it."""
    return len(feedparser.parse(io.BytesIO(body)).entries)


class Ours:
    """The way of a poll; remembers what was read."""

    def __init__(self, body: bytes) -> None:
        self.seen = read_feed(body).seen

    def poll(self, body: bytes) -> int:
        """Raises AssertionError when this would not have been read here."""
        blake2b(body, digest_size=16).hexdigest()
        found = read_cheaply(body, "application/rss+xml", "https://example.org/feed", self.seen)
        assert found is not None
        self.seen = found.seen
        return len(found.entries)


def compare(items: int, polls: int) -> str:
    """One line of the table: medians, since others use this machine too."""
    bodies = documents(items, polls + 1)
    ours = Ours(bodies[0])
    theirs_ms, ours_ms = [], []
    for body in bodies[1:]:
        theirs_ms.append(milliseconds(lambda body=body: whole(body)))  # type: ignore[misc]
        ours_ms.append(milliseconds(lambda body=body: ours.poll(body)))  # type: ignore[misc]
    theirs, mine = sorted(theirs_ms)[polls // 2], sorted(ours_ms)[polls // 2]
    return f"{items:6} items  {theirs:8.2f} ms feedparser  {mine:6.2f} ms ours  {theirs / mine:6.1f}x"


def spiteful() -> Iterator[tuple[str, bytes]]:
    """Small documents that make a parser work as hard as they can."""
    frame = '<rss version="2.0" xml:lang="en"><channel>{}</channel></rss>'  # the attribute is for feedparser
    room = SMALL - 200

    def filled(piece: str, start: str = "<item>", end: str = "</item>") -> bytes:
        return frame.format(start + piece * (room // len(piece)) + end).encode()

    yield "runs before no @", filled("a" * 118 + " ", "<item><author>", "</author></item>")
    yield "open comments", filled("&lt;!--", "<item><description>", "</description></item>")
    yield (
        "nested elements",
        frame.format("<item>" + "<a>" * 190 + "</a>" * 190 + "</item>").encode(),
    )
    yield "empty items", frame.format("<item></item>" * 190).encode()
    yield "dates of nines", filled("9" * 118 + " ", "<item><pubDate>", "</pubDate></item>")
    yield (
        "many dates",
        frame.format("<item>" + "<pubDate>99 Foo 9999 99:99:99 +9999</pubDate>" * 190 + "</item>").encode(),
    )
    yield "many authors", frame.format("<item>" + "<author>a@b.c (d)</author>" * 190 + "</item>").encode()
    yield "entities", filled("&amp;", "<item><title>", "</title></item>")


async def there_and_back(body: bytes, times: int) -> float:
    """Our own processor time for a small document read in a parser process, in milliseconds."""
    async with parser_processes() as parsers:
        job = Job(FeedSource.reader, body, "", "", Seen())
        await parsers._elsewhere(job, "paper")
        before = time.process_time()
        for _ in range(times):
            await parsers._elsewhere(job, "paper")
        return (time.process_time() - before) * 1_000 / times


def main(arguments: Sequence[str] = ()) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--polls", type=int, default=40)
    parser.add_argument("--items", type=int, nargs="*", default=[20, 50, 200])
    options = parser.parse_args(arguments)
    print("a poll with one new item, median:")
    for items in options.items:
        print(compare(items, options.polls))
    print("small documents that pass for harmless, longest reading:")
    for name, document in spiteful():
        if is_harmless(document):
            longest = max(milliseconds(lambda document=document: read_small(document)) for _ in range(3))  # type: ignore[misc]
            print(f"  {name:20} {longest:7.2f} ms")
        else:
            print(f"  {name:20} is for a parser process")
    print(
        f"to a parser process and back: {asyncio.run(there_and_back(documents(1, 1)[0], 200)):.2f} ms of our own"
    )


if __name__ == "__main__":
    main(sys.argv[1:])
