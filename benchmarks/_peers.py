"""Other programs over the same feeds, each in an interpreter of its own: ``PYTHON -m benchmarks._peers NAME BASE …``.

Run by :mod:`benchmarks.whole_cycle` in a scratch environment it makes for the purpose. ``rsstt`` is the parser and the
monitor of RSS-to-Telegram-Bot with its database, one subscriber a feed; what it would send is dropped unformatted.
``rss2email`` is its command line, as its manual has it run from cron; mail goes into a maildir.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks._phases import measured

AT_ONCE = 20  # feeds its monitor looks at side by side, as many as ours


def rsstt(base: str, feeds: int, rounds: int, folder: Path) -> dict[str, float]:
    """RSS-to-Telegram-Bot. Its modules read the environment and the command line when they are imported."""
    os.environ.update(
        TOKEN="1:none",  # noqa: S106 — none is not one
        MANAGER="1",
        API_ID="1",
        API_HASH="none",
        DATABASE_URL=f"sqlite:///{folder}/rsstt.sqlite3",
    )
    sys.argv = ["rsstt", "--config", str(folder)]
    env: Any = importlib.import_module("rsstt.env")
    return dict(env.loop.run_until_complete(_rsstt(base, feeds, rounds)))


async def _rsstt(base: str, feeds: int, rounds: int) -> dict[str, float]:
    db: Any = importlib.import_module("rsstt.db")
    helper: Any = importlib.import_module("rsstt.aio_helper")
    module: Any = importlib.import_module("rsstt.monitor._monitor")
    helper.init()
    await db.init()
    monitor, news = module.Monitor(), 0

    async def dropped(self: Any) -> None:
        nonlocal news
        news += len(self._entries or ())

    module.Notifier.notify_all = dropped
    user = await db.User.create(id=1, state=1)
    rows = [await db.Feed.create(link=f"{base}/feed/{at}", title=f"paper{at}") for at in range(feeds)]
    for row in rows:
        await db.Sub.create(user=user, feed=row, state=1)
    places = asyncio.Semaphore(AT_ONCE)

    async def one(feed: Any) -> None:
        async with places:
            feed.next_check_time = None  # rounds are ours to call
            await monitor._do_monitor_a_feed(feed, datetime.now(UTC))

    async def poll() -> None:
        await asyncio.gather(*map(one, rows))

    spent = await measured(base, rounds, poll)
    await db.close()
    return spent | {"items": float(news)}


def rss2email(base: str, feeds: int, rounds: int, folder: Path) -> dict[str, float]:
    """rss2email."""
    config = folder / "rss2email.cfg"
    listed = "".join(f"[feed.paper{at}]\nurl = {base}/feed/{at}\n" for at in range(feeds))
    config.write_text(
        "[DEFAULT]\nfrom = a@b.example\nto = c@d.example\nemail-protocol = maildir\n"
        f"maildir-path = {folder}/mail\n{listed}",
        "utf-8",
    )
    (folder / "mail").mkdir()
    command = [
        str(Path(sys.executable).with_name("r2e")),
        "--config",
        str(config),
        "--data",
        str(folder / "data.json"),
        "run",
    ]
    first = True

    async def poll() -> None:
        nonlocal first
        subprocess.run(  # noqa: S603, ASYNC221 — nothing else runs here
            [*command, "--no-send"] if first else command, check=True, stderr=subprocess.DEVNULL
        )
        first = False

    spent = asyncio.run(measured(base, rounds, poll))
    return spent | {"items": float(sum(1 for _ in (folder / "mail").rglob("new/*")))}


PEERS = {"rsstt": rsstt, "rss2email": rss2email}


def main() -> None:
    """Be one of them."""
    name, base, feeds, rounds = sys.argv[1:]
    with tempfile.TemporaryDirectory(prefix="newsalert-peer-") as folder:
        print(json.dumps(PEERS[name](base, int(feeds), int(rounds), Path(folder))))


if __name__ == "__main__":
    main()
