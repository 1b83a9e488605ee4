"""A message as Telegram HTML: pure, golden-tested, and safe by construction.

Feed text only ever enters through :func:`safe` and :func:`quoted`: cleaned, defanged so that Telegram finds no mention,
command, tag, address or number in it, then escaped. The only links are our own ``<a>`` elements, their label the host
they lead to.

An alert is one page whatever a feed says: every piece has its greatest length, and lines of the sum and sources are
left out until all fit. A digest is packed from whole blocks, so a tag is never cut. A page stays below 4096 UTF-16
units *after* Telegram has read its mark-up, which is how Telegram counts (and never fewer than code points), and below
a hundred entities, beyond which Telegram forgets them.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise

from bot.config.words import Words
from bot.core.model import Alert, Level, Link, Message, Place, Report, StoryState
from bot.notify.markup import (
    JOINER,
    READ,
    brief,
    clean,
    defang,
    defanged,
    safe_link,
    shorten,
    shown_host,
    sum_lines,
    units,
)

PAGE = 3_900  # units of a message; Telegram's 4096 less what may be put before it when it is sent
MOST_STORIES = 45  # on a page of a digest: two entities each
TITLE_LENGTH = 300
SUMMARY_LENGTH = 600
NAME_LENGTH = 60
HOST_LENGTH = 80
LINE_LENGTH = 160
REASON_LENGTH = 300
NOTICE_LENGTH = 3_500
ROOM = ((12, 10), (6, 6), (2, 3))
"""Lines of the sum and sources shown: the first pair that fits."""

_SIGNS = {Level.CRITICAL: "🔴", Level.HIGH: "🟠", Level.MEDIUM: "🟡", Level.LOW: "⚪"}
_SILENT_STATES = (StoryState.REPORTED,)


@dataclass(frozen=True, slots=True)
class Block:
    """A piece that is never torn, or a whole message: as HTML, and as the plain text it is counted by."""

    markup: str
    plain: str


NOTHING = Block("", "")


def safe(text: str, limit: int = LINE_LENGTH) -> Block:
    """Feed text, harmless wherever it is put; at most ``limit`` UTF-16 units."""
    return own(defanged(text, limit))


def own(text: str) -> Block:
    """Our own words."""
    return Block(html.escape(text, quote=False), text)


def joined(parts: Iterable[Block], between: str = " ") -> Block:
    """Those of the blocks that say something, in one line."""
    found = [part for part in parts if part.plain]
    return Block(between.join(part.markup for part in found), between.join(part.plain for part in found))


def bold(part: Block) -> Block:
    """The same in bold."""
    return Block(f"<b>{part.markup}</b>", part.plain) if part.plain else part


def link(url: str) -> Block:
    """A link that says where it goes; nothing for an address we would not click. Of a long host the end counts."""
    address = safe_link(url)
    if not address:
        return NOTHING
    host = shown_host(address)
    shown = own(host if len(host) <= HOST_LENGTH else f"…{host[-HOST_LENGTH:]}")
    return Block(f'<a href="{html.escape(address)}">{shown.markup}</a>', shown.plain)


def quoted(text: str, spans: Iterable[tuple[int, int]], limit: int) -> Block:
    """Feed text with these spans of its characters in bold.

    It is cleaned piece by piece, since cleaning moves characters, and defanged as a whole, since an ``@`` before a bold
    name is a mention all the same.
    """
    text = text[: READ * limit]
    pieces = [
        (_cleaned(text[start:end]), number % 2 == 1)
        for number, (start, end) in enumerate(pairwise(_cuts(text, spans)))
    ]
    whole = shorten(defang("".join(piece for piece, _ in pieces)), limit)
    return joined(
        (bold(own(piece)) if strong else own(piece) for piece, strong in _cut_again(whole, pieces)), ""
    )


def _cuts(text: str, spans: Iterable[tuple[int, int]]) -> list[int]:
    """Where plain and bold take turns, plain first; spans that overlap or stand outside are left out."""
    cuts = [0]
    for start, end in sorted(spans):
        if cuts[-1] <= start < end <= len(text):
            cuts += [start, end]
    return [*cuts, len(text)]


def _cleaned(piece: str) -> str:
    """The blanks at its ends separate it from its neighbours and stay."""
    words = clean(piece)
    if not words:
        return " " if piece else ""
    return f"{' ' * piece[0].isspace()}{words}{' ' * piece[-1].isspace()}"


def _cut_again(whole: str, pieces: Iterable[tuple[str, bool]]) -> Iterator[tuple[str, bool]]:
    """The defanged text cut where its pieces met: it is the same text with joiners in it, perhaps shortened."""
    at = 0
    for piece, strong in pieces:
        start, left = at, len(piece)
        while at < len(whole) and (left or whole[at] == JOINER):
            left -= whole[at] != JOINER
            at += 1
        yield whole[start:at], strong


# ── whole messages ───────────────────────────────────────────────────────────────────────────────────
def notice_page(message: Message) -> Block:
    """A word of the bot's own."""
    return joined([own("ⓘ"), safe(message.notice, NOTICE_LENGTH)])


def alert_page(alert: Alert, t: Words, *, repeat: bool = False) -> Block:
    """The whole story: level, headline, why now, quote, the sum, the sources."""
    for lines, sources in ROOM:
        page = _page([*_mark(t, repeat), *_alert_blocks(alert, t, lines, sources)])
        if units(page.plain) <= PAGE:
            break
    return page


