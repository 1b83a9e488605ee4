"""Rows 1-8 of the fault list: SIGKILL at every named step and at calls drawn by lot, over real files and servers."""

from __future__ import annotations

from bot.failpoint import NAMES
from tests.faults import syscalls
from tests.faults.kills import WORLDS, harness

STEPS, CALLS = len(NAMES), 8  # ways to strike a call: before, within and after, but for a sync's middle
KILLS = 5 * WORLDS * (STEPS + CALLS)


async def test_fault_001_to_008_killed_at_every_step_and_call_nothing_is_lost_and_nothing_doubled() -> None:
    outcome = await harness(KILLS)
    assert outcome.total == KILLS, outcome
    assert set(NAMES) <= set(outcome.kills), outcome
    assert len(outcome.kills) == STEPS + (0 if syscalls.why_not() else CALLS), outcome
    assert outcome.lost == [], outcome
    assert outcome.doubled_on_slack == [], outcome
    assert outcome.beyond == [], outcome
    assert outcome.unmarked == [], outcome
    assert outcome.telegram_repeats <= outcome.replies_lost, outcome
