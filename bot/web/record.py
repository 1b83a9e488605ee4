"""Nouns as JSON, for the API and the pages: feed text stays text, links are http(s) or nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from bot.config.drafts import mark_of
from bot.core.model import (
    Alert,
    Delivery,
    Evidence,
    Feedback,
    Match,
    Place,
    Report,
    StoryRecord,
    Subscription,
)
from bot.core.urls import clean, redacted
from bot.errors import Problem
from bot.ports import Delays, StoredDecision
from bot.service_feeds import FeedRow
from bot.service_lookback import Comparison
from bot.service_newsroom import NearMiss, Numbers, StoryTold
from bot.service_questions import Sheet
from bot.service_rules import Checked
from bot.service_shadow import Shadow
from bot.service_trial import Trial
from bot.sources.discovery import Found

Json = dict[str, object]


def when(at: datetime | None) -> str:
    """ISO 8601, "" for never."""
    return at.isoformat(timespec="milliseconds") if at else ""


def seconds(span: timedelta) -> float:
    """With one decimal."""
    return round(span.total_seconds(), 1)


# ── stories ──────────────────────────────────────────────────────────────────────────────────────────
def story_json(story: StoryRecord) -> Json:
    """A row of Live: what was told last, and who has told it since."""
    alert = story.alert
    if alert is None:
        return {"id": story.id, "title": story.title, "level": "none", "sources": _reports(story.reports)}
    reports = story.reports or alert.reports
    return {
        "id": story.id,
        "revision": story.revision,
        "kind": alert.kind.value,
        "level": alert.level.word,
        "score": alert.score,
        "direction": alert.direction.value,
        "arrow": alert.direction.arrow,
        "title": alert.title,
        "title_parts": pieces(alert.title, _spans(alert, Place.TITLE)),
        "summary": alert.summary,
        "summary_parts": pieces(alert.summary, _spans(alert, Place.LEAD)),
        "link": clean(alert.link),
        "lang": alert.lang,
        "rule": alert.rule,
        "rule_title": alert.rule_title,
        "category": alert.category,
        "tags": list(alert.tags),
        "state": story.state.value,
        "reason": alert.reason,
        "told": when(story.last_told or alert.decided),
        "published": when(alert.published),
        "delay": max(0.0, seconds(alert.decided - alert.newest)),
        "sources": _reports(reports),
    }


def _reports(reports: Sequence[Report]) -> list[Json]:
    return [
        {
            "owner": each.owner,
            "feed": each.feed,
            "title": each.title,
            "link": clean(each.link),
            "published": when(each.published),
            "seen": when(each.first_seen),
            "family": each.voice,
        }
        for each in reports
    ]


def _spans(alert: Alert, place: Place) -> Iterator[tuple[int, int]]:
    return (
        (term.span[0], term.span[1]) for term in alert.terms if term.place is place and term.paragraph == 0
    )


def pieces(text: str, spans: Iterator[tuple[int, int]]) -> list[list[object]]:
    """The text cut where evidence begins and ends: ``[["Troops ", 0], ["cross the border", 1]]``."""
    found: list[list[object]] = []
    at = 0
    for start, end in sorted(spans):
        start, end = max(start, at), min(end, len(text))
        if start >= end:
            continue
        found += [[text[at:start], 0], [text[start:end], 1]] if start > at else [[text[start:end], 1]]
        at = end
    return [*found, [text[at:], 0]] if at < len(text) else found


def told_json(told: StoryTold) -> Json:
    """A story's page."""
    return {
        **story_json(told.story),
        "opened": when(told.story.opened),
        "updated": when(told.story.updated),
        "sum": [evidence_json(term) for term in told.story.alert.terms] if told.story.alert else [],
        "timeline": [entry_json(stored) for stored in told.told],
        "deliveries": [delivery_json(each) for each in told.deliveries],
    }


def entry_json(stored: StoredDecision) -> Json:
    """An entry with what was decided, step by step."""
    entry, decision = stored.entry, stored.decision
    return {
        "title": entry.title,
        "feed": entry.feed,
        "owner": entry.owner,
        "author": entry.author,
        "link": clean(entry.link),
        "lang": entry.lang,
        "published": when(entry.published),
        "seen": when(entry.first_seen),
        "outcome": decision.outcome.value,
        "story": decision.story,
        "steps": [{"stage": s.stage, "verdict": s.verdict, "detail": s.detail} for s in decision.steps],
        "contradicts": decision.alert.contradicts.title
        if decision.alert and decision.alert.contradicts
        else "",
    }


