"""decide(entry, what was found, what is remembered) → Decision: what we do about it, and why, stage by stage.

The same function serves the running bot, ``replay``, ``backtest``, ``explain`` and ``whynot``; nothing else decides.

The threshold is asked of the *story*: reports of independent publishers add up (:func:`story_score`). What has
been told is remembered in the story, so an entry rings when the story was never told, and afterwards only if it
changes what we said::

    untold ──(reaches low)──────────────▶ told: ALERT, revision 1
       │                                   │
       └─(confirm: release, too few)─▶ HELD│─(louder than told, or the direction turned)─▶ UPDATE, kind RAISED
                                           │─(another publisher family)──────────────────▶ UPDATE, kind SOURCE
                                           └─(anything else)─────────────────────────────▶ REPEAT, silent

Stages that may stop an entry before that: no match, a feed's first poll, age, a person's silence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.core.model import (
    Alert,
    AlertKind,
    Decision,
    Entry,
    Level,
    Match,
    Outcome,
    Report,
    Silence,
    Step,
    StoryRecord,
)
from bot.core.routing import Labels, facet, muting
from bot.core.rules import Rule
from bot.core.stories import Placement

CORROBORATION = 0.25
"""Share of each further family's best score that is added to the best one: three weak reports reach medium."""


def story_score(by_owner: Mapping[str, int], rule: Rule) -> int:
    """The story's score for a rule, 0…100: the best family's, plus a share of the others'.

    Adding up lifts a story to *high* at most; *critical* needs one text that says so, or ``confirm: raise``.
    """
    best, *others = sorted(by_owner.values(), reverse=True)
    added = best + CORROBORATION * sum(others)
    return max(best, min(round(added), rule.levels.get(Level.HIGH, 100)))


@dataclass(frozen=True, slots=True)
class Situation:
    """All that is known around an entry when it is decided."""

    rules: Mapping[str, Rule]
    now: datetime
    baseline: bool = False  # the feed's first poll
    edited: bool = False  # a known item whose words changed
    silences: Sequence[Silence] = ()


@dataclass(frozen=True, slots=True)
class _Weighed:
    """One rule's match with the story's score and level for it."""

    match: Match
    rule: Rule
    score: int
    level: Level


def decide(
    entry: Entry,
    matches: Sequence[Match],
    placement: Placement | None,
    story: StoryRecord | None,
    situation: Situation,
) -> tuple[Decision, StoryRecord | None]:
    """The decision and the story as it is afterwards (None where no story is concerned).

    ``matches`` are those that reached low, loudest first; ``placement`` is None exactly when there are none.
    ``story`` is the record of the placement's story, None if it is new.
    """
    if not matches or placement is None:
        return Decision(entry.key, Outcome.NO_MATCH, (Step("match", "none"),)), None
    before = story or StoryRecord(placement.story, entry.title, situation.now, situation.now, revision=0)
    joined = entry.owner not in {report.owner for report in before.reports}
    after = _with_report(before, entry, matches, situation.now)
    weighed = _weigh(after, matches, situation)
    steps = [_match_step(weighed), _story_step(placement)]
    outcome, kind, step = _judge(entry, placement, after, weighed, situation, joined=joined)
    steps.append(step)
    if kind is None:
        return Decision(entry.key, outcome, tuple(steps), after.id, tuple(matches)), after
    alert = _alert(entry, placement, after, weighed, kind, step.detail, situation.now)
    told = {**after.told, **{each.rule.id: max(int(each.level), after.told.get(each.rule.id, 0)) for each in weighed}}
    after = replace(after, revision=alert.revision, told=told, last_told=situation.now)
    return Decision(entry.key, outcome, tuple(steps), after.id, tuple(matches), alert), after


def facets_of(
    entry: Entry, matches: Sequence[Match], story: StoryRecord, rules: Mapping[str, Rule]
) -> tuple[Labels, ...]:
    """What routes can see: one set of labels for each rule that fired, with the story's level for it."""
    return tuple(
        facet(match, rule, _story_level(story, rule, match)[1], entry, story.id)
        for match in matches
        if (rule := rules.get(match.rule)) is not None
    )


