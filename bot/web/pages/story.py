"""One story: the sum, who told it when, why it was merged, what was sent of it."""

from __future__ import annotations

from collections.abc import Sequence

from nicegui import ui
from starlette.requests import Request

from bot.core.model import Delivery, Evidence, Stance
from bot.core.urls import clean
from bot.errors import NewsalertError
from bot.ports import StoredDecision
from bot.service_newsroom import StoryTold
from bot.web import record
from bot.web.pages.frame import Here, frame, heading, nothing, refused


def register() -> None:
    """The page."""

    @ui.page("/story/{story}")
    async def page(request: Request, story: str) -> None:
        here = Here.of(request)
        with frame(here, here.t("Story"), "/story"):
            try:
                found = await here.service.newsroom.story(here.actor, story)
            except NewsalertError as error:
                refused(here, error)
                return
            _show(here, found)


def _show(here: Here, told: StoryTold) -> None:
    t, story, alert = here.t, told.story, told.story.alert
    with ui.element("section").classes("na-card"):
        if alert is not None:
            with ui.element("div").classes("na-row"):
                level = ui.label(f"{alert.score} {t(alert.level.word)} {alert.direction.arrow}")
                level.classes(f"level-{alert.level.word} text-bold")
                ui.label(f"{alert.rule_title} · {alert.reason} · {story.state.value}").classes("na-soft")
        row = record.story_json(story)
        _marked(row.get("title_parts") or [[story.title, 0]], "na-title")
        _marked(row.get("summary_parts") or [], "")
        if alert is not None and clean(alert.link):
            ui.link(t("Open the article"), clean(alert.link), new_tab=True).props('rel="noopener noreferrer"')
        if alert is not None and alert.contradicts is not None:
            ui.label(f"{alert.contradicts.how}: {alert.contradicts.title}").classes("na-bad")
        if alert is not None and alert.differs_from:
            ui.label(t("Not to be taken for: {title}", title=alert.differs_from)).classes("na-soft")
    with ui.element("div").classes("na-cols"):
        with ui.element("div"):
            _timeline(here, told.told)
        with ui.element("div"):
            if alert is not None:
                sum_card(here, alert.terms, t("The sum"))
            _deliveries(here, told.deliveries)


def _marked(parts: object, classes: str) -> None:
    if not isinstance(parts, list) or not parts:
        return
    with ui.element("p").classes(classes):
        for text, marked in parts:
            with ui.element("mark" if marked else "span"):
                _text(str(text))


def _text(text: str) -> None:
    ui.label(text).style("display: inline; white-space: pre-wrap")


def sum_card(here: Here, terms: tuple[Evidence, ...], title: str) -> None:
    """Every line of a sum."""
    with ui.element("section").classes("na-card"):
        heading(title)
        with ui.element("div").classes("na-sum"):
            for term in terms:
                ui.label(f"{term.points:+d}").classes("na-good" if term.points > 0 else "na-bad")
                ui.label(f"“{term.words}” — {term.term}")
                ui.label(_because(here, term)).classes("na-soft")


def _because(here: Here, term: Evidence) -> str:
    words = [term.place.value]
    if term.stance is not Stance.ASSERTED:
        words.append(here.t(term.stance.value) + (f" ({term.cue})" if term.cue else ""))
    if term.said_by:
        words.append(term.said_by)
    return " · ".join(words)


def _timeline(here: Here, entries: Sequence[StoredDecision]) -> None:
    t, day = here.t, ""
    with ui.element("section").classes("na-card"):
        heading(t("Timeline"))
        if not entries:
            nothing(t("The articles of this story are forgotten already."))
        for stored in entries:
            at = stored.entry.first_seen
            if day != f"{at:%Y-%m-%d}":
                day = f"{at:%Y-%m-%d}"
                ui.label(f"{day}, UTC").classes("na-soft")
            _event(here, stored)


def _event(here: Here, stored: StoredDecision) -> None:
    """One report: when, who, what, and why it belongs to this story; the other steps behind a click."""
    entry, steps = stored.entry, stored.decision.steps
    with ui.element("div").classes("na-event"):
        ui.label(f"{entry.first_seen:%H:%M:%S}").classes("na-soft")
        with ui.element("div"):
            with ui.element("div").classes("na-row"):
                ui.label(entry.owner).classes("text-bold")
                ui.label(stored.decision.outcome.value).classes("na-tag")
            if clean(entry.link):
                ui.link(entry.title, clean(entry.link), new_tab=True).props('rel="noopener noreferrer"')
            else:
                ui.label(entry.title)
            for step in steps:
                if step.stage == "story":
                    ui.label(f"{step.verdict}: {step.detail}").classes("na-soft")
            with ui.element("details").classes("na-soft"):
                with ui.element("summary"):
                    _text(here.t("Step by step"))
                for step in steps:
                    ui.label(f"{step.stage}: {step.verdict} {step.detail}")


def _deliveries(here: Here, found: Sequence[Delivery]) -> None:
    if not found:
        return
    with ui.element("section").classes("na-card"):
        heading(here.t("Deliveries"))
        for each in found:
            at = each.receipts[0].sent.strftime("%H:%M:%S") if each.receipts else ""
            ui.label(f"{each.receiver.name} · {each.state.value} {at} {each.reason}")
