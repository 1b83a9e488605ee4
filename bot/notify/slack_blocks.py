"""A message as Slack blocks: pure, golden-tested, and safe by construction.

Feed text only ever stands in ``plain_text`` and in ``rich_text`` elements, which Slack shows letter by letter: there
is no mark-up to escape, so there is none to forget. The one exception is the fallback ``text`` of notifications,
where Slack reads ``<!channel>`` and its kin; there ``&``, ``<`` and ``>`` are escaped as Slack asks, and invisible word
joiners around ``*``, ``_``, ``~``, ````` and after ``:`` keep them from becoming bold words and emoji. A link is an
element of its own and its label is our rendering of its own host, never the publisher's words.

Limits (Slack's, then ours): 50 blocks, header 150, section 3,000, URL 3,000, 4,000 in the fallback, and a hidden one
near 13,200 characters in all blocks together. A page stays below 45 blocks and 9,000 characters; a digest turns the
page.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from bot.core.buttons import ACK, LABELS, MUTE_STORY, WHY, WRONG, encode
from bot.core.model import Alert, Evidence, Level, Message, MessageKind, Place, Report
from bot.notify.markup import (
    JOINER,
    brief,
    clean,
    defang,
    elsewhere,
    safe_link,
    shorten,
    shown_host,
    sum_lines,
)

HEADER_LENGTH = 150
SUMMARY_LENGTH = 600
LINE_LENGTH = 160
NOTICE_LENGTH = 2_900
FALLBACK_LENGTH = 4_000
MOST_SUM_LINES = 12
MOST_SOURCES = 10
MOST_BLOCKS = 45
MOST_CHARACTERS = 9_000

NOT_IN_FALLBACK = frozenset({"blocks"})
"""What is left out when Slack refuses the blocks: the text alone then carries the message."""

_SIGNS = {Level.CRITICAL: "🔴", Level.HIGH: "🟠", Level.MEDIUM: "🟡", Level.LOW: "⚪"}

Json = dict[str, object]


@dataclass(frozen=True, slots=True)
class Page:
    """One Slack message: blocks, and the text of its notification."""

    text: str
    blocks: Sequence[Json] = field(default_factory=list)

    def body(self) -> Json:
        """The arguments all roads have in common."""
        return {
            "text": self.text,
            "blocks": list(self.blocks),
            "mrkdwn": False,
            "unfurl_links": False,
            "unfurl_media": False,
        }


def pages(message: Message) -> list[Page]:
    """The message as one page, or as many as a digest needs."""
    if message.kind is MessageKind.NOTICE:
        return [_notice_page(message)]
    if len(message.alerts) == 1:
        return [alert_page(message.alerts[0], repeat=message.repeat)]
    return list(_digest_pages(message))


def alert_page(alert: Alert, *, repeat: bool = False) -> Page:
    """The whole story: headline, level, quote, the sum, the sources."""
    blocks = [
        _header(f"{alert.direction.arrow} {brief(alert.title, HEADER_LENGTH)}"),
        _context(_verdict(alert), _line(alert.reason), *_mark(repeat)),
        _rich_text(*_quote(alert), _preformatted(_sum(alert)), *_sources(alert.reports)),
        _context(_timing(alert), *_asides(alert)),
    ]
    return Page(_fallback(alert), blocks)


def reply_page(alert: Alert, *, repeat: bool = False) -> Page:
    """What changed, for the story's thread."""
    newest = alert.reports[-1] if alert.reports else None
    parts = [
        _section(_bold(brief(alert.title, HEADER_LENGTH)), *_link(" ", alert.link)),
        _preformatted(_sum(alert)),
    ]
    if newest is not None:
        parts.extend(_sources([newest]))
    return Page(
        _fallback(alert),
        [_context(_verdict(alert), _line(alert.reason), *_mark(repeat)), _rich_text(*parts)],
    )