def reply_page(alert: Alert, t: Words, *, repeat: bool = False) -> Block:
    """What changed, for the story's thread."""
    newest = alert.reports[-1] if alert.reports else None
    blocks = [*_mark(t, repeat), _verdict(alert, t), bold(_reason(alert))]
    if newest is not None:
        blocks.append(joined([safe(newest.title, TITLE_LENGTH), own("·"), _source(newest)]))
    return _page(blocks)


def digest_pages(message: Message, t: Words) -> Iterator[Block]:
    """Loudest first; as many pages as it needs, each block whole."""
    count = len(message.alerts)
    start = [
        *_mark(t, message.repeat),
        bold(own(t.many("Digest: {count} story", "Digest: {count} stories", count))),
    ]
    blocks = list(start)
    for alert in sorted(message.alerts, key=lambda alert: (-alert.level, alert.decided, alert.story)):
        item = _digest_item(alert)
        full = len(blocks) - len(start) >= MOST_STORIES or _size([*blocks, item]) > PAGE
        if full:
            yield _page(blocks)
            blocks = list(start)
        blocks.append(item)
    yield _page(blocks)


def _page(blocks: Iterable[Block]) -> Block:
    return joined(blocks, "\n")


def _size(blocks: Sequence[Block]) -> int:
    return sum(units(block.plain) + 1 for block in blocks)


def _mark(t: Words, repeat: bool) -> list[Block]:
    return [own(t("Sent again: the first try may have arrived"))] if repeat else []


# ── an alert's pieces ────────────────────────────────────────────────────────────────────────────────
def _alert_blocks(alert: Alert, t: Words, lines: int, sources: int) -> Iterator[Block]:
    yield _verdict(alert, t)
    yield bold(safe(alert.title, TITLE_LENGTH))
    yield joined([safe(alert.owner, NAME_LENGTH), own(f"· {_clock(alert.published)} ·"), link(alert.link)])
    yield _reason(alert)
    yield _in_quotes(quoted(alert.summary, _emphasised(alert), SUMMARY_LENGTH))
    yield _in_quotes(_sum(list(sum_lines(alert)), lines), expandable=True)
    if len(alert.reports) > 1:
        yield _sources(alert.reports, sources)
    yield from _asides(alert, t)


def _digest_item(alert: Alert) -> Block:
    sign, arrow = _SIGNS.get(alert.level, ""), alert.direction.arrow
    head = joined([own(sign), own(arrow), bold(safe(alert.title, TITLE_LENGTH))])
    parts = [safe(alert.rule_title, NAME_LENGTH), _reason(alert), link(alert.link)]
    return joined([head, joined(parts, " · ")], "\n")


def _verdict(alert: Alert, t: Words) -> Block:
    level = own(f"{_SIGNS.get(alert.level, '')} {t(alert.level.word).upper()} {alert.score}".strip())
    parts = [bold(level)]
    if alert.direction.arrow:
        parts.append(own(f"{alert.direction.arrow} {t(alert.direction.value)}"))
    return joined([*parts, safe(alert.rule_title, NAME_LENGTH)], " · ")


def _reason(alert: Alert) -> Block:
    said = alert.state in _SILENT_STATES or alert.contradicts or alert.reason.startswith(alert.state.value)
    state = "" if said else f"{alert.state.value}:"
    return joined([own(state), safe(alert.reason, REASON_LENGTH)])


def _emphasised(alert: Alert) -> Iterator[tuple[int, int]]:
    return (line.span for line in alert.terms if line.place is Place.LEAD)


def _in_quotes(part: Block, *, expandable: bool = False) -> Block:
    if not part.plain.strip():
        return NOTHING
    tag = "blockquote expandable" if expandable else "blockquote"
    return Block(f"<{tag}>{part.markup}</blockquote>", part.plain)


def _sum(lines: Sequence[str], most: int) -> Block:
    shown = [safe(line.strip().replace("  ", " · ")) for line in lines[:most]]
    if len(lines) > most:
        shown.append(own(f"+ {len(lines) - most}"))
    return joined(shown, "\n")


def _sources(reports: Sequence[Report], most: int) -> Block:
    lines = [joined([own("•"), _source(report)]) for report in reports[:most]]
    if len(reports) > most:
        lines.append(own(f"+ {len(reports) - most}"))
    return joined(lines, "\n")


def _source(report: Report) -> Block:
    return joined([safe(report.owner or "?", NAME_LENGTH), own(_clock(report.published)), link(report.link)])


def _asides(alert: Alert, t: Words) -> Iterator[Block]:
    yield from (_elsewhere(link, t) for link in alert.linked)
    if alert.also:
        yield safe("also " + ", ".join(f"{rule} {score}" for rule, score in alert.also))
    if alert.differs_from and alert.contradicts is None:  # what it contradicts, the reason says
        yield safe(f"not the story “{alert.differs_from}”", TITLE_LENGTH)


def _elsewhere(told: Link, t: Words) -> Block:
    """Who tells it in another language."""
    owner = brief(told.owner, NAME_LENGTH)
    said = {
        "en": t("Also reported in English by {owner}", owner=owner),
        "de": t("Also reported in German by {owner}", owner=owner),
        "ru": t("Also reported in Russian by {owner}", owner=owner),
        "uk": t("Also reported in Ukrainian by {owner}", owner=owner),
    }
    other = t("Also reported in another language by {owner}", owner=owner)
    return safe(f"{said.get(told.lang, other)}: “{told.title}”", TITLE_LENGTH)


def _clock(time: datetime) -> str:
    return f"{time.astimezone(UTC):%d %b %H:%M} UTC"
