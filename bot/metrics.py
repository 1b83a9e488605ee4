"""What the bot counts of itself, in Prometheus' words, each counter behind one small function.

The registry is our own, so that a scrape shows nothing we did not mean to show. Labels are bounded by what an editor
configures (rules) or by our own enumerations; no feed text, address or secret ever becomes one.

Delays are told twice, and only of alerts: until we decided, and until the platform took the message. The difference
is ours, the rest the publisher's and the poller's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

from bot.core.model import Decision, Delivery, DeliveryState, FeedStatus, MessageKind

REGISTRY = CollectorRegistry()
"""Everything below, and the process' own memory, time and open files."""

_FETCH_BUCKETS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)  # seconds
_DELAY_BUCKETS = (1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600, 3 * 3600, 24 * 3600)  # seconds

ProcessCollector(registry=REGISTRY)
_version = Gauge(
    "newsalert_build_info", "Always 1; the version is the label.", ["version"], registry=REGISTRY
)
_polls = Counter("newsalert_polls_total", "Polls by how they ended.", ["result"], registry=REGISTRY)
_last_read = Gauge(
    "newsalert_last_poll_timestamp_seconds", "When a publisher last answered well.", registry=REGISTRY
)
_fetch = Histogram(
    "newsalert_fetch_seconds",
    "Time of one request to a publisher.",
    buckets=_FETCH_BUCKETS,
    registry=REGISTRY,
)
_charsets = Counter(
    "newsalert_charset_total",
    "Documents by whether they are in the character set they declare.",
    ["verdict"],
    registry=REGISTRY,
)
_pushes = Counter(
    "newsalert_websub_total", "Calls of WebSub hubs by what came of them.", ["verdict"], registry=REGISTRY
)
_gaps = Counter(
    "newsalert_window_gaps_total",
    "Polls that knew nothing of what a feed shows: items may have been missed.",
    registry=REGISTRY,
)
_entries = Counter("newsalert_entries_total", "Items read in feeds, known ones too.", registry=REGISTRY)
_decisions = Counter(
    "newsalert_decisions_total", "New items by what was decided.", ["outcome"], registry=REGISTRY
)
_undecided = Counter("newsalert_decide_failures_total", "Polls that could not be decided.", registry=REGISTRY)
_matches = Counter("newsalert_matches_total", "Rules met by new items.", ["rule", "level"], registry=REGISTRY)
_deliveries = Counter(
    "newsalert_deliveries_total",
    "Messages by kind of place and how they ended.",
    ["kind", "state"],
    registry=REGISTRY,
)
_unreadable = Counter(
    "newsalert_unreadable_total",
    "Messages a platform could not read as written, sent once more as plain text: mistakes of ours.",
    ["kind"],
    registry=REGISTRY,
)
_owed = Gauge("newsalert_outbox_owed", "Messages owed and not yet sent.", registry=REGISTRY)
_delay = Histogram(
    "newsalert_delay_seconds",
    "From publication of an alert's article until that stage.",
    ["stage"],
    buckets=_DELAY_BUCKETS,
    registry=REGISTRY,
)
_rules_ok = Gauge(
    "newsalert_rules_ok",
    "1 if the editors' files in force are the ones on disk, 0 after a mistake.",
    registry=REGISTRY,
)
_feeds = Gauge("newsalert_feeds", "Feeds by status.", ["status"], registry=REGISTRY)
_sights = Gauge("newsalert_feed_sights", "Feeds by how they do, in one word.", ["sight"], registry=REGISTRY)
_bursts = Gauge("newsalert_feeds_in_burst", "Feeds polled more often for a while.", registry=REGISTRY)
_ledger = Gauge(
    "newsalert_feed_delay_seconds",
    "Of the alerts of the last days, where their time went: a quantile of each stage, by feed.",
    ["feed", "stage", "quantile"],
    registry=REGISTRY,
)
_lag = Gauge(
    "newsalert_loop_lag_seconds", "How late the event loop came to its last beat.", registry=REGISTRY
)
_stalls = Counter("newsalert_loop_stalls_total", "Times the event loop stood still.", registry=REGISTRY)


def running(version: str) -> None:
    """This version runs."""
    _version.labels(version).set(1)


