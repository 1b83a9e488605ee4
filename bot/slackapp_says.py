"""The Slack front's answers as blocks. Whatever comes from feeds or people stands in ``rich_text``, letter by letter.

Slack speaks English only: the desk that configured the channel does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.core.model import Entry, Evidence, Level, Match, Place, Silence, Stance
from bot.core.routing import OWN
from bot.notify.markup import clean, safe_link, shorten, shown_host
from bot.notify.slack_blocks import escaped
from bot.ports import StoredDecision
from bot.service_questions import Explanation, Hits, Sheet, Status

Json = dict[str, object]

TITLE, WORDS, LINE = 200, 80, 300  # characters
MOST_SHEETS, MOST_TERMS, MOST_ENTRIES = 4, 8, 10
FALLBACK = 300


@dataclass(frozen=True, slots=True)
class Answer:
    """``blocks`` for one person's eyes, or for the thread of the message when it concerns everybody there."""

    text: str
    blocks: Sequence[Json] = ()
    for_all: bool = False

    def body(self) -> Json:
        """The arguments of any road it may take."""
        blocks = list(self.blocks) or [rich(line(self.text))]
        return {"text": escaped(clean(shorten(self.text, FALLBACK))), "blocks": blocks, "unfurl_links": False}


# ── elements ─────────────────────────────────────────────────────────────────────────────────────────
def rich(*elements: Json) -> Json:
    """One block of these elements."""
    return {"type": "rich_text", "elements": list(elements)}


def line(text: str, *, bold: bool = False, url: str = "") -> Json:
    """A line of letters, with a link behind it that says where it goes."""
    shown = shorten(clean(text), LINE) or "…"
    element: Json = {"type": "text", "text": shown, **({"style": {"bold": True}} if bold else {})}
    return {"type": "rich_text_section", "elements": [element, *_link(url), {"type": "text", "text": "\n"}]}


def _link(url: str) -> Iterator[Json]:
    address = safe_link(url)
    if address:
        yield {"type": "text", "text": "  "}
        yield {"type": "link", "url": address, "text": shown_host(address)}


def when(time: datetime) -> str:
    """In UTC: a channel has people in many zones."""
    return f"{time.astimezone(UTC):%d %b %H:%M} UTC"


# ── answers ──────────────────────────────────────────────────────────────────────────────────────────
def explanation(found: Explanation) -> Answer:
    """What was decided and what the rules say."""
    entry = found.entry
    lines = [line(shorten(entry.title, TITLE), bold=True, url=entry.link)]
    if found.stored is None:
        lines.append(line("No feed carried it; this is what the rules say of it now."))
    else:
        decision = found.stored.decision
        lines.append(line(f"{entry.owner}, {when(entry.published)}: {decision.outcome.value}"))
        lines += [line(f"{step.stage}: {step.verdict}, {step.detail}") for step in decision.steps]
    for sheet in _sheets(found):
        lines += _sum(sheet)
    if not found.sheets:
        lines.append(line("No word of any rule stands in it."))
    return Answer(entry.title, [rich(*lines)])


def _sheets(found: Explanation) -> Sequence[Sheet]:
    """As it was when it rang, then what else the rules say now."""
    rules = {sheet.rule.id: sheet.rule for sheet in found.sheets}
    stored: Sequence[Match] = found.stored.decision.matches if found.stored is not None else ()
    then = [Sheet(rules[match.rule], match) for match in stored if match.rule in rules]
    fired = {sheet.rule.id for sheet in then}
    return [*then, *(sheet for sheet in found.sheets if sheet.rule.id not in fired)][:MOST_SHEETS]


def _sum(sheet: Sheet) -> Iterator[Json]:
    match = sheet.match
    yield line(f"{sheet.rule.title} {match.direction.arrow} {match.score} {match.level.word}", bold=True)
    for evidence in match.terms[:MOST_TERMS]:
        yield line(_term(evidence))
    if match.vetoed_by:
        yield line(f"silenced by {match.vetoed_by}")
    elif match.level is Level.NONE:
        yield line(f"missed by {max(sheet.rule.levels.get(Level.LOW, 0) - match.score, 0)} points")


def _term(evidence: Evidence) -> str:
    place = {Place.TITLE: "headline", Place.LEAD: "summary", Place.BODY: "text"}[evidence.place]
    doubt = f", {evidence.stance.value}" if evidence.stance is not Stance.ASSERTED else ""
    return f"{evidence.points:+d} “{shorten(evidence.words, WORDS)}” ({place}{doubt})"


def latest(found: Sequence[StoredDecision]) -> Answer:
    """The newest alerts."""
    if not found:
        return Answer("There was no alert yet.")
    return Answer("The newest alerts", [rich(*(_alerted(stored) for stored in found[:MOST_ENTRIES]))])


def _alerted(stored: StoredDecision) -> Json:
    alert = stored.decision.alert
    mark = f"{alert.level.word} {alert.direction.arrow}".strip() if alert else "–"
    return line(f"{when(stored.at)} {mark}: {shorten(stored.entry.title, TITLE)}", url=stored.entry.link)


def hits(found: Hits) -> Answer:
    """What some words found."""
    more = "" if found.complete else " and more"
    head = f"{found.count}{more} in the last {found.days} days"
    return Answer(
        head, [rich(line(head, bold=True), *(_entry(entry) for entry in found.newest[:MOST_ENTRIES]))]
    )


def _entry(entry: Entry) -> Json:
    return line(f"{when(entry.first_seen)}: {shorten(entry.title, TITLE)}", url=entry.link)


def silences(found: Sequence[Silence]) -> Answer:
    """What is muted, with the id that ends it."""
    if not found:
        return Answer("Nothing is muted.")
    return Answer("What is muted", [rich(*(line(_silence(each)) for each in found[:20]))])


def _silence(each: Silence) -> str:
    labels = ", ".join(f"{label} {value}" for label, value in sorted(each.labels.items()) if label != OWN)
    whom = "here" if OWN in each.labels else "everywhere"
    return f"{each.id}: {labels or '*'}, {whom}, until {when(each.until)}, by {each.by}"


def status(found: Status) -> Answer:
    """How the bot is."""
    feeds = ", ".join(f"{count} {state.value}" for state, count in sorted(found.feeds.items())) or "none yet"
    numbers: Mapping[str, int] = found.counts.deliveries
    lines = (
        f"Feeds: {feeds}; last answer {when(found.last_success) if found.last_success else 'never'}",
        f"Read: {found.counts.entries} articles, {found.counts.stories} stories",
        f"Alerts: {found.counts.outcomes.get('alert', 0)}; messages sent {numbers.get('sent', 0)}",
        f"Dead letters: {numbers.get('dead', 0)}",
    )
    return Answer("Status", [rich(*(line(each) for each in lines))])


HELP = Answer(
    "What I know",
    [
        rich(
            line("/newsalert latest [n], the newest alerts"),
            line("/newsalert why LINK, why it rang"),
            line("/newsalert whynot LINK or HEADLINE, why it did not"),
            line("/newsalert search WORDS, in the last days, in the grammar of rules"),
            line("/newsalert silence RULE, quiet in this channel for six hours"),
            line("/newsalert silences, what is muted; /newsalert unmute ID"),
            line("/newsalert status, how I am"),
        )
    ],
)
