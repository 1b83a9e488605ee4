"""The sum, line by line."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.core.model import Evidence, Level, Place, Stance
from bot.core.rules import Rule, TermSpec
from bot.core.scoring import Hit, place_factor, points_of, stance_factor, weigh

RULE = Rule("r", "R", ())


def hit(
    term: int,
    points: float,
    *at: int,
    strength: str = "keywords",
    stance: Stance = Stance.ASSERTED,
    passage: int = 0,
) -> Hit:
    place = Place.TITLE if passage == 0 else Place.LEAD
    evidence = Evidence(f"t{term}", strength, place, 0, stance, round(points), "", (0, 1))
    return Hit(term, evidence, passage, at, frozenset(f"w{n}" for n in at), points)


def total(*hits: Hit, rule: Rule = RULE, trust: float = 1.0) -> int:
    return weigh(rule, hits, trust).score


def test_lines_add_up_and_stop_at_a_hundred() -> None:
    assert total(hit(0, 40, 1), hit(1, 20, 2)) == 60
    assert total(hit(0, 60, 1), hit(1, 60, 2)) == 100
    assert total(hit(0, 40, 1), hit(1, -60, 2, strength="against")) == 0


def test_the_same_words_never_count_twice() -> None:
    assert total(hit(0, 60, 1, 2), hit(1, 40, 2, 3)) == 60
    assert total(hit(0, 40, 1), hit(0, 24, 1, passage=1)) == 40  # one term, best place
    assert (
        total(hit(0, 60, 1, 2, strength="strong"), hit(1, 24, 2, passage=1)) == 60
    )  # told again in the summary


def test_a_second_occurrence_steps_in_where_the_first_is_taken() -> None:
    assert total(hit(0, 60, 1, 2), hit(1, 40, 2, 5), hit(1, 39, 5, 6)) == 99


def test_weak_needs_company_and_comes_last() -> None:
    assert total(hit(0, 15, 1, strength="weak")) == 0
    assert total(hit(0, 15, 1, strength="weak"), hit(1, 12, 1, 2)) == 12


@pytest.mark.parametrize(
    ("stance", "level"),
    [(Stance.FEARED, Level.LOW), (Stance.DENIED, Level.LOW), (Stance.BACKGROUND, Level.NONE)],
)
def test_doubt_never_silences_a_strong_headline_but_age_does(stance: Stance, level: Level) -> None:
    assert weigh(RULE, [hit(0, 12, 1, strength="strong", stance=stance)], 1.0).level is level


def test_doubts_do_not_add_up_to_the_thing() -> None:
    doubts = [hit(n, 30, n, stance=Stance.FEARED) for n in range(4)]
    assert weigh(RULE, doubts, 1.0).level is Level.LOW
    assert weigh(RULE, [*doubts, hit(9, 12, 9)], 1.0).level is Level.CRITICAL
    any_stance = replace(RULE, stance=dict.fromkeys(Stance, 1.0))
    assert weigh(any_stance, doubts, 1.0).level is Level.CRITICAL


def test_what_the_headline_only_doubts_no_summary_makes_loud() -> None:
    feared, told = hit(0, 30, 1, stance=Stance.FEARED), hit(1, 36, 2, passage=1)
    assert weigh(RULE, [feared, told], 1.0).level is Level.LOW
    assert weigh(RULE, [told, hit(2, 24, 3, passage=1)], 1.0).level is Level.HIGH  # a headline of other words


def test_severity_caps_and_trust_multiplies() -> None:
    assert weigh(replace(RULE, severity=Level.MEDIUM), [hit(0, 90, 1)], 1.0).level is Level.MEDIUM
    assert total(hit(0, 60, 1), trust=0.5) == 30


def test_place_and_stance_factors() -> None:
    assert place_factor(Place.TITLE, 0) == 1
    assert place_factor(Place.LEAD, 0) == 0.6
    assert [round(place_factor(Place.BODY, n), 3) for n in (1, 2, 9)] == [0.35, 0.297, 0.15]
    assert stance_factor(RULE, Stance.FEARED) == 0.5
    assert stance_factor(replace(RULE, stance={Stance.FEARED: 1}), Stance.FEARED) == 1
    assert stance_factor(RULE, Stance.BACKGROUND, passing=True) == 0.3
    assert (
        stance_factor(replace(RULE, stance=dict.fromkeys(Stance, 1.0)), Stance.BACKGROUND, passing=True) == 1
    )


@pytest.mark.parametrize(
    ("strength", "points", "worth"),
    [("strong", None, 60), ("keywords", None, 40), ("weak", None, 15), ("against", None, -40),
     ("keywords", 45, 45), ("against", 60, -60), ("ignore", None, 0)],
)  # fmt: skip
def test_what_a_term_is_worth(strength: str, points: int | None, worth: int) -> None:
    assert points_of(TermSpec("x", strength, points)) == worth
