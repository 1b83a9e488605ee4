"""A parser process: reads jobs from its input, writes what it found to its output, ends with its parent.

It limits itself before it reads anything: memory once, processor time anew for each document. A document that goes
over a limit ends the process, by a signal or by our own hand, and the parent starts another one. Nothing here opens a
connection, nor any file but the system's word on our own memory.
"""

from __future__ import annotations

import os
import resource
import sys
from contextlib import suppress
from pathlib import Path

from bot.sources.document import NotAFeedError
from bot.sources.readers import READERS
from bot.sources.reading import Reading
from bot.sources.wire import Job, pack_result, unpack_job

_MEGABYTE = 1_000_000
NICE = 10  # the loop that reads, decides and tells goes first


def main(cpu: int, memory: int, growth: int) -> None:
    """Serve until the input ends or too much memory is kept. Seconds for each document, bytes for all."""
    with suppress(OSError):
        os.nice(NICE)
    _limit(resource.RLIMIT_AS, memory)
    _limit(resource.RLIMIT_CORE, 0)
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    at_first = _memory()
    has_grown = False
    while not has_grown and (job := unpack_job(source.read)) is not None:
        _allow_seconds(cpu + len(job.body) // _MEGABYTE)
        result = _read(job)
        has_grown = _memory() - at_first > growth
        sink.write(pack_result(result, is_last=has_grown))
        sink.flush()


def _read(job: Job) -> Reading | str:
    try:
        return READERS[job.reader](job.body, job.content_type, job.url, job.seen)
    except NotAFeedError as error:
        return str(error)
    except RecursionError:
        return "its document is nested too deeply"
    except MemoryError:
        os._exit(3)  # whatever else needs memory now would fail too
    except Exception as error:  # noqa: BLE001 — a mistake in a parser is a failure of that document alone
        return f"the parser failed on its document ({type(error).__name__})"


def _allow_seconds(seconds: int) -> None:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    _limit(resource.RLIMIT_CPU, int(usage.ru_utime + usage.ru_stime) + 1 + seconds)


def _limit(what: int, most: int) -> None:
    """The soft limit, which may be raised again; some systems know no such limit."""
    with suppress(ValueError, OSError):
        resource.setrlimit(what, (most, resource.getrlimit(what)[1]))


def _memory() -> int:
    """Bytes in use; the most ever used where that is all the system tells (on Linux it would be our parent's)."""
    with suppress(OSError):
        return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * resource.getpagesize()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
