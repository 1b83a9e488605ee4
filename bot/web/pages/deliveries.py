"""Deliveries: dead letters with their reasons, to be tried again or dropped, and what waits."""

from __future__ import annotations

from typing import Any

from nicegui import ui
from starlette.requests import Request

from bot.errors import NewsalertError
from bot.web import record
from bot.web.pages.frame import Here, frame, heading, nothing, refused, told

_ACTIONS = """<q-td :props="props">
<q-btn flat dense no-caps :label="props.row.say_retry" @click="$parent.$emit('retry', props.row.id)" />
<q-btn flat dense no-caps :label="props.row.say_drop" @click="$parent.$emit('drop', props.row.id)" />
</q-td>"""


def register() -> None:
    """The page."""

    @ui.page("/deliveries")
    async def page(request: Request) -> None:
        here = Here.of(request)
        with frame(here, here.t("Deliveries"), "/deliveries"):
            try:
                await _Deliveries(here).show()
            except NewsalertError as error:
                refused(here, error)


class _Deliveries:
    def __init__(self, here: Here) -> None:
        self._here = here
        self._operations = here.service.operations

    async def show(self) -> None:
        """Dead letters above, lanes below."""
        t = self._here.t
        dead = await self._dead()
        heading(t("Dead letters"))
        self._empty = ui.label(t("No message is stuck.")).classes("na-soft")
        self._table = ui.table(rows=dead, columns=self._columns(), row_key="id", pagination=50)
        self._table.classes("w-full").props("dense flat wrap-cells data-do=dead")
        self._table.add_slot("body-cell-do", _ACTIONS)
        self._table.on("retry", lambda event: self._do(self._operations.retry, event))
        self._table.on("drop", lambda event: self._do(self._operations.drop, event))
        self._show_if_any()
        await self._throttles()
        await self._lanes()

    async def _throttles(self) -> None:
        """Who gets nothing yet, and why."""
        t, closed = self._here.t, await self._operations.throttles(self._here.actor)
        if not closed:
            return
        heading(t("Asked to wait"))
        with ui.element("ul").props("data-do=throttles"):
            for name, until, reason in closed:
                with ui.element("li"):
                    ui.label(
                        t("{receiver}: nothing before {until}", receiver=name, until=f"{until:%H:%M:%S} UTC")
                    )
                    ui.label(reason).classes("na-soft")

    async def _lanes(self) -> None:
        t = self._here.t
        heading(t("Lanes"))
        lanes = await self._operations.lanes(self._here.actor)
        if not lanes:
            nothing(t("Nothing was sent yet. Receivers stand in routes.yaml."))
            return
        shown = {
            "receiver": t("Receiver"), "owed": t("Waiting"), "sending": t("On their way"), "unknown": t("In doubt"),
            "dead": t("Dead"), "sent": t("Sent"),
        }  # fmt: skip
        rows = [{**dict.fromkeys(shown, 0), **counts, "receiver": name} for name, counts in lanes.items()]
        columns = [
            {"name": key, "label": label, "field": key, "align": "left" if key == "receiver" else "right"}
            for key, label in shown.items()
        ]
        table = ui.table(rows=rows, columns=columns, row_key="receiver", pagination=0)
        table.classes("w-full").props("dense flat hide-bottom data-do=lanes")

    async def _dead(self) -> list[dict[str, object]]:
        t = self._here.t
        found = await self._operations.dead_letters(self._here.actor, 200)
        say = {"say_retry": t("Try again"), "say_drop": t("Drop")}
        return [{**record.delivery_json(each), **say} for each in found]

    def _columns(self) -> list[dict[str, object]]:
        t = self._here.t
        shown = {
            "title": t("Headline"), "receiver": t("Receiver"), "reason": t("Reason"),
            "attempts": t("Tries"), "created": t("Since"),
        }  # fmt: skip
        columns: list[dict[str, object]] = [
            {"name": key, "label": label, "field": key, "align": "left", "sortable": True}
            for key, label in shown.items()
        ]
        return [*columns, {"name": "do", "label": "", "field": "id", "align": "right"}]

    async def _do(self, verb: Any, event: Any) -> None:
        async with told(self._here, self._here.t("Done.")):
            await verb(self._here.actor, str(event.args))
            self._table.rows = await self._dead()
            self._show_if_any()

    def _show_if_any(self) -> None:
        self._table.set_visibility(bool(self._table.rows))
        self._empty.set_visibility(not self._table.rows)
