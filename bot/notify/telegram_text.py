"""A message as Telegram HTML: pure, golden-tested, and safe by construction.

Feed text only ever enters through :func:`safe`: cleaned, defanged so that Telegram finds no mention, command, tag,
address or number in it, then escaped. The only links are our own ``<a>`` elements, their label the host they lead to.

A page is packed from whole blocks, so a tag is never cut, and stays below 4096 UTF-16 units *after* Telegram has read
its mark-up (which is how Telegram counts, and never more than code points).
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.config.words import Words
from bot.core.model import Alert, Evidence, Level, Message, MessageKind, Place, Report, StoryState
from bot.notify.markup import clean, defang, safe_link, shorten, shown_host, sum_lines, units

PAGE = 4_096  # units of a message
TITLE_LENGTH = 300
SUMMARY_LENGTH = 600
LINE_LENGTH = 160
NOTICE_LENGTH = 3_500
MOST_SUM_LINES = 12
MOST_SOURCES = 10

_SIGNS = {Level.CRITICAL: "🔴", Level.HIGH: "🟠", Level.MEDIUM: "🟡", Level.LOW: "⚪"}
_SILENT_STATES = (StoryState.REPORTED,)


@dataclass(frozen=True, slots=True)
class Block:
    """A piece that is never torn: as HTML, and as the plain text it is counted by."""

    markup: str
    plain: str


@dataclass(frozen=True, slots=True)
class Page:
    """One Telegram message."""

    markup: str
    plain: str


def safe(text: str, limit: int = LINE_LENGTH) -> Block:
    """Feed text, harmless wherever it is put."""
    shown = defang(shorten(clean(text), limit))
    return Block(html.escape(shown, quote=False), shown)


def joined(parts: Iterable[Block], between: str = " ") -> Block:
    """Blocks in one line."""
    found = [part for part in parts if part.plain]
    return Block(between.join(part.markup for part in found), between.join(part.plain for part in found))


def bold(part: Block) -> Block:
    """The same in bold."""
    return Block(f"<b>{part.markup}</b>", part.plain) if part.plain else part


def link(url: str) -> Block:
    """A link that says where it goes; nothing for an address we would not click."""
    address = safe_link(url)
    if not address:
        return Block("", "")
    host = shown_host(address)
    return Block(f'<a href="{html.escape(address)}">{html.escape(host)}</a>', host)


def own(text: str) -> Block:
    """Our own words."""
    return Block(html.escape(text, quote=False), text)


# ── whole messages ───────────────────────────────────────────────────────────────────────────────────
def pages(message: Message, t: Words) -> list[Page]:
    """The message as one page, or as many as a digest needs."""
    if message.kind is MessageKind.NOTICE:
        blocks: list[Block] = [joined([own("ⓘ"), safe(message.notice, NOTICE_LENGTH)])]
    elif message.kind is MessageKind.DIGEST:
        blocks = list(_digest(message.alerts, t))
    else:
        blocks = [block for alert in message.alerts for block in alert_blocks(alert, t)]
    if message.repeat:
        blocks.insert(0, own(t("Sent again: the first try may have arrived")))
    return list(packed(blocks)) or [Page("…", "…")]


def packed(blocks: Iterable[Block]) -> Iterator[Page]:
    """Blocks line by line, as many on a page as fit."""
    lines: list[Block] = []
    used = 0
    for block in blocks:
        size = units(block.plain) + 1
        if lines and used + size > PAGE:
            yield _page(lines)
            lines, used = [], 0
        lines.append(block)
        used += size
    if lines:
        yield _page(lines)


def _page(lines: Sequence[Block]) -> Page:
    return Page("\n".join(line.markup for line in lines), "\n".join(line.plain for line in lines))


def alert_blocks(alert: Alert, t: Words) -> Iterator[Block]:
    """The whole story: level, headline, quote, the sum, the sources."""
    yield _verdict(alert, t)
    yield bold(safe(alert.title, TITLE_LENGTH))
    yield joined([safe(alert.owner, 60), own(f"· {_clock(alert.published)} ·"), link(alert.link)])
    if clean(alert.summary):
        yield _quote(alert)
    lines = list(sum_lines(alert))
    yield _preformatted(lines[:MOST_SUM_LINES])
    yield _reason(alert)
    if len(alert.reports) > 1:
        yield _sources(alert.reports)
    yield from _asides(alert)


def reply_page(alert: Alert, t: Words, *, repeat: bool) -> Page:
    """What changed, for the story's thread."""
    newest = alert.reports[-1] if alert.reports else None
    blocks = [_verdict(alert, t), bold(_reason(alert))]
    if newest is not None:
        blocks.append(joined([safe(newest.title, TITLE_LENGTH), own("·"), _source(newest)]))
    if repeat:
        blocks.insert(0, own(t("Sent again: the first try may have arrived")))
    return _page(blocks)


