"""Lint: what is allowed and probably not meant."""

from __future__ import annotations

import pytest

from bot.backtest import Backtest
from bot.config.languages import load_languages
from bot.config.lint import word_shares
from bot.core.lint import Hint, archive_hints, hints, single_words
from bot.core.matching import RuleBook, headline
from bot.core.rules import Rule, TermSpec

LISTS = {"force": ("troops", "army"), "hot": ("war", "$force"), "loop": ("$loop", "war")}


def rule(name: str = "rule", *terms: TermSpec, **more: object) -> Rule:
    return Rule(name, name, terms, **more)  # type: ignore[arg-type]


def messages(*rules: Rule) -> list[str]:
    return [hint.message for hint in hints(rules, LISTS, word_shares())]


# ── words too common ─────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("term", "languages", "told"),
    [
        ("attack", (), "'attack' is a very common word in English"),
        ("attacks", (), "'attacks' is a very common word in English"),
        ("invasion", (), ""),
        ("earthquake", (), ""),
        ("war crimes", (), ""),  # two words that must stand near each other
        ("war + declare", (), ""),
        ("invasion, war", (), "'war' is a very common word in English"),
        ("$hot", (), "'war' is a very common word in English"),
        ("=war", (), ""),  # someone has thought about it
        ("/war/", (), ""),
        ("die", (), "'die' is a very common word in English"),
        ("deutsch", (), "'deutsch' is a very common word in German"),
        ("война", (), "'война' is a very common word in Russian"),
        ("вторжение", (), ""),
    ],
)
def test_a_word_too_common_to_ring_by_itself(term: str, languages: tuple[str, ...], told: str) -> None:
    found = messages(rule("rule", TermSpec(term, "strong", languages=languages)))
    assert (told in found) if told else found == []


def test_a_word_of_one_language_is_judged_by_the_articles_it_is_tried_on() -> None:
    english = TermSpec("war", "strong", languages=("en",))
    assert messages(rule("rule", english)) == ["'war' is a very common word in English"]
    assert "'war' is a very common word in German" in messages(rule("rule", TermSpec("war", "strong")))
    only_english = rule("rule", TermSpec("war", "strong"), languages=("en",))
    assert messages(only_english) == ["'war' is a very common word in English"]


@pytest.mark.parametrize("strength", ["weak", "against", "ignore", "never"])
def test_a_common_word_may_stand_where_it_rings_nothing(strength: str) -> None:
    assert messages(rule("rule", TermSpec("invasion", "strong"), TermSpec("attack", strength))) == []


def test_a_keyword_may_be_a_little_more_common_than_a_strong_term() -> None:
    assert messages(rule("rule", TermSpec("protest", "strong")))
    assert messages(rule("rule", TermSpec("protest", "keywords"))) == []


def test_a_common_word_worth_few_points_is_let_be() -> None:
    assert messages(rule("rule", TermSpec("attack", "keywords", points=20))) == []


def test_single_words_are_those_of_lists_too_and_circles_end() -> None:
    assert list(single_words("$hot, siege, long siege", LISTS)) == ["war", "troops", "army", "siege"]
    assert list(single_words("$loop", LISTS)) == ["war"]


# ── written twice, cut ───────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("terms", "told"),
    [
        ([("truce", "strong"), ("truce", "keywords")], "'truce' stands under strong: and keywords:"),
        ([("armistice, truce", "strong"), ("Truce", "weak")], "'truce' stands under strong: and weak:"),
        ([("truce + holds", "strong"), ("truce  +  holds", "keywords")], "'truce + holds' stands under"),
        ([("truce", "strong"), ("truce, armistice", "strong")], "'truce' stands twice under strong:"),
        ([("pitch invasion", "strong"), ("pitch invasion", "ignore")], "'pitch invasion' is ignored here"),
        ([("troops and", "keywords")], "'troops and' ends in 'and' and looks cut at a comma"),
        ([("Truppen und", "keywords")], "'Truppen und' ends in 'und'"),
        ([("truce", "strong"), ("truce", "against")], ""),
        ([("truce + holds", "strong"), ("truce", "keywords")], ""),
    ],
)
def test_terms_written_twice_or_cut(terms: list[tuple[str, str]], told: str) -> None:
    found = messages(rule("rule", *(TermSpec(text, strength) for text, strength in terms)))
    assert any(told in message for message in found) if told else found == []


def test_the_same_word_for_two_languages_is_no_repetition() -> None:
    terms = (TermSpec("путч", "strong", languages=("ru",)), TermSpec("путч", "strong", languages=("uk",)))
    assert messages(rule("rule", *terms)) == []


# ── rules that are one ───────────────────────────────────────────────────────────────────────────────
def named(name: str, *texts: str) -> Rule:
    return rule(name, *(TermSpec(text, "keywords") for text in texts))


def test_two_rules_with_the_same_terms_are_told_once() -> None:
    found = messages(
        named("one", "truce", "armistice"), named("two", "armistice, truce"), named("three", "coup")
    )
    assert found == ["has nearly the same terms as the rule 'one'"]


def test_rules_that_share_a_word_are_two_rules() -> None:
    assert messages(named("one", "truce", "armistice"), named("two", "truce", "coup", "putsch")) == []


# ── on an archive ────────────────────────────────────────────────────────────────────────────────────
def archive(*rules: Rule, titles: list[str]) -> list[Hint]:
    test = Backtest(RuleBook(rules, {}, load_languages()))
    for title in titles:
        test.add(headline(title, "en"))
    return list(test.hints())


def test_a_term_that_decides_alone_one_that_never_fires_and_rules_that_always_ring_together() -> None:
    titles = [f"Flooding in district {number}" for number in range(20)] + ["Quake destroys houses"] * 3
    one = named("flood", "flooding", "deluge")
    other = named("water", "flooding", "quake")
    found = archive(one, other, titles=titles)
    assert [(hint.rule, hint.message) for hint in found] == [
        ("flood", "'flooding' is alone behind 20 of 20 hits"),
        ("flood", "never fired: deluge"),
        ("water", "'flooding' is alone behind 20 of 23 hits"),
        ("flood", "fires together with 'water' (20 of 20 hits)"),
    ]


def test_a_handful_of_hits_proves_nothing() -> None:
    assert archive(named("flood", "flooding", "deluge"), titles=["Flooding in Kent"] * 5) == []


def test_two_rules_that_meet_now_and_then_are_let_be() -> None:
    titles = ["Flooding in Kent"] * 25 + ["Quake in Kent"] * 25 + ["Quake and flooding in Kent"] * 10
    found = archive(named("flood", "flooding"), named("quake", "quake"), titles=titles)
    assert not any("together" in hint.message for hint in found)
    assert list(archive_hints({}, {})) == []
