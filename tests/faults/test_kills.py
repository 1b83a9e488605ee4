"""Rows 1-3 and 5-7 of the fault list: SIGKILL at every named step, fifty-four times, over real files and servers."""

from __future__ import annotations

from bot.failpoint import NAMES
from tests.faults.kills import harness

KILLS = 9 * len(NAMES)


async def test_fault_001_to_007_killed_at_every_step_nothing_is_lost_and_nothing_doubled() -> None:
    outcome = await harness(KILLS)
    assert outcome.total == KILLS, outcome
    assert set(outcome.kills) == set(NAMES), outcome
    assert outcome.lost == [], outcome
    assert outcome.doubled_on_slack == [], outcome
    assert outcome.unmarked_repeats == 0, outcome
    assert outcome.telegram_repeats <= outcome.kills["after intent"] + outcome.kills["after send"], outcome
