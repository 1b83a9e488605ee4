"""The Slack front against a Socket Mode server on loopback: the command, the buttons, who may, what comes again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
import structlog

from bot.core.buttons import ACK, MUTE_RULE, MUTE_STORY, WHY, WRONG, encode
from bot.core.model import Receiver
from bot.service_ground import Doors
from bot.slackapp import SlackFront
from tests.fakes.desk import Desk
from tests.fakes.slack import TOKEN, Channel, Refuse, texts_of
from tests.fakes.slacksocket import SlackSocket
from tests.flow.test_chat_conversation import STORY, published

DESK, LOBBY = Channel("C0DESK0001", "world-desk"), Channel("C0LOBBY001", "lobby")


def newsroom() -> Desk:
    desk = Desk(doors=Doors(slack_channels=lambda: {"#world-desk"}))
    desk.orders = replace(desk.orders, receivers=(Receiver("desk", "slack", "#world-desk"),))
    return desk


@asynccontextmanager
async def workspace(desk: Desk) -> AsyncIterator[SlackSocket]:
    fake = SlackSocket(replace(DESK, messages=[]), replace(LOBBY, messages=[]))
    async with fake.serving():
        front = SlackFront(desk.service(), app_token=TOKEN, bot_token=TOKEN, base_url=fake.base_url)
        running = asyncio.create_task(front.run())
        try:
            yield fake
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


def shown(fake: SlackSocket) -> str:
    """The newest answer for one person's eyes."""
    return "\n".join(texts_of(fake.whispers[-1][2]["blocks"]))


async def test_the_command_answers_who_asked_and_nobody_else() -> None:
    desk = newsroom()
    await published(desk)
    async with workspace(desk) as fake:
        for count, (text, expected) in enumerate(
            [
                ("", "/newsalert latest"),
                ("latest 3", "Soldiers return from the border"),
                ("why <https://wire.example/return|wire>", "+60 “Soldiers return”"),
                ("whynot Soldiers return home", "Troops pulling back"),
                ("search $army + border", "1 in the last 7 days"),
                ("silences", "Nothing is muted."),
                ("status", "Read: 0 articles"),
                ("why https://elsewhere.example/", "I have not read that"),
                ("search $nolist", "there is no list"),
            ],
            1,
        ):
            await fake.slash(text)
            await fake.until(count)
            assert expected in shown(fake)
        assert {(channel, user) for channel, user, _ in fake.whispers} == {("C0DESK0001", "U1")}
        assert fake.desk.messages == []
        assert len(fake.acknowledged) == len(fake.whispers)


async def test_feed_text_is_letters_in_slack() -> None:
    desk = newsroom()
    await published(desk, "Soldiers return <!channel> *from* <https://evil.example|bank>")
    async with workspace(desk) as fake:
        await fake.slash("latest")
        await fake.until(1)
        body = fake.whispers[-1][2]
        assert {block["type"] for block in body["blocks"]} == {"rich_text"}
        assert "<!channel>" not in body["text"]


async def test_buttons_explain_mute_and_collect() -> None:
    desk = newsroom()
    await published(desk)
    async with workspace(desk) as fake:
        await fake.press(encode(WHY, STORY), ts="7.0")
        await fake.until(1)
        assert "+60 “Soldiers return”" in shown(fake)
        assert fake.whispers[-1][2]["thread_ts"] == "7.0"
        await fake.press(encode(MUTE_STORY, STORY))
        await fake.press(encode(MUTE_RULE, STORY, "troop-withdrawal"))
        await fake.press(encode(WRONG, STORY, "troop-withdrawal"))
        await fake.until(4)
    labels = [silence.labels for silence in desk.wishes.muted.values()]
    assert {"receiver": "slack:#world-desk", "story": STORY} in labels
    assert {"receiver": "slack:#world-desk", "rule": "troop-withdrawal"} in labels
    assert [(each.rule, each.by) for each in desk.wishes.wrong.values()] == [("troop-withdrawal", "slack:U1")]


