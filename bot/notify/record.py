"""The documented JSON form of a message: the body of signed webhooks and the console's JSON lines.

::

    {"version": 1, "delivery": "st-…/desk/2", "kind": "alert" | "digest" | "notice", "repeat": false,
     "notice": "", "alerts": [{
        "story": "st-…", "revision": 2, "change": "new" | "source joined" | "level raised", "reason": "…",
        "rule": "…", "rule_title": "…", "category": "…", "tags": ["…"],
        "level": "high", "score": 60, "direction": "escalation" | "de-escalation" | "none",
        "title": "…", "summary": "…", "link": "https://…" | "", "language": "en", "feed": "…", "owner": "…",
        "published": "2022-02-15T08:00:00+00:00", "first_seen": "…", "decided": "…",
        "sum": [{"points": 40, "term": "…", "strength": "keywords", "words": "…", "place": "title",
                 "stance": "asserted", "cue": "", "said_by": ""}],
        "sources": [{"owner": "…", "feed": "…", "title": "…", "link": "…", "published": "…", "first_seen": "…"}],
        "also": [{"rule": "…", "score": 30}], "differs_from": "",
        "linked": [{"story": "st-…", "language": "ru", "owner": "…", "title": "…"}]}]}

Keys are only ever added within a version. Texts are plain text as the publisher wrote them, control characters
removed; whoever shows them must escape them for their own medium. Links are http(s) only. Times are ISO 8601, UTC.
"""

from __future__ import annotations

from datetime import UTC, datetime

from bot.core.model import Alert, Evidence, Link, Message, Report
from bot.notify.markup import clean, safe_link

VERSION = 1

Json = dict[str, object]


def record(message: Message) -> Json:
    """The message as JSON-like data, keys in the documented order."""
    return {
        "version": VERSION,
        "delivery": message.delivery,
        "kind": message.kind.value,
        "repeat": message.repeat,
        "notice": clean(message.notice),
        "alerts": [_alert(alert) for alert in message.alerts],
    }


def _alert(alert: Alert) -> Json:
    return {
        "story": alert.story,
        "revision": alert.revision,
        "change": alert.kind.value,
        "reason": clean(alert.reason),
        "rule": alert.rule,
        "rule_title": clean(alert.rule_title),
        "category": alert.category,
        "tags": list(alert.tags),
        "level": alert.level.word,
        "score": alert.score,
        "direction": alert.direction.value,
        "title": clean(alert.title),
        "summary": clean(alert.summary),
        "link": safe_link(alert.link) or "",
        "language": alert.lang,
        "feed": alert.feed,
        "owner": clean(alert.owner),
        "published": _time(alert.published),
        "first_seen": _time(alert.first_seen),
        "decided": _time(alert.decided),
        "sum": [_line(line) for line in alert.terms],
        "sources": [_source(report) for report in alert.reports],
        "also": [{"rule": rule, "score": score} for rule, score in alert.also],
        "differs_from": clean(alert.differs_from),
        "linked": [_link(link) for link in alert.linked],
    }


def _line(line: Evidence) -> Json:
    return {
        "points": line.points,
        "term": clean(line.term),
        "strength": line.strength,
        "words": clean(line.words),
        "place": line.place.value,
        "stance": line.stance.value,
        "cue": clean(line.cue),
        "said_by": clean(line.said_by),
    }


def _link(link: Link) -> Json:
    return {
        "story": link.story,
        "language": link.lang,
        "owner": clean(link.owner),
        "title": clean(link.title),
    }


def _source(report: Report) -> Json:
    return {
        "owner": clean(report.owner),
        "feed": report.feed,
        "title": clean(report.title),
        "link": safe_link(report.link) or "",
        "published": _time(report.published),
        "first_seen": _time(report.first_seen),
    }


def _time(time: datetime) -> str:
    return time.astimezone(UTC).isoformat()
