"""The founding case, polled as a page from a real server: one alert, of the withdrawal, and no election.

The article lies with the shared data and is never copied here; without it the test is skipped.
"""

from __future__ import annotations

import html
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import BaseTestServer, TestServer

from bot.app import Parts, running_bot
from bot.config.settings import load_settings
from bot.core.model import Decision, Level, RawEntry
from bot.demo.desk import SETTINGS, shipped_rules
from bot.ports import Polled, PollRecord
from tests.shared import shared_data

HEADLINE = "Russia returns some troops from Ukraine border amid invasion fears"
SUMMARY = "Some units go back to their bases, says the ministry"
_ELECTION = "id: election\nkeywords: [election, Trump, Harris]\n"


def page(article: str) -> str:
    """The article as its publisher serves it: everything around it as plain paragraphs, too."""
    paragraphs = "".join(
        f"<p>{html.escape(line.strip())}</p>" for line in article.splitlines() if line.strip()
    )
    head = f"<head><title>{HEADLINE}</title></head>"
    return f"<html>{head}<body><article><h1>{HEADLINE}</h1>{paragraphs}</article></body></html>"


@pytest.fixture
async def publisher() -> AsyncIterator[BaseTestServer]:
    """A feed that brings the article with its second poll, and its page."""
    article = shared_data("seed", "article.txt").read_text("utf-8")
    asked = 0

    async def feed(request: web.Request) -> web.Response:
        nonlocal asked
        asked += 1
        now = format_datetime(datetime.now(UTC), usegmt=True)
        item = (
            f"<item><title>{HEADLINE}</title><description>{SUMMARY}</description><guid>seed</guid>"
            f"<link>{request.url.origin()}/page</link><pubDate>{now}</pubDate></item>"
        )
        body = f"<rss version='2.0'><channel><title>Paper</title>{item if asked > 1 else ''}</channel></rss>"
        return web.Response(text=body, content_type="application/rss+xml")

    async def article_page(_: web.Request) -> web.Response:
        return web.Response(text=page(article), content_type="text/html")

    app = web.Application()
    app.router.add_get("/feed", feed)
    app.router.add_get("/page", article_page)
    async with TestServer(app, host="127.0.0.1") as server:
        yield server


def desk(folder: Path, address: str) -> Path:
    """The shipped rules, the election, and one feed whose pages are read."""
    for rules in shipped_rules().glob("*.yaml"):
        if rules.name not in ("feeds.yaml", "routes.yaml"):
            (folder / rules.name).write_text(rules.read_text("utf-8"), "utf-8")
    (folder / "election.yaml").write_text(_ELECTION, "utf-8")
    (folder / "routes.yaml").write_text("receivers: [{name: screen, kind: console}]\n", "utf-8")
    (folder / "feeds.yaml").write_text(
        f"feeds: [{{name: paper, url: '{address}', owner: paper, lang: en, full_text: yes}}]\n", "utf-8"
    )
    return folder


async def test_the_founding_article_rings_once_as_a_withdrawal_and_the_appeal_around_it_is_not_heard(
    publisher: BaseTestServer, tmp_path: Path
) -> None:
    decisions: list[Decision] = []
    read: list[RawEntry] = []

    def observe(polled: Polled, record: PollRecord) -> None:
        decisions.extend(decision for _, decision in (*record.entries, *record.edited))
        read.extend(polled.raws if polled.amends else [])

    (rules := tmp_path / "rules").mkdir()
    settings = load_settings(env_file=None).model_copy(
        update={
            **SETTINGS,
            "rules_dir": desk(rules, str(publisher.make_url("/feed"))),
            "database_url": f"sqlite+aiosqlite:///{tmp_path / 'seed.sqlite3'}",
        }
    )
    async with running_bot(settings, Parts(observe=observe, web=False)) as bot:
        while not read:
            await bot.clock.sleep(0.05)
    matched = {match.rule: match for decision in decisions for match in decision.matches}
    alerts = [decision.alert for decision in decisions if decision.alert is not None]
    assert [(alert.rule, alert.level) for alert in alerts if alert.level >= Level.HIGH] == [
        ("troop-withdrawal", Level.HIGH)
    ]
    assert "election" not in matched
    assert matched["invasion"].level <= Level.MEDIUM
    assert read[0].content  # the page was read, and what it said was weighed
