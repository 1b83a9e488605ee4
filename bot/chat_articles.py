"""Articles as people read them in the chat: the sum line by line, what was decided, lists of headlines.

The words of a decision's steps ("joined", "similarity 0.53 with …") are the ones of the logs and of ``newsalert why``:
they stay English in every language, so that two people who speak of a decision say the same.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from bot.chat_reply import LONGEST, bold, safe
from bot.config.words import Words
from bot.core.hours import zone_of
from bot.core.model import Entry, Evidence, Level, Match, Place, Silence, Stance
from bot.core.routing import OWN
from bot.core.rules import Rule
from bot.notify.markup import safe_link, shorten, shown_host
from bot.ports import StoredDecision
from bot.service_questions import Explanation, Hits, Sheet

TITLE = 200  # characters
WORDS = 80
MOST_SHEETS = 4
MOST_LINES = 8  # of one sum
SIGNS = {Level.CRITICAL: "🔴", Level.HIGH: "🟠", Level.MEDIUM: "🟡", Level.LOW: "⚪", Level.NONE: "·"}


def link(url: str) -> str:
    """A link whose label is its own host, as machines write it: no foreign letter can look like another's."""
    address = safe_link(url)
    return f'<a href="{html.escape(address)}">{html.escape(shown_host(address))}</a>' if address else ""


def title(entry: Entry) -> str:
    """The headline, safe and not longer than a headline."""
    return safe(shorten(entry.title, TITLE))


def when(time: datetime, zone: str) -> str:
    """Day and time on the chat's own wall."""
    return f"{time.astimezone(zone_of(zone)):%d.%m. %H:%M}"


def fitting(parts: Iterable[str], gap: str = "\n\n") -> str:
    """As many whole parts as a message holds; the first one always."""
    kept: list[str] = []
    for part in parts:
        if kept and sum(map(len, kept)) + len(part) > LONGEST:
            kept.append("…")
            break
        kept.append(part)
    return gap.join(kept)


# ── one article ──────────────────────────────────────────────────────────────────────────────────────
def explanation(t: Words, found: Explanation, zone: str) -> str:
    """What was decided and what the rules say: the head, the steps, the sums."""
    entry = found.entry
    head = [f"<b>{title(entry)}</b>"]
    if entry.owner:
        head.append(f"{safe(entry.owner)}, {when(entry.published, zone)} {link(entry.link)}".rstrip())
    return fitting(["\n".join([*head, *_decided(t, found)]), *_sums(t, found)])


def sums(t: Words, found: Explanation) -> str:
    """The sum of the rule that rang, without anything around it."""
    return _sums(t, found)[0]


def _decided(t: Words, found: Explanation) -> list[str]:
    if found.stored is None:
        return [t("I have not read it in any feed; this is what the rules say of it now.")]
    decision = found.stored.decision
    lines = [t("Decided: {outcome}", outcome=bold(decision.outcome.value))]
    lines += [safe(shorten(f"{step.stage}: {step.verdict}, {step.detail}", 300)) for step in decision.steps]
    if found.story is not None and len(found.story.reports) > 1:
        owners = ", ".join(dict.fromkeys(report.owner for report in found.story.reports))
        lines.append(t("Told by: {owners}", owners=safe(shorten(owners, TITLE))))
    return lines


def _sums(t: Words, found: Explanation) -> list[str]:
    """What it was worth when it rang, else what it would be worth now."""
    matches = found.stored.decision.matches if found.stored is not None else ()
    if not found.sheets and not matches:
        return [t("No word of any rule stands in it.")]
    rules = {sheet.rule.id: sheet.rule for sheet in found.sheets}
    then = [Sheet(rules[match.rule], match) for match in matches if match.rule in rules]
    fired = {sheet.rule.id for sheet in then}
    now = [sheet for sheet in found.sheets if sheet.rule.id not in fired]
    return [total(t, sheet.match, sheet.rule) for sheet in (*then, *now)[:MOST_SHEETS]]


def total(t: Words, match: Match, rule: Rule) -> str:
    """One rule's sum under its name, and by how much it missed."""
    head = (
        f"{SIGNS[match.level]} {bold(rule.title)} {match.direction.arrow} {match.score} {t(match.level.word)}"
    )
    lines = [_line(t, evidence) for evidence in match.terms[:MOST_LINES]]
    if match.vetoed_by:
        lines.append(t("silenced by {term}", term=safe(match.vetoed_by)))
    elif match.level is Level.NONE:
        lines.append(
            t("missed by {points} points", points=max(rule.levels.get(Level.LOW, 0) - match.score, 0))
        )
    return "\n".join([" ".join(head.split()), *lines])


def _line(t: Words, evidence: Evidence) -> str:
    place = {Place.TITLE: t("headline"), Place.LEAD: t("summary"), Place.BODY: t("text")}[evidence.place]
    words = safe(shorten(evidence.words, WORDS))
    doubt = f", {t(evidence.stance.value)}" if evidence.stance is not Stance.ASSERTED else ""
    return f"{evidence.points:+d} “{words}” ({place}{doubt})"


# ── lists ────────────────────────────────────────────────────────────────────────────────────────────
def latest(t: Words, found: Sequence[StoredDecision], zone: str) -> str:
    """The newest alerts, newest first."""
    if not found:
        return t("There was no alert yet.")
    return fitting(_alerted(stored, zone) for stored in found)


def _alerted(stored: StoredDecision, zone: str) -> str:
    alert = stored.decision.alert
    sign = f"{SIGNS[alert.level]} {alert.direction.arrow}".strip() if alert else SIGNS[Level.NONE]
    return f"{sign} {title(stored.entry)}\n{when(stored.at, zone)} {link(stored.entry.link)}"


def hits(t: Words, found: Hits, zone: str) -> str:
    """How much some words found, and the newest of it."""
    head = t.many(
        "{count} hit in the last {days} days",
        "{count} hits in the last {days} days",
        found.count,
        days=found.days,
    )
    if not found.complete:
        head = f"{head} ({t('and more: I stopped reading')})"
    shown = (f"{title(entry)}\n{when(entry.first_seen, zone)} {link(entry.link)}" for entry in found.newest)
    return fitting([bold(head), *shown])


def silence(t: Words, each: Silence, zone: str) -> str:
    """One silence: what, for whom, until when."""
    labels = ", ".join(f"{label} {value}" for label, value in sorted(each.labels.items()) if label != OWN)
    whom = t("here") if OWN in each.labels else t("for everybody")
    return t("{what}, {whom}, until {time}", what=safe(labels or "*"), whom=whom, time=when(each.until, zone))


def utc(time: datetime | None) -> str:
    """For admins, who speak to machines."""
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if time else "—"
