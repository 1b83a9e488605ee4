"""Entries, decisions, stories and polls for tests of the store, in our own words."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from bot.core.model import (
    Alert,
    Contradiction,
    Decision,
    Direction,
    Entry,
    FeedState,
    FeedStatus,
    Level,
    Match,
    Outcome,
    Step,
    StoryRecord,
    StoryState,
)
from bot.ports import PollRecord
from bot.store import Store
from tests.fakes.alerts import AT, SUMMARY, TITLE, alert, evidence, report

SECOND = timedelta(seconds=1)


def entry(key: str = "wire:1", **changes: Any) -> Entry:
    """One item of a feed."""
    made = Entry(
        key=key,
        aliases=(key, f"link:{key}"),
        feed="northern-wire-world",
        owner="Northern Wire",
        title=TITLE,
        summary=SUMMARY,
        body="",
        link=f"https://northern-wire.example/{key}",
        lang="en",
        published=AT - timedelta(seconds=42),
        first_seen=AT,
        fingerprint=f"print of {key}",
        tags=("world", "Köln · ☂"),
    )
    return replace(made, **changes)


def match(**changes: Any) -> Match:
    """A rule that met it."""
    made = Match("troop-withdrawal", 60, Level.HIGH, Direction.DEESCALATION, (evidence(),))
    return replace(made, **changes)


def decided(key: str = "wire:1", story: str = "", told: Alert | None = None, **changes: Any) -> Decision:
    """What was decided about it: an alert, a repeat of a story, or nothing."""
    outcome = Outcome.ALERT if told else Outcome.REPEAT if story else Outcome.NO_MATCH
    steps = (Step("match", "met", "troop-withdrawal 60"), Step("decide", outcome.value))
    made = Decision(key, outcome, steps, story, (match(),) if story else (), told)
    return replace(made, **changes)


def story(id: str = "st-1", **changes: Any) -> StoryRecord:  # noqa: A002 — the field's name
    """A story told once."""
    made = StoryRecord(
        id=id,
        title=TITLE,
        opened=AT,
        updated=AT,
        revision=1,
        told={"troop-withdrawal": 3},
        scores={"troop-withdrawal": {"Northern Wire": 60}},
        last_told=AT,
        reports=(report(), report("Harbour Post")),
        state=StoryState.CORROBORATED,
        alert=alert(contradicts=Contradiction("st-0", "Troops stay", "reverses")),
    )
    return replace(made, **changes)


def state(feed: str = "northern-wire-world", **changes: Any) -> FeedState:
    """A feed that answered."""
    made = FeedState(feed, FeedStatus.OK, etag='"a"', polls=3, last_poll=AT, interval=timedelta(minutes=2))
    return replace(made, **changes)


def record(*entries: Entry, story: str = "", **changes: Any) -> PollRecord:
    """A poll that brought these."""
    made = PollRecord(state(), tuple((each, decided(each.key, story)) for each in entries))
    return replace(made, **changes)


async def write(store: Store, poll: PollRecord) -> int:
    """One poll, as the decider writes it."""
    async with store.news.deciding() as ledger:
        return await ledger.write(poll)


async def read_at(store: Store, key: str, seen: datetime, **changes: Any) -> Entry:
    """An entry seen then, in the store."""
    made = entry(key, first_seen=seen, published=changes.pop("published", seen), **changes)
    await write(store, record(made))
    return made
