"""The packs that come with the project, on headlines of many wars and on the labelled tables where they are here.

``tests/data/rules/other_wars.tsv`` was written before the packs were tuned: wars of fifty years on four continents.
``other_events.tsv`` is the same for disasters, markets, attacks and diseases; every other row of it was never looked
at while they were tuned.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import packs_accuracy
from benchmarks.rules_accuracy import Judge, Tally, by_rules, case, measure, pairs, rows
from bot.config.load import check_examples, load_desk, rulebook_of
from tests.shared import ROOT, shared_data


@pytest.fixture(scope="module")
def judge() -> Judge:
    return by_rules(rulebook_of(load_desk(ROOT / "rules")))


def f_measure(tally: Tally) -> float:
    return 2 * tally.tp / (2 * tally.tp + tally.fp + tally.fn)


def precision(tally: Tally) -> float:
    return tally.tp / (tally.tp + tally.fp)


def recall(tally: Tally) -> float:
    return tally.tp / (tally.tp + tally.fn)


def figures(path: Path, judge: Judge) -> tuple[Tally, Tally]:
    any_alert, loud, _ = measure([case(row) for row in rows(path)], judge)
    return any_alert, loud


def test_every_rule_keeps_its_own_examples() -> None:
    desk = load_desk(ROOT / "rules")
    assert check_examples(desk, rulebook_of(desk)) == ()


def test_every_rule_has_six_headlines_that_must_ring_and_six_that_must_not() -> None:
    counts = {
        rule.id: (sum(each.match for each in rule.examples), sum(not each.match for each in rule.examples))
        for rule in load_desk(ROOT / "rules").rules
    }
    assert {rule: count for rule, count in counts.items() if min(count) < 6} == {}


def test_every_rule_is_shown_at_work_in_four_languages() -> None:
    for rule in load_desk(ROOT / "rules").rules:
        spoken = {example.lang for example in rule.examples if example.match}
        assert {"de", "ru", "uk"} <= spoken, rule.id


@pytest.mark.parametrize("half", ["odd", "even"])
def test_events_of_other_years_are_told_and_their_traps_are_not(judge: Judge, half: str) -> None:
    scores = packs_accuracy.measure(packs_accuracy.rows(packs_accuracy.TABLE, half), judge)
    both = packs_accuracy.total(scores)
    assert f_measure(both.any_alert) >= 0.95, both.any_alert
    assert f_measure(both.loud) >= 0.95, both.loud
    poor = {rule: score.wrong for rule, score in scores.items() if f_measure(score.any_alert) < 0.85}
    assert poor == {}


def test_headlines_that_taught_the_packs_something_are_not_forgotten(judge: Judge) -> None:
    more = packs_accuracy.TABLE.with_name("other_events_more.tsv")
    both = packs_accuracy.total(packs_accuracy.measure(packs_accuracy.rows(more), judge))
    assert f_measure(both.any_alert) >= 0.9, both.any_alert
    assert f_measure(both.loud) >= 0.88, both.loud


def test_the_packs_are_about_kinds_of_events_and_not_about_one_war(judge: Judge) -> None:
    any_alert, loud = figures(ROOT / "tests" / "data" / "rules" / "other_wars.tsv", judge)
    assert f_measure(any_alert) >= 0.85, any_alert
    assert precision(loud) >= 0.9, loud
    assert recall(loud) >= 0.88, loud


def test_labelled_headlines_of_one_winter(judge: Judge) -> None:
    any_alert, loud = figures(shared_data("rules", "headlines_dev.tsv"), judge)
    assert f_measure(any_alert) >= 0.78, any_alert
    assert precision(loud) >= 0.6, loud
    assert recall(loud) >= 0.7, loud


def test_german_russian_and_ukrainian_headlines(judge: Judge) -> None:
    any_alert, _ = figures(shared_data("rules", "multilingual_dev.tsv"), judge)
    assert precision(any_alert) >= 0.9, any_alert
    assert recall(any_alert) >= 0.9, any_alert


def test_a_trap_and_its_true_twin_are_told_apart(judge: Judge) -> None:
    found = list(pairs(shared_data("rules", "adversarial_dev.tsv"), judge))
    wrong = [sides for _, right, sides in found if not right]
    assert len(found) - len(wrong) >= 19, wrong


def test_other_ways_of_telling_the_same_kinds_of_events(judge: Judge) -> None:
    """``later_events.tsv``: written before the packs knew them; then F was .80, the rows taught what they lacked."""
    later = packs_accuracy.TABLE.with_name("later_events.tsv")
    scores = packs_accuracy.measure(packs_accuracy.rows(later), judge)
    both = packs_accuracy.total(scores)
    assert f_measure(both.any_alert) >= 0.92, both.any_alert
    assert f_measure(both.loud) >= 0.92, both.loud
    poor = {rule: score.wrong for rule, score in scores.items() if f_measure(score.any_alert) < 0.88}
    assert poor == {}


def test_traps_of_many_kinds_are_told_from_their_twins(judge: Judge) -> None:
    """Sport, games, anniversaries, drills, denials, forecasts, homonyms. On first contact 108 of 141 were right."""
    found = list(pairs(ROOT / "tests" / "data" / "rules" / "later_twins.tsv", judge))
    wrong = [sides for _, right, sides in found if not right]
    assert len(found) == 141
    assert len(wrong) <= 14, wrong


def test_headlines_of_a_stranger_to_the_packs(judge: Judge) -> None:
    """``fresh_events.tsv``, ``fresh_twins.tsv``: by someone who had not read the packs.

    On first contact any alert F was .72 and 36 of 60 pairs were right; the second half, still unseen after all that
    the first had taught, had F .85 and 19 of 30 pairs.
    """
    folder = ROOT / "tests" / "data" / "rules"
    any_alert, loud = figures(folder / "fresh_events.tsv", judge)
    assert f_measure(any_alert) >= 0.85, any_alert
    assert f_measure(loud) >= 0.88, loud
    found = list(pairs(folder / "fresh_twins.tsv", judge))
    wrong = [sides for _, right, sides in found if not right]
    assert len(found) == 60
    assert len(wrong) <= 6, wrong
