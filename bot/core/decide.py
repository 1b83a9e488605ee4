"""decide(entry, what was found, what is remembered) → Decision: what we do about it, and why, stage by stage.

The same function serves the running bot, ``replay``, ``backtest``, ``explain`` and ``whynot``; nothing else decides.

The threshold is asked of the *story*: reports of independent publishers add up (:func:`story_score`). What has
been told is remembered in the story, so an entry rings when the story was never told, and afterwards only if it
changes what we said::

    untold ──(reaches low)──────────────▶ told: ALERT, revision 1
       │                                   │
       └─(confirm: release, too few)─▶ HELD│─(louder, or a further rule fires)─────▶ UPDATE, kind RAISED
                                           │─(direction turned, or now denied)─────▶ UPDATE, kind TURNED
                                           │─(enough publishers for the rule)──────▶ UPDATE, kind CONFIRMED
                                           │─(the second publisher family)─────────▶ UPDATE, kind CORROBORATED
                                           │─(one more publisher family)───────────▶ UPDATE, kind SOURCE
                                           └─(anything else)───────────────────────▶ REPEAT, silent

Stages that may stop an entry before that: no match, a feed's first poll, age, a person's silence.

An entry that *contradicts* a told story (it denies it, or reports the opposite) is a story of its own, told in the
thread of the one it contradicts, to everyone who was told that one; the contradicted story's message is edited to say
so. Two alerts come out of one decision then: the new story's and ``told_too``. Road not taken: to file the denial as
one more report of the story it denies. It would hide the most important news of all under "source joined".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.core.lint import LANGUAGE_NAMES
from bot.core.model import (
    Alert,
    AlertKind,
    Contradiction,
    Decision,
    Entry,
    Level,
    Link,
    Match,
    Outcome,
    Silence,
    Stance,
    Step,
    StoryRecord,
    StoryState,
)
from bot.core.routing import Labels, facet, muting
from bot.core.rules import Rule
from bot.core.stories import Placement
from bot.core.storystate import advance, contradicted, is_confirmed, voices, with_report

CORROBORATION = 0.25
"""Share of each further family's best score that is added to the best one: three weak reports reach medium."""


def story_score(by_voice: Mapping[str, int], rule: Rule) -> int:
    """The story's score for a rule, 0…100: the best family's, plus a share of the others'.

    Adding up lifts a story to *high* at most; *critical* needs one text that says so, or ``confirm: raise``.
    """
    best, *others = sorted(by_voice.values(), reverse=True)
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
    against: StoryRecord | None = None  # the story the placement contradicts


@dataclass(frozen=True, slots=True)
class Decided:
    """What comes out: the decision, and every story as it is afterwards (none where none is concerned)."""

    decision: Decision
    stories: tuple[StoryRecord, ...] = ()


@dataclass(frozen=True, slots=True)
class _Weighed:
    """One rule's match with the story's score and level for it."""

    match: Match
    rule: Rule
    score: int
    level: Level


@dataclass(frozen=True, slots=True)
class _Case:
    """One entry before the judge: the story before and after it, and what its rules weigh."""

    entry: Entry
    placement: Placement
    before: StoryRecord
    after: StoryRecord
    weighed: Sequence[_Weighed]
    situation: Situation
    contradiction: Contradiction | None

    @property
    def lead(self) -> _Weighed:
        """The rule that speaks for the entry."""
        return self.weighed[0]

    @property
    def joined(self) -> bool:
        """Is this one more independent voice that tells the same news?"""
        grown = len(voices(self.after)) > len(voices(self.before))
        return grown and self.placement.how != "follow-up"