def _digest(alerts: Sequence[Alert], t: Words) -> Iterator[Block]:
    """Loudest first."""
    count = len(alerts)
    yield bold(own(t.many("Digest: {count} story", "Digest: {count} stories", count)))
    for alert in sorted(alerts, key=lambda alert: (-alert.level, alert.decided, alert.story)):
        head = [
            own(_SIGNS.get(alert.level, "")),
            own(alert.direction.arrow),
            bold(safe(alert.title, TITLE_LENGTH)),
        ]
        yield joined(head)
        yield joined([safe(alert.rule_title), own("·"), _reason(alert), own("·"), link(alert.link)])


# ── an alert's pieces ────────────────────────────────────────────────────────────────────────────────
def _verdict(alert: Alert, t: Words) -> Block:
    level = own(f"{_SIGNS.get(alert.level, '')} {t(alert.level.word).upper()} {alert.score}".strip())
    parts = [bold(level)]
    if alert.direction.arrow:
        parts.append(own(f"{alert.direction.arrow} {t(alert.direction.value)}"))
    return joined([*parts, safe(alert.rule_title)], " · ")


def _reason(alert: Alert) -> Block:
    state = "" if alert.state in _SILENT_STATES else f"{alert.state.value}: "
    return joined([own(state.strip()), safe(alert.reason, 300)])


def _quote(alert: Alert) -> Block:
    """The publisher's summary, with the words that fired in bold."""
    text, at = alert.summary, 0
    pieces: list[Block] = []
    for start, end in sorted({line.span for line in alert.terms if _in_summary(line, alert)}):
        if not at <= start < end <= min(len(text), SUMMARY_LENGTH):
            continue
        pieces += [safe(text[at:start], SUMMARY_LENGTH), bold(safe(text[start:end], SUMMARY_LENGTH))]
        at = end
    pieces.append(safe(text[at:], max(SUMMARY_LENGTH - at, 40)))
    whole = joined(pieces)
    return Block(f"<blockquote>{whole.markup}</blockquote>", whole.plain)


def _in_summary(line: Evidence, alert: Alert) -> bool:
    return line.place is Place.LEAD and 0 <= line.span[0] < line.span[1] <= len(alert.summary)


def _preformatted(lines: Sequence[str]) -> Block:
    shown = [safe(line) for line in lines]
    text = "\n".join(line.plain for line in shown) or "…"
    return Block(f"<pre>{html.escape(text, quote=False)}</pre>", text)


def _sources(reports: Sequence[Report]) -> Block:
    lines = [joined([own("•"), _source(report)]) for report in reports[:MOST_SOURCES]]
    if len(reports) > MOST_SOURCES:
        lines.append(own(f"+ {len(reports) - MOST_SOURCES}"))
    return joined(lines, "\n")


def _source(report: Report) -> Block:
    return joined([safe(report.owner or "?", 60), own(_clock(report.published)), link(report.link)])


def _asides(alert: Alert) -> Iterator[Block]:
    if alert.also:
        yield safe("also " + ", ".join(f"{rule} {score}" for rule, score in alert.also))
    if alert.contradicts is not None:
        yield safe(f"{alert.contradicts.how}: “{alert.contradicts.title}”", TITLE_LENGTH)
    elif alert.differs_from:
        yield safe(f"not the story “{alert.differs_from}”", TITLE_LENGTH)


def _clock(time: datetime) -> str:
    return f"{time.astimezone(UTC):%d %b %H:%M} UTC"
