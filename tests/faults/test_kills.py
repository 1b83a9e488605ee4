"""Rows 1-8 of the fault list: SIGKILL at every named step and at calls drawn by lot, over real files and servers."""

from __future__ import annotations

from bot.failpoint import NAMES
from tests.faults import syscalls
from tests.faults.kills import FILES, Outcome, harness
from tests.pg import migrated_database

STEPS, CALLS = len(NAMES), 8  # ways to strike a call: before, within and after, but for a sync's middle
KILLS = 5 * len(FILES) * (STEPS + CALLS)


async def test_fault_001_to_008_killed_at_every_step_and_call_nothing_is_lost_and_nothing_doubled() -> None:
    outcome = await harness(KILLS)
    assert outcome.total == KILLS, outcome
    assert set(NAMES) <= set(outcome.kills), outcome
    assert len(outcome.kills) == STEPS + (0 if syscalls.why_not() else CALLS), outcome
    nothing_lost_and_nothing_doubled(outcome)


async def test_fault_001_to_008_on_postgresql_too_whose_server_goes_on_when_we_die() -> None:
    async with migrated_database() as url:
        outcome = await harness(4 * (STEPS + 3), databases=[url])  # its writes are the server's; we send
    assert set(NAMES) <= set(outcome.kills), outcome
    nothing_lost_and_nothing_doubled(outcome)


def nothing_lost_and_nothing_doubled(outcome: Outcome) -> None:
    assert outcome.lost == [], outcome
    assert outcome.doubled_on_slack == [], outcome
    assert outcome.beyond == [], outcome
    assert outcome.unmarked == [], outcome
    assert outcome.telegram_repeats <= outcome.replies_lost, outcome
