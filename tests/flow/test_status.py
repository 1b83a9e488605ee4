"""``status``: how each feed does, who is in burst and why, where an alert's time goes; and what the operators hear."""

from __future__ import annotations

import asyncio
import inspect
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bot.app import Parts, running_bot
from bot.cli.main import app
from bot.config.settings import load_settings
from bot.core.eyes import Sight
from bot.core.model import FeedState, FeedStatus, Message, Receipt, Receiver
from bot.store import open_store
from tests.fakes.alerts import alert, owed, report

MINUTE = timedelta(minutes=1)
SAYS = "no answer in time"


def states(now: datetime) -> list[FeedState]:
    """One feed of each kind, and one in burst."""
    well = {"last_success": now, "next_poll": now + 5 * MINUTE, "interval": 5 * MINUTE}
    return [
        FeedState("calm", FeedStatus.OK, **well),  # type: ignore[arg-type]  # the fields' own types
        FeedState("hot", FeedStatus.OK, faster="invasion", faster_until=now + 40 * MINUTE, **well),  # type: ignore[arg-type]
        FeedState("cooled", FeedStatus.OK, faster="invasion", faster_until=now - MINUTE, **well),  # type: ignore[arg-type]
        FeedState("late", FeedStatus.OK, next_poll=now - 30 * MINUTE, interval=MINUTE),
        FeedState("down", FeedStatus.FAILING, reason=SAYS, failures=3, next_poll=now + 9 * MINUTE),
        FeedState("shut", FeedStatus.BLOCKED, reason="403", failures=1, next_poll=now + 60 * MINUTE),
        FeedState("lost", FeedStatus.GONE, reason="410", failures=1),
    ]


SIGHTS = {
    "calm": Sight.OK, "hot": Sight.OK, "cooled": Sight.OK, "late": Sight.SLOW, "down": Sight.FAILING,
    "shut": Sight.BLOCKED, "lost": Sight.GONE, "fresh": Sight.NEW,
}  # fmt: skip


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of feeds, and a database in which they have a past."""
    rules = tmp_path / "rules"
    rules.mkdir()
    lines = (f"  - {{name: {name}, url: https://{name}.example/rss}}\n" for name in SIGHTS)
    (rules / "feeds.yaml").write_text("feeds:\n" + "".join(lines), "utf-8")
    url = f"sqlite+aiosqlite:///{tmp_path / 'status.sqlite3'}"
    monkeypatch.setenv("NEWSALERT_DATABASE_URL", url)
    asyncio.run(_fill(url))
    return rules


async def _fill(url: str) -> None:
    """Ten alerts of the feed in burst: seen 10 … 100 s after publication, decided and accepted a second later each."""
    now = datetime.now(UTC)
    store = await open_store(url)
    await store.feeds.save_states(states(now))
    for number in range(1, 11):
        seen = now - timedelta(hours=1)
        told = alert(
            story=f"st-{number}",
            reports=(report(feed="hot", published=seen - timedelta(seconds=10 * number), first_seen=seen),),
            decided=seen + timedelta(seconds=1),
        )
        delivery = owed(told)
        await store.outbox.owe([delivery])
        await store.outbox.intend(delivery.id, seen)
        await store.outbox.sent(delivery.id, seen + timedelta(seconds=2))
    await store.close()


def status(desk: Path, *words: str) -> str:
    done = CliRunner(env={"COLUMNS": "200"}).invoke(app, ["status", "--rules", str(desk), *words])
    assert done.exit_code == 0, done.output
    return done.stdout


def rows(desk: Path) -> Mapping[str, Mapping[str, Any]]:
    told = json.loads(status(desk, "--json"))
    return {row["name"]: row for row in told["feeds"]["rows"]}


def test_every_feed_has_a_word_a_reason_and_a_next_try(desk: Path) -> None:
    found = rows(desk)
    assert {name: row["status"] for name, row in found.items()} == {
        name: sight.value for name, sight in SIGHTS.items()
    }
    assert (found["down"]["reason"], found["down"]["failures"]) == (SAYS, 3)
    assert re.fullmatch(r"its poll is 3\d min late", found["late"]["reason"])
    assert found["lost"]["next_poll"] == ""
    assert found["calm"]["pace"] == 300


def test_a_burst_says_why_and_is_over_when_its_time_is(desk: Path) -> None:
    found = rows(desk)
    assert [name for name, row in found.items() if row["faster"]] == ["hot"]
    assert found["hot"]["faster"] == "invasion"


def test_the_ledger_has_every_stage_of_the_way(desk: Path) -> None:
    ledger = rows(desk)["hot"]["ledger"]
    assert ledger == {
        "seen": {"p50": 50.0, "p95": 100.0},
        "decided": {"p50": 1.0, "p95": 1.0},
        "sent": {"p50": 1.0, "p95": 1.0},
        "whole": {"p50": 52.0, "p95": 102.0},
    }
    assert rows(desk)["calm"]["ledger"] == {}


def test_people_are_shown_who_wants_attention_and_everybody_on_demand(desk: Path) -> None:
    shown = status(desk)
    assert all(word in shown for word in ("down", SAYS, "in burst", "invasion", "50 s / 100 s"))
    assert "calm" not in shown
    assert "calm" in status(desk, "--all")


# ── what the operators hear ──────────────────────────────────────────────────────────────────────────
class Screen:
    """Takes notices."""

    def __init__(self) -> None:
        self.told: asyncio.Queue[str] = asyncio.Queue()

    def render(self, message: Message, _receiver: Receiver) -> list[dict[str, object]]:
        return [{"text": message.notice}]

    async def send(self, _receiver: Receiver, part: dict[str, object], **_: object) -> Receipt:
        self.told.put_nowait(str(part["text"]))
        return Receipt("screen", "1", datetime.now(UTC))

    async def find(self, *_: object, **__: object) -> None:
        return None

    async def close(self) -> None:
        return None


async def test_the_daily_line_and_word_of_blindness_reach_the_admins_receiver(tmp_path: Path) -> None:
    rules, screen = tmp_path / "rules", Screen()
    rules.mkdir()
    (rules / "feeds.yaml").write_text(
        "feeds:\n  - {name: a, url: https://a.invalid/rss, enabled: no}\n", "utf-8"
    )
    (rules / "routes.yaml").write_text("receivers:\n  - {name: desk, kind: console}\n", "utf-8")
    (rules / "topic.yaml").write_text("keywords: [invasion]\n", "utf-8")
    changes = {
        "rules_dir": rules,
        "database_url": f"sqlite+aiosqlite:///{tmp_path / 'bot.sqlite3'}",
        "admin_receiver": "desk",
    }
    settings = load_settings(env_file=None).model_copy(update=changes)
    async with running_bot(settings, Parts({"console": screen}, web=False)) as bot:  # type: ignore[dict-item]
        assert {job.id for job in bot.scheduler.get_jobs()} >= {"daily", "feeds", "owed", "forget"}
        assert all(
            inspect.iscoroutinefunction(job.func) for job in bot.scheduler.get_jobs()
        )  # else never awaited
        await bot.forget()
        await bot.tell_daily()
        async with asyncio.timeout(120):
            assert await screen.told.get() == "All eyes open: 0 of 0 feeds answer, 0 new items in a day."
            await bot.tell_admins(
                "blind/source tagged north", "No source tagged north has answered for 12 min: a."
            )
            assert "tagged north" in await screen.told.get()
