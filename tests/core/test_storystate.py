"""The story's states: the drawing in the module, row by row."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.core.model import Report, StoryRecord, StoryState
from bot.core.storystate import CLOSED_AFTER, QUIET_AFTER, advance, contradicted, state_at

NOW = datetime(2022, 2, 15, 12, 0, tzinfo=UTC)
REPORTED, CORROBORATED, CONFIRMED = StoryState.REPORTED, StoryState.CORROBORATED, StoryState.CONFIRMED
DENIED, REVERSED = StoryState.DENIED, StoryState.REVERSED


def story(state: StoryState, *owners: str) -> StoryRecord:
    reports = tuple(Report(owner, owner, "Troops leave", "", NOW, NOW) for owner in owners)
    return StoryRecord("s1", "Troops leave", NOW, NOW, 1, state=state, reports=reports)


@pytest.mark.parametrize(
    ("state", "owners", "then", "denied", "confirmed", "expected"),
    [
        (REPORTED, (), ("a",), False, False, REPORTED),
        (REPORTED, ("a",), ("a", "b"), False, False, CORROBORATED),
        (REPORTED, ("a",), ("a", "b"), False, True, CONFIRMED),
        (CORROBORATED, ("a", "b"), ("a", "b", "c"), False, False, CORROBORATED),
        (CORROBORATED, ("a", "b"), ("a", "b", "c"), False, True, CONFIRMED),
        (CONFIRMED, ("a", "b"), ("a", "b", "c"), False, False, CONFIRMED),  # nothing unconfirms but a denial
        (CONFIRMED, ("a", "b"), ("a", "b"), True, False, DENIED),
        (REPORTED, ("a",), ("a",), True, False, DENIED),  # its own publisher takes it back
        (DENIED, ("a",), ("a",), False, False, DENIED),  # … and repeating itself changes nothing
        (DENIED, ("a",), ("a", "b"), False, False, CORROBORATED),  # told all the same by another
        (REVERSED, ("a",), ("a", "b"), False, False, REVERSED),
        (REVERSED, ("a",), ("a",), True, True, REVERSED),
    ],
)
def test_a_report_moves_a_story(
    state: StoryState,
    owners: tuple[str, ...],
    then: tuple[str, ...],
    denied: bool,
    confirmed: bool,
    expected: StoryState,
) -> None:
    assert advance(story(state, *owners), story(state, *then), denied=denied, confirmed=confirmed) is expected


@pytest.mark.parametrize(
    ("state", "how", "expected"),
    [
        (REPORTED, "denies", DENIED),
        (CONFIRMED, "denies", DENIED),
        (CORROBORATED, "reverses", REVERSED),
        (DENIED, "reverses", REVERSED),
        (REVERSED, "denies", REVERSED),
    ],
)
def test_another_story_moves_it(state: StoryState, how: str, expected: StoryState) -> None:
    assert contradicted(state, how) is expected


@pytest.mark.parametrize(
    ("silent", "expected"),
    [
        (timedelta(), CORROBORATED),
        (QUIET_AFTER - timedelta(seconds=1), CORROBORATED),
        (QUIET_AFTER, StoryState.QUIET),
        (CLOSED_AFTER, StoryState.CLOSED),
    ],
)
def test_silence_makes_it_quiet_and_then_closes_it(silent: timedelta, expected: StoryState) -> None:
    assert state_at(replace(story(CORROBORATED, "a", "b"), updated=NOW - silent), NOW) is expected
