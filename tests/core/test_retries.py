"""The policy of delivery as a table: error in, verdict out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.core.retries import (
    BuryLane,
    Dead,
    Reconcile,
    Redirect,
    Retry,
    StopNotifier,
    Verdict,
    Wait,
    pause,
    unanswered,
    verdict,
)
from bot.errors import (
    Ambiguous,
    DeliveryError,
    Migrated,
    NotifierStopped,
    NotSent,
    ReceiverGone,
    Rejected,
    Throttled,
)

NOW = datetime(2022, 2, 15, 8, 0, tzinfo=UTC)


def in_seconds(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (NotSent("refused"), Retry(in_seconds(0.75), "refused")),
        (Throttled(30, "slow down"), Wait(in_seconds(30), "slow down")),
        (Throttled(0), Wait(in_seconds(1), "asked to wait 0 s")),
        (Throttled(float("nan"), "?"), Wait(in_seconds(1), "?")),
        (Throttled(315_360_000, "ten years"), Wait(NOW + timedelta(days=1), "ten years")),
        (Ambiguous("no answer"), Reconcile("no answer")),
        (DeliveryError("what is this"), Reconcile("what is this")),
        (Rejected("bad blocks"), Dead("bad blocks")),
        (ReceiverGone("kicked"), BuryLane("kicked")),
        (Migrated("-100123"), Redirect("-100123", "the chat moved to -100123")),
        (NotifierStopped("token refused"), StopNotifier(NOW + timedelta(hours=1), "token refused")),
        (NotSent(), Retry(in_seconds(0.75), "NotSent")),
    ],
    ids=str,
)
def test_each_leaf_has_its_verdict(error: DeliveryError, expected: Verdict) -> None:
    assert verdict(error, attempts=1, now=NOW, jitter=0.5) == expected


def test_fault_110_six_hours_of_outage_never_give_up_and_never_pause_longer_than_a_minute() -> None:
    at, attempts = NOW, 0
    while at < NOW + timedelta(hours=6):
        attempts += 1
        what = verdict(NotSent("503"), attempts=attempts, now=at, jitter=1.0)
        assert isinstance(what, Retry)
        assert what.at - at <= timedelta(minutes=1)
        at = what.at
    assert attempts < 400


@pytest.mark.parametrize(
    ("attempts", "least", "most"),
    [(0, 0.5, 1), (1, 0.5, 1), (2, 1, 2), (5, 8, 16), (6, 16, 32), (7, 30, 60), (10_000, 30, 60)],
)
def test_pauses_double_and_half_of_each_is_random(attempts: int, least: float, most: float) -> None:
    assert pause(attempts, 0.0) == timedelta(seconds=least)
    assert pause(attempts, 1.0) == timedelta(seconds=most)


@pytest.mark.parametrize("policy", ["", "repeat"])
def test_in_doubt_a_message_is_repeated_and_marked(policy: str) -> None:
    what = unanswered(policy, "no answer", attempts=1, now=NOW, jitter=0.5)
    assert what == Retry(in_seconds(0.75), "no answer", repeat=True)


def test_who_wants_no_repeats_gets_none() -> None:
    what = unanswered("at_most_once", "no answer", attempts=1, now=NOW, jitter=0.5)
    assert what == Dead("no answer; it may have arrived and this receiver wants no repeats")
