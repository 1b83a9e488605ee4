"""What must stay cheap when much is owed or stored, asked of the databases' own plans and of the processor's time.

The sizes are those of a large deployment; rows are multiplied inside the database, so that making them takes a second.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable
from datetime import timedelta
from typing import TypeVar

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

import bot.store.claim as claim
from bot.store import Store
from bot.store.tables import micros
from tests.fakes.alerts import AT, owed, receiver
from tests.store.samples import entry, record, write

RECEIVERS, STORIES = 10_000, 10
ITEMS = 50_000
NOW = AT + timedelta(hours=1)
T = TypeVar("T")

_NUMBERS = "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < :last)"
_OWED = f"""
    INSERT INTO deliveries (id, story, revision, receiver, kind, state, priority, not_before, created, attempts,
        reason, place, message, receipts, quiet_rank)
    {_NUMBERS} SELECT 'copy' || n.i, 'st' || (n.i / :receivers), 1, 'telegram:' || (n.i % :receivers), kind, state,
        priority, not_before, created + n.i / :receivers, attempts, reason,
        replace(place, '"desk"', '"telegram:' || (n.i % :receivers) || '"'), message, receipts, quiet_rank
    FROM n CROSS JOIN deliveries WHERE id = 'st-1/desk/1'
"""  # noqa: S608
_READ = f"""
    INSERT INTO entries (key, feed, link, story, outcome, fingerprint, published, dated, first_seen, decided,
        doc, decision)
    {_NUMBERS} SELECT 'copy' || n.i, 'feed' || (n.i % 300), link, story, outcome, fingerprint, published, dated,
        first_seen + n.i, decided, doc, decision
    FROM n CROSS JOIN entries WHERE key = 'wire:1'
"""  # noqa: S608


async def multiplied(store: Store, statement: str, count: int, **values: int) -> None:
    async with store.database.write() as connection:
        await connection.execute(text(statement), {"last": count - 1, **values})


async def processor(work: Awaitable[T]) -> tuple[T, float]:
    """What came of it, and the seconds this process worked for it."""
    start = time.process_time()
    return await work, time.process_time() - start


async def test_a_claim_among_a_hundred_thousand_is_quick(store: Store) -> None:
    """And bounded when nearly everybody is busy: then it is a hop a receiver, whatever waits behind each."""
    await store.outbox.owe([owed()])
    await multiplied(store, _OWED, RECEIVERS * STORIES, receivers=RECEIVERS)
    names = [f"telegram:{number}" for number in range(RECEIVERS)]
    claimed, seconds = await processor(store.outbox.claim(NOW, busy=names[:60], limit=60))
    assert len({each.receiver.name for each in claimed} - set(names[:60])) == 60
    assert seconds < 0.25
    claimed, seconds = await processor(store.outbox.claim(NOW, busy=["desk", *names[10:]], limit=60))
    assert sorted(each.receiver.name for each in claimed) == names[:10]
    assert seconds < 2


@pytest.mark.parametrize("road", [claim.SHORT, claim.LONG], ids=["short", "long"])
async def test_no_road_of_the_claim_reads_all_that_is_owed(store: Store, road: claim.Road) -> None:
    if not store.database.lite:
        pytest.skip("PostgreSQL plans by what it has counted, not by what is possible")
    async with store.database.read() as connection:
        plan = await planned(connection, road)
    assert [
        line for line in plan if "SCAN deliveries" in line or "SCAN mine" in line or "SCAN earlier" in line
    ] == []
    assert any("deliveries_loudest" in line or "deliveries_lane" in line for line in plan)


async def planned(connection: AsyncConnection, road: claim.Road) -> list[str]:
    statement = claim.statement(road, "sqlite")
    values = {"now": micros(NOW), "me": 0, "busy": "[]", "window": 250, "limit": 60}
    wanted = {name: value for name, value in values.items() if name in statement.compile().params}
    rows = await connection.execute(text(f"EXPLAIN QUERY PLAN {statement}"), wanted)
    return [row[3] for row in rows]


async def test_a_week_of_fifty_thousand_items_is_read_in_two_seconds(store: Store) -> None:
    await write(store, record(entry("old", first_seen=AT - timedelta(days=30)), entry()))
    await multiplied(store, _READ, ITEMS)

    async def read() -> int:
        return len([each async for each in store.views.archive(AT)])

    count, seconds = await processor(read())
    assert count == ITEMS + 1
    assert seconds < 2


async def test_a_few_old_rows_beside_many_do_not_slow_the_start(store: Store) -> None:
    await write(store, record(entry(), story="st-1"))
    await multiplied(store, _READ, ITEMS)
    newest = await write(store, record(entry("new", first_seen=NOW), story="st-1"))
    async with store.news.deciding() as ledger:
        filed, seconds = await processor(ledger.filed_since(0, NOW))
    assert [each.cursor for each in filed] == [newest]
    assert seconds < 0.2


async def test_what_the_pace_is_learnt_from_is_read_without_the_texts(store: Store) -> None:
    await write(store, record(entry()))
    await multiplied(store, _READ, ITEMS)
    found, seconds = await processor(store.views.publications(AT))
    assert len(list(found)) == ITEMS + 1
    assert seconds < 2
    if store.database.lite:
        async with store.database.read() as connection:
            wanted = "SELECT feed, published, first_seen FROM entries WHERE first_seen >= 0 AND dated = 1"
            plan = await connection.execute(text(f"EXPLAIN QUERY PLAN {wanted} ORDER BY first_seen"))
            assert "COVERING INDEX entries_seen" in plan.one()[3]


async def test_owing_to_ten_thousand_receivers_is_one_quick_transaction(store: Store) -> None:
    deliveries = [
        owed(to=receiver(f"telegram:{number}", "telegram", str(number))) for number in range(RECEIVERS)
    ]
    _, seconds = await processor(write(store, record(entry(), owed=deliveries)))
    assert await store.views.owed() == RECEIVERS
    assert seconds < 10