def decide(
    entry: Entry,
    matches: Sequence[Match],
    placement: Placement | None,
    story: StoryRecord | None,
    situation: Situation,
) -> Decided:
    """What we do about an entry.

    ``matches`` are those that reached low, loudest first; ``placement`` is None exactly when there are none.
    ``story`` is the record of the placement's story, None if it is new.
    """
    if not matches or placement is None:
        return Decided(Decision(entry.key, Outcome.NO_MATCH, (Step("match", "none"),)))
    case = _case(entry, matches, placement, story, situation)
    outcome, kind, step = _judge(case)
    steps = (_match_step(case.weighed), _story_step(placement), step)
    if kind is None:
        after = case.before if outcome in _NOT_NEWS else case.after
        return Decided(Decision(entry.key, outcome, steps, after.id, tuple(matches)), (after,))
    alert = _alert(case, kind, step.detail)
    told = {each.rule.id: max(int(each.level), case.after.told.get(each.rule.id, 0)) for each in case.weighed}
    after = _as_told(replace(case.after, told={**case.after.told, **told}), alert)
    other = _contradicted(case)
    told_too = other.alert if other else None
    decision = Decision(entry.key, outcome, steps, after.id, tuple(matches), alert, told_too)
    return Decided(decision, (after, other) if other else (after,))


_NOT_NEWS = (Outcome.BASELINE, Outcome.TOO_OLD)
"""What stood there before we looked, or is old, lends no weight to what comes now."""


def _as_told(story: StoryRecord, alert: Alert) -> StoryRecord:
    return replace(story, revision=alert.revision, last_told=alert.decided, alert=alert)


def facets_of(
    entry: Entry, matches: Sequence[Match], story: StoryRecord, rules: Mapping[str, Rule]
) -> tuple[Labels, ...]:
    """What routes can see: one set of labels for each rule that fired, with the story's level for it."""
    return tuple(
        facet(match, rule, _story_level(story, rule, match)[1], entry, story.id)
        for match in matches
        if (rule := rules.get(match.rule)) is not None
    )


def story_facets(story: StoryRecord, rules: Mapping[str, Rule]) -> tuple[Labels, ...]:
    """The same of a story that was told: for those who must hear that it is contradicted."""
    alert = story.alert
    if alert is None:
        return ()
    return tuple(
        {
            "rule": (rule.id,),
            "category": (rule.category,) if rule.category else (),
            "tag": rule.tags,
            "level": (Level(level).word,),
            "direction": (rule.direction.value,),
            "language": (alert.lang,),
            "feed": (alert.feed,),
            "owner": (alert.owner,),
            "story": (story.id,),
        }
        for rule_id, level in story.told.items()
        if (rule := rules.get(rule_id)) is not None
    )


# ── weighing ─────────────────────────────────────────────────────────────────────────────────────────
def _case(
    entry: Entry,
    matches: Sequence[Match],
    placement: Placement,
    story: StoryRecord | None,
    situation: Situation,
) -> _Case:
    before = story or StoryRecord(placement.story, entry.title, situation.now, situation.now, revision=0)
    scores = {match.rule: match.score for match in matches}
    after = with_report(before, entry, scores, placement.voice or entry.owner, situation.now)
    weighed = _weigh(after, matches, situation)
    lead = weighed[0]
    confirmed = lead.rule.confirm is not None and is_confirmed(after, lead.rule)
    state = before.state  # a follow-up tells another side of the story: it confirms and denies nothing
    if placement.how != "follow-up":
        state = advance(before, after, denied=_is_denied(lead.match), confirmed=confirmed)
    contradiction = _contradiction(placement, situation.against)
    return _Case(entry, placement, before, replace(after, state=state), weighed, situation, contradiction)


def _is_denied(match: Match) -> bool:
    """Does the text deny what the rule looks for? Its heaviest line decides."""
    heaviest = max(match.terms, key=lambda line: line.points, default=None)
    return heaviest is not None and heaviest.stance is Stance.DENIED


def _contradiction(placement: Placement, against: StoryRecord | None) -> Contradiction | None:
    if against is None or against.revision == 0 or not (placement.is_new and placement.speaks_against):
        return None
    return Contradiction(against.id, against.title, placement.speaks_against)


def _story_level(story: StoryRecord, rule: Rule, match: Match) -> tuple[int, Level]:
    score = story_score(story.scores.get(rule.id) or {"": match.score}, rule)
    level = max(rule.level_of(score), match.level)
    if rule.confirm and rule.confirm.then == "raise" and is_confirmed(story, rule):
        level = min(Level(min(level + 1, Level.CRITICAL)), rule.severity)
    return score, level


