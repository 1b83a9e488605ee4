"""A process of its own that works on a database, for tests that stop it or take its disk away.

``child.py URL polls N`` writes N polls of one entry and one delivery each, and after each prints ``ok`` or what the
store said; ``hold`` keeps the database open until its input closes; ``open`` only opens it.
"""

from __future__ import annotations

import asyncio
import os
import socket
import sys

from bot.errors import StoreError
from bot.store import Store, open_store
from tests.fakes.alerts import alert, owed
from tests.store.samples import entry, record, write


def say(*words: object) -> None:
    print(*words, flush=True)


async def polls(store: Store, count: int) -> None:
    for number in range(count):
        told = owed(alert(story=f"s{number}"))
        try:
            await write(store, record(entry(f"wire:{number}"), owed=[told]))
        except StoreError as error:
            say("refused", error)
        else:
            say("ok", number)


async def main(url: str, verb: str, count: int = 0) -> None:
    try:
        store = await open_store(url)
    except StoreError as error:
        say(type(error).__name__, error)
        raise SystemExit(6) from None
    say("open", os.getpid(), socket.gethostname())
    if verb == "polls":
        await polls(store, count)
    if verb == "hold":
        await asyncio.to_thread(sys.stdin.read)
    say("trouble", store.trouble())
    await store.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], *(int(word) for word in sys.argv[3:])))
