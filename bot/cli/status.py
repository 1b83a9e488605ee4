"""``newsalert status``: how the bot is, how each feed does, and where an alert's time goes."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

import typer
from rich.text import Text

from bot.app_desk import load_orders
from bot.cli import output
from bot.cli.output import LEVEL_STYLE, JsonOption, RulesOption
from bot.config.settings import Settings
from bot.core.eyes import Sight
from bot.core.model import Level
from bot.ports import Counts, StoredDecision
from bot.service_feeds import FeedRow, feed_rows
from bot.store import reading_store
from bot.systemclock import SystemClock
from bot.web.record import feed_json

SHOWN = 20  # rows of each table without --all
_CALM = (Sight.OK, Sight.NEW)

AllOption = Annotated[
    bool, typer.Option("--all", help="Every feed, not only those in trouble, in burst or heard.")
]


@dataclass(frozen=True, slots=True)
class _Status:
    counts: Counts
    rows: Sequence[FeedRow]
    latest: Sequence[StoredDecision]
    now: datetime

    @property
    def by_sight(self) -> Mapping[str, int]:
        """Feeds by how they do."""
        return Counter(row.sight.sight.value if row.feed.enabled else "off" for row in self.rows)


def status(rules: RulesOption = None, everything: AllOption = False, as_json: JsonOption = False) -> None:
    """What the bot has read, decided, sent and owes; how each feed does; where an alert's time goes.

    It asks the database, so it works beside a running bot and after one. Feeds are told apart by how they do: ok; slow
    (we come to it late); stale (it answers, and has had nothing new for far longer than it used to); failing, blocked
    and gone with the reason and the next try; paused; new (not asked yet). Feeds in burst are polled more often
    because a rule fired, there or on a related feed, or because items may have been missed.

    The ledger follows every alert of the last seven days: published, first seen by us, decided, accepted by the
    platform; for each stage the median and the 95th percentile.

    [bold]Exit codes:[/bold] 0 done; 3 there is no database yet, or it refused.

    [bold]Examples:[/bold]

      newsalert status

      newsalert status --json | jq '.feeds.rows[] | select(.status != "ok")'
    """
    with output.told_plainly():
        found = asyncio.run(_read(output.settings_with(rules)))
        if as_json:
            output.print_json(_json(found))
        else:
            _show(found, everything=everything)


async def _read(settings: Settings) -> _Status:
    now = SystemClock().now()
    feeds = load_orders(settings.rules_dir).feeds
    async with reading_store(settings.database_url) as store:
        return _Status(
            await store.views.counts(),
            await feed_rows(feeds, store.feeds, store.views, now),
            await store.views.latest(5, "alert"),
            now,
        )


def _json(found: _Status) -> dict[str, object]:
    counts, trouble = found.counts, [row for row in found.rows if row.sight.sight not in _CALM]
    return {
        "feeds": {
            "configured": len(found.rows),
            "by_status": dict(found.by_sight),
            "rows": [feed_json(row) for row in found.rows],
        },
        "trouble": [
            {"feed": row.feed.name, "status": row.sight.sight.value, "reason": row.sight.reason}
            for row in trouble
        ],
        "entries": counts.entries,
        "stories": counts.stories,
        "outcomes": dict(counts.outcomes),
        "deliveries": dict(counts.deliveries),
        "subscriptions": counts.subscriptions,
    }


# ── for people ───────────────────────────────────────────────────────────────────────────────────────
def _show(found: _Status, *, everything: bool) -> None:
    _show_counts(found)
    trouble = [row for row in found.rows if everything or row.sight.sight not in _CALM]
    bursts = [row for row in found.rows if row.sight.faster]
    heard = [row for row in found.rows if row.delays is not None]
    most = len(found.rows) if everything else SHOWN
    if trouble:
        _show_feeds(trouble, most, found.now)
    if bursts:
        _show_bursts(bursts, most, found.now)
    if heard:
        _show_ledger(heard, most)
    if found.latest:
        output.out.print("\nlatest alerts")
    for stored in found.latest:
        level = stored.decision.alert.level if stored.decision.alert else Level.NONE
        when = f"{stored.at:%Y-%m-%d %H:%M:%S} UTC"
        line = Text.assemble(f"  {when}  ", (f"{level.word:8}", LEVEL_STYLE[level]), f" {stored.entry.title}")
        output.out.print(line, soft_wrap=True)


def _show_counts(found: _Status) -> None:
    def words(numbers: Mapping[str, int]) -> str:
        return ", ".join(f"{number} {word}" for word, number in sorted(numbers.items())) or "none"

    counts = found.counts
    shown = output.table("", "")
    shown.show_header = False
    shown.add_row("feeds", f"{len(found.rows)} configured; {words(found.by_sight)}")
    shown.add_row("entries", str(counts.entries))
    shown.add_row("stories", str(counts.stories))
    shown.add_row("decisions", words(counts.outcomes))
    shown.add_row("deliveries", words(counts.deliveries))
    shown.add_row("subscriptions", str(counts.subscriptions))
    output.out.print(shown)


def _show_feeds(rows: Sequence[FeedRow], most: int, now: datetime) -> None:
    shown = output.table("feed", "sight", "polled every", "next try", "reason")
    for row in rows[:most]:
        sight = row.sight
        style = "" if sight.sight in _CALM else "yellow"
        try_in = _span(sight.next_try - now) if sight.next_try else "never by itself"
        every = _span(row.state.interval) + (", pushed" if row.state.carried else "")
        shown.add_row(row.feed.name, Text(sight.sight.value, style), every, try_in, Text(sight.reason))
    _with_title("feeds", shown, len(rows) - most)


def _show_bursts(rows: Sequence[FeedRow], most: int, now: datetime) -> None:
    shown = output.table("feed", "polled every", "for another", "because")
    for row in rows[:most]:
        until = row.state.faster_until or now
        shown.add_row(row.feed.name, _span(row.state.interval), _span(until - now), Text(row.sight.faster))
    _with_title("in burst", shown, len(rows) - most)


def _show_ledger(rows: Sequence[FeedRow], most: int) -> None:
    shown = output.table("feed", "alerts", "published → seen", "→ decided", "→ accepted", "in all")
    for row in rows[:most]:
        if row.delays is not None:
            stages = [f"{_seconds(p50)} / {_seconds(p95)}" for p50, p95 in row.delays.stages.values()]
            shown.add_row(row.feed.name, str(row.delays.alerts), *stages)
    _with_title("where an alert's time goes, seven days, p50 / p95", shown, len(rows) - most)


def _with_title(title: str, table: object, left: int) -> None:
    output.out.print(f"\n{title}")
    output.out.print(table)
    if left > 0:
        output.out.print(f"and {left} more: --all")


def _span(time: timedelta | None) -> str:
    return "" if time is None else _seconds(max(0.0, time.total_seconds()))


def _seconds(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
