"""A chat's own keywords: heard by that chat alone, remembered apart, silent where it silenced them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.config.languages import load_languages
from bot.core.decide import Situation
from bot.core.matching import RuleBook, headline
from bot.core.model import Entry, Level, Match, Outcome, Silence, Subscription
from bot.core.routing import Routed
from bot.core.stories import Placement
from bot.core.watches import (
    MOST_FRESH,
    Watches,
    common_story,
    compiled,
    decide_own,
    own_book,
    own_placement,
    problem_of,
    rules_of,
)

NOW = datetime(2022, 2, 15, 12, 0, tzinfo=UTC)
BOOK = RuleBook((), {"army": ["troops", "soldiers"]}, load_languages())
ADA = Subscription("telegram", "7", watches=("$army + return", "pancake"))
BOB = Subscription("telegram", "-1001/12", watches=("pancake",))
PLACE = Placement("st-1", True, "new", 0.0, ())


def entry(title: str) -> Entry:
    return replace(headline(title, "en"), key="k", owner="Wire", feed="wire", published=NOW, first_seen=NOW)


def watching(*wishes: Subscription) -> Watches:
    return compiled(wishes, BOOK, Watches())


def told(title: str, *silences: Silence, wish: Subscription = ADA) -> Routed | None:
    watches = watching(wish)
    matches: list[Match] = list(watches.match(entry(title))[wish.receiver])
    situation = Situation(watches.rules, NOW, silences=silences)
    return decide_own(entry(title), wish, matches, own_placement(PLACE, wish.receiver), None, situation)[1]


def test_each_chat_meets_its_own_keywords_only() -> None:
    watches = watching(ADA, BOB)
    assert set(watches.match(entry("Soldiers return from the border"))) == {"telegram:7"}
    assert set(watches.match(entry("Pancake record broken"))) == {"telegram:7", "telegram:-1001/12"}
    assert watches.match(entry("Rain expected")) == {}


def test_who_left_watches_nothing() -> None:
    assert watching(replace(ADA, active=False)).match(entry("Pancake record broken")) == {}


def test_watches_are_compiled_anew_only_when_they_change() -> None:
    first = watching(ADA, BOB)
    assert compiled((BOB, ADA), BOOK, first) is first
    assert compiled((ADA,), BOOK, first) is not first
    assert compiled((ADA, BOB), RuleBook((), {}, load_languages()), first) is not first


def test_a_change_among_many_compiles_that_chat_and_no_other() -> None:
    many = [
        Subscription("telegram", str(number), watches=(f"pancake + word{number}",)) for number in range(200)
    ]
    first = compiled(many, BOOK, Watches())
    changed = [replace(many[0], watches=("waffle",)), *many[1:-1]]  # one changes, one leaves
    now = compiled(changed, BOOK, first)
    assert now.settled is first.settled
    assert len(now.fresh.made_of) == 1
    for title, heard in (
        ("Waffle festival", {"telegram:0"}),
        ("Pancake word0", set()),  # not watched any more
        ("Pancake word199", set()),  # left
        ("Pancake word7", {"telegram:7"}),
    ):
        assert set(now.match(entry(title))) == heard


def test_many_changes_are_settled_together() -> None:
    many = [
        Subscription("telegram", str(number), watches=(f"word{number}",)) for number in range(MOST_FRESH + 1)
    ]
    few = compiled(many[:MOST_FRESH], BOOK, Watches())
    assert (len(few.settled.made_of), len(few.fresh.made_of)) == (0, MOST_FRESH)
    settled = compiled(many, BOOK, few)
    assert (len(settled.settled.made_of), len(settled.fresh.made_of)) == (MOST_FRESH + 1, 0)


def test_a_list_that_editors_removed_silences_that_watch_alone() -> None:
    without = RuleBook((), {}, load_languages())
    watches = compiled((ADA,), without, Watches())
    assert set(watches.match(entry("Pancake record broken"))) == {"telegram:7"}
    assert list(own_book(ADA, without).rules) == ["watch:telegram:7:2"]


@pytest.mark.parametrize(
    ("text", "sound"),
    [
        ("troops returning", True),
        ("$army + return", True),
        ("/(?i)pan.?cake/", True),
        ("$nobody", False),
        ("a + ", False),
        ("/(/", False),
    ],
)
def test_a_keyword_is_checked_with_the_editors_grammar(text: str, sound: bool) -> None:
    assert (problem_of(text, BOOK) == ("", "")) is sound


def test_nobodys_own_keyword_is_critical() -> None:
    assert {rule.severity for rule in rules_of(ADA)} == {Level.HIGH}


def test_a_hit_is_told_at_once_and_says_why() -> None:
    routed = told("Pancake record broken")
    assert routed is not None
    assert (routed.receiver.name, routed.because, routed.held) == ("telegram:7", "own keyword", False)


def test_a_forum_topic_is_told_in_its_thread() -> None:
    routed = told("Pancake record broken", wish=BOB)
    assert routed is not None
    assert (routed.receiver.address, routed.receiver.options["thread"]) == ("-1001", "12")


def test_quiet_hours_hold_an_own_keyword_too() -> None:
    routed = told("Pancake record broken", wish=replace(ADA, quiet="11:00-14:00"))
    assert routed is not None
    assert routed.not_before == NOW + timedelta(hours=2)


@pytest.mark.parametrize(
    ("labels", "silent"),
    [
        ({"receiver": "telegram:7", "story": "st-1"}, True),  # its own
        ({"story": "st-1"}, True),  # everybody's
        ({"receiver": "telegram:7", "rule": "watch:telegram:7:2"}, True),
        ({"receiver": "telegram:8", "story": "st-1"}, False),  # somebody else's
        ({"receiver": "telegram:7", "story": "st-2"}, False),
    ],
)
def test_silences_hold_for_own_keywords(labels: dict[str, str], silent: bool) -> None:
    silence = Silence("x", labels, NOW + timedelta(hours=1), "telegram:7")
    assert (told("Pancake record broken", silence) is None) is silent


def test_the_same_story_is_told_once() -> None:
    watches, first, again = watching(ADA), entry("Pancake record broken"), entry("Pancake record is broken")
    mine = own_placement(PLACE, ADA.receiver)
    situation = Situation(watches.rules, NOW)
    decided, routed = decide_own(first, ADA, watches.match(first)[ADA.receiver], mine, None, situation)
    assert routed is not None
    (story,) = decided.stories
    repeat, silent = decide_own(
        replace(again, key="k2"),
        ADA,
        watches.match(again)[ADA.receiver],
        replace(mine, is_new=False),
        story,
        situation,
    )
    assert silent is None
    assert repeat.decision.outcome is Outcome.REPEAT


def test_what_was_told_to_one_chat_is_remembered_for_that_chat_alone() -> None:
    ours, theirs = own_placement(PLACE, "telegram:7").story, own_placement(PLACE, "telegram:8").story
    assert ours != theirs
    assert common_story(ours) == common_story(theirs) == "st-1" == common_story("st-1")
