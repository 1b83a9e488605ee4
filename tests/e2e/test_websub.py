"""A publisher's hub that nobody here wrote pushes an item, and it rings; whoever else calls there changes nothing."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from bot import metrics
from bot.app import Bot, Parts, running_bot
from bot.config.settings import Settings, load_settings
from bot.core.model import Message, MessageKind, Receipt, Receiver
from tests.e2e.editors import write_rules
from tests.shared import ROOT

if not (find_spec("flask_websub") and find_spec("celery")):
    pytest.skip("no hub here: pip install Flask-WebSub 'celery<5.7'", allow_module_level=True)

TITLE = "Russia returns some troops from Ukraine border to bases after drills"
_RULE = "id: withdrawal\ndirection: de-escalation\nstrong: [troops + return]\n"
_ROUTES = "receivers:\n  - {name: screen, kind: console}\nroutes:\n  - {when: {level: low+}, to: screen}\n"
AN_HOUR = timedelta(hours=1)


class Screen:
    """What was told."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.heard = asyncio.Event()

    def render(self, message: Message, _receiver: Receiver) -> list[dict[str, object]]:
        return [{"title": message.alerts[0].title}] if message.kind is MessageKind.ALERT else [{"title": ""}]

    async def send(self, _receiver: Receiver, part: dict[str, object], **_: object) -> Receipt:
        self.told.append(str(part["title"]))
        self.heard.set()
        return Receipt("screen", str(len(self.told)), datetime.now(UTC))

    async def find(self, *_: object, **__: object) -> None:
        return None

    async def close(self) -> None:
        return None


@asynccontextmanager
async def publisher(folder: Path) -> AsyncIterator[str]:
    """The site's address, in a process of its own."""
    program = (sys.executable, "-m", "tests.fakes.websub_site", str(folder))
    process = await asyncio.create_subprocess_exec(
        *program, cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    assert process.stdout is not None
    try:
        address = (await process.stdout.readline()).decode().strip()
        assert address, "the site did not start"
        yield address
    finally:
        process.kill()
        await process.wait()


def settings(folder: Path, site: str) -> Settings:
    """A bot that would not poll again for an hour, where the hub can reach it."""
    feed = f"{{name: harbour, url: {site}/feed, owner: harbour}}"
    rules = write_rules(folder, feed=feed, withdrawal=_RULE, routes=_ROUTES)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    changes = {
        "rules_dir": rules,
        "database_url": f"sqlite+aiosqlite:///{folder / 'bot.sqlite3'}",
        "allow_loopback": True,
        "poll_interval": AN_HOUR,
        "poll_min_interval": AN_HOUR,
        "poll_max_interval": AN_HOUR,
        "web_port": port,
        "web_users": None,
        "web_console": False,
        "public_url": f"http://127.0.0.1:{port}",
        "websub_secret": SecretStr("a master secret for tests only"),
    }
    return load_settings(env_file=None).model_copy(update=changes)


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Wait for something in another process."""
    async with asyncio.timeout(120):
        while not await condition():  # noqa: ASYNC110 — another process has no event for us
            await asyncio.sleep(0.05)


def verdicts(verdict: str) -> float:
    return metrics.REGISTRY.get_sample_value("newsalert_websub_total", {"verdict": verdict}) or 0.0


async def test_what_a_strange_hub_pushes_rings_and_nobody_else_is_believed(tmp_path: Path) -> None:
    screen = Screen()
    async with publisher(tmp_path) as site, httpx.AsyncClient(base_url=site, timeout=30) as web:
        wanted = settings(tmp_path, site)
        async with running_bot(wanted, Parts({"console": screen})) as bot:  # type: ignore[dict-item]  # what is used of one
            callback = await _subscribed(bot, web)
            await web.post("/publish", params={"title": TITLE})
            await asyncio.wait_for(screen.heard.wait(), 120)
            assert screen.told == [TITLE]
            readers = (await web.get("/readers")).json()
            assert sum("newsalert" in reader for reader in readers) == 1, "it was pushed, not polled"
            await _forge(web, callback)
            await web.post("/publish", params={"title": "Choir sings for the lighthouse"})
            await until(_counted("used", 2))
            await bot.queue.join()
    assert screen.told == [TITLE]


async def _subscribed(bot: Bot, web: httpx.AsyncClient) -> str:
    """Wait until the hub has verified us and keeps us among its subscribers; returns our callback."""
    hubs = bot.hubs
    assert hubs is not None

    async def there() -> bool:
        return hubs.calls("harbour") and bool((await web.get("/subscribers")).json())

    await until(there)
    (callback,) = (await web.get("/subscribers")).json()
    return str(callback)


def _counted(verdict: str, least: float) -> Callable[[], Awaitable[bool]]:
    async def there() -> bool:
        return verdicts(verdict) >= least

    return there


async def _forge(web: httpx.AsyncClient, callback: str) -> None:
    """Everything that is not the hub's own new word for our own topic is answered alike, dropped, and counted."""
    body = f"<rss><channel><item><title>{TITLE} again</title></item></channel></rss>".encode()
    forged = hmac.new(b"guessed", body, hashlib.sha512).hexdigest()
    kinds = ("wrong-signature", "unsigned", "not-asked", "unknown")
    before = [verdicts(kind) for kind in kinds]
    assert (
        await web.post(callback, content=body, headers={"X-Hub-Signature": f"sha512={forged}"})
    ).status_code == 202
    assert (await web.post(callback, content=body)).status_code == 202
    query = {"hub.mode": "subscribe", "hub.topic": "http://other.example/", "hub.challenge": "c"}
    assert (await web.get(callback, params=query)).status_code == 404
    assert (await web.post(f"{callback[:-4]}zzzz", content=body)).status_code == 404
    assert [verdicts(kind) for kind in kinds] == [count + 1 for count in before]
