"""Slack judged by other people's programs: a stateful server (``emulate``) and a reader of mrkdwn."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from aiohttp import ClientSession

from bot.core.model import Delivery, Message, Receiver
from bot.errors import Ambiguous, NotifierStopped, ReceiverGone
from bot.notify import Slack
from bot.notify.markup import shown_host
from bot.notify.slack_blocks import FALLBACK_LENGTH, MOST_CHARACTERS
from bot.slackapp_says import Answer
from tests.fakes.alerts import alert, joined, message, owed, raised, receiver
from tests.fakes.emulate import TOKEN, Emulate
from tests.fakes.feedtext import PIECES, Feed
from tests.fakes.line import Line
from tests.fakes.outbox import MemoryOutbox
from tests.fakes.slack import elements_of, judge_blocks, texts_of
from tests.judges.node import HERE, needed, program

pytestmark = needed

ITEMS = int(os.environ.get("FUZZ_ITEMS", "10000"))
JOINER = "\u2060"


# ── a server that remembers ──────────────────────────────────────────────────────────────────────────
@pytest.fixture
async def emulate() -> AsyncIterator[Emulate]:
    async with Emulate("world-desk").serving() as serving:
        yield serving


@pytest.fixture
async def slack(emulate: Emulate) -> AsyncIterator[Slack]:
    async with ClientSession() as session:
        yield Slack(TOKEN, session=session, base_url=emulate.base_url)


def story(desk: Receiver) -> list[Delivery]:
    return [owed(alert(), desk), owed(raised(), desk), owed(joined(revision=3), desk)]


def payloads(messages: Sequence[dict[str, Any]]) -> list[str]:
    return [each["metadata"]["event_payload"]["delivery"] for each in messages]


async def paid(emulate: Emulate, slack: Slack) -> Sequence[dict[str, Any]]:
    """A story told, raised and joined; what the server shows afterwards."""
    outbox = MemoryOutbox(*story(receiver(address=emulate.address("world-desk"))))
    await Line(outbox, {"slack": slack}).until_paid()
    assert set(outbox.states().values()) == {"sent"}
    return await emulate.messages("world-desk")


async def test_a_story_is_one_message_edited_and_answered_in_its_thread(
    emulate: Emulate, slack: Slack
) -> None:
    first, answer = await paid(emulate, slack)
    assert payloads([first, answer]) == ["st-1/desk/3", "st-1/desk/2"]
    assert answer["thread_ts"] == first["ts"]
    assert "Harbour Post" in " ".join(texts_of(first["blocks"]))


@pytest.mark.parametrize("fault", ["lose", "reset"])
@pytest.mark.parametrize("method", ["chat.postMessage", "chat.update"])
async def test_fault_116_whatever_reply_is_lost_the_server_shows_each_message_once(
    emulate: Emulate, slack: Slack, fault: str, method: str
) -> None:
    emulate.faults[method] = [fault, fault]
    assert payloads(await paid(emulate, slack)) == ["st-1/desk/3", "st-1/desk/2"]


async def test_fault_116_a_message_is_found_in_the_history_by_its_delivery(
    emulate: Emulate, slack: Slack
) -> None:
    desk = receiver(address=emulate.address("world-desk"))
    now = datetime.now(UTC)
    assert await slack.find(desk, message(alert()), since=now) is None
    [part] = slack.render(message(alert()), desk)
    receipt = await slack.send(desk, part, after=None, now=now)
    found = await slack.find(desk, message(alert()), since=now)
    assert found is not None
    assert found.message == receipt.message
    assert await slack.find(desk, message(alert(), delivery="st-1/desk/9"), since=now) is None


async def test_fault_117_an_unknown_channel_is_closed_to_us(emulate: Emulate, slack: Slack) -> None:
    nowhere = receiver(address="C0NOWHERE1")
    [part] = slack.render(message(alert()), nowhere)
    with pytest.raises(ReceiverGone, match="channel_not_found"):
        await slack.send(nowhere, part, after=None, now=datetime.now(UTC))


async def test_fault_118_and_121_a_missing_scope_comes_with_status_200_and_is_an_error_all_the_same() -> None:
    async with Emulate("world-desk", scopes=("chat:write",)).serving() as emulate, ClientSession() as session:
        slack = Slack(TOKEN, session=session, base_url=emulate.base_url)
        desk, now = receiver(address=emulate.address("world-desk")), datetime.now(UTC)
        [part] = slack.render(message(alert()), desk)
        await slack.send(desk, part, after=None, now=now)
        with pytest.raises(Ambiguous, match="may not read"):
            await slack.find(desk, message(alert()), since=now)
    async with (
        Emulate("world-desk", scopes=("channels:read",)).serving() as emulate,
        ClientSession() as session,
    ):
        slack = Slack(TOKEN, session=session, base_url=emulate.base_url)
        with pytest.raises(NotifierStopped, match="missing_scope"):
            await slack.send(receiver(address=emulate.address("world-desk")), part, after=None, now=now)


# ── a reader of mrkdwn ───────────────────────────────────────────────────────────────────────────────
def read(texts: Sequence[str]) -> list[list[list[str]]]:
    """[kind, source] of everything Slack's mark-up makes of each text."""
    said = "".join(f"{json.dumps(text)}\n" for text in texts)
    command = [str(program()), str(HERE / "mrkdwn.cjs")]
    done = subprocess.run(command, input=said, capture_output=True, text=True, check=True, encoding="utf-8")  # noqa: S603
    return [json.loads(line) for line in done.stdout.splitlines()]


