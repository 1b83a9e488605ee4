"""Labels → receivers. A rule never names a chat and a route never knows a keyword.

An entry may fire several rules, so an alert has several *facets*, one a rule, each with its own level and
direction; a route or a subscription that wants any facet gets the alert, once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.core.model import Entry, Level, Match, Receiver, Silence, Subscription
from bot.core.rules import Rule

Labels = Mapping[str, tuple[str, ...]]
"""Label name → its values: rule, category, tag, level, direction, language, feed, owner, story."""


@dataclass(frozen=True, slots=True)
class Route:
    """One line of ``routes.yaml``: all conditions must hold; each holds if any of its alternatives does.

    Conditions are kept as the editor's text: ``{"level": ("high+",), "category": ("conflict", "security")}``.
    """

    when: Mapping[str, tuple[str, ...]]
    to: tuple[str, ...]
    digest: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Routed:
    """A receiver that gets the alert, when (``digest`` None = at once), and the line that says why."""

    receiver: Receiver
    digest: timedelta | None
    because: str


def facet(match: Match, rule: Rule, level: Level, entry: Entry, story: str) -> Labels:
    """What routes can see of one rule's match."""
    return {
        "rule": (rule.id,),
        "category": (rule.category,) if rule.category else (),
        "tag": rule.tags,
        "level": (level.word,),
        "direction": (match.direction.value,),
        "language": (entry.lang,),
        "feed": (entry.feed, *entry.tags),
        "owner": (entry.owner,),
        "story": (story,),
    }


def _level_fits(wanted: str, values: tuple[str, ...]) -> bool:
    if not wanted.endswith("+"):
        return wanted in values
    return any(Level.of(value) >= Level.of(wanted[:-1]) for value in values)


def _fits(label: str, wanted: Iterable[str], labels: Labels) -> bool:
    values = labels.get(label, ())
    if label == "level":
        return any(_level_fits(each, values) for each in wanted)
    return any(each in values for each in wanted)


def takes(route: Route, facets: Iterable[Labels]) -> bool:
    """Does some facet satisfy every condition of the route?"""
    return any(all(_fits(label, wanted, labels) for label, wanted in route.when.items()) for labels in facets)


def wants(subscription: Subscription, facets: Iterable[Labels]) -> bool:
    """Does some facet reach the subscriber's level on one of their topics?"""
    return any(
        _level_fits(f"{subscription.level.word}+", labels["level"])
        and (not subscription.topics or not _topics(labels).isdisjoint(subscription.topics))
        for labels in facets
    )


def _topics(labels: Labels) -> set[str]:
    return {*labels["rule"], *labels["category"], *labels["tag"], *labels["direction"]}


DEFAULT_ROUTE_LEVEL = "medium+"


def route(
    facets: Sequence[Labels],
    *,
    routes: Sequence[Route],
    receivers: Sequence[Receiver],
    subscriptions: Sequence[Subscription] = (),
) -> tuple[Routed, ...]:
    """Who gets it. Every line that fits fires; a receiver gets it once, at once if any line says at once.

    With no routes at all, everything from medium goes to every configured receiver.
    """
    lines = routes or (Route({"level": (DEFAULT_ROUTE_LEVEL,)}, tuple(each.name for each in receivers)),)
    by_name = {receiver.name: receiver for receiver in receivers}
    found: dict[str, Routed] = {}
    for number, line in enumerate(lines, 1):
        if not takes(line, facets):
            continue
        for name in line.to:
            earlier = found.get(name)
            if earlier is None or (earlier.digest is not None and line.digest is None):
                found[name] = Routed(by_name[name], line.digest, f"route {number}" if routes else "default route")
    for subscription in subscriptions:
        if subscription.active and subscription.receiver not in found and wants(subscription, facets):
            receiver = Receiver(subscription.receiver, subscription.kind, subscription.address)
            found[receiver.name] = Routed(receiver, None, "subscription")
    return tuple(found.values())


def muting(silences: Sequence[Silence], facets: Sequence[Labels], now: datetime) -> Silence | None:
    """The silence in force that covers every facet, if one does: a second, unmuted rule still rings."""
    for silence in silences:
        covered = (_covers(silence, labels) for labels in facets)
        if silence.until > now and facets and all(covered):
            return silence
    return None


def _covers(silence: Silence, labels: Labels) -> bool:
    return all(_fits(label, (value,), labels) for label, value in silence.labels.items())
