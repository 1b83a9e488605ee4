"""Live: stories as they ring, newest first. What rings is pushed in batches, drawn and filtered in the browser."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence

from nicegui import core, ui
from nicegui.element import Element
from starlette.requests import Request

from bot.config.words import Words
from bot.core.model import StoryRecord
from bot.core.urls import clean
from bot.errors import NotPermitted
from bot.web import record
from bot.web.pages.frame import Here, frame

FIRST = 100  # stories on opening
MOST = 300  # kept in the browser
EVERY = 0.1  # seconds of ringing that are sent as one message


class Live(Element, component="live.js"):
    """The list. ``offer`` may be called as often as stories change."""

    def __init__(self, here: Here, first: Sequence[StoryRecord]) -> None:
        super().__init__()
        self._here = here
        self._waiting: dict[str, StoryRecord] = {}
        self._due: asyncio.TimerHandle | None = None
        # One string: of a list, every value would be wrapped to be watched for changes, which takes long.
        self._props["first"] = json.dumps([row_of(story) for story in first], ensure_ascii=False)
        self._props["words"] = words_of(here.t)
        self._props["most"] = MOST

    def offer(self, stories: Sequence[StoryRecord]) -> None:
        """These changed."""
        self._waiting.update((story.id, story) for story in stories)
        while len(self._waiting) > MOST:
            self._waiting.pop(next(iter(self._waiting)))
        if self._due is None:
            self._due = asyncio.get_running_loop().call_later(EVERY, self._send)

    def _send(self) -> None:
        self._due = None
        batch = [row_of(story) for story in self._waiting.values()]
        self._waiting.clear()
        try:
            self._here.actor  # noqa: B018 — raises when the session has ended meanwhile
        except NotPermitted:
            self.stop()
            return
        task = asyncio.ensure_future(core.sio.emit("news", batch, room=self.client.id))
        task.add_done_callback(lambda done: done.cancelled() or done.exception())

    def stop(self) -> None:
        """Nobody looks any more."""
        if self._due is not None:
            self._due.cancel()
            self._due = None


_SHOWN = (
    "id", "revision", "level", "score", "direction", "arrow", "title_parts", "summary_parts", "lang", "rule",
    "rule_title", "tags", "reason", "told", "delay",
)  # fmt: skip


def row_of(story: StoryRecord) -> record.Json:
    """Of a story what the list shows, for a page that opens with a hundred of them should not weigh more."""
    found = record.story_json(story)
    row: record.Json = {"title_parts": [[story.title, 0]], "summary_parts": []}
    row |= {key: found[key] for key in _SHOWN if key in found}
    reports = story.reports or (story.alert.reports if story.alert else ())
    row["sources"] = [
        {"owner": each.owner, "link": clean(each.link), "seen": record.when(each.first_seen)}
        for each in reports
    ]
    return row


def words_of(t: Words) -> dict[str, str]:
    """What the list says, by the names the component knows."""
    return {
        "filters": t("Filters"),
        "level": t("Level"),
        "direction": t("Direction"),
        "escalation": t("escalation"),
        "de-escalation": t("de-escalation"),
        "rule": t("Rule"),
        "tag": t("Tag"),
        "lang": t("Language"),
        "search": t("Words in the headline"),
        "all": t("Show all"),
        "delay": t("When it was told · how long after publication"),
        "sound": t("Sound"),
        "sound_why": t("A tone for everything critical"),
        "sound_blocked": t("Sound: click to allow"),
        "wall": t("Wall"),
        "wall_why": t("Large type for a screen on the wall; W or Esc leaves it"),
        "stories": t("Stories"),
        "nothing": t("Nothing has rung yet. Stories appear here by themselves the moment they do."),
        "nothing_left": t("No story fits these filters."),
        "critical": t("critical"),
        "high": t("high"),
        "medium": t("medium"),
        "low": t("low"),
        "none": "",
    }


def register() -> None:
    """The page."""

    @ui.page("/")
    async def page(request: Request) -> None:
        here = Here.of(request)
        newsroom = here.service.newsroom
        first = await newsroom.stories(here.actor, FIRST)
        with frame(here, here.t("Live"), "/"):
            live = Live(here, first)
        stop = newsroom.watch(here.actor, live.offer)

        async def catch_up() -> None:
            live.offer(await newsroom.stories(here.actor, FIRST))  # what rang while the page was loading

        live.on("ready", catch_up)
        ui.context.client.on_delete(stop)
        ui.context.client.on_delete(live.stop)