def _weigh(story: StoryRecord, matches: Sequence[Match], situation: Situation) -> list[_Weighed]:
    weighed = []
    for match in matches:
        rule = situation.rules[match.rule]
        score, level = _story_level(story, rule, match)
        weighed.append(_Weighed(match, rule, score, level))
    return sorted(weighed, key=lambda each: (-each.level, -each.score, each.rule.id))


# ── judging ──────────────────────────────────────────────────────────────────────────────────────────
_Verdict = tuple[Outcome, AlertKind | None, Step]


def _judge(case: _Case) -> _Verdict:
    situation, rule = case.situation, case.lead.rule
    if situation.baseline:
        step = Step("decide", "baseline", "the feed's first poll is archived, not told")
        return Outcome.BASELINE, None, step
    age = situation.now - case.entry.published
    if age > rule.max_age:
        return Outcome.TOO_OLD, None, Step("decide", "too old", f"published {_hours(age)} ago, {rule.id}")
    verdict = _first_time(case) if case.before.revision == 0 else _told_before(case)
    return _unless_muted(verdict, case)


def _first_time(case: _Case) -> _Verdict:
    free = [each for each in case.weighed if not _waits(case.after, each.rule)]
    if not free:
        wanted = case.lead.rule.confirm
        detail = f"{len(voices(case.after))} of {wanted.outlets if wanted else 0} publishers"
        return Outcome.HELD, None, Step("decide", "held", detail)
    detail = _sources(case.after)
    if case.contradiction:
        detail = f"{case.contradiction.how} “{case.contradiction.title}”; {detail}"
    return Outcome.ALERT, AlertKind.NEW, Step("decide", "alert", detail)


def _waits(story: StoryRecord, rule: Rule) -> bool:
    return rule.confirm is not None and rule.confirm.then == "release" and not is_confirmed(story, rule)


def _told_before(case: _Case) -> _Verdict:
    lead, story = case.lead, case.after
    loudest = max(story.told.values(), default=0)
    if lead.level > loudest:
        return _update(AlertKind.RAISED, f"{Level(loudest).word} → {lead.level.word}; {_sources(story)}")
    if story.state is StoryState.DENIED and case.before.state is not StoryState.DENIED:
        return _update(AlertKind.TURNED, f"{case.entry.owner} now says it is not so")
    turned = _turned(case)
    if turned is not None:
        return _after_cooldown(case, turned)
    further = _further(case)
    if further is not None:
        return _update(AlertKind.RAISED, f"also {further.rule.title}; {_sources(story)}")
    if story.state is not case.before.state and story.state in _STEPS_UP:
        return _update(_STEPS_UP[story.state], _sources(story))
    if case.joined:
        return _update(AlertKind.SOURCE, _sources(story))
    if case.situation.edited:
        return Outcome.EDITED, None, Step("decide", "edited", "the words changed, not what they say")
    return Outcome.REPEAT, None, Step("decide", "repeat", "told before, nothing new")


_STEPS_UP = {
    StoryState.CORROBORATED: AlertKind.CORROBORATED,
    StoryState.CONFIRMED: AlertKind.CONFIRMED,
}


def _update(kind: AlertKind, detail: str) -> _Verdict:
    return Outcome.UPDATE, kind, Step("decide", kind.value, detail)


def _after_cooldown(case: _Case, turned: _Weighed) -> _Verdict:
    told, now = case.after.last_told, case.situation.now
    if told is not None and now - told < turned.rule.cooldown:
        return Outcome.COOLDOWN, None, Step("decide", "cooldown", f"{turned.rule.id}, the direction turned")
    return _update(AlertKind.TURNED, turned.rule.title)


def _turned(case: _Case) -> _Weighed | None:
    """A rule never told on this story that points against every rule that was."""
    rules = case.situation.rules
    told = [rules[rule].direction for rule in case.after.told if rule in rules]
    loudest = max(each.match.score for each in case.weighed)
    for each in _fresh(case):
        speaks = each.match.score == loudest  # what the entry says beside its news turns nothing
        if speaks and told and all(each.match.direction.opposes(direction) for direction in told):
            return each
    return None