def evidence_json(term: Evidence) -> Json:
    """One line of a sum."""
    return {
        "points": term.points,
        "term": term.term,
        "strength": term.strength,
        "place": term.place.value,
        "paragraph": term.paragraph,
        "words": term.words,
        "stance": term.stance.value,
        "cue": term.cue,
        "said_by": term.said_by,
    }


def delivery_json(delivery: Delivery) -> Json:
    """A message owed or sent. Addresses of people and channels stay out; the receiver's name stands for them."""
    alerts = delivery.message.alerts
    return {
        "id": delivery.id,
        "story": delivery.story,
        "receiver": delivery.receiver.name,
        "kind": delivery.receiver.kind,
        "state": delivery.state.value,
        "reason": delivery.reason,
        "attempts": delivery.attempts,
        "created": when(delivery.created),
        "title": alerts[0].title if alerts else delivery.message.notice,
        "sent": when(delivery.receipts[0].sent) if delivery.receipts else "",
    }


# ── rules ────────────────────────────────────────────────────────────────────────────────────────────
def problem_json(problem: Problem) -> Json:
    """A mistake with its line."""
    return {
        "line": problem.line,
        "key": problem.key,
        "message": problem.message,
        "remedy": problem.remedy,
        "severity": problem.severity,
    }


def checked_json(checked: Checked) -> Json:
    """What a draft is."""
    return {
        "loads": checked.loads,
        "problems": [problem_json(each) for each in checked.problems],
        "failing": [problem_json(each) for each in checked.failing],
        "examples": checked.examples,
        "rules": list(checked.rules),
    }


def comparison_json(found: Comparison) -> Json:
    """Edited against saved."""
    before, after = found.a_day
    return {
        "days": found.days,
        "entries": found.entries,
        "a_day": {"saved": round(before, 2), "edited": round(after, 2)},
        "rules": {
            rule: {"saved": found.before[rule], "edited": found.after[rule]}
            for rule in sorted(found.before.keys() | found.after.keys())
        },
        "gained": {"count": found.gained_count, "shown": [change_json(each) for each in found.gained[::-1]]},
        "lost": {"count": found.lost_count, "shown": [change_json(each) for each in found.lost[::-1]]},
        "terms": dict(found.terms.most_common()),
    }


def shadow_json(shadow: Shadow | None) -> Json:
    """A draft on trial and its report, {} for none."""
    if shadow is None:
        return {}
    return {
        "text": shadow.text,
        "by": shadow.by,
        "since": when(shadow.since),
        "failed": shadow.failed,
        **comparison_json(shadow.found),
    }


def change_json(change: object) -> Json:
    """An entry gained or lost."""
    names = ("title", "rule", "score", "level")
    return {name: getattr(change, name) for name in names}


def sheet_json(sheet: Sheet) -> Json:
    """A rule's sum."""
    return {**match_json(sheet.match), "rule_title": sheet.rule.title}


def match_json(match: Match) -> Json:
    """The sum without the rule's title."""
    return {
        "rule": match.rule,
        "score": match.score,
        "level": match.level.word,
        "direction": match.direction.value,
        "vetoed_by": match.vetoed_by,
        "terms": [evidence_json(term) for term in match.terms],
    }


# ── the rest ─────────────────────────────────────────────────────────────────────────────────────────
def near_json(miss: NearMiss) -> Json:
    """A near miss."""
    return {
        "title": miss.entry.title,
        "link": clean(miss.entry.link),
        "feed": miss.entry.feed,
        "seen": when(miss.entry.first_seen),
        "short": miss.short,
        "because": miss.because,
        **sheet_json(Sheet(miss.rule, miss.match)),
    }


def numbers_json(numbers: Numbers) -> Json:
    """The numbers of some days."""
    return {
        "days": numbers.days,
        "by_level": {day: dict(levels) for day, levels in sorted(numbers.by_level.items())},
        "by_rule": dict(numbers.rules),
        "by_rule_a_day": {day: dict(rules) for day, rules in sorted(numbers.by_rule.items())},
        "outcomes": dict(numbers.outcomes),
        "read": dict(sorted(numbers.read.items())),
        "delays": {**percentiles(numbers.delays), "until": delays_until(numbers.delays)},
        "wrong": dict(numbers.wrong),
        "beats": [
            {
                "at": when(beat.at),
                "processor": round(beat.processor, 4),
                "megabytes": round(beat.megabytes, 1),
                "polls": beat.polls,
                "failed": beat.failed,
            }
            for beat in numbers.beats
        ],
    }


