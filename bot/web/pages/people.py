"""People: who subscribed to what, and the silences in force."""

from __future__ import annotations

from nicegui import ui
from starlette.requests import Request

from bot.errors import NewsalertError
from bot.web import record
from bot.web.pages.frame import Here, frame, heading, nothing, refused


def register() -> None:
    """The page."""

    @ui.page("/people")
    async def page(request: Request) -> None:
        here = Here.of(request)
        with frame(here, here.t("People"), "/people"):
            try:
                await _show(here)
            except NewsalertError as error:
                refused(here, error)


async def _show(here: Here) -> None:
    t = here.t
    rows = [record.subscription_json(each) for each in await here.service.operations.subscribers(here.actor)]
    silences = await here.service.silences.listed(here.actor)
    heading(t("Subscriptions"))
    if rows:
        shown = {
            "name": t("Name"), "kind": t("Platform"), "topics": t("Topics"), "level": t("Level"),
            "language": t("Language"), "quiet": t("Quiet"), "digest": t("Digest"), "watches": t("Keywords"),
            "active": t("Active"),
        }  # fmt: skip
        columns = [
            {"name": key, "label": label, "field": key, "align": "left", "sortable": True}
            for key, label in shown.items()
        ]
        ui.table(
            rows=[{**row, "id": f"{row['kind']}:{row['address']}", "topics": _joined(row["topics"])} for row in rows],
            columns=columns, row_key="id", pagination=50,
        ).classes("w-full").props("dense flat wrap-cells")  # fmt: skip
    else:
        nothing(t("Nobody has subscribed yet. People do so by /subscribe in Telegram."))
    heading(t("Silences and acks"))
    for each in silences:
        labels = ", ".join(f"{name}={value}" for name, value in each.labels.items())
        ui.label(f"{labels} · {each.by} · {each.reason} · {each.until:%Y-%m-%d %H:%M}")
    if not silences:
        ui.label(t("Nothing is muted.")).classes("na-soft")


def _joined(topics: object) -> str:
    return ", ".join(str(topic) for topic in topics) if isinstance(topics, list) else ""