def _further(case: _Case) -> _Weighed | None:
    """A rule never told on this story: who waits for its news was not told by the others'."""
    direction = case.lead.match.direction
    return next((each for each in _fresh(case) if not each.match.direction.opposes(direction)), None)


def _fresh(case: _Case) -> list[_Weighed]:
    told = case.after.told
    return [each for each in case.weighed if each.rule.id not in told and each.level >= Level.MEDIUM]


def _unless_muted(verdict: _Verdict, case: _Case) -> _Verdict:
    """A muted story stays quiet unless it is reversed or turns critical; a denial of it is muted with it."""
    how = case.contradiction.how if case.contradiction else ""
    if verdict[1] is None or case.lead.level is Level.CRITICAL or how == "reverses":
        return verdict
    facets = [facet(each.match, each.rule, each.level, case.entry, case.after.id) for each in case.weighed]
    silences, now = case.situation.silences, case.situation.now
    silence = muting(silences, facets, now)
    if silence is None and case.contradiction is not None:
        silence = muting(silences, [{"story": (case.contradiction.story,)}], now)
    if silence is None:
        return verdict
    detail = f"by {silence.by} until {silence.until:%Y-%m-%d %H:%M} UTC"
    return Outcome.MUTED, None, Step("decide", "muted", detail)


# ── words ────────────────────────────────────────────────────────────────────────────────────────────
def _hours(age: timedelta) -> str:
    return f"{age.total_seconds() / 3600:.0f} h"


def _sources(story: StoryRecord) -> str:
    count = len(voices(story))
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
    for link in placement.linked:
        detail += (
            f"; also reported in {LANGUAGE_NAMES.get(link.lang, link.lang)} by {link.owner} ({link.story})"
        )
    return Step("story", placement.how, detail)


def _alert(case: _Case, kind: AlertKind, reason: str) -> Alert:
    """The alert as it is told. One more voice leaves the headline and the sum as they were told before."""
    lead, story, now = case.lead, case.after, case.situation.now
    if story.alert is not None and kind in _SAME_WORDS:
        level, score = max(lead.level, story.alert.level), max(lead.score, story.alert.score)
        told = _updated(story, story.alert, kind, reason, now)
        return replace(told, level=level, score=score, reports=story.reports, linked=_linked(case))
    entry = case.entry
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
        differs_from=case.placement.differs_from,
        also=tuple((each.rule.id, each.score) for each in case.weighed[1:]),
        state=story.state,
        contradicts=case.contradiction,
        linked=_linked(case),
    )


def _linked(case: _Case) -> tuple[Link, ...]:
    """Who tells it in other languages: what was told already, and what this entry adds."""
    told = case.before.alert.linked if case.before.alert else ()
    newest = {link.lang: link for link in (*told, *case.placement.linked)}
    return tuple(newest[lang] for lang in sorted(newest))


_SAME_WORDS = (AlertKind.SOURCE, AlertKind.CORROBORATED, AlertKind.CONFIRMED)


def _updated(story: StoryRecord, alert: Alert, kind: AlertKind, reason: str, now: datetime) -> Alert:
    return replace(
        alert, revision=story.revision + 1, kind=kind, reason=reason, decided=now, state=story.state
    )


def _contradicted(case: _Case) -> StoryRecord | None:
    """The told story this entry speaks against, as it is told from now on."""
    against, how = case.situation.against, case.contradiction
    if against is None or how is None or against.alert is None:
        return None
    state = contradicted(against.state, how.how)
    kind = AlertKind.REVERSED if how.how == "reverses" else AlertKind.DENIED
    if against.state is state:
        return None
    story = replace(against, state=state)
    reason = f"{kind.value} by {case.entry.owner}: “{case.entry.title}”"
    return _as_told(story, _updated(story, against.alert, kind, reason, case.situation.now))
