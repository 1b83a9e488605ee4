"""Feeds: how each does, its items and its hours; one more by its site's address; lists in and out."""

from __future__ import annotations

from typing import Any

from nicegui import ui
from starlette.requests import Request

from bot.errors import NewsalertError
from bot.sources.discovery import Found
from bot.web import record
from bot.web.pages.frame import Here, frame, heading, nothing, refused, told

_STATUS = """<q-td :props="props">
<span :class="'na-tag sight-' + props.row.status">{{ props.row.status }}</span>
</q-td>"""
_ACTIONS = """<q-td :props="props" class="na-nowrap">
<q-btn flat dense icon="refresh" :aria-label="props.row.say_poll" @click="$parent.$emit('poll', props.row.name)" />
<q-btn v-if="props.row.status === 'paused'" flat dense icon="play_arrow" :aria-label="props.row.say_resume"
  @click="$parent.$emit('resume', props.row.name)" />
<q-btn v-else flat dense icon="pause" :aria-label="props.row.say_pause"
  @click="$parent.$emit('pause', props.row.name)" />
<q-btn flat dense icon="list" :aria-label="props.row.say_items" @click="$parent.$emit('items', props.row.name)" />
</q-td>"""


def register() -> None:
    """The page."""

    @ui.page("/feeds")
    async def page(request: Request) -> None:
        here = Here.of(request)
        with frame(here, here.t("Feeds"), "/feeds"):
            try:
                await _Feeds(here).show()
            except NewsalertError as error:
                refused(here, error)


class _Feeds:
    def __init__(self, here: Here) -> None:
        self._here = here
        self._feeds = here.service.feeds

    async def show(self) -> None:
        """The table, and the ways to get more into it."""
        t = self._here.t
        rows = await self._rows()
        with ui.element("div").classes("na-row na-card"):
            box = ui.input(t("Address of a site or feed")).classes("col").props("dense outlined data-do=site")
            ui.button(t("Find feeds"), on_click=lambda: self._discover(str(box.value))).props(
                "no-caps outline"
            )
            box.on("keydown.enter", lambda: self._discover(str(box.value)))
            ui.link(t("Export OPML"), "/api/feeds.opml")
            ui.upload(
                label=t("Import OPML"), auto_upload=True, on_upload=self._import, max_file_size=5_000_000
            ).classes("na-upload").props("flat bordered")
        self._found = ui.element("div").props('aria-live="polite" data-do=found')
        self._table = ui.table(rows=rows, columns=self._columns(), row_key="name", pagination=50)
        self._table.classes("w-full").props("dense flat wrap-cells")
        self._table.add_slot("body-cell-do", _ACTIONS)
        self._table.add_slot("body-cell-status", _STATUS)
        for verb in ("poll", "pause", "resume", "items"):
            self._table.on(verb, lambda event, verb=verb: self._do(verb, event))
        if not rows:
            nothing(t("No feed is watched yet. Enter the address of a news site above."))
        self._items = ui.element("section").props('aria-live="polite"')

    async def _rows(self) -> list[dict[str, object]]:
        t = self._here.t
        say = {"poll": t("Poll now"), "pause": t("Pause"), "resume": t("Resume"), "items": t("Last items")}
        found = [record.feed_json(each) for each in await self._feeds.rows(self._here.actor)]
        for row in found:
            if not row["reason"] and row["faster"]:
                row["reason"] = t("More often for a while: {why}", why=row["faster"])
        return [{**row, **{f"say_{verb}": text for verb, text in say.items()}} for row in found]

    def _columns(self) -> list[dict[str, object]]:
        t = self._here.t
        shown = {
            "name": t("Feed"), "owner": t("Owner"), "lang": t("Language"), "status": t("State"),
            "pace": t("Pace, s"), "lag": t("Visible after, s"), "p50": "p50, s", "p95": "p95, s",
            "alerts": t("Alerts"), "failures": t("Failures"), "reason": t("Trouble"),
        }  # fmt: skip
        columns: list[dict[str, object]] = [
            {"name": key, "label": label, "field": key, "sortable": True, "align": "left"}
            for key, label in shown.items()
        ]
        return [*columns, {"name": "do", "label": "", "field": "name", "align": "right"}]

    async def _do(self, verb: str, event: Any) -> None:
        name = str(event.args)
        if verb == "items":
            await self._show_items(name)
            return
        done = {"poll": self._feeds.poll, "pause": self._feeds.pause, "resume": self._feeds.resume}[verb]
        async with told(self._here, self._here.t("Done.")):
            await done(self._here.actor, name)
            self._table.rows = await self._rows()

    async def _show_items(self, name: str) -> None:
        t = self._here.t
        async with told(self._here):
            lately = await self._feeds.lately(self._here.actor, name)
            row = next(each for each in self._table.rows if each["name"] == name)
            self._items.clear()
            with self._items, ui.element("div").classes("na-card"):
                heading(f"{name} · {row['url']}")
                self._ledger(row["ledger"])
                _hours(row["hours"], t("Items by hour, UTC"))
                for stored in lately:
                    when = f"{stored.entry.first_seen:%m-%d %H:%M}"
                    ui.label(f"{when} · {stored.entry.title} · {stored.decision.outcome.value}")
                if not lately:
                    nothing(t("Nothing was read there yet."))

    def _ledger(self, ledger: Any) -> None:
        """Where an alert's time goes: half of all, and 95 %."""
        stages = [f"{stage} {spans['p50']} / {spans['p95']} s" for stage, spans in ledger.items()]
        if stages:
            ui.label(self._here.t("Seconds, p50 / p95: {stages}", stages=" · ".join(stages))).classes(
                "na-soft"
            )

    # ── more of them ─────────────────────────────────────────────────────────────────────────────────
    async def _discover(self, address: str) -> None:
        t = self._here.t
        self._found.clear()
        with self._found:
            waiting = ui.label(t("Looking for feeds …")).classes("na-soft")
        async with told(self._here):
            found = await self._feeds.discover(self._here.actor, address)
            with self._found:
                for each in found:
                    self._offer(each)
                if not found:
                    nothing(t("No feed was found there. Its pages may name one; enter that address."))
        waiting.delete()

    def _offer(self, found: Found) -> None:
        t = self._here.t
        with ui.element("div").classes("na-row na-card"):
            newest = f"{found.newest:%Y-%m-%d %H:%M}" if found.newest else ""
            ui.label(f"{found.title or found.url}").classes("text-bold")
            ui.label(f"{record.found_json(found)['url']} · {found.items} · {newest}").classes("na-soft col")
            name = ui.input(t("Name")).props("dense outlined data-do=name")
            ui.button(t("Add"), on_click=lambda: self._add(found, str(name.value))).props(
                "no-caps data-do=add"
            )

    async def _add(self, found: Found, name: str) -> None:
        async with told(self._here, self._here.t("Added; it is watched.")):
            await self._feeds.add(self._here.actor, found.url, name=name, kind=found.kind)
            self._table.rows = await self._rows()
            self._found.clear()

    async def _import(self, event: Any) -> None:
        async with told(self._here, self._here.t("Done.")):
            await self._feeds.take_opml(self._here.actor, await event.file.read())
            self._table.rows = await self._rows()


def _hours(hours: object, title: str) -> None:
    ui.echart(
        {
            "title": {"text": title, "textStyle": {"fontSize": 12}},
            "xAxis": {"type": "category", "data": list(range(24))},
            "yAxis": {"type": "value"},
            "series": [{"type": "bar", "data": hours}],
            "animation": False,
        }
    ).style("height: 11rem")
