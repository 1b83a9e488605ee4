"""The end of the demo: how much was read, what was told, and why the rest was not. Pure rendering."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from bot.core.model import Outcome
from bot.ports import Delays

WHY: Mapping[Outcome, str] = {
    Outcome.NO_MATCH: "no rule wants it",
    Outcome.BASELINE: "stood in the feed when it was first read",
    Outcome.TOO_OLD: "an old piece that came up again",
    Outcome.REPEAT: "told before, nothing new in it",
    Outcome.EDITED: "a known item with other words",
    Outcome.HELD: "waits for a second publisher",
    Outcome.COOLDOWN: "the rule has just spoken",
    Outcome.MUTED: "somebody asked for silence",
}
"""Outcomes that keep an item from being told, in words."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What the demo counted. ``quiet`` are alerts and updates below the level of every route; ``delays`` seconds
    from publication to the screen, one a message; ``ledger`` where they went, by feed; ``bursts`` why which feed is
    polled faster at the end; ``differences`` from what the day deserves."""

    feeds: int
    polls: int
    unchanged: int  # of the polls, by 304 or by the same bytes
    outcomes: Mapping[Outcome, int]
    matched: int  # items that met a rule
    stories: int
    sent: int
    quiet: int
    seconds: float
    least: str = "medium"
    delays: Sequence[float] = field(default_factory=tuple)
    ledger: Sequence[Delays] = field(default_factory=tuple)
    bursts: Mapping[str, str] = field(default_factory=dict)
    differences: Sequence[str] = field(default_factory=tuple)

    @property
    def items(self) -> int:
        """Decided items, edits of known ones among them."""
        return sum(self.outcomes.values())


def summary_lines(summary: Summary) -> RenderableType:
    """The table, and the verdict below it."""
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(justify="right", style="bold")
    table.add_column()
    for number, words in _rows(summary):
        table.add_row(str(number), words)
    parts: list[RenderableType] = [Text("\nThe day in numbers", style="bold"), table]
    if summary.ledger:
        parts += [
            Text("\nFrom publication to the screen, stage by stage, seconds, p50 / p95", style="bold"),
            _ledger(summary.ledger),
        ]
    if summary.bursts:
        parts += [
            Text("\nIn burst: polled faster, for a rule fired there", style="bold"),
            _bursts(summary.bursts),
        ]
    return Group(*parts, _verdict(summary))


def _ledger(ledger: Sequence[Delays]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in ("feed", "alerts", "seen", "decided", "accepted", "in all"):
        table.add_column(column)
    for each in ledger:
        stages = [f"{p50:.1f} / {p95:.1f}" for p50, p95 in each.stages.values()]
        table.add_row(each.feed, str(each.alerts), *stages)
    return table


def _bursts(bursts: Mapping[str, str]) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False)
    for feed, why in sorted(bursts.items()):
        table.add_row(feed, Text(why))
    return table


def _rows(summary: Summary) -> Iterator[tuple[int, str]]:
    yield summary.polls, f"polls of {summary.feeds} feeds, {summary.unchanged} of them unchanged"
    yield summary.items, "items decided"
    yield summary.matched, "met a rule"
    yield summary.stories, "stories"
    yield summary.sent, f"messages sent{_delay(summary.delays)}"
    if summary.quiet:
        yield summary.quiet, f"not told: below {summary.least}, kept for the record"
    for outcome, words in WHY.items():
        if summary.outcomes.get(outcome, 0):
            yield summary.outcomes[outcome], f"not told: {words}"


def _delay(delays: Sequence[float]) -> str:
    if not delays:
        return ""
    return (
        f", {sorted(delays)[len(delays) // 2]:.1f} s after publication (median), {max(delays):.1f} s at most"
    )


def _verdict(summary: Summary) -> Text:
    if not summary.differences:
        return Text(f"\nExactly what the day deserves, in {summary.seconds:.0f} s.", style="bold green")
    lines = "\n".join(f"  {line}" for line in summary.differences)
    return Text(f"\nNot what the day deserves:\n{lines}", style="bold red")
