"""Near misses: what stayed just below a threshold, and what would have made it ring."""

from __future__ import annotations

from nicegui import ui
from starlette.requests import Request

from bot.core.urls import clean
from bot.errors import NewsalertError
from bot.service_newsroom import NearMiss
from bot.web.pages.frame import Here, frame, nothing, refused
from bot.web.pages.story import sum_card

SHOWN = 50


def register() -> None:
    """The page."""

    @ui.page("/near")
    async def page(request: Request) -> None:
        here = Here.of(request)
        with frame(here, here.t("Near misses"), "/near"):
            waiting = ui.label(here.t("Weighing the last day …")).classes("na-soft")
            await ui.context.client.connected()
            try:
                found = await here.service.newsroom.near_misses(here.actor)
            except NewsalertError as error:
                refused(here, error)
                return
            waiting.delete()
            for miss in found[:SHOWN]:
                _show(here, miss)
            if not found:
                nothing(here.t("Nothing came near a threshold during the last day."))


def _show(here: Here, miss: NearMiss) -> None:
    t = here.t
    wanted = {
        "points": t("{points} points more would have made it ring", points=miss.short),
        "stance": t("It would have rung if the text said that it happens"),
        "needs": t("It would have rung with a word that the rule needs"),
        "never": t("It would have rung without a word the rule never rings on"),
    }
    with ui.element("article").classes("na-card"):
        with ui.element("div").classes("na-row"):
            if clean(miss.entry.link):
                link = ui.link(miss.entry.title, clean(miss.entry.link), new_tab=True)
                link.props('rel="noopener noreferrer"').classes("text-bold")
            else:
                ui.label(miss.entry.title).classes("text-bold")
            ui.label(f"{miss.entry.owner} · {miss.entry.first_seen:%H:%M}").classes("na-soft")
        ui.label(f"{miss.rule.title}: {miss.match.score} · {wanted[miss.because]}")
        with ui.expansion(t("The sum")).props("dense"):
            sum_card(here, miss.match.terms, miss.rule.id)
