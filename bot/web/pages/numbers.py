"""Numbers: alerts by day, level and rule, how often wrong, how late, what is read, what it takes; drawn by ECharts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nicegui import ui
from starlette.requests import Request

from bot.errors import NewsalertError
from bot.service_newsroom import Numbers
from bot.service_pulse import Beat
from bot.web import record
from bot.web.pages.frame import Here, frame, heading, nothing, refused

DAYS = 14
DRAWN = 7  # rules with a colour of their own, the most telling
COLOURS = {"critical": "#b3001b", "high": "#c2410c", "medium": "#d9a000", "low": "#1d5fa8"}
OTHERS = ("#1d5fa8", "#c2410c", "#0f8a6a", "#8a4fbf", "#d9a000", "#b3001b", "#4b7a1f", "#7a8594")

Series = Mapping[str, Sequence[float]]


def register() -> None:
    """The page."""

    @ui.page("/numbers")
    async def page(request: Request) -> None:
        here = Here.of(request)
        with frame(here, here.t("Numbers"), "/numbers"):
            try:
                numbers = await here.service.newsroom.numbers(here.actor, days=DAYS)
            except NewsalertError as error:
                refused(here, error)
                return
            _show(here, numbers)


def _show(here: Here, numbers: Numbers) -> None:
    t = here.t
    days = sorted(set(numbers.read) | set(numbers.by_level))
    if not days:
        nothing(t("Nothing was read yet. Feeds stand under Feeds."))
        return
    levels = {t(level): _by_day(days, numbers.by_level, level) for level in reversed(COLOURS)}
    with ui.element("div").classes("na-charts"):
        colours = list(reversed(COLOURS.values()))
        _chart(here, t("Alerts a day by level"), days, levels, stacked=True, colours=colours)
        _chart(here, t("Alerts a day by rule"), days, _rules(here, numbers, days), stacked=True)
        _precision(here, numbers)
        _delays(here, numbers.delays)
        read = {t("Items"): [numbers.read.get(day, 0) for day in days]}
        _chart(here, t("Items read a day"), days, read)
        _process(here, numbers.beats)


def _by_day(days: Sequence[str], counts: Mapping[str, Mapping[str, int]], name: str) -> list[float]:
    return [counts.get(day, {}).get(name, 0) for day in days]


def _rules(here: Here, numbers: Numbers, days: Sequence[str]) -> Series:
    named = list(numbers.rules)[:DRAWN]
    found = {rule: _by_day(days, numbers.by_rule, rule) for rule in named}
    rest = list(numbers.rules)[DRAWN:]
    if rest:
        each = (_by_day(days, numbers.by_rule, rule) for rule in rest)
        found[here.t("others")] = [sum(day) for day in zip(*each, strict=True)]
    return found


def _precision(here: Here, numbers: Numbers) -> None:
    """Which rule people trust: of its alerts, how many nobody called wrong."""
    t = here.t
    shown = {"rule": t("Rule"), "alerts": t("Alerts"), "wrong": t("Called wrong"), "right": t("Right, %")}
    columns = [
        {"name": key, "label": label, "field": key, "sortable": True, "align": "left" if key == "rule" else "right"}
        for key, label in shown.items()
    ]  # fmt: skip
    rows = [
        {"rule": rule, "alerts": count, "wrong": wrong, "right": round(100 * max(0, count - wrong) / count)}
        for rule, count in numbers.rules.items()
        for wrong in [numbers.wrong.get(rule, 0)]
    ]
    with ui.element("section").classes("na-card"):
        heading(t("Rules, and how often readers called them wrong"))
        if rows:
            table = ui.table(rows=rows, columns=columns, row_key="rule", pagination=10)
            table.classes("w-full").props("dense flat data-do=precision")
        else:
            ui.label(t("No rule has rung during these days.")).classes("na-soft")


def _delays(here: Here, delays: Sequence[float]) -> None:
    t, late = here.t, record.percentiles(delays)
    if not delays:
        with ui.element("section").classes("na-card"):
            heading(t("How long after publication"))
            ui.label(t("No alert was sent during these days.")).classes("na-soft")
        return
    until = record.delays_until(delays)
    said = t("Told after {p50} s in half of all cases, {p95} s in 95 %", p50=late["p50"], p95=late["p95"])
    _chart(here, t("How long after publication"), list(until), {t("Alerts"): list(until.values())}, note=said)


def _process(here: Here, beats: Sequence[Beat]) -> None:
    """A minute's polls, processor and memory, over the last day."""
    t = here.t
    if not beats:
        with ui.element("section").classes("na-card"):
            heading(t("The bot itself"))
            ui.label(t("Polls, processor and memory are drawn from the first minute on.")).classes("na-soft")
        return
    at = [f"{beat.at:%H:%M}" for beat in beats]
    polls: Series = {
        t("Polls"): [beat.polls for beat in beats],
        t("failed"): [beat.failed for beat in beats],
    }
    busy: Series = {t("Processor, %"): [round(100 * beat.processor, 1) for beat in beats]}
    memory: Series = {t("Memory, MB"): [round(beat.megabytes) for beat in beats]}
    _chart(here, t("Polls a minute"), at, polls, kind="line")
    _chart(here, t("Processor, % of one"), at, busy, kind="line")
    _chart(here, t("Memory, MB"), at, memory, kind="line")


# ── drawing ──────────────────────────────────────────────────────────────────────────────────────────
def _chart(
    here: Here,
    title: str,
    along: Sequence[str],
    series: Series,
    *,
    kind: str = "bar",
    stacked: bool = False,
    colours: Sequence[str] = OTHERS,
    note: str = "",
) -> None:
    """A card with a chart; who cannot see it hears its title, its last value and its sum."""
    ink = "#7a8594" if here.dark is None else "#a3adba" if here.dark else "#5c6675"
    axis = {"axisLabel": {"color": ink}, "axisLine": {"lineStyle": {"color": ink}}}
    faint = {"splitLine": {"lineStyle": {"color": ink, "opacity": 0.25}}}
    drawn = [
        {
            "type": kind, "name": name, "data": list(values), "stack": "all" if stacked else None,
            "barMaxWidth": 48, "showSymbol": False, "itemStyle": {"color": colour},
        }
        for (name, values), colour in zip(series.items(), colours, strict=False)
    ]  # fmt: skip
    options: dict[str, Any] = {
        "grid": {"left": 8, "right": 8, "top": 30 if len(series) > 1 else 10, "bottom": 4, "containLabel": True},
        "xAxis": {"type": "category", "data": list(along), **axis},
        "yAxis": {"type": "value", "minInterval": 1, **axis, **faint},
        "legend": {"show": len(series) > 1, "top": 0, "type": "scroll", "textStyle": {"color": ink}},
        "tooltip": {"trigger": "axis"},
        "animation": False,
        "series": drawn,
    }  # fmt: skip
    with ui.element("section").classes("na-card"):
        heading(title)
        if note:
            ui.label(note).classes("na-soft")
        said = "; ".join(f"{name}: {sum(values):g}" for name, values in series.items())
        ui.echart(options).style("height: 13rem").props("role=img").props["aria-label"] = f"{title}. {said}"
