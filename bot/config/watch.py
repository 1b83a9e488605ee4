"""Hot reload: the editors save, the bot obeys, and a mistake costs nothing.

Every second the folder is looked at: names, sizes and times of its files, through links, so that a swapped folder
(as container platforms do it) is seen like a saved file. A change is left alone until nothing has moved for
:data:`QUIET` seconds, so that a file being written is not read in halves and a hundred saves are one reload; after
:data:`LONGEST` seconds it is read all the same. Then :func:`~bot.config.load.load_live` makes the next desk, broken
parts in their last good version, and it is handed over whole: an entry is decided by the old rules or the new ones,
never by a mixture.

Reading and compiling run in a **thread**. A process would leave the loop wholly alone, but the compiled rules would
have to be sent back, and unpickling them holds the loop for longer than sharing the interpreter with a thread does:
with 10,000 rules the loop waits some milliseconds at a time, never for the whole of it. The languages in use are
compiled there as well, for otherwise the first article after a reload would wait for them. The garbage collector
rests meanwhile and is then told to leave what was made alone: walking through so many objects stopped the whole
process for nearly half a second, several times a reload. (Rules hold no circles: the old ones go by themselves.)

Road not taken: watching by the operating system's events. They do not cross network mounts, name renamed folders
differently on every system, and save nothing here: twenty calls of *stat* a second are not measurable.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Protocol, TypeVar

from bot.config.desk import Desk
from bot.config.folder import yaml_files
from bot.config.load import Live, load_live
from bot.core.matching import RuleBook, headline
from bot.errors import Problem

EVERY = 1.0
"""Seconds between two looks."""

QUIET = 0.5
"""Seconds without a change after which a change is read."""

LONGEST = 10.0
"""Seconds after which a folder that never keeps still is read as it is."""

SHOWN = 5
"""Mistakes told in one notice; more are counted."""

T = TypeVar("T")
Look = dict[str, tuple[int, ...]]


class Aside(Protocol):
    """Runs work where the loop does not wait for it, as ``asyncio.to_thread`` does."""

    def __call__(self, work: Callable[[], T], /) -> Awaitable[T]:
        """The work's result, when it is done."""
        ...


class Clock(Protocol):
    """As :class:`bot.ports.Clock`: what is needed of it here."""

    def monotonic(self) -> float:
        """Seconds that never jump."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait that long."""
        ...


class Watcher:
    """Watches one folder from its making on; ``desk`` is what is in force until it changes.

    ``on_change`` gets every new desk with its rules compiled. ``on_problem`` gets a text for people: once when
    mistakes appear, again only for further ones, and once when all are mended. ``aside`` runs work in a thread.
    """

    def __init__(
        self,
        rules_dir: Path,
        desk: Desk,
        on_change: Callable[[Desk, RuleBook], Awaitable[None]],
        on_problem: Callable[[str], Awaitable[None]],
        clock: Clock,
        *,
        aside: Aside = asyncio.to_thread,
    ) -> None:
        self._rules_dir = rules_dir
        self._desk = desk
        self._on_change = on_change
        self._on_problem = on_problem
        self._clock = clock
        self._aside = aside
        self._read = look(rules_dir)
        self.problems: tuple[
            Problem, ...
        ] = ()  # of the last reading; () = the folder is in force as it stands

    async def run(self) -> None:
        """Watch for ever."""
        while True:
            await self._clock.sleep(EVERY)
            await self.once()

    async def once(self) -> bool:
        """One look, and what follows from it. True if the folder was read."""
        seen = await self._aside(partial(look, self._rules_dir))
        if seen == self._read:
            return False
        seen = await self._settled(seen)
        live, changed = await self._aside(partial(_reload, self._rules_dir, self._desk))
        self._read, self._desk = seen, live.desk
        if changed:
            await self._on_change(live.desk, live.rulebook)
        await self._tell(live.problems)
        return True

    async def _settled(self, seen: Look) -> Look:
        """The folder once it keeps still, or when it has been given long enough to."""
        end = self._clock.monotonic() + LONGEST
        while self._clock.monotonic() < end:
            await self._clock.sleep(QUIET)
            now = await self._aside(partial(look, self._rules_dir))
            if now == seen:
                break
            seen = now
        return seen

    async def _tell(self, problems: tuple[Problem, ...]) -> None:
        before, self.problems = self.problems, problems
        known = {_same(problem) for problem in before}
        fresh = [problem for problem in problems if _same(problem) not in known]
        if fresh:
            await self._on_problem(told(fresh, len(problems)))
        elif before and not problems:
            await self._on_problem("The editors' files are in order again; they are in force as they stand.")


def look(rules_dir: Path) -> Look:
    """What shows, from outside, that a file changed: inode, size and the times of its last changes."""
    found: Look = {}
    for path in yaml_files(rules_dir):
        try:
            facts = path.stat()
        except OSError:
            found[path.name] = ()
        else:
            found[path.name] = (
                facts.st_dev,
                facts.st_ino,
                facts.st_size,
                facts.st_mtime_ns,
                facts.st_ctime_ns,
            )
    return found


def _reload(rules_dir: Path, last_good: Desk) -> tuple[Live, bool]:
    """The folder as it can be used now, ready to match, and whether that is anything new."""
    gc.disable()
    try:
        live = load_live(rules_dir, last_good)
        changed = live.desk != last_good
        if changed:
            for lang in spoken(live.desk):
                live.rulebook.match(headline("-", lang))
            gc.freeze()
        return live, changed
    finally:
        gc.enable()


def spoken(desk: Desk) -> list[str]:
    """The languages that articles will come in, as far as the feeds say; English in any case."""
    return sorted({"en", *(feed.lang for feed in desk.feeds if feed.enabled and feed.lang)})


# ── telling people ───────────────────────────────────────────────────────────────────────────────────
def told(fresh: Sequence[Problem], total: int) -> str:
    """A notice about new mistakes, of ``total`` in all."""
    lines = ["The editors' files have a mistake; what is broken keeps its last good version."]
    lines += [f"• {problem}" for problem in fresh[:SHOWN]]
    if total > min(len(fresh), SHOWN):
        lines.append(f"{total} mistakes in all; newsalert check shows them.")
    return "\n".join(lines)


def _same(problem: Problem) -> tuple[str, str, str]:
    """What a mistake is known by: it may move to another line when something above it is edited."""
    return problem.file, problem.key, problem.message
