"""Looking back is done by a process of its own: minutes of news are read and weighed there, and the loop feels nothing.

It is started when an editor opens a file of rules, reads the database for itself beside the bot, and keeps what it read
as long as questions come; a while after the last one it ends and gives its memory back. A deployment whose editors
never open the console never pays for it. What goes to and fro is a line of JSON each way; before an answer come lines
that say how far it is, and only a process that says nothing at all is given up.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog
from pydantic import TypeAdapter

from bot.errors import InputError, NewsalertError
from bot.service_drafts import Past
from bot.service_lookback import Comparison
from bot.store import reading_store

log = structlog.get_logger()

NICE = 5  # the loop that reads, decides and tells goes first
IDLE = 600.0  # seconds without a question after which the process ends
PATIENCE = 60.0  # seconds without a word
LONGEST = 64 << 20  # bytes of one

_COMPARISON = TypeAdapter(Comparison)


# ── in the bot ───────────────────────────────────────────────────────────────────────────────────────
class PastProcess:
    """Implements :class:`bot.service_ground.PastReader`: one question after the other."""

    def __init__(self, database_url: str, folder: Path) -> None:
        self._first = {"database_url": database_url, "folder": str(folder)}
        self._turn = asyncio.Lock()
        self._child: asyncio.subprocess.Process | None = None
        self._ending: asyncio.TimerHandle | None = None
        self.progress = 0.0  # the share that is done of what is being read

    async def compare(self, name: str, text: str, since: datetime, days: int) -> Comparison:
        """See :meth:`bot.service_drafts.Past.compare`."""
        question = {"do": "compare", "name": name, "text": text, "since": since.isoformat(), "days": days}
        return _COMPARISON.validate_python(await self._ask(question))

    async def get_ready(self, name: str, since: datetime) -> None:
        """See :meth:`bot.service_drafts.Past.get_ready`."""
        await self._ask({"do": "get ready", "name": name, "since": since.isoformat()})

    @property
    def pid(self) -> int:
        """The process, 0 while there is none."""
        return self._child.pid if self._child is not None else 0

    async def stop(self) -> None:
        """End the process, whatever it is doing."""
        if self._ending is not None:
            self._ending.cancel()
        child, self._child = self._child, None
        if child is not None:
            with suppress(ProcessLookupError):
                child.kill()
            await child.wait()

    async def _ask(self, question: Mapping[str, object]) -> Any:
        async with self._turn:
            answer = None
            try:
                answer = await self._asked(await self._started(), question)
            except TimeoutError:
                raise InputError("This takes too long; ask for fewer days.") from None
            except (OSError, ValueError) as error:
                log.warning("past.failed", reason=type(error).__name__)
                raise InputError("Looking back failed; the log says why.") from None
            finally:
                if answer is None:  # failed, or the asker went away in the middle
                    await self.stop()
            self._end_later()
        if "refused" in answer:
            raise InputError(answer["refused"], **answer["values"])
        if "failed" in answer:
            log.warning("past.failed", reason=answer["failed"])
            raise InputError("Looking back failed; the log says why.")
        return answer["done"]

    async def _asked(self, child: asyncio.subprocess.Process, question: Mapping[str, object]) -> Any:
        assert child.stdin is not None  # noqa: S101 — for the type checker: pipes were asked for
        assert child.stdout is not None  # noqa: S101
        self.progress = 0.0
        child.stdin.write(_line(question))
        await child.stdin.drain()
        while True:
            async with asyncio.timeout(PATIENCE):
                answer = json.loads(await child.stdout.readline())
            if "read" not in answer:
                return answer
            self.progress = answer["read"]

    async def _started(self) -> asyncio.subprocess.Process:
        if self._child is None or self._child.returncode is not None:
            pipe, null = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
            self._child = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "bot.app_past", stdin=pipe, stdout=pipe, stderr=null, limit=LONGEST
            )
            assert self._child.stdin is not None  # noqa: S101
            self._child.stdin.write(_line(self._first))  # not as an argument: it may hold a password
        return self._child

    def _end_later(self) -> None:
        if self._ending is not None:
            self._ending.cancel()
        self._ending = asyncio.get_running_loop().call_later(IDLE, self._hang_up)

    def _hang_up(self) -> None:
        if self._child is not None and self._child.stdin is not None and not self._turn.locked():
            self._child.stdin.close()  # it ends when nothing more is said


def _line(said: object) -> bytes:
    return json.dumps(said).encode() + b"\n"


# ── in the process ───────────────────────────────────────────────────────────────────────────────────
async def serve() -> None:
    """Answer until the input ends."""
    with suppress(OSError):
        os.nice(NICE)
    first = json.loads(sys.stdin.buffer.readline())
    async with reading_store(first["database_url"]) as store:
        past = Past(Path(first["folder"]), store.views, lambda share: _say({"read": round(share, 3)}))
        gc.disable()  # what is read here lives on, and to look through it again takes longer than the answer
        while line := await asyncio.to_thread(sys.stdin.buffer.readline):
            _say(await _answer(past, json.loads(line)))
            gc.collect()  # the answer is out; what is no longer needed goes before the next question


def _say(said: object) -> None:
    sys.stdout.buffer.write(_line(said))
    sys.stdout.buffer.flush()


async def _answer(past: Past, question: Mapping[str, Any]) -> Mapping[str, object]:
    name, since = question["name"], datetime.fromisoformat(question["since"])
    try:
        if question["do"] == "get ready":
            await past.get_ready(name, since)
            return {"done": None}
        found = await past.compare(name, question["text"], since, question["days"])
        return {"done": _COMPARISON.dump_python(found, mode="json")}
    except InputError as error:
        return {"refused": error.template, "values": {key: str(value) for key, value in error.values.items()}}
    except (NewsalertError, ValueError) as error:
        return {"failed": f"{type(error).__name__}: {error}"}


if __name__ == "__main__":
    asyncio.run(serve())
