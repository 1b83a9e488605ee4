"""Parser processes: documents are hostile, so they are read where a process can be killed.

::

    poller ─ fetched ─┬─ small and harmless ─▶ read here, a millisecond
                      └─ else ─▶ a free process ─┬─ entries
                                                 └─ too long, too much memory, dead ─▶ ParseError, a new process

A hostile document can keep any parser busy for minutes or fill the memory; a thread cannot be stopped, a process can.
A few of them are kept warm, since starting one costs as much as reading ten feeds. Each limits its own processor time
and memory (:mod:`bot.sources.child`), and whatever happens, it is killed at a deadline.

What comes back is JSON, not a pickle: a parser that was taken over must not run code here.

A feed whose last document was slow or deadly is a suspect: suspects together get all processes but one, so that others
never wait behind a queue of them.

Most documents never get there. One new item in a known feed is a document of two kilobytes, which is read at once if
it is proven harmless (:func:`bot.sources.reading.read_cheaply`): the way to a process and back costs more than half as
much as the reading itself.
"""

from __future__ import annotations

import asyncio
import sys
from collections import OrderedDict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import structlog

from bot.core.model import Feed, Fetched, RawEntry
from bot.core.urls import host_of
from bot.errors import ParseError
from bot.ports import Source
from bot.sources.feed import FeedSource
from bot.sources.reading import Reading, Seen, read_cheaply
from bot.sources.wire import Job, pack_job, unpack_length, unpack_result

log = structlog.get_logger()

SLOW = 0.5  # seconds of reading that make a feed a suspect …
MOST_SUSPECTS = 10_000  # … as long as it is one of the latest
PATIENCE = 1.0  # seconds for a process that is ending
AT_ONCE = 200  # entries unpacked before others have their turn
CHEAP = 400_000  # bytes: to cut and hash a longer document here would be felt


@dataclass(frozen=True, slots=True)
class ParserOptions:
    """Limits of one document: seconds of processor time (plus one a megabyte), seconds in all, bytes of memory."""

    processes: int = 2
    cpu: int = 2
    deadline: float = 20.0
    memory: int = 700_000_000
    growth: int = 200_000_000  # bytes; a process that has grown by so much ends by itself, after its answer


class Parsers:
    """Reads what sources fetched. Make it with :func:`parser_processes`; ``parse`` is the poller's."""

    def __init__(self, options: ParserOptions) -> None:
        self.options = options
        self.killed = 0  # processes that had to be replaced
        self._suspects: OrderedDict[str, None] = OrderedDict()
        self._for_suspects = asyncio.Semaphore(max(1, options.processes - 1))
        self._free: asyncio.LifoQueue[_Process] = asyncio.LifoQueue()
        for _ in range(options.processes):
            self._free.put_nowait(_Process(options))

    async def parse(self, source: Source, feed: Feed, fetched: Fetched) -> Sequence[RawEntry]:
        """What ``source.parse`` would return. Raises ParseError; never blocks the event loop for long."""
        if not isinstance(source, FeedSource):
            return source.parse(feed, fetched)
        body, seen = fetched.body or b"", source.seen(feed)
        reading = None
        if source.reader == "feed" and len(body) <= CHEAP:
            reading = read_cheaply(body, fetched.content_type, fetched.url, seen)
        if reading is None:
            job = Job(source.reader, body, fetched.content_type, fetched.url, seen)
            reading = await self._elsewhere(job, feed.name)
        return source.take(feed, fetched, reading)

    async def read(self, reader: str, body: bytes, content_type: str, url: str) -> Reading:
        """A document of no configured feed, whole. Raises ParseError."""
        return await self._elsewhere(Job(reader, body, content_type, url, Seen()), host_of(url) or "document")

    async def _elsewhere(self, job: Job, feed: str) -> Reading:
        if feed not in self._suspects:
            return await self._run(job, feed)
        async with self._for_suspects:
            return await self._run(job, feed)

    async def _run(self, job: Job, feed: str) -> Reading:
        process = await self._free.get()
        began = asyncio.get_running_loop().time()
        try:
            return await process.run(job, feed)
        finally:
            self._free.put_nowait(process)
            self._judge(feed, asyncio.get_running_loop().time() - began)
            if process.was_killed:
                self.killed += 1
                log.warning("parser.killed", feed=feed, bytes=len(job.body))

    def _judge(self, feed: str, took: float) -> None:
        self._suspects.pop(feed, None)
        if took > SLOW:
            self._suspects[feed] = None
            if len(self._suspects) > MOST_SUSPECTS:
                self._suspects.popitem(last=False)

    async def close(self) -> None:
        """Let the processes go; those at work are killed."""
        while not self._free.empty():
            await self._free.get_nowait().stop()


@asynccontextmanager
async def parser_processes(options: ParserOptions | None = None) -> AsyncIterator[Parsers]:
    """Parsers as long as the block runs. A process is started when it is needed first."""
    parsers = Parsers(options or ParserOptions())
    try:
        yield parsers
    finally:
        await parsers.close()


class _Process:
    """One parser process, started again whenever it is gone."""

    def __init__(self, options: ParserOptions) -> None:
        self._options = options
        self._child: asyncio.subprocess.Process | None = None
        self.was_killed = False  # by its last document

    async def run(self, job: Job, feed: str) -> Reading:
        """Raises ParseError for what is no feed, and for what the process did not survive."""
        self.was_killed, patience = True, 0.0
        try:
            async with asyncio.timeout(self._options.deadline):
                answer = await self._ask(job)
            self.was_killed = False
        except TimeoutError:
            raise ParseError(feed, "its document takes too long to read") from None
        except (asyncio.IncompleteReadError, ConnectionError, OSError):
            patience = PATIENCE
            raise ParseError(feed, "its document cannot be read within our limits") from None
        finally:
            if self.was_killed:
                await self.stop(patience)
        if isinstance(answer, str):
            raise ParseError(feed, answer)
        return answer

    async def _ask(self, job: Job) -> Reading | str:
        child = await self._started()
        assert child.stdin is not None  # noqa: S101 — for the type checker: pipes were asked for
        assert child.stdout is not None  # noqa: S101
        child.stdin.writelines(pack_job(job))
        await child.stdin.drain()
        length = unpack_length(await child.stdout.readexactly(4))
        arrived = unpack_result(await child.stdout.readexactly(length))
        if arrived.is_last:
            await self.stop()
        if arrived.error:
            return arrived.error
        entries: list[RawEntry] = []
        for start in range(0, len(arrived.lines), AT_ONCE):
            entries += arrived.entries(start, start + AT_ONCE)
            await asyncio.sleep(0)
        return arrived.reading(entries)

    async def _started(self) -> asyncio.subprocess.Process:
        if self._child is None or self._child.returncode is not None:
            self._child = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "bot.sources.child",
                str(self._options.cpu),
                str(self._options.memory),
                str(self._options.growth),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
            )
        return self._child

    async def stop(self, patience: float = PATIENCE) -> None:
        """Wait so many seconds until it has ended, as it does when it is told nothing more; then kill it."""
        child, self._child = self._child, None
        if child is None:
            return
        if child.stdin is not None:
            child.stdin.close()
        with suppress(TimeoutError):
            async with asyncio.timeout(patience):
                await child.wait()
                return
        with suppress(ProcessLookupError):
            child.kill()
        await child.wait()
