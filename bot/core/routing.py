"""Labels → receivers. A rule never names a chat and a route never knows a keyword.

An entry may fire several rules, so an alert has several *facets*, one a rule, each with its own level and
direction; a route or a subscription that wants any facet gets the alert, once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.core.hours import due
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
    """A receiver that gets the alert, when, and the line that says why.

    ``digest`` None and ``not_before`` None = at once; either of them = held, to be told with others.
    """

    receiver: Receiver
    digest: timedelta | None
    because: str
    not_before: datetime | None = None

    @property
    def held(self) -> bool:
        """Is it told later, with others?"""
        return self.digest is not None or self.not_before is not None


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


NOTHING = "-"
"""A topic nothing carries, for a chat that wants its own keywords and no more; no topic at all means everything."""


def wants(subscription: Subscription, facets: Iterable[Labels]) -> Level | None:
    """The loudest level a facet reaches on one of the subscriber's topics; None if none is loud enough."""
    found = [
        Level.of(labels["level"][0])
        for labels in facets
        if any(
            _level_fits(f"{least.word}+", labels["level"]) for least in _wanted_levels(subscription, labels)
        )
    ]
    return max(found, default=None)


def _wanted_levels(subscription: Subscription, labels: Labels) -> list[Level]:
    """From which level each topic the labels carry is wanted."""
    if not subscription.topics:
        return [subscription.level]
    carried = {*labels["rule"], *labels["category"], *labels["tag"], *labels["direction"]}
    wishes = (read_topic(topic, subscription.level) for topic in subscription.topics)
    return [level for topic, level in wishes if topic in carried]


def read_topic(topic: str, level: Level) -> tuple[str, Level]:
    """``conflict@critical`` → the topic and its level; ``level`` for a topic that has none of its own."""
    name, _, word = topic.partition("@")
    return name, Level.of(word) if word else level


def receiver_of(subscription: Subscription) -> Receiver:
    """The place a chat's messages go to: ``chat/thread`` is one topic of a forum."""
    address, _, thread = subscription.address.partition("/")
    options = {"language": subscription.language, **({"thread": thread} if thread else {})}
    return Receiver(subscription.receiver, subscription.kind, address, options)


DEFAULT_ROUTE_LEVEL = "medium+"


def route(
    facets: Sequence[Labels],
    *,
    routes: Sequence[Route],
    receivers: Sequence[Receiver],
    subscriptions: Sequence[Subscription] = (),
    silences: Sequence[Silence] = (),
    now: datetime | None = None,
) -> tuple[Routed, ...]:
    """Who gets it. Every line that fits fires; a receiver gets it once, at once if any line says at once.

    With no routes at all, everything from medium goes to every configured receiver. A silence of a receiver's own
    keeps it from that receiver alone; ``now`` is when it was decided, without it nobody's hours are asked.
    """
    found = _by_routes(facets, routes, receivers)
    for subscription in subscriptions:
        level = wants(subscription, facets) if subscription.active else None
        if level is not None and subscription.receiver not in found:
            later = due(subscription, level, now) if now else None
            found[subscription.receiver] = Routed(receiver_of(subscription), None, "subscription", later)
    return tuple(
        routed
        for routed in found.values()
        if not (now and muted_for(place_of(routed.receiver), silences, facets, now))
    )


def _by_routes(
    facets: Sequence[Labels], routes: Sequence[Route], receivers: Sequence[Receiver]
) -> dict[str, Routed]:
    lines = routes or (Route({"level": (DEFAULT_ROUTE_LEVEL,)}, tuple(each.name for each in receivers)),)
    by_name = {receiver.name: receiver for receiver in receivers}
    found: dict[str, Routed] = {}
    for number, line in enumerate(lines, 1):
        if not takes(line, facets):
            continue
        for name in line.to:
            earlier = found.get(name)
            if earlier is None or (earlier.digest is not None and line.digest is None):
                found[name] = Routed(
                    by_name[name], line.digest, f"route {number}" if routes else "default route"
                )
    return found


OWN = "receiver"
"""The label that makes a silence a place's own (``telegram:4711``): it mutes nobody else."""


def place_of(receiver: Receiver) -> str:
    """Where a receiver is, whatever the editors call it: ``slack:C042``, ``telegram:-1001/12`` in a forum."""
    thread = receiver.options.get("thread", "") if receiver.kind == "telegram" else ""
    return f"{receiver.kind}:{receiver.address}" + (f"/{thread}" if thread else "")


def is_subscribers(receiver: Receiver) -> bool:
    """Is it a chat that subscribed, and not one the editors configured?"""
    return receiver.name == place_of(receiver)


def muted_for(place: str, silences: Sequence[Silence], facets: Sequence[Labels], now: datetime) -> bool:
    """Has this place silenced it for itself? What is critical passes, as it passes everybody's silence."""
    if any(Level.CRITICAL.word in labels["level"] for labels in facets):
        return False
    return muting(own_silences(silences, place), facets, now) is not None


def own_silences(silences: Iterable[Silence], place: str) -> list[Silence]:
    """The silences of this place's own, without the label that says so."""
    return [
        replace(each, labels={label: value for label, value in each.labels.items() if label != OWN})
        for each in silences
        if each.labels.get(OWN) == place
    ]


def muting(silences: Sequence[Silence], facets: Sequence[Labels], now: datetime) -> Silence | None:
    """The silence in force that covers every facet, if one does: a second, unmuted rule still rings."""
    for silence in silences:
        covered = (_covers(silence, labels) for labels in facets)
        if silence.until > now and facets and all(covered):
            return silence
    return None


def _covers(silence: Silence, labels: Labels) -> bool:
    return all(_fits(label, (value,), labels) for label, value in silence.labels.items())
