"""Labels → receivers, as a table."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.core.model import Level, Receiver, Silence, Subscription
from bot.core.routing import Labels, Route, is_subscribers, muting, place_of, receiver_of, route

NOW = datetime(2022, 2, 15, 12, 0, tzinfo=UTC)
DESK = Receiver("desk", "slack", "#desk")
PHONES = Receiver("phones", "telegram", "-100123")


def labels(**changed: str | tuple[str, ...]) -> Labels:
    base: dict[str, tuple[str, ...]] = {
        "rule": ("troop-withdrawal",),
        "category": ("conflict",),
        "tag": ("europe",),
        "level": ("high",),
        "direction": ("de-escalation",),
        "language": ("en",),
        "feed": ("gazette",),
        "owner": ("gazette",),
        "story": ("s1",),
    }
    return base | {key: (value,) if isinstance(value, str) else value for key, value in changed.items()}


def names(*routes: Route, facets: tuple[Labels, ...] = (labels(),)) -> list[str]:
    return [each.receiver.name for each in route(facets, routes=routes, receivers=(DESK, PHONES))]


@pytest.mark.parametrize(
    ("when", "taken"),
    [
        ({"level": ("high+",)}, True),
        ({"level": ("medium+",)}, True),
        ({"level": ("critical+",)}, False),
        ({"level": ("low",)}, False),  # a bare level is exactly that level
        ({"level": ("low", "high")}, True),  # alternatives
        ({"category": ("conflict",), "direction": ("de-escalation",)}, True),  # all conditions
        ({"category": ("conflict",), "direction": ("escalation",)}, False),
        ({"tag": ("asia", "europe")}, True),
        ({"language": ("ru",)}, False),
        ({"feed": ("gazette",)}, True),
        ({}, True),  # no condition takes everything
    ],
)
def test_a_route_takes_what_its_conditions_say(when: dict[str, tuple[str, ...]], taken: bool) -> None:
    assert names(Route(when, ("desk",))) == (["desk"] if taken else [])


def test_without_routes_everything_from_medium_goes_to_every_receiver() -> None:
    assert names() == ["desk", "phones"]
    assert names(facets=(labels(level="low"),)) == []


def test_every_line_fires_and_a_receiver_gets_it_once() -> None:
    both = Route({"level": ("high+",)}, ("phones", "desk"))
    again = Route({"category": ("conflict",)}, ("desk",))
    assert names(both, again) == ["phones", "desk"]


def test_at_once_beats_a_digest() -> None:
    slow = Route({}, ("desk",), digest=timedelta(minutes=30))
    fast = Route({"level": ("high+",)}, ("desk",))
    (routed,) = route((labels(),), routes=(slow, fast), receivers=(DESK,))
    assert routed.digest is None
    assert routed.because == "route 2"


def test_a_second_rule_of_the_same_entry_can_open_a_route() -> None:
    line = Route({"rule": ("invasion",), "level": ("low+",)}, ("desk",))
    assert names(line, facets=(labels(), labels(rule="invasion", level="low"))) == ["desk"]


def test_conditions_are_asked_of_one_facet_at_a_time() -> None:
    loud_invasion = Route({"rule": ("invasion",), "level": ("high+",)}, ("desk",))
    assert names(loud_invasion, facets=(labels(level="high"), labels(rule="invasion", level="low"))) == []


@pytest.mark.parametrize(
    ("topics", "level", "wanted"),
    [
        ((), Level.MEDIUM, True),
        ((), Level.CRITICAL, False),
        (("conflict",), Level.HIGH, True),  # category
        (("troop-withdrawal",), Level.HIGH, True),  # rule
        (("europe",), Level.HIGH, True),  # tag
        (("de-escalation",), Level.HIGH, True),  # direction
        (("cyber",), Level.LOW, False),
    ],
)
def test_a_subscription_wants_its_topics_from_its_level(
    topics: tuple[str, ...], level: Level, wanted: bool
) -> None:
    chat = Subscription("telegram", "7", topics=topics, level=level)
    found = route((labels(),), routes=(Route({}, ()),), receivers=(), subscriptions=(chat,))
    assert [each.receiver.name for each in found] == (["telegram:7"] if wanted else [])


def test_someone_who_left_gets_nothing() -> None:
    chat = Subscription("telegram", "7", active=False)
    assert route((labels(),), routes=(), receivers=(), subscriptions=(chat,)) == ()


@pytest.mark.parametrize(
    ("silenced", "until", "facets", "muted"),
    [
        ({"story": "s1"}, 1, (labels(),), True),
        ({"story": "s2"}, 1, (labels(),), False),
        ({"rule": "troop-withdrawal"}, 1, (labels(),), True),
        ({"rule": "troop-withdrawal"}, -1, (labels(),), False),  # over
        (
            {"rule": "troop-withdrawal"},
            1,
            (labels(), labels(rule="invasion")),
            False,
        ),  # the other rule still rings
        ({"category": "conflict"}, 1, (labels(), labels(rule="invasion")), True),
    ],
)
def test_a_silence_mutes_what_its_labels_cover(
    silenced: dict[str, str], until: int, facets: tuple[Labels, ...], muted: bool
) -> None:
    silence = Silence("x", silenced, NOW + timedelta(hours=until), "ada")
    assert (muting((silence,), facets, NOW) is silence) is muted


@pytest.mark.parametrize(
    ("topics", "facets", "wanted"),
    [
        (("conflict@critical",), (labels(),), False),  # the topic's own level counts
        (("conflict@low",), (labels(level="low"),), True),
        (
            ("conflict@critical", "europe"),
            (labels(),),
            True,
        ),  # another topic is content with the chat's level
        (("cyber@low", "conflict"), (labels(level="low"),), False),
    ],
)
def test_topics_of_one_chat_have_levels_of_their_own(
    topics: tuple[str, ...], facets: tuple[Labels, ...], wanted: bool
) -> None:
    chat = Subscription("telegram", "7", topics=topics, level=Level.MEDIUM)
    assert bool(route(facets, routes=(Route({}, ()),), receivers=(), subscriptions=(chat,))) is wanted


def test_a_forum_topic_is_a_receiver_of_its_own() -> None:
    chats = (Subscription("telegram", "-1/7", language="de"), Subscription("telegram", "-1/8"))
    found = route((labels(),), routes=(Route({}, ()),), receivers=(), subscriptions=chats)
    assert [(each.receiver.name, each.receiver.address) for each in found] == [
        ("telegram:-1/7", "-1"),
        ("telegram:-1/8", "-1"),
    ]
    assert found[0].receiver.options == {"language": "de", "thread": "7"}


@pytest.mark.parametrize(
    ("level", "held"),
    [("high", NOW + timedelta(hours=2)), ("critical", None)],
)
def test_quiet_hours_hold_a_subscription_and_critical_passes(level: str, held: datetime | None) -> None:
    chat = Subscription("telegram", "7", quiet="11:00-14:00")
    (found,) = route(
        (labels(level=level),), routes=(Route({}, ()),), receivers=(), subscriptions=(chat,), now=NOW
    )
    assert (found.not_before, found.held) == (held, held is not None)


@pytest.mark.parametrize(
    ("silenced", "level", "told"),
    [
        ({"receiver": "telegram:7", "story": "s1"}, "high", ["desk", "phones"]),
        ({"receiver": "telegram:7", "story": "s1"}, "critical", ["desk", "phones", "telegram:7"]),
        ({"receiver": "telegram:8", "story": "s1"}, "high", ["desk", "phones", "telegram:7"]),
        ({"receiver": "slack:#desk", "rule": "troop-withdrawal"}, "high", ["phones", "telegram:7"]),
        ({"receiver": "telegram:7"}, "high", ["desk", "phones"]),  # everything
    ],
)
def test_a_silence_of_ones_own_mutes_nobody_else(
    silenced: dict[str, str], level: str, told: list[str]
) -> None:
    silence = Silence("x", silenced, NOW + timedelta(hours=1), "telegram:7")
    found = route(
        (labels(level=level),), routes=(), receivers=(DESK, PHONES),
        subscriptions=(Subscription("telegram", "7"),), silences=(silence,), now=NOW,
    )  # fmt: skip
    assert [each.receiver.name for each in found] == told
    assert muting((silence,), (labels(),), NOW) is None  # nor does it stop the decision


@pytest.mark.parametrize(
    ("receiver", "place", "subscriber"),
    [
        (Receiver("desk", "slack", "C1", {"thread": "false"}), "slack:C1", False),  # it wants no threads
        (Receiver("ops", "telegram", "-100", {"thread": "12"}), "telegram:-100/12", False),
        (receiver_of(Subscription("telegram", "-100/12")), "telegram:-100/12", True),
        (receiver_of(Subscription("telegram", "7")), "telegram:7", True),
    ],
)
def test_a_place_is_named_as_its_front_names_it(receiver: Receiver, place: str, subscriber: bool) -> None:
    assert (place_of(receiver), is_subscribers(receiver)) == (place, subscriber)