# ── reading ──────────────────────────────────────────────────────────────────────────────────────────
def polled(result: str, seconds: float, at: datetime, *, entries: int = 0) -> None:
    """One poll ended: ``result`` is ``new``, ``unchanged`` or the kind of a FetchError or ParseError."""
    _polls.labels(result).inc()
    _fetch.observe(seconds)
    _entries.inc(entries)
    if result in ("new", "unchanged"):
        _last_read.set(at.timestamp())


def decoded(*, overridden: bool, unsure: bool) -> None:
    """A document was decoded: as declared, against its declaration, or with characters lost."""
    _charsets.labels("unsure" if unsure else "overridden" if overridden else "declared").inc()


def pushed(verdict: str) -> None:
    """A hub called: ``used``, ``pinged``, ``verified``, or why it was ignored."""
    _pushes.labels(verdict).inc()


def window_gap() -> None:
    """Nothing of what a feed shows was known: items may have been missed."""
    _gaps.inc()


def feeds(counts: Mapping[FeedStatus, int]) -> None:
    """How many feeds have which status; statuses not named have none."""
    for status in FeedStatus:
        _feeds.labels(status.value).set(counts.get(status, 0))


def seen(sights: Mapping[str, int], bursts: int) -> None:
    """How many feeds do how, in one word each; so many of all are in burst."""
    _sights.clear()
    for sight, count in sights.items():
        _sights.labels(sight).set(count)
    _bursts.set(bursts)


def ledger(rows: Iterable[tuple[str, Mapping[str, tuple[float, float]]]]) -> None:
    """Feed, and for each stage the median and the 95th percentile of seconds; only feeds whose alerts were sent."""
    _ledger.clear()
    for feed, stages in rows:
        for stage, quantiles in stages.items():
            for quantile, seconds in zip(("0.5", "0.95"), quantiles, strict=True):
                _ledger.labels(feed, stage, quantile).set(seconds)


# ── deciding ─────────────────────────────────────────────────────────────────────────────────────────
def decided(decision: Decision, published: datetime, at: datetime) -> None:
    """One new item was decided. Only an alert's delay counts: what nobody waits for cannot be late."""
    _decisions.labels(decision.outcome.value).inc()
    for match in decision.matches:
        _matches.labels(match.rule, match.level.word).inc()
    if decision.alert is not None:
        _delay.labels("decided").observe((at - published).total_seconds())


def decide_failed() -> None:
    """A poll could not be decided; it will be polled again."""
    _undecided.inc()


def rules_loaded(*, ok: bool) -> None:
    """The editors' files were read; not ok = the last good version stays in force."""
    _rules_ok.set(ok)


# ── telling ──────────────────────────────────────────────────────────────────────────────────────────
def delivered(delivery: Delivery, state: DeliveryState, at: datetime) -> None:
    """A message came to ``state``; a sent alert's delay is counted from its newest article."""
    _deliveries.labels(delivery.receiver.kind, state.value).inc()
    if state is DeliveryState.SENT and delivery.message.kind is MessageKind.ALERT and delivery.message.alerts:
        newest = max(alert.newest for alert in delivery.message.alerts)
        _delay.labels("sent").observe((at - newest).total_seconds())


def unreadable(kind: str) -> None:
    """A platform could not read our mark-up; the message went out as plain text."""
    _unreadable.labels(kind).inc()


def owed(count: int) -> None:
    """So many messages wait in the outbox."""
    _owed.set(count)


@dataclass(frozen=True, slots=True)
class Vitals:
    """Of the process, since its start; memory as it is now."""

    processor_seconds: float
    megabytes: float
    polls: int
    failed: int  # of them


# ── ourselves ────────────────────────────────────────────────────────────────────────────────────────
def loop_late(seconds: float) -> None:
    """The event loop came so late to its beat."""
    _lag.set(seconds)


def loop_stalled() -> None:
    """The event loop stood still for longer than it may."""
    _stalls.inc()


def vitals() -> Vitals:
    """What the counters say at this moment; zeros where the system does not tell."""
    polls = {
        sample.labels["result"]: int(sample.value)
        for metric in _polls.collect()
        for sample in metric.samples
        if sample.name.endswith("_total")
    }
    processor = REGISTRY.get_sample_value("process_cpu_seconds_total") or 0.0
    memory = REGISTRY.get_sample_value("process_resident_memory_bytes") or 0.0
    good = polls.get("new", 0) + polls.get("unchanged", 0)
    return Vitals(processor, memory / 1e6, sum(polls.values()), sum(polls.values()) - good)