# ── weighing ─────────────────────────────────────────────────────────────────────────────────────────
def _with_report(story: StoryRecord, entry: Entry, matches: Sequence[Match], now: datetime) -> StoryRecord:
    scores = {rule: dict(by_owner) for rule, by_owner in story.scores.items()}
    for match in matches:
        by_owner = scores.setdefault(match.rule, {})
        by_owner[entry.owner] = max(match.score, by_owner.get(entry.owner, 0))
    reports = story.reports
    if entry.owner not in {report.owner for report in reports}:
        report = Report(entry.owner, entry.feed, entry.title, entry.link, entry.published, entry.first_seen)
        reports = (*reports, report)
    return replace(story, updated=now, scores=scores, reports=reports)


def _story_level(story: StoryRecord, rule: Rule, match: Match) -> tuple[int, Level]:
    score = story_score(story.scores.get(rule.id) or {"": match.score}, rule)
    level = max(rule.level_of(score), match.level)
    if rule.confirm and rule.confirm.then == "raise" and _confirmed(story, rule):
        level = min(Level(min(level + 1, Level.CRITICAL)), rule.severity)
    return score, level


def _confirmed(story: StoryRecord, rule: Rule) -> bool:
    """Have enough independent families reported within the rule's time of the first one?"""
    if rule.confirm is None:
        return True
    families = story.scores.get(rule.id, {})
    seen = sorted(report.first_seen for report in story.reports if report.owner in families)
    wanted = rule.confirm.outlets
    return any(
        late - early <= rule.confirm.within for early, late in zip(seen, seen[wanted - 1 :], strict=False)
    )


def _weigh(story: StoryRecord, matches: Sequence[Match], situation: Situation) -> list[_Weighed]:
    weighed = []
    for match in matches:
        rule = situation.rules[match.rule]
        score, level = _story_level(story, rule, match)
        weighed.append(_Weighed(match, rule, score, level))
    return sorted(weighed, key=lambda each: (-each.level, -each.score, each.rule.id))


# ── judging ──────────────────────────────────────────────────────────────────────────────────────────
_Verdict = tuple[Outcome, AlertKind | None, Step]


def _judge(
    entry: Entry,
    placement: Placement,
    story: StoryRecord,
    weighed: Sequence[_Weighed],
    situation: Situation,
    *,
    joined: bool,
) -> _Verdict:
    lead = weighed[0]
    if situation.baseline:
        return Outcome.BASELINE, None, Step("decide", "baseline", "the feed's first poll is archived, not told")
    age = situation.now - entry.published
    if age > lead.rule.max_age:
        return Outcome.TOO_OLD, None, Step("decide", "too old", f"published {_hours(age)} ago, {lead.rule.id}")
    if story.revision == 0:
        verdict = _first_time(story, weighed)
    else:
        verdict = _told_before(placement, story, weighed, situation, joined=joined)
    return _unless_muted(verdict, entry, story, weighed, situation)


def _first_time(story: StoryRecord, weighed: Sequence[_Weighed]) -> _Verdict:
    free = [each for each in weighed if not _waits(story, each.rule)]
    if not free:
        wanted = weighed[0].rule.confirm
        detail = f"{len(story.reports)} of {wanted.outlets if wanted else 0} publishers"
        return Outcome.HELD, None, Step("decide", "held", detail)
    return Outcome.ALERT, AlertKind.NEW, Step("decide", "alert", _sources(story))


def _waits(story: StoryRecord, rule: Rule) -> bool:
    return rule.confirm is not None and rule.confirm.then == "release" and not _confirmed(story, rule)


