"""Rules: a file, its mistakes at the line as they are typed, and what the edit would have done."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from urllib.parse import quote

from nicegui import ui
from nicegui.element import Element
from starlette.requests import Request

from bot.config.completion import Offers
from bot.config.drafts import mark_of
from bot.core.model import Feedback, Level
from bot.errors import NewsalertError, Problem
from bot.service_lookback import Change, Comparison
from bot.service_questions import Sheet
from bot.service_rules import Checked, RuleFile
from bot.web.pages.frame import Here, frame, heading, refused, told
from bot.web.pages.story import sum_card

STEP = 0.5  # seconds between two words on how far it is
TYPING = 0.4  # seconds without a key after which a draft is checked


def register() -> None:
    """The pages."""

    @ui.page("/rules")
    async def first(request: Request) -> None:
        await _page(request, "")

    @ui.page("/rules/new/{topic}")
    async def fresh(request: Request, topic: str) -> None:
        await _page(request, "", topic)

    @ui.page("/rules/{file}")
    async def page(request: Request, file: str) -> None:
        await _page(request, file)


async def _page(request: Request, file: str, topic: str = "") -> None:
    here = Here.of(request)
    with frame(here, here.t("Rules"), "/rules"):
        try:
            files = await here.service.rules.files(here.actor)
            name = file or next((each.name for each in files if each.rules), "new.yaml")
            text = saved = await here.service.rules.text(here.actor, name)
            if topic:
                saved = ""
                name, text = await here.service.rules.fresh(here.actor, topic)
        except NewsalertError as error:
            refused(here, error)
            return
        with ui.element("div").classes("na-rules"):
            _files(here, files, name)
            desk = _Desk(here, name, text, saved)
            desk.show()
        await ui.context.client.connected()  # the page stands; what takes longer comes after it
        await desk.fill()


def _files(here: Here, files: Sequence[RuleFile], current: str) -> None:
    with ui.element("nav").props(f'aria-label="{here.t("Files")}"').classes("na-files"):
        for each in files:
            link = ui.link(each.name, f"/rules/{quote(each.name)}")
            if each.name == current:
                link.props('aria-current="page"')
        box = ui.input(here.t("A new topic")).props("dense outlined data-do=topic")

        def go() -> None:
            if box.value:
                ui.navigate.to(f"/rules/new/{quote(str(box.value), safe='')}")

        box.on("keydown.enter", go)
        ui.button(here.t("Add file"), on_click=go).props("no-caps outline dense data-do=add-file")


class Completion(Element, component="completion.js"):
    """Offers, in an editor, what may be typed there."""

    def __init__(self, editor: ui.codemirror, offers: Offers) -> None:
        super().__init__()
        self._props["editor"] = editor.id
        self._props["offers"] = {"keys": offers.keys, "values": offers.values, "lists": offers.lists}


class _Desk:
    """One file being edited by one visitor."""

    def __init__(self, here: Here, name: str, text: str, saved: str) -> None:
        self._here = here
        self._name = name
        self._text = text
        self._base = mark_of(saved)
        self._rules = here.service.rules
        self._typed = 0

    def show(self) -> None:
        """Editor left, what it means right."""
        t = self._here.t
        with ui.element("div"):
            with ui.element("div").classes("na-row"):
                ui.button(t("Save"), on_click=self._save).props("no-caps unelevated data-do=save")
                ui.button(t("Compare 7 days"), on_click=self._compare).props(
                    "no-caps outline data-do=compare"
                )
                ui.button(t("Run beside"), on_click=self._start_shadow).props(
                    "no-caps outline data-do=shadow"
                )
                self._state = ui.label(t("Checking …")).props('role="status" data-do=state')
            self._editor = ui.codemirror(
                self._text, language="YAML", on_change=self._changed, indent="  ", line_wrapping=True,
                theme="githubDark" if self._here.dark else "githubLight", keymap={"Mod-s": self._save},
            ).classes("na-editor")  # fmt: skip
            Completion(self._editor, self._rules.offers(self._here.actor, self._name))
            self._problems = ui.element("div").props('aria-live="polite" data-do=problems')
        with ui.element("div"):
            self._try_box()
            self._shadow = ui.element("section").props("data-do=shadow-report")
            self._comparison = ui.element("section").props("data-do=comparison")
            self._proposals = ui.element("section").props("data-do=proposals")
            self._versions = ui.element("section").props("data-do=versions")

    async def fill(self) -> None:
        """What had to be read for."""
        await self._check()
        self._show_shadow()
        await self._show_proposals()
        await self._show_versions()
        t = self._here.t
        with self._how_far(lambda share: t("Getting ready to compare: {share} %", share=share)):
            await self._rules.get_ready(self._here.actor, self._name)

    @contextmanager
    def _how_far(self, words: Callable[[int], str]) -> Iterator[None]:
        """Say how much of the past is read, for as long as this lasts."""

        def say() -> None:
            said.set_text(words(round(100 * self._rules.progress)))

        with self._comparison, ui.element("div") as box:
            said = ui.label().classes("na-soft").props("role=status")
            ui.timer(STEP, say)
        try:
            yield
        finally:
            if not box.is_deleted:
                box.delete()

    # ── typing ───────────────────────────────────────────────────────────────────────────────────────
    async def _changed(self, event: object) -> None:
        self._text = str(getattr(event, "value", ""))
        self._typed += 1
        mine = self._typed
        await asyncio.sleep(TYPING)
        if mine == self._typed:
            await self._check()

    async def _check(self) -> None:
        async with told(self._here):
            self._show_checked(await self._rules.check(self._here.actor, self._name, self._text))

    def _show_checked(self, checked: Checked) -> None:
        t = self._here.t
        found = [*checked.problems, *checked.failing]
        lines = self._text.count("\n") + 1
        marked = {each.line: each for each in reversed(found) if 0 < each.line <= lines}
        self._editor.decorations = [
            {"kind": "line", "line": line, "class": _shade(each)} for line, each in marked.items()
        ]
        self._editor.line_tooltips = {line: _sentence(each) for line, each in marked.items()}
        good = checked.examples - len(checked.failing)
        state = t("{good} of {all} examples pass", good=good, all=checked.examples)
        self._state.set_text(state if checked.loads or checked.failing else t("Does not load"))
        self._state.classes(
            add="na-good" if checked.loads else "na-bad", remove="na-bad" if checked.loads else "na-good"
        )
        self._problems.clear()
        with self._problems:
            for each in found[:50]:
                where = t("Line {line}", line=each.line) + ": " if each.line else ""
                row = ui.label(where + _sentence(each)).classes(
                    "na-soft" if each.severity == "warning" else "na-bad"
                )
                if 0 < each.line <= lines:
                    row.classes("cursor-pointer").on(
                        "click", lambda _, line=each.line: self._editor.reveal_line(line)
                    )

    # ── trying ───────────────────────────────────────────────────────────────────────────────────────
    def _try_box(self) -> None:
        t = self._here.t
        with ui.element("section").classes("na-card"):
            with ui.element("div").classes("na-row"):
                box = ui.input(t("A headline or a link")).classes("col").props("dense outlined data-do=try")
                ui.button(t("Weigh"), on_click=lambda: self._weigh(str(box.value))).props("no-caps outline")
                box.on("keydown.enter", lambda: self._weigh(str(box.value)))
            self._sheets = ui.element("div").props('aria-live="polite" data-do=sheets')

    async def _weigh(self, subject: str) -> None:
        self._sheets.clear()
        async with told(self._here):
            sheets = await self._rules.weigh(self._here.actor, self._name, self._text, subject)
            with self._sheets:
                if not sheets:
                    ui.label(self._here.t("No word of these rules stands in it.")).classes("na-soft")
                for sheet in sheets:
                    sum_card(self._here, sheet.match.terms, _total(self._here, sheet))

    async def _compare(self) -> None:
        self._comparison.clear()
        t = self._here.t
        async with told(self._here):
            with self._how_far(lambda share: t("Reading seven days: {share} %", share=share)):
                found = await self._rules.compare(self._here.actor, self._name, self._text)
            self._comparison.clear()
            with self._comparison:
                _comparison(self._here, found)

    # ── a draft beside the live rules ────────────────────────────────────────────────────────────────
    async def _start_shadow(self) -> None:
        async with told(self._here, self._here.t("It runs beside the saved rules and tells nobody.")):
            await self._here.service.shadows.start(self._here.actor, self._name, self._text)
            self._show_shadow()

    async def _drop_shadow(self) -> None:
        async with told(self._here):
            await self._here.service.shadows.drop(self._here.actor, self._name)
            self._show_shadow()

    def _edit_shadow(self, text: str) -> None:
        self._editor.set_value(text)

    def _show_shadow(self) -> None:
        t, found = self._here.t, self._here.service.shadows.running(self._here.actor, self._name)
        self._shadow.clear()
        if found is None:
            return
        with self._shadow, ui.element("div").classes("na-card"):
            heading(t("A draft runs beside it"))
            since = f"{found.since:%Y-%m-%d %H:%M} UTC"
            said = t(
                "{entries} items since {since}, by {by}",
                entries=found.found.entries,
                since=since,
                by=found.by,
            )
            ui.label(said).classes("na-soft")
            if found.failed:
                ui.label(found.failed).classes("na-bad")
            _changes(self._here, t("Gained"), found.found.gained_count, found.found.gained, "na-good")
            _changes(self._here, t("Lost"), found.found.lost_count, found.found.lost, "na-bad")
            with ui.element("div").classes("na-row"):
                for name, act, do in (
                    (t("Look again"), self._show_shadow, "look"),
                    (t("Into the editor"), lambda: self._edit_shadow(found.text), "edit"),
                    (t("Drop"), self._drop_shadow, "drop"),
                ):
                    ui.button(name, on_click=act).props(f"flat dense no-caps data-do=shadow-{do}")

    # ── saving ───────────────────────────────────────────────────────────────────────────────────────
    async def _save(self) -> None:
        t = self._here.t
        async with told(self._here, t("Saved; it is in force.")):
            await self._rules.save(self._here.actor, self._name, self._text, base=self._base)
            self._base = mark_of(self._text)
            self._show_shadow()
            await self._show_proposals()
            await self._show_versions()

    async def _show_versions(self) -> None:
        t = self._here.t
        found = await self._rules.versions(self._here.actor, self._name)
        self._versions.clear()
        with self._versions, ui.element("div").classes("na-card"):
            heading(t("Versions"))
            if not found:
                ui.label(t("Nothing was saved here yet.")).classes("na-soft")
            for each in found[:20]:
                with ui.element("div").classes("na-row"):
                    ui.label(f"{each.id[:4]}-{each.id[4:6]}-{each.id[6:8]} {each.id[9:11]}:{each.id[11:13]}")
                    ui.label(each.by).classes("na-soft")
                    ui.button(t("Difference"), on_click=lambda _, v=each.id: self._diff(v)).props(
                        "flat dense no-caps"
                    )
                    ui.button(t("Restore"), on_click=lambda _, v=each.id: self._restore(v)).props(
                        "flat dense no-caps data-do=restore"
                    )

    async def _diff(self, version: str) -> None:
        async with told(self._here):
            text = await self._rules.diff(self._here.actor, self._name, version)
            with ui.dialog() as dialog, ui.card():
                ui.label(text or self._here.t("No difference.")).classes("na-diff")
            dialog.open()

    async def _restore(self, version: str) -> None:
        async with told(self._here, self._here.t("Restored; it is in force.")):
            await self._rules.restore(self._here.actor, self._name, version)
            self._text = await self._rules.text(self._here.actor, self._name)
            self._base = mark_of(self._text)
            self._editor.set_value(self._text)
            await self._check()
            await self._show_versions()  # last: what was clicked goes with it

    # ── what people called wrong ─────────────────────────────────────────────────────────────────────
    async def _show_proposals(self) -> None:
        t = self._here.t
        found = await self._rules.proposals(self._here.actor, self._name)
        self._proposals.clear()
        if not found:
            return
        with self._proposals, ui.element("div").classes("na-card"):
            heading(t("Called wrong by readers"))
            for each in found:
                with ui.element("div").classes("na-row"):
                    ui.label(f"{each.title} ({each.rule}, {each.score})").classes("col")
                    for name, act, do in (
                        (t("Add as no_match"), self._add, "add-example"),
                        (t("Drop"), self._drop_proposal, "drop-proposal"),
                    ):
                        ui.button(name, on_click=partial(act, each)).props(f"flat dense no-caps data-do={do}")

    async def _drop_proposal(self, proposal: Feedback) -> None:
        async with told(self._here, self._here.t("Dropped.")):
            await self._rules.drop_proposal(self._here.actor, proposal)
            await self._show_proposals()  # last: what was clicked goes with it

    async def _add(self, proposal: Feedback) -> None:
        async with told(self._here):
            self._text = await self._rules.with_example(self._here.actor, self._text, proposal)
            self._editor.set_value(self._text)
            await self._check()


def _shade(problem: Problem) -> str:
    return "na-warn" if problem.severity == "warning" else "na-error"


def _sentence(problem: Problem) -> str:
    return problem.message + (f" ({problem.remedy})" if problem.remedy else "")


def _total(here: Here, sheet: Sheet) -> str:
    match, t = sheet.match, here.t
    if match.vetoed_by:
        return f"{sheet.rule.title}: 0 · {match.vetoed_by}"
    level = t(match.level.word) if match.level > Level.NONE else t("silent")
    return f"{sheet.rule.title}: {match.score} {level} {match.direction.arrow}"


def _comparison(here: Here, found: Comparison) -> None:
    t = here.t
    before, after = found.a_day
    with ui.element("div").classes("na-card"):
        heading(t("{days} days, {entries} items", days=found.days, entries=found.entries))
        ui.label(
            t(
                "Saved: {before} a day; edited: {after} a day",
                before=round(before, 2),
                after=round(after, 2),
            )
        )
        _changes(here, t("Gained"), found.gained_count, found.gained, "na-good")
        _changes(here, t("Lost"), found.lost_count, found.lost, "na-bad")
        if found.terms:
            heading(t("Words"))
            for term, count in found.terms.most_common(20):
                ui.label(f"{count} × {term}").classes("na-soft")


def _changes(here: Here, title: str, count: int, shown: Sequence[Change], classes: str) -> None:
    heading(f"{title}: {count}").classes(classes)
    for each in shown[::-1]:
        ui.label(f"{each.score} {here.t(each.level)} · {each.title}")
