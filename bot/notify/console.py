"""The terminal as a receiver: the alert, the sum and the delay, for a person; or one JSON line, for a pipe.

Feed text is put into :class:`rich.text.Text` and never parsed as mark-up, and control characters are gone before
that: a headline can neither colour nor clear anybody's screen.
"""

# ruff: noqa: ARG002 — the seam's arguments, needed here or not
from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import cast

from rich.console import Console as Terminal
from rich.text import Text

from bot.core.model import Alert, AlertKind, Level, Message, MessageKind, Receipt, Receiver
from bot.errors import Ambiguous
from bot.notify.markup import brief, clean, elsewhere, safe_link, shown_host, sum_lines
from bot.notify.record import record

_COLOURS = {
    Level.CRITICAL: "bold white on red",
    Level.HIGH: "bold red",
    Level.MEDIUM: "yellow",
    Level.LOW: "cyan",
}

LINE_LENGTH = 300

Segment = tuple[str, str]  # text, rich style


class Console:
    """Implements :class:`bot.ports.Notifier`. ``as_json`` writes the documented record, one line a message."""

    def __init__(self, terminal: Terminal | None = None, *, as_json: bool = False) -> None:
        self._terminal = terminal or Terminal(highlight=False)
        self._as_json = as_json

    def render(self, message: Message, receiver: Receiver) -> Sequence[Mapping[str, object]]:
        """One part: the record, or lines of (text, style) and the time from which the delay counts."""
        if self._as_json:
            return [record(message)]
        newest = max((alert.newest for alert in message.alerts), default=None)
        lines = [[list(segment) for segment in line] for line in _lines(message)]
        return [{"lines": lines, "published": newest.isoformat() if newest else ""}]

    async def send(
        self, receiver: Receiver, part: Mapping[str, object], *, after: Receipt | None, now: datetime
    ) -> Receipt:
        """Print it."""
        if self._as_json:
            self._print(Text(json.dumps(part, ensure_ascii=False)))
            return Receipt("console", str(part["delivery"]), now)
        for line in cast(Sequence[Sequence[Segment]], part["lines"]):
            self._print(Text.assemble(*((text, style) for text, style in line)))
        published = str(part["published"])
        if published:
            delay = (now - datetime.fromisoformat(published)).total_seconds()
            self._print(Text(f"    told {delay:.1f} s after publication\n", style="dim"))
        return Receipt("console", "", now)

    def _print(self, text: Text) -> None:
        self._terminal.print(text, soft_wrap=True)

    async def find(self, receiver: Receiver, message: Message, *, since: datetime) -> Receipt | None:
        """Nobody knows what was on a screen."""
        raise Ambiguous("a terminal cannot be asked what it showed")

    async def close(self) -> None:
        """The terminal is not ours."""


def _lines(message: Message) -> Iterator[list[Segment]]:
    if message.repeat:
        yield [("    sent again: the first try may have been shown", "dim")]
    if message.kind is MessageKind.NOTICE:
        yield [("notice  ", "bold blue"), (clean(message.notice), "")]
    if message.kind is MessageKind.DIGEST:
        yield [(f"digest  {len(message.alerts)} stories", "bold")]
    for alert in message.alerts:
        yield from _alert_lines(alert)


def _alert_lines(alert: Alert) -> Iterator[list[Segment]]:
    """``60 high ↓ headline``, the sum below it, then who says so."""
    colour = _COLOURS.get(alert.level, "")
    host = f"  {shown_host(alert.link)}" if safe_link(alert.link) else ""
    yield [
        (f"{alert.score:>3} {alert.level.word:<8}", colour),
        (f" {alert.direction.arrow or ' '} ", "bold"),
        (clean(alert.title), "bold"),
        (host, "dim"),
    ]
    if alert.kind is not AlertKind.NEW:
        yield [(f"    {alert.kind.value}: {clean(alert.reason)}", colour)]
    for line in sum_lines(alert):
        yield [(f"    {line}", "")]
    owners = ", ".join(clean(report.owner) for report in alert.reports)
    for link in alert.linked:
        yield [(f"    {brief(elsewhere(link), LINE_LENGTH)}", "dim")]
    yield [(f"    {clean(alert.rule_title)} · {clean(alert.reason)} · {owners}", "dim")]
