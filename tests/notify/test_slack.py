"""Slack against a Slack that remembers: exactly once, threads and edits, errors by Slack's word, hostile text."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import ClientSession
from slack_sdk.models.blocks import Block

from bot.core.model import Alert, Message, Receipt, Receiver
from bot.errors import (
    Ambiguous,
    DeliveryError,
    NotifierStopped,
    NotSent,
    ReceiverGone,
    Rejected,
    Throttled,
)
from bot.notify.slack import Slack
from tests.fakes.alerts import AT, alert, joined, message, owed, raised, receiver
from tests.fakes.line import Line
from tests.fakes.outbox import MemoryOutbox
from tests.fakes.slack import (
    TOKEN,
    Channel,
    Fault,
    LoseReply,
    Refuse,
    Reset,
    Say,
    SlackFake,
    elements_of,
    texts_of,
)

DESK = receiver()


@pytest.fixture
async def session() -> AsyncIterator[ClientSession]:
    async with ClientSession() as opened:
        yield opened


@pytest.fixture
async def fake() -> AsyncIterator[SlackFake]:
    async with SlackFake(now=lambda: AT.timestamp()).serving() as serving:
        yield serving


@pytest.fixture
def slack(fake: SlackFake, session: ClientSession) -> Slack:
    return Slack(TOKEN, session=session, base_url=fake.base_url)


async def tell(
    slack: Slack, told: Message, after: Receipt | None = None, to: Receiver = DESK
) -> list[Receipt]:
    """All parts, one after the other."""
    return [await slack.send(to, part, after=after, now=AT) for part in slack.render(told, to)]


# ── one story, one message ───────────────────────────────────────────────────────────────────────────
async def test_an_alert_becomes_one_message_that_carries_its_delivery(fake: SlackFake, slack: Slack) -> None:
    [receipt] = await tell(slack, message(alert()))
    [posted] = fake.desk.messages
    assert receipt == Receipt("C0DESK0001", posted["ts"], AT)
    assert posted["metadata"]["event_payload"] == {"delivery": "st-1/desk/1", "part": 0, "story": "st-1"}
    assert posted["unfurl_links"] is False


async def test_a_source_that_joins_edits_the_first_message_in_place(fake: SlackFake, slack: Slack) -> None:
    [first] = await tell(slack, message(alert()))
    await tell(slack, message(joined(), delivery="st-1/desk/2"), after=first)
    [only] = fake.desk.messages
    assert "Harbour Post" in " ".join(texts_of(only["blocks"]))
    assert fake.called("chat.update")[0]["ts"] == first.message


async def test_a_raised_level_edits_and_answers_in_the_thread_for_all_to_see(
    fake: SlackFake, slack: Slack
) -> None:
    [first] = await tell(slack, message(alert()))
    _, reply = await tell(slack, message(raised(), delivery="st-1/desk/2"), after=first)
    edited, answer = fake.desk.messages
    assert "CRITICAL 88" in " ".join(texts_of(edited["blocks"]))
    assert answer["thread_ts"] == first.message
    assert answer["subtype"] == "thread_broadcast"
    assert reply.message == answer["ts"]


async def test_who_was_never_told_gets_the_whole_story_once(fake: SlackFake, slack: Slack) -> None:
    await tell(slack, message(raised(), delivery="st-1/desk/2"), after=None)
    assert len(fake.desk.messages) == 1


async def test_a_deleted_message_is_not_edited_and_its_thread_moves_to_the_channel(
    fake: SlackFake, slack: Slack
) -> None:
    [first] = await tell(slack, message(alert()))
    fake.desk.messages.clear()
    await tell(slack, message(raised(), delivery="st-1/desk/2"), after=first)
    [posted] = fake.desk.messages
    assert "thread_ts" not in posted


async def test_a_desk_that_wants_no_threads_gets_a_new_message(fake: SlackFake, slack: Slack) -> None:
    plain = receiver(thread="false")
    [first] = await tell(slack, message(alert()), to=plain)
    await tell(slack, message(raised(), delivery="st-1/desk/2"), after=first, to=plain)
    assert ["thread_ts" in each for each in fake.desk.messages] == [False, False]


# ── errors ───────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("fault", "leaf"),
    [
        pytest.param(Refuse("ratelimited", 429, {"Retry-After": "30"}), Throttled, id="fault_115_429"),
        pytest.param(
            Say(429, "slow down", headers={"Retry-After": "7"}), Throttled, id="fault_115_429_no_json"
        ),
        pytest.param(Refuse("ratelimited"), Throttled, id="fault_115_no_header"),
        pytest.param(LoseReply(), Ambiguous, id="fault_116_reply_lost"),
        pytest.param(Reset(), Ambiguous, id="fault_116_reset"),
        pytest.param(Refuse("channel_not_found"), ReceiverGone, id="fault_117_channel_not_found"),
        pytest.param(Refuse("is_archived"), ReceiverGone, id="fault_117_is_archived"),
        pytest.param(Refuse("invalid_auth"), NotifierStopped, id="fault_118_invalid_auth"),
        pytest.param(Refuse("token_revoked"), NotifierStopped, id="fault_118_token_revoked"),
        pytest.param(Refuse("missing_scope"), NotifierStopped, id="fault_118_missing_scope"),
        pytest.param(Refuse("some_new_error"), Rejected, id="fault_121_200_with_ok_false"),
        pytest.param(Refuse("channel_not_found", 404), ReceiverGone, id="fault_121_never_by_status"),
        pytest.param(Refuse("fatal_error", 500), Ambiguous, id="may_have_worked"),
        pytest.param(Refuse("request_timeout"), NotSent, id="body_not_read"),
        pytest.param(Say(502), Ambiguous, id="html_502"),
        pytest.param(Say(200, "<html>hello from the hotel</html>"), Ambiguous, id="captive_portal"),
        pytest.param(Say(200, "ok"), Ambiguous, id="text"),
        pytest.param(Say(200, "{", headers={"Content-Type": "application/json"}), Ambiguous, id="half_json"),
        pytest.param(Say(200, "[]", headers={"Content-Type": "application/json"}), Ambiguous, id="list"),
    ],
)
async def test_slacks_word_decides(
    fake: SlackFake, slack: Slack, fault: Fault, leaf: type[DeliveryError]
) -> None:
    fake.faults["chat.postMessage"] = [fault]
    with pytest.raises(DeliveryError) as caught:
        await tell(slack, message(alert()))
    assert isinstance(caught.value, leaf)
    assert len(fake.called("chat.postMessage")) == 1  # the client never tries again by itself


async def test_fault_115_the_wait_is_slacks(fake: SlackFake, slack: Slack) -> None:
    fake.faults["chat.postMessage"] = [Refuse("ratelimited", 429, {"Retry-After": "30"})]
    with pytest.raises(Throttled) as caught:
        await tell(slack, message(alert()))
    assert caught.value.retry_after == 30


async def test_a_refused_connection_is_surely_not_sent(session: ClientSession, unused_tcp_port: int) -> None:
    slack = Slack(TOKEN, session=session, base_url=f"http://127.0.0.1:{unused_tcp_port}/api/")
    with pytest.raises(NotSent):
        await tell(slack, message(alert()))


async def test_an_answer_that_does_not_come_is_given_up(session: ClientSession) -> None:
    callers: list[asyncio.StreamWriter] = []
    silent = await asyncio.start_server(lambda _, writer: callers.append(writer), "127.0.0.1", 0)
    async with silent:
        port = silent.sockets[0].getsockname()[1]
        slack = Slack(TOKEN, session=session, base_url=f"http://127.0.0.1:{port}/api/", seconds=0.05)
        with pytest.raises(Ambiguous):
            await tell(slack, message(alert()))
        for caller in callers:
            caller.close()
            await caller.wait_closed()


async def test_fault_117_a_public_channel_is_joined_and_told(fake: SlackFake, slack: Slack) -> None:
    fake.desk.member = False
    await tell(slack, message(alert()))
    assert len(fake.desk.messages) == 1


async def test_fault_117_a_private_channel_is_not(fake: SlackFake, slack: Slack) -> None:
    fake.desk.member, fake.desk.private = False, True
    with pytest.raises(ReceiverGone, match="not_in_channel"):
        await tell(slack, message(alert()))


@pytest.mark.parametrize("code", ["invalid_blocks", "msg_blocks_too_long"])
async def test_fault_119_refused_blocks_fall_back_to_text_once(
    fake: SlackFake, slack: Slack, code: str
) -> None:
    fake.faults["chat.postMessage"] = [Refuse(code)]
    await tell(slack, message(alert()))
    [posted] = fake.desk.messages
    assert "blocks" not in posted
    assert "Moscow returns some of its troops" in posted["text"]
    fake.faults["chat.postMessage"] = [Refuse(code), Refuse(code)]
    with pytest.raises(Rejected, match=code):
        await tell(slack, message(alert()))


async def test_an_edit_without_an_answer_is_simply_made_again(fake: SlackFake, slack: Slack) -> None:
    [first] = await tell(slack, message(alert()))
    fake.faults["chat.update"] = [LoseReply()]
    with pytest.raises(NotSent):
        await tell(slack, message(joined(), delivery="st-1/desk/2"), after=first)


async def test_the_token_is_in_no_log_at_debug(
    fake: SlackFake, slack: Slack, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, "slack_sdk")
    await tell(slack, message(alert()))
    fake.faults["chat.postMessage"] = [Refuse("invalid_auth")]
    with pytest.raises(NotifierStopped) as caught:
        await tell(slack, message(alert()))
    assert caplog.records
    assert TOKEN not in caplog.text + repr(slack) + repr(caught.value) + str(caught.value)


# ── what arrived? ────────────────────────────────────────────────────────────────────────────────────
async def test_what_arrived_is_found_and_what_did_not_is_not(fake: SlackFake, slack: Slack) -> None:
    told = message(alert())
    assert await slack.find(DESK, told, since=AT) is None
    [receipt] = await tell(slack, told)
    found = await slack.find(DESK, told, since=AT)
    assert found is not None
    assert (found.channel, found.message) == (receipt.channel, receipt.message)
    assert await slack.find(DESK, message(alert(), delivery="st-1/desk/9"), since=AT) is None


async def test_a_message_is_found_far_back_in_a_busy_channel(fake: SlackFake, slack: Slack) -> None:
    told = message(alert())
    await tell(slack, told)
    fake.desk.messages += [
        {"ts": f"{AT.timestamp() + 1:.0f}.{number:06}", "text": "chatter"} for number in range(950)
    ]
    assert await slack.find(DESK, told, since=AT) is not None
    assert len(fake.called("conversations.history")) == 10


async def test_an_endless_channel_is_not_searched_for_ever(fake: SlackFake, slack: Slack) -> None:
    fake.page = 1
    fake.desk.messages += [
        {"ts": f"{AT.timestamp() + 1:.0f}.{number:06}", "text": "chatter"} for number in range(99)
    ]
    with pytest.raises(Ambiguous, match="too long"):
        await slack.find(DESK, message(alert()), since=AT)


async def test_an_answer_in_a_thread_is_found_though_its_story_is_older(
    fake: SlackFake, slack: Slack
) -> None:
    [first] = await tell(slack, message(alert()))
    update = message(raised(), delivery="st-1/desk/2")
    later = AT + timedelta(hours=3)
    await slack.send(DESK, slack.render(update, DESK)[0], after=first, now=later)
    edited = await slack.find(DESK, update, since=later)
    assert edited is not None
    assert edited.message == first.message  # the edit arrived, the answer did not
    fake.desk.messages[0]["ts"] = first.message
    fake._now = later.timestamp
    answered = await slack.send(DESK, slack.render(update, DESK)[1], after=first, now=later)
    fake.desk.messages[-1].pop("subtype")  # as where the thread only shows it
    found = await slack.find(DESK, update, since=later)
    assert found is not None
    assert found.message == answered.message


@pytest.mark.parametrize("address", ["#world-desk", "world-desk"])
async def test_a_channel_may_be_given_by_name(fake: SlackFake, slack: Slack, address: str) -> None:
    named = receiver(address=address)
    told = message(alert())
    assert await slack.find(named, told, since=AT) is None
    await tell(slack, told, to=named)
    assert await slack.find(named, told, since=AT) is not None


@pytest.mark.parametrize("code", ["missing_scope", "not_in_channel", "channel_not_found", "something_else"])
async def test_a_channel_that_cannot_be_read_leaves_the_doubt(
    fake: SlackFake, slack: Slack, code: str
) -> None:
    fake.faults["conversations.history"] = [Refuse(code)]
    with pytest.raises(Ambiguous):
        await slack.find(DESK, message(alert()), since=AT)


@pytest.mark.parametrize(("code", "leaf"), [("token_revoked", NotifierStopped), ("ratelimited", Throttled)])
async def test_a_question_may_fail_like_any_call(
    fake: SlackFake, slack: Slack, code: str, leaf: type[DeliveryError]
) -> None:
    fake.faults["conversations.history"] = [Refuse(code)]
    with pytest.raises(leaf):
        await slack.find(DESK, message(alert()), since=AT)


# ── with the courier: exactly once ───────────────────────────────────────────────────────────────────
STORY = [owed(alert(), DESK), owed(raised(), DESK), owed(joined(revision=3), DESK)]


@pytest.mark.parametrize("fault", [LoseReply(), Reset(), Say(502), Say(502, after=True)], ids=repr)
@pytest.mark.parametrize("which", [0, 1])
async def test_fault_116_whatever_reply_is_lost_the_channel_shows_each_message_once(
    fake: SlackFake, slack: Slack, fault: Fault, which: int
) -> None:
    fake.faults["chat.postMessage"] = [*[Say(429, "", headers={"Retry-After": "0"})] * which, fault]
    fake.faults["chat.update"] = [fault]
    outbox = MemoryOutbox(*STORY)
    await Line(outbox, {"slack": slack}).until_paid()
    assert set(outbox.states().values()) == {"sent"}
    posted = [each["metadata"]["event_payload"]["delivery"] for each in fake.desk.messages]
    assert posted == [
        "st-1/desk/3",
        "st-1/desk/2",
    ]  # the first was edited last by revision 3; one answer below it


class Killed(asyncio.CancelledError):
    """The process is gone: the lane it happens in does nothing more."""


@pytest.mark.parametrize("step", ["part_sent", "sent", "unknown"])
@pytest.mark.parametrize("kills", [1, 2, 3])
async def test_fault_007_killed_between_send_and_mark_the_next_start_asks_and_doubles_nothing(
    fake: SlackFake, slack: Slack, step: str, kills: int
) -> None:
    outbox = MemoryOutbox(*STORY)
    write = getattr(outbox, step)

    async def killed(*args: object) -> None:
        nonlocal kills
        kills -= 1
        if kills == 0:
            raise Killed
        await write(*args)

    setattr(outbox, step, killed)
    dying = Line(outbox, {"slack": slack})
    for _ in range(5):
        await dying.turn()
    setattr(outbox, step, write)
    await Line(outbox, {"slack": slack}).until_paid()
    assert set(outbox.states().values()) == {"sent"}
    assert len(fake.desk.messages) == 2


# ── rendering ────────────────────────────────────────────────────────────────────────────────────────
def body_of(slack: Slack, told: Message) -> dict[str, Any]:
    body = slack.render(told, DESK)[0]["body"]
    assert isinstance(body, dict)
    return body


HOSTILE = (
    '<!channel> <@U123> <https://evil.example|bank.example> :tada: *bold* _it_ `code` & "q" \u202egnp.exe'
)


def hostile(text: str = HOSTILE) -> Alert:
    line = replace(alert().terms[0], words=text, term=text, cue=text, said_by=text)
    report = replace(alert().reports[0], owner=text, title=text, link="javascript:alert(1)")
    return alert(
        title=text, summary=text, rule_title=text, reason=text, owner=text, differs_from=text,
        link="https://bank.example@evil.example/", terms=(line,), reports=(report,), also=((text, 3),),
    )  # fmt: skip


async def test_fault_085_feed_text_stands_only_where_slack_reads_no_markup(
    fake: SlackFake, slack: Slack
) -> None:
    body = body_of(slack, message(hostile()))
    spoken = [each for each in elements_of(body["blocks"]) if "text" in each]
    assert {each["type"] for each in spoken} <= {"plain_text", "text", "link", "header"}
    assert all(each["emoji"] is False for each in spoken if each["type"] == "plain_text")
    assert "<" not in body["text"]
    assert ">" not in body["text"]
    await tell(slack, message(hostile()))


def test_fault_085_a_link_shows_its_own_host(slack: Slack) -> None:
    links = [
        each for each in elements_of(body_of(slack, message(alert()))["blocks"]) if each["type"] == "link"
    ]
    assert {(each["url"], each["text"]) for each in links} == {
        ("https://northern-wire.example/world/troops-return", "northern-wire.example")
    }


@pytest.mark.parametrize(
    "text", ["x" * 100_000, "👨‍👩‍👧‍👦" * 5_000, "слово " * 20_000, "\x00\x1b[2J\u200b", ""]
)
async def test_fault_087_nothing_a_feed_says_makes_blocks_slack_refuses(
    fake: SlackFake, slack: Slack, text: str
) -> None:
    loud = replace(hostile(text), reports=(replace(alert().reports[0], owner=text),) * 200)
    for told in (message(loud), message(*[loud] * 80), replace(message(), notice=text)):
        for part in slack.render(told, DESK):
            body = part["body"]
            assert isinstance(body, dict)
            assert len(body["blocks"]) <= 50
            for block in Block.parse_all(body["blocks"]):
                block.validate_json()
            assert sum(map(len, texts_of(body["blocks"]))) < 10_000
            await slack.send(DESK, part, after=None, now=AT)
    assert all("blocks" in each for each in fake.desk.messages)


def test_the_words_that_fired_are_bold_in_the_quote(slack: Slack) -> None:
    summary = "The ministry said that <b>troops</b> are returning to base."
    start = summary.index("troops")
    line = replace(alert().terms[0], place=alert().terms[0].place.LEAD, span=(start, start + 6))
    body = body_of(slack, message(alert(summary=summary, terms=(line,))))
    bold = [
        each["text"].strip() for each in elements_of(body["blocks"]) if each.get("style") == {"bold": True}
    ]
    assert bold == ["troops"]


def test_a_repeat_says_so(slack: Slack) -> None:
    text = json.dumps(body_of(slack, message(alert(), repeat=True)))
    assert "Sent again" in text
    assert "Sent again" not in json.dumps(body_of(slack, message(alert())))


async def test_a_direct_message_can_be_asked_about(fake: SlackFake, slack: Slack) -> None:
    fake.channels["D0ANN00001"] = Channel("D0ANN00001", "U0ANN00001")
    ann = receiver(address="U0ANN00001")
    await tell(slack, message(alert()), to=ann)
    assert await slack.find(ann, message(alert()), since=AT) is not None
