"""Looking back in a process of its own: the same answers from the database in a file, and no end of the bot's."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from signal import SIGKILL

import pytest

from bot.app_past import PastProcess
from bot.core.matching import headline
from bot.core.model import Decision, Outcome
from bot.errors import InputError
from bot.ports import PollRecord
from bot.service_drafts import Past
from bot.store import Store, open_store

NOW = datetime(2026, 3, 1, tzinfo=UTC)
SINCE = NOW - timedelta(days=7)
RULES = "rules:\n  - {id: storm, title: Storms, strong: [storm], examples: {match: [A storm]}}\n"
EDITED = RULES.replace("[storm]", "[avalanche]").replace("[A storm]", "[An avalanche]")


@asynccontextmanager
async def newsroom(folder: Path) -> AsyncIterator[tuple[Store, PastProcess, Path]]:
    rules = folder / "rules"
    rules.mkdir()
    (rules / "nature.yaml").write_text(RULES, "utf-8")
    address = f"sqlite+aiosqlite:///{folder / 'news.sqlite3'}"
    store, past = await open_store(address), PastProcess(address, rules)
    texts = ("Storm at the coast", "An avalanche closes the road", "Quiet day")
    entries = [
        replace(headline(text, "en"), published=NOW, first_seen=NOW, fingerprint=text, lang="en")
        for text in texts
    ]
    decided = [(entry, Decision(entry.key, Outcome.NO_MATCH, ())) for entry in entries]
    async with store.news.deciding() as ledger:
        await ledger.write(PollRecord(None, decided))
    try:
        yield store, past, rules
    finally:
        await past.stop()
        await store.close()


async def test_it_answers_as_it_would_here_and_again_after_it_was_killed(tmp_path: Path) -> None:
    async with newsroom(tmp_path) as (store, past, rules):
        expected = await Past(rules, store.views).compare("nature.yaml", EDITED, SINCE, 7)
        assert [change.title for change in expected.gained] == ["An avalanche closes the road"]
        await past.get_ready("nature.yaml", SINCE)
        assert await past.compare("nature.yaml", EDITED, SINCE, 7) == expected
        first = past.pid
        os.kill(first, SIGKILL)
        with pytest.raises(
            InputError
        ):  # what was asked of the dead is told as a failure; the next is answered
            await past.compare("nature.yaml", EDITED, SINCE, 7)
        assert await past.compare("nature.yaml", EDITED, SINCE, 7) == expected
        assert past.pid not in (0, first)


async def test_it_says_how_far_it_is(tmp_path: Path) -> None:
    async with newsroom(tmp_path) as (store, past, rules):
        shares: list[float] = []
        await Past(rules, store.views, shares.append).get_ready("nature.yaml", SINCE)
        assert shares == sorted(shares)
        assert shares[0] < 0.5 <= shares[-1] < 1
        await past.get_ready("nature.yaml", SINCE)
        assert past.progress == shares[-1]


async def test_what_a_draft_is_refused_for_arrives_in_words(tmp_path: Path) -> None:
    async with newsroom(tmp_path) as (_, past, _):
        with pytest.raises(InputError, match="Mend the mistakes"):
            await past.compare("nature.yaml", "rules: [", SINCE, 7)


async def test_a_stopped_one_leaves_no_process(tmp_path: Path) -> None:
    async with newsroom(tmp_path) as (_, past, _):
        await past.get_ready("nature.yaml", SINCE)
        pid = past.pid
        await past.stop()
        assert past.pid == 0
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
