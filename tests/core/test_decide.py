"""decide(): the table of what rings, what is an update, and what stays silent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.core.decide import Situation, decide, story_score
from bot.core.model import (
    AlertKind,
    Contradiction,
    Decision,
    Direction,
    Entry,
    Evidence,
    Level,
    Link,
    Match,
    Outcome,
    Place,
    Silence,
    Stance,
    StoryRecord,
    StoryState,
)
from bot.core.rules import Confirm, Rule
from bot.core.stories import Placement

NOW = datetime(2022, 2, 15, 12, 0, tzinfo=UTC)
WITHDRAWAL = Rule("withdrawal", "Troops pulling back", (), direction=Direction.DEESCALATION)
INVASION = Rule("invasion", "Invasion", (), direction=Direction.ESCALATION)
SANCTIONS = Rule("sanctions", "Sanctions", ())
RULES = {rule.id: rule for rule in (WITHDRAWAL, INVASION)}


def entry(owner: str = "gazette", *, age: timedelta = timedelta(minutes=1)) -> Entry:
    return Entry(
        key=f"{owner}-1",
        aliases=(f"{owner}-1",),
        feed=owner,
        owner=owner,
        title="Troops leave the border",
        summary="",
        body="",
        link=f"https://{owner}.example/1",
        lang="en",
        published=NOW - age,
        first_seen=NOW,
        fingerprint="f",
    )


def match(score: int = 60, rule: Rule = WITHDRAWAL) -> Match:
    return Match(rule.id, score, rule.level_of(score), rule.direction, ())


def placed(how: str = "new") -> Placement:
    return Placement("s1", how in ("new", "vetoed"), how, 0.5, (), "", "")


def judge(
    matches: tuple[Match, ...] = (match(),),
    *,
    of: Entry | None = None,
    how: str = "new",
    story: StoryRecord | None = None,
    rules: Mapping[str, Rule] = RULES,
    place: Placement | None = None,
    **situation: object,
) -> tuple[Decision, StoryRecord | None]:
    where = Situation(rules, **({"now": NOW} | situation))  # type: ignore[arg-type]  # a keyword table
    decided = decide(of or entry(), matches, (place or placed(how)) if matches else None, story, where)
    return decided.decision, decided.stories[0] if decided.stories else None


def told(score: int = 60, rule: Rule = WITHDRAWAL) -> StoryRecord:
    """The story after its first alert, from the gazette."""
    decision, story = judge((match(score, rule),))
    assert decision.outcome is Outcome.ALERT
    assert story is not None
    return story


def test_an_untold_story_rings_once_and_says_it_is_unconfirmed() -> None:
    decision, story = judge()
    assert decision.alert is not None
    assert (decision.outcome, decision.alert.kind, decision.alert.revision) == (
        Outcome.ALERT,
        AlertKind.NEW,
        1,
    )
    assert decision.alert.reason == "1 source, unconfirmed"
    assert story is not None
    assert (story.revision, story.told) == (1, {"withdrawal": int(Level.HIGH)})


@pytest.mark.parametrize(
    ("outcome", "kwargs"),
    [
        (Outcome.NO_MATCH, {"matches": ()}),
        (Outcome.BASELINE, {"baseline": True}),
        (Outcome.TOO_OLD, {"of": entry(age=timedelta(hours=25))}),
        (
            Outcome.MUTED,
            {"silences": (Silence("x", {"rule": "withdrawal"}, NOW + timedelta(hours=1), "ada"),)},
        ),
        (Outcome.ALERT, {"silences": (Silence("x", {"rule": "invasion"}, NOW + timedelta(hours=1), "ada"),)}),
    ],
)
def test_what_stops_an_entry(outcome: Outcome, kwargs: dict[str, object]) -> None:
    decision, _ = judge(**kwargs)  # type: ignore[arg-type]  # a keyword table
    assert decision.outcome is outcome
    assert (decision.alert is not None) is (outcome is Outcome.ALERT)
    assert decision.steps[-1].verdict  # every decision says why


@pytest.mark.parametrize(
    ("why", "owner", "score", "how", "outcome", "kind"),
    [
        ("the same publisher again", "gazette", 60, "similar", Outcome.REPEAT, None),
        ("the second publisher", "herald", 60, "similar", Outcome.UPDATE, AlertKind.CORROBORATED),
        ("another publisher, only a follow-up", "herald", 60, "follow-up", Outcome.REPEAT, None),
        ("louder", "gazette", 90, "similar", Outcome.UPDATE, AlertKind.RAISED),
        ("weaker", "gazette", 25, "similar", Outcome.REPEAT, None),
    ],
)
def test_a_told_story_rings_again_only_for_what_matters(
    why: str, owner: str, score: int, how: str, outcome: Outcome, kind: AlertKind | None
) -> None:
    decision, _ = judge((match(score),), of=entry(owner), how=how, story=told())
    assert (decision.outcome, decision.alert.kind if decision.alert else None) == (outcome, kind), why


def test_a_third_publisher_joins_silently() -> None:
    _, corroborated = judge(of=entry("herald"), how="similar", story=told())
    decision, _ = judge(of=entry("courier"), how="similar", story=corroborated)
    assert decision.alert is not None
    assert decision.alert.kind is AlertKind.SOURCE
    assert [report.owner for report in decision.alert.reports] == ["gazette", "herald", "courier"]


def test_a_joining_source_leaves_the_headline_that_was_told() -> None:
    other = replace(entry("herald"), title="Army goes home, says the ministry")
    decision, _ = judge(of=other, how="similar", story=told())
    assert decision.alert is not None
    assert decision.alert.title == entry().title


def test_a_wire_copy_is_no_second_source() -> None:
    wire = replace(placed("similar"), voice="wire")
    _, first = judge(place=replace(placed(), voice="wire"))
    decision, story = judge(of=entry("herald"), place=wire, story=first)
    assert (decision.outcome, story.state if story else None) == (Outcome.REPEAT, StoryState.REPORTED)


def test_a_further_rule_on_a_told_story_reaches_those_who_wait_for_it() -> None:
    both = (match(60), match(50, SANCTIONS))
    decision, _ = judge(
        both, of=entry("herald"), how="similar", story=told(), rules={**RULES, "sanctions": SANCTIONS}
    )
    assert decision.alert is not None
    assert (decision.alert.kind, decision.alert.reason) == (
        AlertKind.RAISED,
        "also Sanctions; 2 independent sources",
    )


DENIED = Evidence(
    "troops leave", "keywords", Place.TITLE, 0, Stance.DENIED, 20, "leave", (0, 5), cue="denies"
)


def test_a_publisher_that_takes_its_news_back_is_an_update() -> None:
    taken_back = replace(match(30), terms=(DENIED,))
    decision, story = judge((taken_back,), how="identity", story=told(), edited=True)
    assert decision.alert is not None
    assert (decision.alert.kind, story.state if story else None) == (AlertKind.TURNED, StoryState.DENIED)


def against(how: str) -> Placement:
    return Placement("s2", True, "vetoed", 0.5, (), "Troops leave the border", how, "s1", how)


@pytest.mark.parametrize(
    ("how", "kind", "state"),
    [
        ("denies", AlertKind.DENIED, StoryState.DENIED),
        ("reverses", AlertKind.REVERSED, StoryState.REVERSED),
    ],
)
def test_a_contradiction_is_told_in_the_thread_of_the_story_it_contradicts(
    how: str, kind: AlertKind, state: StoryState
) -> None:
    decided = decide(
        entry("herald"), (match(45, INVASION),), against(how), None, Situation(RULES, NOW, against=told())
    )
    alert, too = decided.decision.alert, decided.decision.told_too
    assert alert is not None
    assert too is not None
    assert alert.contradicts == Contradiction("s1", "Troops leave the border", how)
    assert (alert.story, alert.kind, too.story, too.kind, too.revision) == (
        "s2",
        AlertKind.NEW,
        "s1",
        kind,
        2,
    )
    assert [story.state for story in decided.stories] == [StoryState.REPORTED, state]


def test_a_muted_story_stays_muted_when_denied_and_rings_when_reversed() -> None:
    silence = Silence("x", {"story": "s1"}, NOW + timedelta(hours=1), "ada")
    outcomes = []
    for how in ("denies", "reverses"):
        situation = Situation(RULES, NOW, silences=(silence,), against=told())
        decided = decide(entry("herald"), (match(45, INVASION),), against(how), None, situation)
        outcomes.append(decided.decision.outcome)
    assert outcomes == [Outcome.MUTED, Outcome.ALERT]


def test_what_was_archived_lends_no_weight_to_a_fear_that_follows() -> None:
    _, archived = judge((match(90, INVASION),), baseline=True)
    decision, _ = judge((match(30, INVASION),), of=entry("herald"), how="similar", story=archived)
    assert decision.alert is not None
    assert (decision.alert.level, decision.alert.reason) == (Level.LOW, "1 source, unconfirmed")


def test_an_edit_that_says_nothing_new_is_silent_and_one_that_raises_the_level_is_an_update() -> None:
    quiet, _ = judge(how="identity", story=told(), edited=True)
    loud, _ = judge((match(90),), how="identity", story=told(), edited=True)
    assert (quiet.outcome, loud.outcome) == (Outcome.EDITED, Outcome.UPDATE)


def test_three_weak_reports_of_independent_publishers_reach_medium() -> None:
    story: StoryRecord | None = None
    levels = []
    for owner in ("gazette", "herald", "courier"):
        decision, story = judge((match(30),), of=entry(owner), how="similar" if story else "new", story=story)
        levels.append(decision.alert.level if decision.alert else None)
    assert levels == [Level.LOW, Level.LOW, Level.MEDIUM]


@pytest.mark.parametrize(
    ("by_owner", "score"),
    [
        ({"a": 60}, 60),
        ({"a": 30, "b": 30}, 38),
        ({"a": 60, "b": 60, "c": 60}, 60),  # adding up never passes high
        ({"a": 90, "b": 60}, 90),
        ({"a": 45, "b": 40, "c": 40, "d": 40}, 60),
    ],
)
def test_reports_add_up_to_high_at_most(by_owner: dict[str, int], score: int) -> None:
    assert story_score(by_owner, WITHDRAWAL) == score


def test_release_holds_until_enough_publishers_report_in_time() -> None:
    patient = replace(WITHDRAWAL, confirm=Confirm(2, timedelta(minutes=30), "release"))
    rules = {"withdrawal": patient}
    first, story = judge(rules=rules)
    late = replace(entry("herald"), first_seen=NOW + timedelta(minutes=31))
    early = replace(entry("herald"), first_seen=NOW + timedelta(minutes=29))
    assert first.outcome is Outcome.HELD
    assert judge(of=late, how="similar", story=story, rules=rules)[0].outcome is Outcome.HELD
    assert judge(of=early, how="similar", story=story, rules=rules)[0].outcome is Outcome.ALERT


def test_raise_lifts_a_confirmed_story_by_one_level() -> None:
    eager = replace(WITHDRAWAL, confirm=Confirm(2, timedelta(minutes=30), "raise"))
    rules = {"withdrawal": eager}
    _, story = judge(rules=rules)
    decision, _ = judge(of=entry("herald"), how="similar", story=story, rules=rules)
    assert decision.alert is not None
    assert (decision.alert.kind, decision.alert.level) == (AlertKind.RAISED, Level.CRITICAL)


def test_a_story_that_turns_its_direction_is_told_after_the_cooldown() -> None:
    later = NOW + timedelta(hours=3)
    turned = (match(50, INVASION),)
    early, _ = judge(turned, how="similar", story=told())
    late, _ = judge(turned, of=entry(), how="similar", story=told(), now=later)
    assert (early.outcome, late.outcome) == (Outcome.COOLDOWN, Outcome.UPDATE)


def test_a_muted_story_that_turns_critical_rings() -> None:
    silence = Silence("x", {"story": "s1"}, NOW + timedelta(hours=1), "ada")
    muted, _ = judge((match(80),), how="similar", story=told(45), silences=(silence,))
    loud, _ = judge((match(90),), how="similar", story=told(45), silences=(silence,))
    assert (muted.outcome, loud.outcome) == (Outcome.MUTED, Outcome.UPDATE)


def test_the_loudest_rule_leads_and_the_others_are_named() -> None:
    decision, _ = judge((match(60), match(20, INVASION)))
    assert decision.alert is not None
    assert (decision.alert.rule, decision.alert.also) == ("withdrawal", (("invasion", 20),))


def test_who_tells_it_in_another_language_stands_in_the_story_step() -> None:
    links = (Link("st-7", "ru", "Harbour Herald", "Войска отходят"), Link("st-8", "pl", "Gazeta", "Wojska"))
    decision, _ = judge(place=replace(placed(), linked=links))
    story = next(step for step in decision.steps if step.stage == "story")
    assert "also reported in Russian by Harbour Herald (st-7)" in story.detail
    assert "also reported in pl by Gazeta (st-8)" in story.detail
    assert decision.alert is not None
    assert decision.alert.linked == (links[1], links[0])


@pytest.mark.parametrize("score", [60, 90], ids=["one more source", "louder"])
def test_an_update_adds_who_tells_it_in_a_further_language(score: int) -> None:
    told_in_german = Link("st-6", "de", "Hafenpost", "Truppen ziehen ab")
    told_in_russian = Link("st-7", "ru", "Harbour Herald", "Войска отходят")
    first, story = judge(place=replace(placed(), linked=(told_in_german,)))
    place = replace(placed("similar"), linked=(told_in_russian,))
    update, _ = judge((match(score),), of=entry("herald"), story=story, place=place)
    assert first.alert is not None
    assert first.alert.linked == (told_in_german,)
    assert update.alert is not None
    assert update.alert.linked == (told_in_german, told_in_russian)
