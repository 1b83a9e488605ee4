"""SIGKILL at every named step, and at any write, sync or send: nothing lost, nothing doubled, repeats marked.

``python -m tests.faults.kills --kills 1000`` is the long version; :mod:`tests.faults.test_kills` runs a short one.

A publisher brings new stories for every life of the bot, the bot is killed where it is told to die, and the next one
goes on from what it finds. In the end one life is allowed to finish, and what stands in the chats is read back and
counted. A few worlds run side by side, since a life mostly waits; each life begins only when all that the dead one
had said has arrived, so nothing depends on how fast this machine is.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.failpoint import NAMES
from tests.faults import syscalls
from tests.faults.worlds import MARK, World, a_world

ROOT = Path(__file__).resolve().parents[2]
FILES = ("", "", "")  # worlds side by side, each with a file of its own
MOST_MISSED = 3  # lives a kill that may find its step never reached


@dataclass(frozen=True)
class Strike:
    """Where a life is to end: at a named step, or at a call."""

    failpoint: str = ""
    call: str = ""
    how: str = ""
    at: int = 1

    @property
    def name(self) -> str:
        """For counting."""
        return (
            self.failpoint or f"{self.how} a {self.call}" if self.how != "torn" else f"within a {self.call}"
        )


@dataclass
class Outcome:
    """What stands in the chats in the end."""

    slack: str = ""
    published: int = 0
    kills: Counter[str] = field(default_factory=Counter)
    lost: list[str] = field(default_factory=list)
    doubled_on_slack: list[str] = field(default_factory=list)
    replies_lost: int = 0  # to Telegram; at most, since some messages had not left either
    telegram_repeats: int = 0
    beyond: list[str] = field(default_factory=list)  # repeated on Telegram more often than a reply was lost
    unmarked: list[str] = field(default_factory=list)

    @property
    def total(self) -> int:
        """Lives ended by SIGKILL."""
        return self.kills.total()

    def __str__(self) -> str:
        steps = ", ".join(f"{count} {name}" for name, count in sorted(self.kills.items()))
        return (
            f"{self.total} kills ({steps}); {self.published} alerts: {len(self.lost)} lost, "
            f"{len(self.doubled_on_slack)} doubled on Slack ({self.slack}), "
            f"{self.telegram_repeats} repeated on Telegram after {self.replies_lost} replies in doubt, "
            f"{len(self.beyond)} of them without a doubt, {len(self.unmarked)} unmarked"
        )

    def problems(self) -> list[str]:
        """What must not be."""
        return [*self.lost, *self.doubled_on_slack, *self.beyond, *self.unmarked]


class Zygote:
    """The forking process, spoken to line by line."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    async def started(cls, world: World) -> Zygote:
        """Start it and wait until it has read everything."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.faults.zygote", json.dumps(world.settings()),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, cwd=ROOT,
            env=syscalls.environment(world.folder),
        )  # fmt: skip
        zygote = cls(process)
        await zygote._answer()
        return zygote

    async def live(self, told: int, strike: Strike | None = None) -> dict[str, Any]:
        """One life, until it is struck or ``told`` deliveries are sent; how it ended."""
        assert self._process.stdin is not None
        strike = strike or Strike()
        order = {
            "failpoint": strike.failpoint,
            "call": strike.call,
            "how": strike.how,
            "at": strike.at,
            "told": told,
        }
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        await self._process.stdin.drain()
        return await self._answer()

    async def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = await self._process.stdout.readline()
        assert line, "the forking process died"
        answer: dict[str, Any] = json.loads(line)
        return answer

    async def end(self) -> None:
        """Let it go."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        await self._process.wait()