def _told_before(
    placement: Placement,
    story: StoryRecord,
    weighed: Sequence[_Weighed],
    situation: Situation,
    *,
    joined: bool,
) -> _Verdict:
    lead = weighed[0]
    loudest = max(story.told.values(), default=0)
    if lead.level > loudest:
        detail = f"{Level(loudest).word} → {lead.level.word}; {_sources(story)}"
        return Outcome.UPDATE, AlertKind.RAISED, Step("decide", "level raised", detail)
    turned = _turned(story, weighed, situation.rules)
    if turned is not None:
        if story.last_told and situation.now - story.last_told < turned.rule.cooldown:
            return Outcome.COOLDOWN, None, Step("decide", "cooldown", f"{turned.rule.id}, the direction turned")
        return Outcome.UPDATE, AlertKind.RAISED, Step("decide", "direction turned", turned.rule.title)
    if joined and placement.how != "follow-up":
        return Outcome.UPDATE, AlertKind.SOURCE, Step("decide", "source joined", _sources(story))
    if situation.edited:
        return Outcome.EDITED, None, Step("decide", "edited", "the words changed, not what they say")
    return Outcome.REPEAT, None, Step("decide", "repeat", "told before, nothing new")


def _turned(story: StoryRecord, weighed: Sequence[_Weighed], rules: Mapping[str, Rule]) -> _Weighed | None:
    """A rule never told on this story that points against every rule that was."""
    told = [rules[rule].direction for rule in story.told if rule in rules]
    for each in weighed:
        fresh = each.rule.id not in story.told and each.level >= Level.MEDIUM
        if fresh and told and all(each.match.direction.opposes(direction) for direction in told):
            return each
    return None


def _unless_muted(
    verdict: _Verdict,
    entry: Entry,
    story: StoryRecord,
    weighed: Sequence[_Weighed],
    situation: Situation,
) -> _Verdict:
    """A muted story stays quiet unless it turns critical."""
    if verdict[1] is None or weighed[0].level is Level.CRITICAL:
        return verdict
    facets = [facet(each.match, each.rule, each.level, entry, story.id) for each in weighed]
    silence = muting(situation.silences, facets, situation.now)
    if silence is None:
        return verdict
    return Outcome.MUTED, None, Step("decide", "muted", f"by {silence.by} until {silence.until:%Y-%m-%d %H:%M} UTC")


# ── words ────────────────────────────────────────────────────────────────────────────────────────────
def _hours(age: timedelta) -> str:
    return f"{age.total_seconds() / 3600:.0f} h"


def _sources(story: StoryRecord) -> str:
    count = len(story.reports)
    return "1 source, unconfirmed" if count == 1 else f"{count} independent sources"


def _match_step(weighed: Sequence[_Weighed]) -> Step:
    words = (f"{each.rule.id} {each.match.score} → {each.score} {each.level.word}" for each in weighed)
    return Step("match", "fired", ", ".join(words))


def _story_step(placement: Placement) -> Step:
    detail = f"{placement.story}, similarity {placement.similarity:.2f}"
    if placement.shared:
        detail += f", shared {', '.join(placement.shared[:6])}"
    if placement.veto:
        detail += f"; not “{placement.differs_from}”: {placement.veto}"
    return Step("story", placement.how, detail)


def _alert(
    entry: Entry,
    placement: Placement,
    story: StoryRecord,
    weighed: Sequence[_Weighed],
    kind: AlertKind,
    reason: str,
    now: datetime,
) -> Alert:
    lead = weighed[0]
    return Alert(
        story=story.id,
        revision=story.revision + 1,
        kind=kind,
        rule=lead.rule.id,
        rule_title=lead.rule.title,
        category=lead.rule.category,
        tags=lead.rule.tags,
        level=lead.level,
        score=lead.score,
        direction=lead.match.direction,
        title=entry.title,
        summary=entry.summary,
        link=entry.link,
        lang=entry.lang,
        feed=entry.feed,
        owner=entry.owner,
        published=entry.published,
        first_seen=entry.first_seen,
        decided=now,
        terms=lead.match.terms,
        reports=story.reports,
        reason=reason,
        differs_from=placement.differs_from,
        also=tuple((each.rule.id, each.score) for each in weighed[1:]),
    )
