"""Several workers over one PostgreSQL: who speaks to whom, and who takes over from the dead."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest

from bot.core.model import DeliveryState
from bot.delivery import Courier, CourierOptions
from bot.errors import StoreError
from bot.store import Store, open_store
from bot.store.fleet import HELD
from bot.systemclock import SystemClock
from tests.fakes.alerts import AT, alert, owed, raised, receiver
from tests.fakes.cable import Cable
from tests.fakes.notifier import MemoryNotifier
from tests.pg import ask, cut_all, migrated_database, plain
from tests.store.samples import entry, record, write

ROADS = [receiver(f"r{number}") for number in range(40)]


@pytest.fixture
async def fleet() -> AsyncIterator[Sequence[Store]]:
    """Two workers."""
    async with migrated_database() as url, AsyncExitStack() as stack:
        stores = []
        for _ in range(2):
            stores.append(await open_store(url))
            stack.push_async_callback(stores[-1].close)
        yield stores


async def names(store: Store, seconds: float = 0, limit: int = 50) -> list[str]:
    claimed = await store.outbox.claim(AT + timedelta(seconds=seconds), limit=limit)
    return [each.receiver.name for each in claimed]


async def until(true: asyncio.Event) -> None:
    async with asyncio.timeout(120):  # only ends what hangs
        await true.wait()


async def test_a_lane_belongs_to_who_claimed_it(fleet: Sequence[Store]) -> None:
    one, two = fleet
    await one.outbox.owe([owed(alert(story=story), road) for story in ("a", "b") for road in ROADS])
    mine = await names(one, limit=15)
    theirs = await names(two, limit=50)
    assert len(mine) == 15
    assert sorted(mine + theirs) == sorted(road.name for road in ROADS)
    assert set(await names(one, limit=50)) == set(mine)


async def test_workers_that_claim_at_once_never_share_a_lane(fleet: Sequence[Store]) -> None:
    """Who comes first is chance, and one of them may find everything taken."""
    await fleet[0].outbox.owe([owed(alert(), road) for road in ROADS])
    claims = await asyncio.gather(*(names(fleet[number % 2], limit=9) for number in range(10)))
    of_one, of_two = ({name for claim in claims[first::2] for name in claim} for first in (0, 1))
    assert of_one | of_two
    assert not of_one & of_two
    of_one, of_two = [set(await names(store)) for store in fleet]
    assert of_one | of_two == {road.name for road in ROADS}
    assert not of_one & of_two


async def test_a_lane_not_claimed_for_a_while_is_free(fleet: Sequence[Store]) -> None:
    one, two = fleet
    await one.outbox.owe([owed()])
    assert await names(one) == ["desk"]
    assert await names(two, HELD.total_seconds() - 1) == []
    assert await names(two, HELD.total_seconds()) == ["desk"]
    assert await names(one, HELD.total_seconds()) == []


async def test_the_dead_leave_their_lanes_at_once(fleet: Sequence[Store]) -> None:
    one, two = fleet
    await one.outbox.owe([owed(), owed(alert(story="st-2"))])
    (first,) = await one.outbox.claim(AT)
    await one.outbox.intend(first.id, AT)
    await one.outbox.sent(first.id, AT)
    assert await names(two) == []
    await one.close()
    assert await names(two) == ["desk"]


async def test_what_the_dead_were_sending_is_taken_over_by_one(fleet: Sequence[Store]) -> None:
    one, two = fleet
    await one.outbox.owe([owed(), owed(alert(story="st-2"), receiver("far"))])
    await one.outbox.intend("st-1/desk/1", AT)
    await one.outbox.intend("st-2/far/1", AT)
    await one.outbox.unknown("st-2/far/1", "no answer")
    assert await two.outbox.interrupted() == []
    async with _third(two) as three:
        await one.close()
        found = await asyncio.gather(two.outbox.interrupted(), three.outbox.interrupted())
        assert sorted(each.id for own in found for each in own) == ["st-1/desk/1", "st-2/far/1"]


async def test_fault_013_who_comes_back_too_late_changes_nothing(fleet: Sequence[Store]) -> None:
    """Its session ended while it stood still, and another worker settled what it was sending."""
    one, two = fleet
    await one.outbox.owe([owed(), owed(raised())])
    await one.outbox.claim(AT)
    await one.outbox.intend("st-1/desk/1", AT)
    await one.worker.stop()
    (orphan,) = await two.outbox.interrupted()
    await two.outbox.postpone(orphan.id, AT, "not there")
    assert [each.id for each in await two.outbox.claim(AT)] == [orphan.id]
    await two.outbox.intend(orphan.id, AT)
    await one.outbox.postpone(orphan.id, AT, "late")
    await one.outbox.dead(orphan.id, "late")
    await one.outbox.sent(orphan.id, AT)
    (now,) = [each for each in await two.views.deliveries("st-1") if each.revision == 1]
    assert now.state is DeliveryState.SENDING
    with pytest.raises(StoreError, match="not owed"):
        await one.outbox.intend(orphan.id, AT)


async def test_only_one_of_many_may_send(fleet: Sequence[Store]) -> None:
    await fleet[0].outbox.owe([owed()])
    tries = [fleet[number % 2].outbox.intend("st-1/desk/1", AT) for number in range(12)]
    answers = await asyncio.gather(*tries, return_exceptions=True)
    assert [each for each in answers if not isinstance(each, StoreError)] == [None]


async def test_what_one_owes_wakes_the_others(fleet: Sequence[Store]) -> None:
    one, two = fleet
    woken, polled = asyncio.Event(), asyncio.Event()
    two.on_owed(woken.set)
    await one.outbox.owe([owed()])
    await until(woken)
    two.on_owed(polled.set)
    await write(one, record(entry(), owed=[owed(alert(story="st-2"))]))
    await until(polled)


async def test_fault_027_what_nobody_told_us_of_is_found_by_the_sweep(fleet: Sequence[Store]) -> None:
    one, two = fleet
    clock, wake = SystemClock(), asyncio.Event()  # which nobody sets
    desk = MemoryNotifier(clock)
    courier = Courier(two.outbox, {"slack": desk}, clock=clock, wake=wake, options=CourierOptions(sweep=0.05))
    running = asyncio.create_task(courier.run())
    await one.outbox.owe([owed()])
    async with asyncio.timeout(120):  # only ends what hangs
        while not desk.arrived:  # noqa: ASYNC110 — a platform tells nobody
            await asyncio.sleep(0.01)
    await courier.stop()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_a_poll_that_owes_nothing_wakes_nobody(fleet: Sequence[Store]) -> None:
    one, two = fleet
    heard, owing = [], asyncio.Event()
    two.on_owed(lambda: heard.append("owed"))
    two.on_owed(owing.set)
    await write(one, record(entry()))
    await one.outbox.owe([owed()])
    await until(owing)
    assert heard == ["owed"]


async def test_fault_025_a_worker_whose_session_is_cut_comes_back_as_itself(fleet: Sequence[Store]) -> None:
    one, two = fleet
    await one.outbox.owe([owed()])
    assert await names(one) == ["desk"]
    back = asyncio.Event()
    one.on_owed(back.set)
    await _cut(one)
    await until(back)
    assert await names(two) == []
    assert await names(one) == ["desk"]


async def test_fault_026_a_session_that_never_answers_again_is_given_up_and_made_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bot.store.fleet.BEAT", 0.2)
    async with migrated_database() as url, Cable(url).laid() as line:
        store, back = await open_store(line.url), asyncio.Event()
        store.on_owed(back.set)
        line.cut()
        line.mend(forgotten=True)
        await until(back)
        await store.close()


async def test_fault_026_who_has_lost_its_sign_of_life_claims_nothing(fleet: Sequence[Store]) -> None:
    one, two = fleet
    await one.outbox.owe([owed()])
    assert await names(one) == ["desk"]
    await one.worker.stop()
    assert await names(one) == []
    assert await names(two) == ["desk"]


async def test_fault_025_connections_that_were_cut_are_made_anew(fleet: Sequence[Store]) -> None:
    one, two = fleet
    await write(one, record(entry()))
    await two.close()
    await cut_all(address_of(one))
    await write(one, record(entry("wire:2"), owed=[owed()]))
    assert (await one.views.counts()).entries == 2
    assert await names(one) == ["desk"]


async def test_fault_025_cut_in_the_middle_of_a_poll_nothing_of_it_is_left(fleet: Sequence[Store]) -> None:
    one, two = fleet
    with pytest.raises(StoreError):
        await _cut_while_deciding(one)
    assert (await two.views.counts()).entries == 0
    assert await write(one, record(entry())) > 0


async def test_a_database_that_is_not_there_is_named() -> None:
    async with migrated_database() as url:
        address = url
    with pytest.raises(StoreError, match="does not exist"):
        await open_store(address)


async def test_a_database_one_may_not_write_is_refused() -> None:
    async with migrated_database() as url:
        name = plain(url).rpartition("/")[2].partition("?")[0]
        await ask(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        with pytest.raises(StoreError, match="read-only"):
            await open_store(url)


async def test_a_file_has_no_fleet(tmp_path: Path) -> None:
    store = await open_store(f"sqlite+aiosqlite:///{tmp_path}/news.sqlite3")
    assert store.worker.id == 0
    await store.close()


# ── tools ────────────────────────────────────────────────────────────────────────────────────────────
@asynccontextmanager
async def _third(like: Store) -> AsyncIterator[Store]:
    """One more worker over the same database."""
    store = await open_store(address_of(like))
    yield store
    await store.close()


def address_of(store: Store) -> str:
    return store.database.engine.url.render_as_string(hide_password=False)


async def _cut_while_deciding(store: Store) -> None:
    async with store.news.deciding() as ledger:
        await ledger.write(record(entry(), owed=[owed()]))
        await cut_all(address_of(store))
        await ledger.write(record(entry("wire:2")))


async def _cut(store: Store) -> None:
    """The server ends this worker's session, as it does with one that is gone."""
    connection = await asyncpg.connect(plain(address_of(store)))
    try:
        cut = await connection.fetchval(
            "SELECT bool_and(pg_terminate_backend(pid, 5000)) FROM pg_locks"
            " WHERE locktype = 'advisory' AND objid = $1::bigint::oid",
            store.worker.id,
        )
        assert cut
    finally:
        await connection.close()