def strikes(dice: random.Random, calls: dict[str, int]) -> Iterator[Strike]:
    """Every named step and every way to strike a call, over and over; which call it is, is drawn by lot."""
    steps = [Strike(failpoint=name) for name in NAMES]
    ways = [
        Strike(call=kind, how=how)
        for kind in syscalls.KINDS
        for how in ("before", "torn", "after")
        if calls[kind] and (kind, how) != ("sync", "torn")
    ]
    for each in itertools.cycle([*steps, *ways]):
        at = dice.randint(1, calls[each.call]) if each.call else dice.choice((1, 1, 1, 2))
        yield Strike(each.failpoint, each.call, each.how, at)


class Harness:
    """So many kills over a few worlds."""

    def __init__(self, kills: int, seed: int, databases: Sequence[str], *, progress: bool) -> None:
        self._wanted = kills
        self._databases = databases
        self._seed = seed
        self._progress = progress
        self.outcome = Outcome()

    async def run(self) -> Outcome:
        """Everything, side by side."""
        with tempfile.TemporaryDirectory(prefix="newsalert-kills-") as folder:
            async with asyncio.TaskGroup() as group:
                for number, database in enumerate(self._databases):
                    group.create_task(self._world(Path(folder) / str(number), number, database))
        return self.outcome

    async def _world(self, folder: Path, number: int, database: str) -> None:
        async with a_world(folder, database) as world:
            zygote = await Zygote.started(world)
            await self._kill_in(world, zygote, random.Random(self._seed + number), number)
            last = await zygote.live(2 * len(world.publisher.stories))
            await zygote.end()
            await self._count(world)
            assert last["code"] == 0, (last, self.outcome)

    async def _kill_in(self, world: World, zygote: Zygote, dice: random.Random, number: int) -> None:
        await zygote.live(0)  # the baseline: nothing to tell yet
        world.publisher.publish(1)
        calls = (await zygote.live(2))["calls"]
        worlds = len(self._databases)
        mine = self._wanted // worlds + (number < self._wanted % worlds)
        died: Counter[str] = Counter()
        for lives, strike in enumerate(strikes(dice, calls)):
            if died.total() >= mine or lives > MOST_MISSED * mine:
                break
            world.publisher.publish(dice.choice((1, 1, 2)))
            ended = await zygote.live(2 * len(world.publisher.stories), strike)
            await world.settle()
            died[strike.name] += ended["killed"]
            self.outcome.kills[strike.name] += ended["killed"]
            if self._progress:
                print(f"\r{self.outcome.total} of {self._wanted} kills", end="", flush=True)

    async def _count(self, world: World) -> None:
        on_slack, on_telegram, outcome = await world.on_slack(), world.on_telegram(), self.outcome
        outcome.slack = type(world.slack).__name__
        outcome.published += len(world.publisher.stories)
        outcome.replies_lost += world.doubts.total()
        for title in world.publisher.stories:
            there = sum(title in text for text in on_slack)
            rung = [text for text in on_telegram if title in text]
            if there == 0 or not rung:
                outcome.lost.append(title)
            if there > 1:
                outcome.doubled_on_slack.append(title)
            repeats = max(0, len(rung) - 1)
            outcome.telegram_repeats += repeats
            if repeats > world.doubts[title]:
                outcome.beyond.append(title)
            if sum(MARK in text for text in rung) < repeats:
                outcome.unmarked.append(title)


async def harness(
    kills: int, *, databases: Sequence[str] = FILES, seed: int = 7, progress: bool = False
) -> Outcome:
    """Kill the bot so many times, then let it finish; what stands in the chats. A world a database, "" = a file."""
    return await Harness(kills, seed, databases, progress=progress).run()


def main() -> int:
    """The long version, for ``make faults``."""
    wish = argparse.ArgumentParser(description=__doc__)
    wish.add_argument("--kills", type=int, default=1000)
    wish.add_argument("--seed", type=int, default=7)
    wanted = wish.parse_args()
    outcome = asyncio.run(harness(wanted.kills, seed=wanted.seed, progress=True))
    print(f"\n{outcome}")
    return 1 if outcome.problems() or outcome.total < wanted.kills else 0


if __name__ == "__main__":
    sys.exit(main())
