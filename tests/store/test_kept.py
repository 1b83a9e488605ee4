"""Answers are kept while nobody writes, and only where nobody else may."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import event

from bot.core.model import FeedState, Silence, Subscription
from bot.store import Store, open_store

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await open_store(f"sqlite+aiosqlite:///{tmp_path}/kept.sqlite3")
    yield opened
    await opened.close()


def asked(store: Store) -> list[str]:
    """Every statement from now on."""
    statements: list[str] = []
    event.listen(
        store.database.engine.sync_engine,
        "before_cursor_execute",
        lambda _connection, _cursor, statement, *_: statements.append(statement),
    )
    return statements


async def test_a_wish_is_read_once_until_one_is_changed(store: Store) -> None:
    await store.wishes.save_subscription(Subscription("telegram", "7"))
    assert [each.address for each in await store.wishes.subscriptions()] == ["7"]
    statements = asked(store)
    assert [each.address for each in await store.wishes.subscriptions()] == ["7"]
    assert statements == []
    await store.wishes.save_subscription(Subscription("telegram", "8"))
    assert [each.address for each in await store.wishes.subscriptions()] == ["7", "8"]


async def test_a_silence_that_is_kept_still_ends(store: Store) -> None:
    hour = timedelta(hours=1)
    await store.wishes.save_silence(Silence("s", {"story": "st-1"}, NOW + hour, by="Ada"))
    assert len(await store.wishes.silences(NOW)) == 1
    statements = asked(store)
    assert await store.wishes.silences(NOW + hour) == []
    assert len(await store.wishes.silences(NOW)) == 1
    assert statements == []
    await store.wishes.drop_silence("s")
    assert await store.wishes.silences(NOW) == []


async def test_deciding_alone_disturbs_nothing_that_is_kept_and_other_writing_does(store: Store) -> None:
    before = store.database.changes
    async with store.news.deciding():
        pass
    assert store.database.changes == before
    await store.feeds.save_state(FeedState("wire"))
    assert store.database.changes > before


async def test_where_others_may_write_everything_is_read_anew(store: Store, tmp_path: Path) -> None:
    other = await open_store(f"sqlite+aiosqlite:///{tmp_path}/kept.sqlite3", lock=False)
    assert await other.wishes.subscriptions() == []
    await store.wishes.save_subscription(Subscription("telegram", "7"))
    assert len(await other.wishes.subscriptions()) == 1
    await other.close()
