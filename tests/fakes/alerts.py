"""Alerts and deliveries for tests, in our own words; every field can be overridden."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.core.model import (
    Alert,
    AlertKind,
    Delivery,
    DeliveryState,
    Direction,
    Evidence,
    Level,
    Message,
    MessageKind,
    Place,
    Receiver,
    Report,
    Stance,
)

AT = datetime(2022, 2, 15, 8, 0, tzinfo=UTC)

TITLE = "Moscow returns some of its troops from the border amid invasion fears"
SUMMARY = "Units that ended their drills are loading tanks onto trains, the ministry said on Tuesday."


def evidence(**changes: Any) -> Evidence:
    """One line of the sum: +40 for words of the headline."""
    line = Evidence(
        term="troops returning",
        strength="keywords",
        place=Place.TITLE,
        paragraph=0,
        stance=Stance.ASSERTED,
        points=40,
        words="returns some of its troops",
        span=(7, 33),
    )
    return replace(line, **changes)


FEARED = evidence(
    term="invasion", stance=Stance.FEARED, points=20, words="invasion fears", span=(55, 69), cue="fears"
)


def report(owner: str = "Northern Wire", **changes: Any) -> Report:
    """One publisher telling the story."""
    host = owner.lower().replace(" ", "-")
    made = Report(owner, f"{host}-world", TITLE, f"https://{host}.example/world/troops-return", AT, AT)
    return replace(made, **changes)


def alert(**changes: Any) -> Alert:
    """The story of 15 February, told for the first time."""
    made = Alert(
        story="st-1",
        revision=1,
        kind=AlertKind.NEW,
        rule="troop-withdrawal",
        rule_title="Troop withdrawal",
        category="conflict",
        tags=("border", "army"),
        level=Level.HIGH,
        score=60,
        direction=Direction.DEESCALATION,
        title=TITLE,
        summary=SUMMARY,
        link="https://northern-wire.example/world/troops-return",
        lang="en",
        feed="northern-wire-world",
        owner="Northern Wire",
        published=AT - timedelta(seconds=42),
        first_seen=AT,
        decided=AT + timedelta(milliseconds=30),
        terms=(evidence(), FEARED),
        reports=(report(published=AT - timedelta(seconds=42)),),
        reason="1 source, unconfirmed",
    )
    return replace(made, **changes)


def raised(**changes: Any) -> Alert:
    """The same story, confirmed by a second publisher and louder."""
    second = report("Harbour Post", published=AT + timedelta(minutes=4), first_seen=AT + timedelta(minutes=5))
    made = alert(
        revision=2,
        kind=AlertKind.RAISED,
        level=Level.CRITICAL,
        score=88,
        reports=(*alert().reports, second),
        reason="high → critical; 2 independent sources",
    )
    return replace(made, **changes)


def joined(**changes: Any) -> Alert:
    """The same story, told by a second publisher and no louder."""
    made = raised(kind=AlertKind.SOURCE, level=Level.HIGH, score=60, reason="2 independent sources")
    return replace(made, **changes)


def receiver(
    name: str = "desk", kind: str = "slack", address: str = "C0DESK0001", **options: str
) -> Receiver:
    """A configured place."""
    return Receiver(name, kind, address, options)


def message(*alerts: Alert, delivery: str = "st-1/desk/1", repeat: bool = False) -> Message:
    """What carries these alerts: several make a digest, none a notice."""
    kind = {0: MessageKind.NOTICE, 1: MessageKind.ALERT}.get(len(alerts), MessageKind.DIGEST)
    notice = "" if alerts else "gazette-world answered 410 Gone; it is not asked again"
    return Message(delivery, kind, alerts, notice, repeat)


def owed(told: Alert | None = None, to: Receiver | None = None, **changes: Any) -> Delivery:
    """A delivery owed since :data:`AT`, due at once."""
    told, to = told or alert(), to or receiver()
    identity = f"{told.story}/{to.name}/{told.revision}"
    made = Delivery(
        id=identity,
        story=told.story,
        revision=told.revision,
        receiver=to,
        message=message(told, delivery=identity),
        state=DeliveryState.OWED,
        priority=int(told.level),
        not_before=AT,
        created=AT,
    )
    return replace(made, **changes)
