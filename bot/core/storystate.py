"""The story as a state machine: what is known of it after each report. Pure.

::

                 second family          as many as `confirm` asks, in time
    reported ──────────────▶ corroborated ──────────────▶ confirmed
        │                       │    ▲                        │
        │ another story         │    │ a further family       │
        │ denies it, or its     ▼    │ tells it all the same  │
        ├──────────────────▶  denied ┘ ◀──────────────────────┤
        │ own publisher does                                  │
        │ another story turns it round                        │
        └──────────────────▶ reversed ◀───────────────────────┘

    any of these ── no report for QUIET_AFTER ──▶ quiet ── a report ──▶ what it would be now
    any of these ── no report for CLOSED_AFTER ──▶ closed: what comes now is another story

*Quiet* and *closed* are not stored: they follow from the time of the last report (:func:`state_at`), so that no clock
has to visit every story.

Families are *voices*: the wire a text is copied from, else the publisher family; a copied wire report confirms nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from bot.core.model import AlertKind, Delivery, Entry, Report, StoryRecord, StoryState
from bot.core.rules import Rule

QUIET_AFTER = timedelta(hours=6)
CLOSED_AFTER = timedelta(hours=72)
MOST_REPORTS = 50  # remembered a story; what a hundredth outlet adds is its number, not its words


def state_at(story: StoryRecord, now: datetime) -> StoryState:
    """The state people see at this moment."""
    silent = now - story.updated
    if silent >= CLOSED_AFTER:
        return StoryState.CLOSED
    return StoryState.QUIET if silent >= QUIET_AFTER else story.state


def voices(story: StoryRecord) -> tuple[str, ...]:
    """Independent publisher families so far, first one first."""
    return tuple(dict.fromkeys(report.voice for report in story.reports))


def is_confirmed(story: StoryRecord, rule: Rule) -> bool:
    """Have as many independent families as the rule asks for reported within its time of each other?"""
    if rule.confirm is None:
        return True
    telling = story.scores.get(rule.id, {})
    first_seen: dict[str, datetime] = {}
    for report in story.reports:
        if report.voice in telling:
            first_seen.setdefault(report.voice, report.first_seen)
    seen = sorted(first_seen.values())
    wanted = rule.confirm.outlets
    return any(
        late - early <= rule.confirm.within for early, late in zip(seen, seen[wanted - 1 :], strict=False)
    )


def with_report(
    story: StoryRecord, entry: Entry, scores: Mapping[str, int], voice: str, now: datetime
) -> StoryRecord:
    """The story with this entry in it; ``scores`` are the entry's, by rule. The state is left to :func:`advance`."""
    by_rule = {rule: dict(by_voice) for rule, by_voice in story.scores.items()}
    for rule, score in scores.items():
        by_voice = by_rule.setdefault(rule, {})
        by_voice[voice] = max(score, by_voice.get(voice, 0))
    reports = story.reports
    if entry.owner not in {report.owner for report in reports} and len(reports) < MOST_REPORTS:
        family = voice if voice != entry.owner else ""
        report = Report(
            entry.owner, entry.feed, entry.title, entry.link, entry.published, entry.first_seen, family
        )
        reports = (*reports, report)
    return replace(story, updated=now, scores=by_rule, reports=reports)


def advance(before: StoryRecord, after: StoryRecord, *, denied: bool, confirmed: bool) -> StoryState:
    """The state after a report. ``denied``: it says itself that it is not so; ``confirmed``: the rule's wish is met."""
    state = before.state
    if state is StoryState.REVERSED:
        return state
    if denied:
        return StoryState.DENIED
    count = len(voices(after))
    grown = count > len(voices(before))
    if state is StoryState.DENIED and not (grown and count > 1):
        return state
    if confirmed:
        return StoryState.CONFIRMED
    if state is StoryState.CONFIRMED:
        return state
    return StoryState.CORROBORATED if count > 1 else StoryState.REPORTED


def contradicted(state: StoryState, how: str) -> StoryState:
    """The state of a story that another one ``denies`` or ``reverses``."""
    if state is StoryState.REVERSED or how == "reverses":
        return StoryState.REVERSED
    return StoryState.DENIED


def thread_of(delivery: Delivery) -> str:
    """The story whose first message is edited or answered: its own, or, at first, the one it speaks against."""
    for alert in delivery.message.alerts[:1]:
        if alert.kind is AlertKind.NEW and alert.contradicts is not None:
            return alert.contradicts.story
    return delivery.story