RENDERER = Slack(TOKEN, session=cast(ClientSession, None), buttons=True)
LETTERS = {"plain_text", "text", "link", "header", "button"}
"""What feed text may stand in: there Slack reads no mark-up."""


def bodies(told: Message) -> list[dict[str, Any]]:
    """What is sent, a part each."""
    return [cast(dict[str, Any], part["body"]) for part in RENDERER.render(told, receiver())]


def fallbacks(told: Message) -> list[str]:
    """Where Slack reads mark-up: the text of the notification, all there is when the blocks are refused."""
    return [str(body["text"]) for body in bodies(told)]


def strange(texts: Sequence[str]) -> list[tuple[str, str]]:
    """Everything but text. A name with a word joiner in it is no emoji Slack knows: it shows the letters."""
    return [
        (kind, source)
        for nodes in read(texts)
        for kind, source in nodes
        if kind not in {"Root", "Text"} and not (kind == "Emoji" and JOINER in source)
    ]


MARKUP = "<!channel> <@U123> <#C1> <https://evil.example|bank.example> :tada: *bold* _it_ ~no~ `code` &lt;!here&gt; >q"


def test_the_judge_knows_markup_when_it_sees_it() -> None:
    kinds = {"Command", "UserLink", "ChannelLink", "URL", "Emoji", "Bold", "Italic", "Strike", "Code"}
    assert {kind for kind, _ in strange([MARKUP])} == kinds


def test_fault_085_nothing_a_feed_says_is_markup_to_slack() -> None:
    told = [message(alert(title=each, owner=each, reason=each)) for each in (MARKUP, *PIECES)]
    told += [message(alert(), alert(title=MARKUP)), replace(message(), notice=MARKUP)]
    assert strange([text for each in told for text in fallbacks(each)]) == []


def test_fault_085_nor_is_anything_markup_in_the_answers_of_its_front() -> None:
    assert strange([str(Answer(each).body()["text"]) for each in (MARKUP, *PIECES, "".join(PIECES))]) == []


@pytest.mark.parametrize("tenth", range(10))
def test_fault_085_fuzzed_items_are_text_alone_and_never_too_long(tenth: int) -> None:
    feed, texts, items = Feed(850 + tenth), list[str](), 0
    while items < ITEMS // 10:
        told = feed.message()
        items += max(len(told.alerts), 1)
        for body in bodies(told):
            judge_blocks(body)
            spoken = [each for each in elements_of(body["blocks"]) if "text" in each]
            assert {each["type"] for each in spoken} <= LETTERS, told
            assert sum(map(len, texts_of(body["blocks"]))) <= MOST_CHARACTERS + 500
            for each in (each for each in spoken if each["type"] == "link"):
                assert each["text"] == shown_host(each["url"])
            texts.append(body["text"])
    assert max(map(len, texts)) <= FALLBACK_LENGTH
    assert strange(texts) == []
