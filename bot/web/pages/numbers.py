"""Numbers: alerts by day and level, by rule, how late, how often wrong; drawn by ECharts."""

from __future__ import annotations

from nicegui import ui
from starlette.requests import Request

from bot.errors import NewsalertError
from bot.service_newsroom import Numbers
from bot.web import record
from bot.web.pages.frame import Here, frame, nothing, refused

DAYS = 14
COLOURS = {"critical": "#b3001b", "high": "#c2410c", "medium": "#d9a000", "low": "#1d5fa8"}


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
    late = record.percentiles(numbers.delays)
    text = t("Told after {p50} s in half of all cases, {p95} s in 95 %", p50=late["p50"], p95=late["p95"])
    ui.label(text if late["count"] else t("No alert was sent during these days."))
    days = sorted(set(numbers.read) | set(numbers.by_level))
    if not days:
        nothing(t("Nothing was read yet. Feeds stand under Feeds."))
        return
    levels = {
        level: [numbers.by_level.get(day, {}).get(level, 0) for day in days] for level in reversed(COLOURS)
    }
    with ui.element("div").classes("na-cols"):
        with ui.element("section").classes("na-card"):
            _chart(here, t("Alerts a day by level"), days, levels)
        with ui.element("section").classes("na-card"):
            ui.label(t("Alerts by rule, and how many were called wrong")).classes("na-h2")
            for rule, count in sorted(numbers.by_rule.items(), key=lambda pair: -pair[1]):
                ui.label(f"{count} · {numbers.wrong.get(rule, 0)} · {rule}")
    with ui.element("section").classes("na-card"):
        _chart(here, t("Items read a day"), days, {"": [numbers.read.get(day, 0) for day in days]})


def _chart(here: Here, title: str, days: list[str], series: dict[str, list[int]]) -> None:
    ui.label(title).classes("na-h2")
    drawn = ui.echart(
        {
            "xAxis": {"type": "category", "data": days},
            "yAxis": {"type": "value", "minInterval": 1},
            "tooltip": {"trigger": "axis"},
            "legend": {"show": len(series) > 1},
            "animation": False,
            "series": [
                {
                    "type": "bar",
                    "stack": "all",
                    "name": here.t(name) if name else title,
                    "data": values,
                    "itemStyle": {"color": COLOURS.get(name, "#1d5fa8")},
                }
                for name, values in series.items()
            ],
        }
    )
    total = sum(sum(values) for values in series.values())
    drawn.style("height: 16rem").props(f'role=img aria-label="{title}: {total}"')
