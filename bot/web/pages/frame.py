"""What every page shares: who visits, the words, the frame with its navigation, and how refusals are told."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from copy import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nicegui import background_tasks, ui
from nicegui.language import Language
from starlette.requests import Request

from bot.config.words import LANGUAGES, Words
from bot.errors import InputError, NewsalertError, NotPermitted
from bot.service import Service
from bot.service_ground import Actor, Role, at_the_console
from bot.web.keys import Keys, Visit
from bot.web.login import spoken_to

STYLE = (Path(__file__).parent / "style.css").read_text("utf-8")
NAVIGATION = (
    ("/", "Live", Role.READER),
    ("/rules", "Rules", Role.EDITOR),
    ("/feeds", "Feeds", Role.EDITOR),
    ("/deliveries", "Deliveries", Role.ADMIN),
    ("/people", "People", Role.ADMIN),
    ("/near", "Near misses", Role.READER),
    ("/numbers", "Numbers", Role.READER),
)
_QUASAR: Mapping[str, Language] = {"en": "en-GB", "ru": "ru", "uk": "uk", "de": "de"}
"""Our languages → those of tables' and selects' own words, and of the page's ``lang``."""


@dataclass(frozen=True, slots=True)
class Front:
    """What the pages of one bot stand on."""

    service: Service
    keys: Keys


@dataclass(frozen=True, slots=True)
class Here:
    """One visit to one page."""

    front: Front
    visit: Visit
    t: Words
    dark: bool | None

    @classmethod
    def of(cls, request: Request) -> Here:
        """The visit of a request that was let in."""
        dark = {"yes": True, "no": False}.get(request.cookies.get("newsalert_dark", ""))
        return cls(request.state.front, request.state.visit, spoken_to(request), dark)

    @property
    def service(self) -> Service:
        """The verbs."""
        return self.front.service

    @property
    def actor(self) -> Actor:
        """Who acts, as long as the session holds: a page left open is nobody's licence. Raises NotPermitted."""
        if not self.front.keys.holds(self.visit):
            raise NotPermitted("You may not do that here.")
        return at_the_console(self.visit.name, self.visit.role)

    @property
    def role(self) -> Role:
        """For what to show; what may be done is the service's word."""
        return at_the_console(self.visit.name, self.visit.role).role


@contextmanager
def frame(here: Here, title: str, path: str) -> Iterator[ui.element]:
    """The page around its content."""
    t = here.t
    client = ui.context.client
    client.page = copy(
        client.page
    )  # what belongs to the path, for everybody: here it speaks the visitor's language
    client.page.language = _QUASAR[t.language]
    ui.add_css(STYLE)
    ui.page_title(f"{title} · newsalert")
    dark = ui.dark_mode(here.dark)
    ui.link(t("To the content"), "#main").classes("na-skip")
    with ui.element("header").classes("na-head"):
        ui.label("newsalert").classes("na-brand")
        with ui.element("nav").props(f'aria-label="{t("Pages")}"').classes("na-nav"):
            for to, name, least in NAVIGATION:
                if here.role >= least:
                    current = ' aria-current="page"' if to == path else ""
                    ui.link(t(name), to).props(f"{current}")
        with ui.element("div").classes("na-tools"):
            _tools(here, dark)
    with ui.element("div").classes("na-main").props('id="main" tabindex="-1"') as main:
        ui.label(title).props("role=heading aria-level=1").classes("na-title")
        yield main


def _tools(here: Here, dark: ui.dark_mode) -> None:
    t = here.t

    def language(event: Any) -> None:
        _remember("newsalert_language", str(event.value))
        ui.navigate.reload()

    def shade() -> None:
        dark.set_value(not dark.value)
        _remember("newsalert_dark", "yes" if dark.value else "no")

    select = ui.select(dict(LANGUAGES), value=t.language, on_change=language)
    select.props(f'dense borderless options-dense aria-label="{t("Language")}"')
    ui.button(icon="dark_mode", on_click=shade).props(f'flat dense round aria-label="{t("Light or dark")}"')
    if here.visit.key:
        with ui.element("form").props('method="post" action="/logout"'):
            ui.button(t("Log out")).props("type=submit flat dense no-caps")


def _remember(name: str, value: str) -> None:
    cookie = f"{name}={value}; path=/; max-age=31536000; samesite=lax"
    ui.run_javascript(f"document.cookie = {json.dumps(cookie)}")


# ── telling ──────────────────────────────────────────────────────────────────────────────────────────
def said(t: Words, error: NewsalertError) -> str:
    """An error in the visitor's language."""
    if isinstance(error, InputError):
        return t(error.template, **error.values)
    return t(str(error))


@asynccontextmanager
async def told(here: Here, done: str = "") -> AsyncIterator[None]:
    """What goes wrong inside is told as a notification, and ``done`` when nothing did."""
    client = ui.context.client  # what was clicked may be gone by then
    try:
        yield
    except NewsalertError as error:
        with client:
            ui.notify(said(here.t, error), type="negative", position="top")
    else:
        if done:
            with client:
                ui.notify(done, type="positive", position="top")


def heading(text: str) -> ui.label:
    """Of a part of the page; whoever hears it jumps from one to the next."""
    return ui.label(text).props("role=heading aria-level=2").classes("na-h2")


def nothing(text: str) -> None:
    """An empty state that says what to do."""
    ui.label(text).classes("na-empty")


def refused(here: Here, error: NewsalertError) -> None:
    """The page of somebody who may not see it."""
    ui.label(said(here.t, error)).props("role=alert").classes("na-refused")


def by_and_by(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run something after this event, without the event waiting for it."""
    background_tasks.create(work())


def safe_cell(name: str, text: str) -> str:
    """A table's cell with a link: the address came through :func:`bot.core.urls.clean`."""
    return (
        f'<q-td :props="props"><a v-if="props.row.{name}" :href="props.row.{name}" target="_blank" '
        f'rel="noopener noreferrer">{{{{ props.row.{text} }}}}</a><span v-else>{{{{ props.row.{text} }}}}'
        "</span></q-td>"
    )