_UNTIL = {"1 s": 1, "2 s": 2, "5 s": 5, "10 s": 10, "30 s": 30, "1 min": 60, "5 min": 300, "30 min": 1800}
LATER = "…"


def delays_until(delays: Sequence[float]) -> dict[str, int]:
    """How many alerts were told within which time, each counted once; "…" are those later still."""
    found = dict.fromkeys((*_UNTIL, LATER), 0)
    for delay in delays:
        found[next((name for name, most in _UNTIL.items() if delay <= most), LATER)] += 1
    return found


def percentiles(values: Sequence[float]) -> Mapping[str, float]:
    """p50, p95 and the count; zeros for none."""
    ordered = sorted(values)
    if not ordered:
        return {"count": 0, "p50": 0.0, "p95": 0.0}
    at = {name: ordered[min(len(ordered) - 1, int(len(ordered) * share))] for name, share in _SHARES}
    return {"count": len(ordered), **{name: round(value, 1) for name, value in at.items()}}


_SHARES = (("p50", 0.5), ("p95", 0.95))


def feedback_json(each: Feedback) -> Json:
    """What somebody called wrong."""
    return {
        "id": each.id,
        "rule": each.rule,
        "story": each.story,
        "title": each.title,
        "lang": each.lang,
        "score": each.score,
        "by": each.by,
        "at": when(each.at),
    }


def subscription_json(each: Subscription) -> Json:
    """A subscription, for admins."""
    return {
        "kind": each.kind,
        "address": each.address,
        "name": each.name,
        "topics": list(each.topics),
        "level": each.level.word,
        "active": each.active,
        "language": each.language,
        "quiet": each.quiet,
        "digest": each.digest,
        "watches": len(each.watches),
    }


def feed_json(row: FeedRow) -> Json:
    """A feed and how it does; its address without what may be secret."""
    feed, state, delays = row.feed, row.state, row.delays
    return {
        "name": feed.name,
        "url": redacted(feed.url),
        "owner": feed.owner,
        "lang": feed.lang,
        "kind": feed.kind,
        "tags": list(feed.tags),
        "trust": feed.trust,
        "enabled": feed.enabled,
        "status": row.sight.sight.value if feed.enabled else "off",
        "reason": row.sight.reason,
        "failures": state.failures,
        "polls": state.polls,
        "pace": seconds(state.interval) if state.interval else 0.0,
        "last_success": when(state.last_success),
        "next_poll": when(state.next_poll),
        "faster": row.sight.faster,
        "faster_until": when(state.faster_until) if row.sight.faster else "",
        "pushed": state.carried,
        "ledger": ledger_json(delays),
        "alerts": delays.alerts if delays else 0,
        "p50": round(delays.whole[0], 1) if delays else 0.0,
        "p95": round(delays.whole[1], 1) if delays else 0.0,
        "lag": round(delays.seen[0], 1) if delays else 0.0,
        "hours": list(row.hours),
    }


def ledger_json(delays: Delays | None) -> Mapping[str, Mapping[str, float]]:
    """Where an alert's time goes, in seconds: published, then seen, decided and accepted by the platform."""
    if delays is None:
        return {}
    return {
        stage: {"p50": round(p50, 1), "p95": round(p95, 1)} for stage, (p50, p95) in delays.stages.items()
    }


def found_json(found: Found) -> Json:
    """A feed that could be added."""
    return {
        "url": found.url,
        "kind": found.kind,
        "found": found.found,
        "title": found.title,
        "items": found.items,
        "newest": when(found.newest),
    }


def trial_json(trial: Trial) -> Json:
    """What an address would give."""
    return {
        "url": redacted(trial.url),
        "kind": trial.kind,
        "form": trial.form,
        "size": trial.size,
        "charset": trial.charset,
        "charset_overridden": trial.overridden,
        "items": trial.items,
        "dated": trial.dated,
        "newest": when(trial.newest),
        "lang": trial.language,
        "items_a_day": round(trial.items_a_day, 2),
        "pace": round(trial.interval.total_seconds(), 1),
        "conditional": trial.conditional,
        "fresh_for": trial.fresh_for.total_seconds() if trial.fresh_for else 0.0,
        "quiet_hours": list(trial.quiet_hours),
        "hub": redacted(trial.hub.url) if trial.hub else "",
        "entries": [{"title": each.title, "published": when(each.published)} for each in trial.entries],
    }


def mark(text: str) -> str:
    """What a text is known by when it is saved."""
    return mark_of(text)
