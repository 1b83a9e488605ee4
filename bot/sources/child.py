"""A parser process: reads jobs from its input, writes what it found to its output, ends with its parent.

It limits itself before it reads anything: memory once, processor time anew for each document. A document that goes
over a limit ends the process, by a signal or by our own hand, and the parent starts another one. No files, no network:
nothing here opens anything.
"""

from __future__ import annotations

import os
import resource
import sys
from contextlib import suppress
from typing import BinaryIO

from bot.sources.document import NotAFeedError
from bot.sources.reading import READERS, Reading
from bot.sources.wire import Job, pack_result, unpack_job

GROWN = 300_000_000  # bytes of memory after which a process is not worth keeping
_MEGABYTE = 1_000_000


def main(cpu: int, memory: int) -> None:
    """Serve until the input ends. Seconds for each document, bytes for all."""
    _limit(resource.RLIMIT_AS, memory)
    _limit(resource.RLIMIT_CORE, 0)
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    while (job := unpack_job(source.read)) is not None:
        _allow_seconds(cpu + len(job.body) // _MEGABYTE)
        _answer(sink, _read(job))
        if _peak() > GROWN:
            return


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


def _answer(sink: BinaryIO, result: Reading | str) -> None:
    sink.write(pack_result(result))
    sink.flush()


def _allow_seconds(seconds: int) -> None:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    _limit(resource.RLIMIT_CPU, int(usage.ru_utime + usage.ru_stime) + 1 + seconds)


def _limit(what: int, most: int) -> None:
    """The soft limit, which may be raised again; some systems know no such limit."""
    with suppress(ValueError, OSError):
        resource.setrlimit(what, (most, resource.getrlimit(what)[1]))


def _peak() -> int:
    unit = 1 if sys.platform == "darwin" else 1_024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
