"""Words a rule lacks, and a rule to start from."""

from __future__ import annotations

import pytest

from bot.config.languages import builtin_lists, load_languages
from bot.config.lint import word_shares
from bot.core.draft import Draft, draft, proper_names
from bot.core.matching import RuleBook, headline
from bot.core.rules import Rule, TermSpec
from bot.core.suggest import Suggester, content

RULE = Rule("eruption", "Eruption", (TermSpec("eruption", "keywords"),))


def suggester() -> Suggester:
    return Suggester(RULE, builtin_lists(), word_shares())


def told(found: Suggester, title: str, story: str = "", *, hit: bool = False, near: bool = False) -> None:
    found.add(headline(title, "en"), hit=hit, near=near, story=story or title)


# ── suggest ──────────────────────────────────────────────────────────────────────────────────────────
def test_a_word_of_missed_headlines_in_stories_the_rule_met_is_suggested() -> None:
    found = suggester()
    for story, place in (("a", "Iceland"), ("b", "Italy")):
        told(found, f"Eruption closes airport in {place}", story, hit=True)
        told(found, f"Volcano spews lava over village in {place}", story)
    told(found, "Village fete cancelled")
    told(found, "Village shop closes")
    told(found, "Village hall saved by donors")
    terms = {each.term: (each.missed, each.elsewhere) for each in found.suggestions()}
    assert terms["lava"] == (2, 0)
    assert terms["volcano"] == (2, 0)
    assert "village" not in terms  # two here, three elsewhere
    assert not any(name in term for term in terms for name in ("iceland", "italy", "eruption"))
    assert found.missed == [
        "Volcano spews lava over village in Iceland",
        "Volcano spews lava over village in Italy",
    ]


def test_words_of_a_single_story_are_its_own() -> None:
    found = suggester()
    told(found, "Eruption closes airport", "a", hit=True)
    told(found, "Lava reaches first houses", "a")
    told(found, "Lava reaches second row of houses", "a")
    assert found.suggestions() == []


def test_headlines_in_which_the_rule_saw_something_are_on_its_topic() -> None:
    found = suggester()
    told(found, "Lava threatens Hawaii", near=True)
    told(found, "Lava cuts road in Congo", near=True)
    assert [each.term for each in found.suggestions()] == ["lava"]


def test_two_words_are_suggested_where_one_alone_is_too_common() -> None:
    found = suggester()
    for number in range(2):
        told(found, f"Ash cloud grounds flights, day {number}", near=True)
    for number in range(3):
        told(found, f"Ash tree felled in lane {number}")
        told(found, f"Cloud computing firm hires {number}")
        told(found, f"Flights to Malaga cost more, {number}")
        told(found, f"Sports grounds reopen, {number}")
    assert "ash + cloud" in [each.term for each in found.suggestions()]
    assert "ash" not in [each.term for each in found.suggestions()]


def test_little_words_and_numbers_carry_no_meaning() -> None:
    assert list(content("The volcano and 300 of its neighbours in 2010", "en", word_shares()).values()) == [
        "volcano",
        "neighbours",
    ]


# ── draft ────────────────────────────────────────────────────────────────────────────────────────────
def drafted(text: str, lang: str = "en") -> Draft:
    made = draft(text, lang, builtin_lists(), word_shares(), load_languages().cues_of(lang))
    assert made is not None
    return made


@pytest.mark.parametrize(
    ("text", "lang"),
    [
        ("Volcano erupts near Icelandic fishing town", "en"),
        ("Russia returns some troops from Ukraine border amid invasion fears", "en"),
        ("Vulkan auf Island ausgebrochen", "de"),
        ("Минобороны РФ: войска начинают возвращаться", "ru"),
        ("Уряд подав у відставку", "uk"),
    ],
)
def test_a_draft_rings_loudly_on_its_own_headline(text: str, lang: str) -> None:
    made = drafted(text, lang)
    (match,) = RuleBook([made.rule()], {}, load_languages()).match(headline(text, lang))
    assert match.level.word == "high"


def test_a_draft_is_about_the_kind_of_event_and_not_about_this_place_and_army() -> None:
    made = drafted("Russia returns some troops from Ukraine border amid invasion fears")
    terms = " ".join((*made.strong, *made.keywords))
    assert "$armed" in terms
    assert "$place" in terms
    assert not any(word in terms for word in ("russia", "ukraine", "troops", "fears", "amid"))


def test_a_name_is_the_least_telling_word() -> None:
    assert proper_names("Pope Francis dies in Rome", "en") == {"francis", "rome"}
    assert proper_names("Pope Francis Dies In Rome", "en") == frozenset()
    assert proper_names("Der Papst ist tot", "de") == frozenset()
    assert drafted("Storm Mathilda floods harbour").strong != ("mathilda + storm",)


def test_one_word_is_a_keyword_and_no_word_is_no_rule() -> None:
    assert drafted("Coup").keywords == ("coup",)
    assert draft("What is it?", "en", builtin_lists(), word_shares(), load_languages().cues_of("en")) is None
