"""Whose turn it is: the longest due first, hosts with pauses, and nobody looked at in vain."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.turns import TurnLimits, Turns

GAP = TurnLimits(places=4, host_places=1, host_gap=5.0)


def taken(turns: Turns, now: float) -> list[str]:
    """All that may be polled now."""
    return list(iter(lambda: turns.take(now), None))


def test_who_has_been_due_for_longest_is_first() -> None:
    turns = Turns(GAP)
    for name, at in (("c", 3.0), ("a", 1.0), ("d", 9.0), ("b", 2.0)):
        turns.set(name, name, at)
    assert taken(turns, 4.0) == ["a", "b", "c"]
    assert turns.next_look(4.0) == 9.0


def test_feeds_of_one_host_take_turns_with_pauses_and_hold_up_nobody_else() -> None:
    turns = Turns(GAP)
    for name in ("a1", "a2", "a3"):
        turns.set(name, "a", 0.0)
    turns.set("b1", "b", 0.0)
    assert taken(turns, 0.0) == ["a1", "b1"]
    turns.done("a1")
    assert turns.next_look(1.0) == 5.0
    assert taken(turns, 4.9) == []
    assert taken(turns, 5.0) == ["a2"]
    assert taken(turns, 11.0) == []  # its pause is over and it is still being read
    turns.read("a2")
    assert taken(turns, 11.0) == ["a3"]


def test_a_feed_in_line_may_leave_it_or_be_set_anew() -> None:
    turns = Turns(GAP)
    for name in ("a1", "a2", "a3", "a4"):
        turns.set(name, "a", 0.0)
    assert taken(turns, 0.0) == ["a1"]
    turns.done("a1")
    turns.drop("a2")
    turns.set("a3", "a", 30.0)
    assert taken(turns, 5.0) == ["a4"]
    turns.done("a4")
    assert turns.next_look(6.0) == 30.0
    turns.drop("a3")
    assert taken(turns, 60.0) == []


def test_a_slow_poll_gives_its_place_to_the_next_and_what_waits_to_be_decided_does_not() -> None:
    turns = Turns(TurnLimits(places=2, beside=2, slow_after=2.0))
    for name in "abcdef":
        turns.set(name, name, 0.0)
    assert taken(turns, 0.0) == ["a", "b"]
    assert turns.next_look(0.0) == 2.0
    turns.read("a")
    assert taken(turns, 3.0) == ["c"]
    assert taken(turns, 6.0) == ["d"]
    assert taken(turns, 9.0) == []  # twice as many as there are places are under way
    turns.done("a")
    assert taken(turns, 9.0) == ["e"]


def test_a_busy_host_with_thousands_in_line_is_not_looked_at() -> None:
    turns = Turns(TurnLimits(places=32, host_gap=0.0))
    for number in range(5_000):
        turns.set(f"a{number}", "a", 0.0)
    assert turns.take(0.0) == "a0"
    assert turns.next_look(0.0) == float("inf")  # nothing is to be done before its answer
    turns.done("a0")
    assert turns.take(0.0) == "a1"


@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.floats(0, 60), st.floats(0.1, 20)), min_size=1, max_size=40
    ),
    st.sampled_from([1, 2]),
)
def test_nobody_is_forgotten_and_no_host_is_asked_too_often(
    feeds: list[tuple[str, float, float]], host_places: int
) -> None:
    turns = Turns(TurnLimits(places=3, host_places=host_places, host_gap=5.0))
    hosts = {f"{host}{number}": host for number, (host, _, _) in enumerate(feeds)}
    due = {name: at for name, (_, at, _) in zip(hosts, feeds, strict=True)}
    lasts = {name: long for name, (_, _, long) in zip(hosts, feeds, strict=True)}
    for name, at in due.items():
        turns.set(name, hosts[name], at)
    now, asked, ends, polled = 0.0, dict.fromkeys("abc", -5.0), dict[str, float](), set[str]()
    while len(polled) < len(feeds):
        while (turn := turns.take(now)) is not None:
            name, host = turn, hosts[turn]
            assert now >= due[name]
            assert now == pytest.approx(max(now, asked[host] + 5.0))
            assert sum(hosts[other] == host for other in ends) < host_places
            asked[host], ends[name] = now, now + lasts[name]
            polled.add(name)
        now = min([turns.next_look(now), *ends.values()]) if len(polled) < len(feeds) else now
        for name in [each for each, end in ends.items() if end <= now]:
            del ends[name]
            turns.done(name)
