"""What publishers and people write comes back in the chat as letters: TDLib, Telegram's own parser, is the judge."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.chat_says import ADMIN_LIST, COMMAND_LIST
from bot.config.words import words
from bot.core.model import Decision, FeedState, FeedStatus, Outcome, Report, Step, StoryRecord
from bot.ports import StoredDecision
from tests.fakes.desk import ADMIN
from tests.fakes.tdlib import Entity, entities
from tests.flow.rooms import Room
from tests.flow.test_chat_conversation import STORY, article, receive

NASTY = (
    "<b>Soldiers</b> return <a href='tg://user?id=1'>click</a> </b></pre> & &amp; <",
    "Soldiers return @everyone /start #tag $USD t.me/evil evil.example mail@evil.example",
    "Soldiers return http://evil.example tg://resolve?domain=x ton://x 4111 1111 1111 1111 +49 30 1234567",
    "Soldiers return \u202egnp.exe\u2066 \u0000 \ud800 a\u0301\u0301\u0301\u0301\u0301\u0301 👨‍👩‍👧‍👦" * 40,
    "Soldiers return " + "x" * 5000,
)
OURS = {"Bold", "Code", "TextUrl", "BotCommand"}
COMMANDS = {f"/{name}" for name, _ in (*COMMAND_LIST, *ADMIN_LIST)} | {"/start"}


def judged(text: str, *, commands: bool = False) -> list[Entity]:
    """The entities of a reply, none of them anybody else's."""
    found = entities(text)
    for each in found:
        assert each.kind in OURS, each
        if each.kind == "BotCommand":
            assert commands, each
            assert each.text in COMMANDS, each
        if each.kind == "TextUrl":
            assert each.url.startswith("https://wire.example/"), each
            assert each.text == "wire.example", each
    return found


def news(room: Room, title: str) -> None:
    """An alert whose every text is this one."""
    now = room.desk.clock.now()
    entry = replace(
        article(room.desk, title, "k"), summary=title, body=f"{title}\n\n{title}", owner=title[:200]
    )
    matches = room.desk.orders.rulebook.match(entry)
    steps = (Step("story", "joined", f"0.53 with “{title}”"),)
    room.desk.views.decisions.append(
        StoredDecision(entry, Decision("k", Outcome.ALERT, steps, STORY, matches), now)
    )
    reports = tuple(
        Report(f"{title[:50]} {number}", "wire", title, entry.link, now, now) for number in range(3)
    )
    room.desk.views.stories[STORY] = StoryRecord(STORY, title, now, now, 1, reports=reports)


@pytest.mark.parametrize("title", NASTY, ids=range(len(NASTY)))
async def test_no_entity_of_a_reply_comes_from_feed_text(title: str) -> None:
    room = Room()
    news(room, title)
    for command in ("/latest", "/why", "/search soldiers", "/why https://wire.example/k"):
        text = await room.say(command)
        assert "return" in text
        assert [each for each in judged(text) if each.kind == "TextUrl"] or "search" in command
        assert len(text.encode("utf-16-le")) / 2 <= 4096
    alert = receive(room, words("en"))
    for label in ("Why", "More"):
        judged((await room.press(label, said=alert)).text)


@pytest.mark.parametrize("typed", NASTY, ids=range(len(NASTY)))
@pytest.mark.parametrize(
    "command",
    ["/whynot", "/watch", "/search", "/level", "/subscribe", "/zone", "/unmute", "/unwatch", "/quiet", "?"],
)
async def test_no_entity_of_a_reply_comes_from_what_somebody_typed(command: str, typed: str) -> None:
    room = Room()
    text = await room.say(
        f"{command} {typed.encode('utf-16', 'surrogatepass').decode('utf-16', 'replace')}"[:4096]
    )
    judged(text, commands=True)


@pytest.mark.parametrize("reason", NASTY, ids=range(len(NASTY)))
async def test_no_entity_of_an_admins_page_comes_from_a_feeds_error(reason: str) -> None:
    room = Room()
    room.desk.feeds.rows["wire"] = FeedState("wire", FeedStatus.FAILING, reason, failures=1)
    text = await room.say("/admin feeds", person=ADMIN)
    assert "1 do not" in text
    judged(text)


@pytest.mark.parametrize("language", ["en", "ru", "uk", "de"])
async def test_our_own_texts_are_read_as_they_are_meant(language: str) -> None:
    room = Room()
    room.api.language = language
    for text in (
        "/start",
        "/help",
        "/topics",
        "/status",
        "/stats",
        "/silences",
        "/mywatches",
        "/nosuch",
        "/quiet x",
    ):
        judged(await room.say(text), commands=True)
    assert {each.text for each in judged(await room.say("/help"), commands=True)} >= {
        "/quiet",
        "/watch",
        "/why",
    }