async def test_seen_to_is_told_to_all_and_quietens_the_other_platform_too() -> None:
    desk = newsroom()
    chats = desk.service().chats
    await chats.subscribe(Doors().telegram(7, 7, keeps=True))
    assert await published(desk) is not None
    async with workspace(desk) as fake:
        fake.desk.messages.append({"ts": "7.0", "text": "the alert"})
        await fake.press(encode(ACK, STORY), ts="7.0")
        await fake.until(2, "messages")
        (answer,) = fake.desk.thread("7.0")[1:]
        assert answer["text"].startswith("Seen to by ada")
    assert await published(desk, key="again") is None


@pytest.mark.parametrize("action", [ACK, MUTE_STORY])
async def test_in_a_channel_that_is_not_the_desks_nothing_can_be_changed(action: str) -> None:
    desk = newsroom()
    async with workspace(desk) as fake:
        await fake.press(encode(action, STORY), channel=fake.channels["C0LOBBY001"])
        await fake.until(1)
        assert "You may not do that here." in shown(fake)
    assert desk.wishes.writes == []


@pytest.mark.parametrize("value", ["", "why", "why:st-1'--", "x" * 500, "rule:st-1:00000000", "shout:st-1"])
async def test_a_forged_button_is_answered_and_does_nothing(value: str) -> None:
    desk = newsroom()
    async with workspace(desk) as fake:
        await fake.press(value)
        await fake.until(1)
    assert desk.wishes.writes == []


async def test_an_envelope_sent_again_is_acknowledged_and_not_done_again() -> None:
    desk = newsroom()
    await published(desk)
    async with workspace(desk) as fake:
        envelope = await fake.slash("silence troop-withdrawal")
        await fake.until(1)
        await fake.slash("silence troop-withdrawal", again=envelope)
        await fake.until(2, "acknowledged")
        await fake.slash("silences")
        await fake.until(2)
    assert desk.wishes.writes == ["silence"]


async def test_a_rule_is_silenced_in_this_channel_listed_and_heard_again() -> None:
    desk = newsroom()
    await desk.service().chats.subscribe(Doors().telegram(7, 7, keeps=True))
    async with workspace(desk) as fake:
        await fake.slash("silence troop-withdrawal")
        await fake.until(1)
        assert "troop-withdrawal is quiet in this channel until" in shown(fake)
        assert await published(desk) is not None  # elsewhere it is told
        (silence,) = desk.wishes.muted.values()
        await fake.slash("silences")
        await fake.until(2)
        assert f"{silence.id}: rule troop-withdrawal, here" in shown(fake)
        await fake.slash(f"unmute {silence.id}")
        await fake.until(3)
        assert "Nothing is muted." in shown(fake)
        for count, (words, answer) in enumerate(
            (
                ("silence", "Say which rule. There are: breach, invasion, troop-withdrawal"),
                ("silence invasions", "There is no rule “invasions”. Did you mean invasion?"),
                ("silence {0.__class__}", "There is no rule “{0.__class__}”."),
                ("unmute nosuchid", "There is no such silence; /newsalert silences lists them."),
            ),
            4,
        ):
            await fake.slash(words)
            await fake.until(count)
            assert answer in shown(fake)
    assert desk.wishes.muted == {}


async def test_what_takes_long_is_acknowledged_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.slackapp.ACKNOWLEDGE", 0.01)
    desk = newsroom()
    gate = asyncio.Event()
    service = desk.service()

    async def slowly(*_: Any) -> Any:
        await gate.wait()
        return []

    monkeypatch.setattr(type(service.questions), "latest", slowly)
    async with workspace(desk) as fake:
        await fake.slash("latest")
        await fake.until(1, "acknowledged")
        assert fake.whispers == []
        gate.set()
        await fake.until(1)
        assert "no alert" in shown(fake)


async def test_refused_tokens_end_the_front_and_are_not_hammered() -> None:
    fake = SlackSocket()
    fake.faults["apps.connections.open"] = [Refuse("invalid_auth")]
    async with fake.serving():
        front = SlackFront(newsroom().service(), app_token=TOKEN, bot_token=TOKEN, base_url=fake.base_url)
        with structlog.testing.capture_logs() as logs:
            await asyncio.wait_for(front.run(), 10)
    assert [(each["event"], each["reason"]) for each in logs] == [("slack.stopped", "invalid_auth")]
    assert TOKEN not in str(logs)