def _notice_page(message: Message) -> Page:
    text = brief(message.notice, NOTICE_LENGTH) or "…"
    fallback = escaped(text)
    if len(fallback) > FALLBACK_LENGTH:  # nothing but signs, each of which takes up to five letters
        fallback = escaped(brief(text, FALLBACK_LENGTH // 6))
    return Page(fallback, [_rich_text(_section(_plain(text)))])


def _digest_pages(message: Message) -> Iterator[Page]:
    """Loudest first; every page says how many stories the digest has."""
    alerts = sorted(message.alerts, key=lambda alert: (-alert.level, alert.decided, alert.story))
    heading = f"Digest: {len(alerts)} stories"
    text = escaped(f"{heading}. {brief(alerts[0].title, 400)}" if alerts else heading)
    start = [_header(heading), *([_context(*_mark(message.repeat))] if message.repeat else [])]
    blocks = list(start)
    for alert in alerts:
        item = _digest_item(alert)
        if len(blocks) + 1 > MOST_BLOCKS or _length([*blocks, item]) > MOST_CHARACTERS:
            yield Page(text, blocks)
            blocks = list(start)
        blocks.append(item)
    yield Page(text, blocks)


def _digest_item(alert: Alert) -> Json:
    headline = brief(alert.title, HEADER_LENGTH)
    return _rich_text(
        _section(_bold(f"{alert.direction.arrow} {headline}".strip()), *_link(" ", alert.link)),
        _section(_plain(f"{_verdict(alert)} · {_line(alert.reason)}")),
    )


# ── an alert's pieces ────────────────────────────────────────────────────────────────────────────────
def _verdict(alert: Alert) -> str:
    words = [f"{_SIGNS.get(alert.level, '')} {alert.level.word.upper()} {alert.score}".strip()]
    if alert.direction.arrow:
        words.append(f"{alert.direction.arrow} {alert.direction.value}")
    return " · ".join([*words, _line(alert.rule_title)])


def _mark(repeat: bool) -> tuple[str, ...]:
    return ("Sent again: the first try may have arrived",) if repeat else ()


def _quote(alert: Alert) -> Iterator[Json]:
    """The publisher's summary, with the words that fired in bold."""
    if clean(alert.summary):
        yield {"type": "rich_text_quote", "elements": list(_emphasised(alert.summary, alert.terms))}


def _emphasised(text: str, terms: Iterable[Evidence]) -> Iterator[Json]:
    """Spans count characters of the original text, so it is cut first and cleaned piece by piece."""
    at, left = 0, SUMMARY_LENGTH
    for start, end in sorted({line.span for line in terms if line.place is Place.LEAD}):
        if not at <= start < end <= min(len(text), left):
            continue
        yield from _texts(text[at:start], bold=False)
        yield from _texts(text[start:end], bold=True)
        at = end
    rest = text[at:]
    yield from _texts(shorten(rest, max(left - at, 40)) if len(rest) > left - at else rest, bold=False)


def _texts(text: str, *, bold: bool) -> Iterator[Json]:
    """The piece, cleaned; the blanks at its ends separate it from its neighbours and stay."""
    words = clean(text)
    if not words:
        return
    before, after = " " * text[:1].isspace(), " " * text[-1:].isspace()
    shown = f"{before}{words}{after}"
    yield _bold(shown) if bold else _plain(shown)


def _sum(alert: Alert) -> str:
    lines = [shorten(line, LINE_LENGTH) for line in sum_lines(alert)]
    if len(lines) > MOST_SUM_LINES:
        lines = [*lines[:MOST_SUM_LINES], f"… and {len(lines) - MOST_SUM_LINES} more lines"]
    return "\n".join(lines)


def _sources(reports: Sequence[Report]) -> Iterator[Json]:
    if not reports:
        return
    items = [_source(report) for report in reports[:MOST_SOURCES]]
    if len(reports) > MOST_SOURCES:
        items.append(_section(_plain(f"and {len(reports) - MOST_SOURCES} more")))
    yield {"type": "rich_text_list", "style": "bullet", "elements": items}


def _source(report: Report) -> Json:
    owner = brief(report.owner, 60) or "unnamed"
    return _section(_plain(f"{owner}, {_clock(report.published)}"), *_link(" · ", report.link))


def _timing(alert: Alert) -> str:
    waited = max((alert.first_seen - alert.published).total_seconds(), 0)
    return f"published {_clock(alert.published)} · seen {_span(waited)} later"


def _asides(alert: Alert) -> Iterator[str]:
    yield from (_line(elsewhere(link)) for link in alert.linked)
    if alert.also:
        yield _line("also " + ", ".join(f"{rule} {score}" for rule, score in alert.also))
    if alert.differs_from and alert.contradicts is None:  # what it contradicts, the reason says
        yield _line(f"not the story “{alert.differs_from}”")


def _clock(time: datetime) -> str:
    return f"{time.astimezone(UTC):%d %b %H:%M} UTC"


def _span(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7_200 else f"{seconds / 3_600:.0f} h"


def _fallback(alert: Alert) -> str:
    """What a notification shows, and all there is when the blocks are refused."""
    host = shown_host(alert.link) if safe_link(alert.link) else ""
    words = [
        alert.level.word.upper(),
        alert.direction.arrow,
        brief(alert.title, 400),
        f"({host})" if host else "",
    ]
    return escaped(shorten(" ".join(filter(None, words)), 400))


def _line(text: str) -> str:
    return brief(text, LINE_LENGTH)


# ── buttons ──────────────────────────────────────────────────────────────────────────────────────────
BUTTONS = (ACK, WHY, MUTE_STORY, WRONG)


def with_buttons(page: Page, alert: Alert) -> Page:
    """The page with what people may do about the story; :mod:`bot.slackapp` hears the presses."""
    elements = [
        {
            "type": "button",
            "action_id": f"newsalert.{action}",
            "text": _plain_text(LABELS[action]),
            "value": encode(action, alert.story, alert.rule if action == WRONG else ""),
        }
        for action in BUTTONS
    ]
    return Page(page.text, [*page.blocks, {"type": "actions", "elements": elements}])


# ── blocks and elements ──────────────────────────────────────────────────────────────────────────────
def _header(text: str) -> Json:
    return {"type": "header", "text": _plain_text(shorten(text.strip(), HEADER_LENGTH) or "…")}


def _context(*texts: str) -> Json:
    return {"type": "context", "elements": [_plain_text(text) for text in texts if text]}


def _plain_text(text: str) -> Json:
    return {"type": "plain_text", "text": text, "emoji": False}


def _rich_text(*elements: Json) -> Json:
    return {"type": "rich_text", "elements": list(elements)}


def _section(*elements: Json) -> Json:
    return {"type": "rich_text_section", "elements": list(elements)}


def _preformatted(text: str) -> Json:
    return {"type": "rich_text_preformatted", "elements": [_plain(text or "…")]}


def _plain(text: str) -> Json:
    return {"type": "text", "text": text}


def _bold(text: str) -> Json:
    return {"type": "text", "text": text or "…", "style": {"bold": True}}


def _link(before: str, url: str) -> Iterator[Json]:
    """A link that says where it goes; nothing at all for an address we would not click."""
    safe = safe_link(url)
    if safe and len(safe) <= 3_000:
        yield _plain(before)
        yield {"type": "link", "url": safe, "text": shown_host(safe)}


_STYLES = re.compile(r"[*_~`]")


def escaped(text: str) -> str:
    """Clean text as letters that stay letters where Slack reads mark-up."""
    dull = _STYLES.sub(rf"{JOINER}\g<0>{JOINER}", defang(text)).replace(":", f":{JOINER}")
    return dull.replace("&", "&amp;").replace("<", "&lt;").replace(">", f"{JOINER}&gt;")


def _length(value: object) -> int:
    """Characters of all texts and addresses in these blocks, as near as we know how Slack counts."""
    if isinstance(value, dict):
        own = sum(
            len(text) for key, text in value.items() if key in {"text", "url"} and isinstance(text, str)
        )
        return own + sum(_length(each) for each in value.values())
    return sum(_length(each) for each in value) if isinstance(value, list) else 0
