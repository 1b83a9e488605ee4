"""Telegram against a Telegram that remembers: one message a story, errors by Telegram's word, at most one repeat."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from bot.core.buttons import decode, mark
from bot.core.model import AlertKind, Contradiction, Level, Message, Receipt, Receiver
from bot.errors import (
    Ambiguous,
    DeliveryError,
    Migrated,
    NotifierStopped,
    NotSent,
    ReceiverGone,
    Rejected,
    Throttled,
)
from bot.metrics import REGISTRY
from bot.notify import Telegram, telegram_bot
from tests.fakes.alerts import AT, alert, joined, message, raised, receiver
from tests.fakes.telegram import (
    TOKEN,
    Chat,
    Fault,
    LoseReply,
    Refuse,
    Reset,
    Say,
    Silence,
    TelegramFake,
)

FORUM, GROUP, MOVED = -1001234567890, -77, -1007700000077
ADA = receiver("ada", "telegram", "1001")
DESK = receiver("desk", "telegram", str(FORUM))


@pytest.fixture
async def fake() -> AsyncIterator[TelegramFake]:
    chats = (
        Chat(1001),
        Chat(FORUM, topics={7: True, 8: False}, username="newsdesk"),
        Chat(GROUP),
        Chat(MOVED),
    )
    async with TelegramFake(*chats, now=AT.timestamp).serving() as serving:
        yield serving


async def tell(
    telegram: Telegram, told: Message, after: Receipt | None = None, to: Receiver = ADA
) -> list[Receipt]:
    """All parts, one after the other."""
    return [await telegram.send(to, part, after=after, now=AT) for part in telegram.render(told, to)]


def update(told: Message, number: int = 2) -> Message:
    return replace(told, delivery=f"st-1/ada/{number}")


# ── one story, one message ───────────────────────────────────────────────────────────────────────────
async def test_an_alert_is_one_message_with_its_buttons_and_one_link_that_says_where_it_goes(
    fake: TelegramFake, telegram: Telegram
) -> None:
    [receipt] = await tell(telegram, message(alert()))
    [told] = fake[1001].told
    assert receipt == Receipt("1001", str(told.number), AT)
    assert told.links() == [("northern-wire.example", "https://northern-wire.example/world/troops-return")]
    assert not told.silent
    pressed = [decode(data) for data in told.buttons.values()]
    assert [(each.action, each.story) for each in pressed if each] == [
        ("why", "st-1"), ("more", "st-1"), ("story", "st-1"), ("rule", "st-1"), ("wrong", "st-1"), ("ack", "st-1")
    ]  # fmt: skip
    assert {each.rule for each in pressed if each} == {"", mark("troop-withdrawal")}


async def test_only_where_the_editors_sent_it_a_story_can_be_seen_to(
    fake: TelegramFake, telegram: Telegram
) -> None:
    subscriber = receiver("telegram:1001", "telegram", "1001")
    await tell(telegram, message(alert()), to=subscriber)
    assert "Seen to" not in fake[1001].told[-1].buttons
    await tell(telegram, message(alert()))
    assert "Seen to" in fake[1001].told[-1].buttons


async def test_another_source_edits_the_message_in_place_and_does_not_ring(
    fake: TelegramFake, telegram: Telegram
) -> None:
    [first] = await tell(telegram, message(alert()))
    [receipt] = await tell(telegram, update(message(joined())), after=first)
    [told] = fake[1001].told
    assert receipt.message == first.message
    assert len(told.history) == 2
    assert "Harbour Post 15 Feb 08:04 UTC harbour-post.example" in told.text
    assert told.buttons


async def test_a_raised_level_edits_and_answers_in_the_thread(fake: TelegramFake, telegram: Telegram) -> None:
    [first] = await tell(telegram, message(alert()))
    await tell(telegram, update(message(raised())), after=first)
    told, answer = fake[1001].told
    assert "CRITICAL 88" in told.text
    assert answer.answers == told.number
    assert "high → critical" in answer.text
    assert not answer.silent


async def test_a_denied_story_is_edited_and_what_denies_it_answers_it(
    fake: TelegramFake, telegram: Telegram
) -> None:
    [first] = await tell(telegram, message(alert()))
    denial = alert(story="st-2", contradicts=Contradiction("st-1", alert().title, "denies"))
    await tell(telegram, message(denial, delivery="st-2/ada/1"), after=first)
    await tell(telegram, update(message(alert(kind=AlertKind.DENIED, reason="denied"))), after=first)
    told, answer = fake[1001].told
    assert answer.answers == told.number
    assert answer.buttons
    assert len(told.history) == 2


async def test_whoever_was_not_told_before_gets_the_whole_story_once_and_aloud(
    fake: TelegramFake, telegram: Telegram
) -> None:
    await tell(telegram, update(message(raised())))
    [told] = fake[1001].told
    assert "CRITICAL 88" in told.text
    assert not told.silent


async def test_an_edit_that_changes_nothing_is_fine(fake: TelegramFake, telegram: Telegram) -> None:
    [first] = await tell(telegram, message(alert()))
    for _ in range(2):
        [receipt] = await tell(telegram, update(message(joined())), after=first)
    assert receipt.message == first.message
    assert len(fake[1001].told[0].history) == 2


async def test_an_answer_to_a_deleted_message_stands_alone(fake: TelegramFake, telegram: Telegram) -> None:
    [first] = await tell(telegram, message(alert()))
    fake[1001].delete(int(first.message))
    await tell(telegram, update(message(raised())), after=first)
    assert [told.answers for told in fake[1001].told] == [0, 0]
    assert [told.silent for told in fake[1001].told] == [True, False]


@pytest.mark.parametrize(
    ("told", "options", "silent"),
    [
        (message(alert()), {}, False),
        (message(alert()), {"silent": "true"}, True),
        (message(alert(level=Level.LOW)), {}, True),
        (message(alert(level=Level.LOW), alert()), {}, False),
        (message(), {}, False),
    ],
)
async def test_what_is_not_loud_does_not_ring(
    fake: TelegramFake, telegram: Telegram, told: Message, options: dict[str, str], silent: bool
) -> None:
    await tell(telegram, told, to=receiver("ada", "telegram", "1001", **options))
    assert fake[1001].told[0].silent is silent


async def test_a_long_digest_turns_pages_and_loses_no_story(fake: TelegramFake, telegram: Telegram) -> None:
    stories = [alert(story=f"st-{number}", title=f"Troops return, day {number}") for number in range(120)]
    receipts = await tell(telegram, message(*stories, delivery="digest/ada/1"))
    assert len(receipts) == len(fake[1001].told) > 1
    whole = "\n".join(told.text for told in fake[1001].told)
    assert all(f"day {number}\n" in whole for number in range(120))
    assert all(len(told.entities) <= 100 for told in fake[1001].told)


async def test_the_reader_is_spoken_to_in_their_language(fake: TelegramFake, telegram: Telegram) -> None:
    russian = receiver("ada", "telegram", "1001", language="ru")
    await tell(telegram, message(alert(), repeat=True), to=russian)
    [told] = fake[1001].told
    assert told.text.startswith("Отправлено повторно: первая попытка могла дойти")
    assert "Почему" in " ".join(told.buttons)


# ── places ───────────────────────────────────────────────────────────────────────────────────────────
async def test_a_topic_of_a_forum_is_a_place(fake: TelegramFake, telegram: Telegram) -> None:
    await tell(telegram, message(alert()), to=receiver("desk", "telegram", str(FORUM), thread="7"))
    assert fake[FORUM].told[0].thread == 7


@pytest.mark.parametrize("thread", ["8", "9"])
async def test_fault_106_a_closed_or_deleted_topic_gives_way_to_the_general_one_and_says_so(
    fake: TelegramFake, telegram: Telegram, thread: str
) -> None:
    desk = receiver("desk", "telegram", str(FORUM), thread=thread)
    [first] = await tell(telegram, message(alert()), to=desk)
    await tell(telegram, update(message(raised())), after=first, to=desk)
    told, answer = fake[FORUM].told
    assert told.thread == answer.thread == 0
    assert answer.text.startswith("The topic is closed, so this stands here\n🔴 CRITICAL")


async def test_a_channel_may_be_given_by_name(fake: TelegramFake, telegram: Telegram) -> None:
    named = receiver("desk", "telegram", "@newsdesk")
    [first] = await tell(telegram, message(alert()), to=named)
    assert first.channel == str(FORUM)
    await tell(telegram, update(message(joined())), after=first, to=named)
    assert len(fake[FORUM].told[0].history) == 2


# ── errors ───────────────────────────────────────────────────────────────────────────────────────────
BROKEN = "Bad Request: can't parse entities: Can't find end tag corresponding to start tag \"b\""


@pytest.mark.parametrize(
    ("fault", "leaf"),
    [
        pytest.param(
            Refuse(429, "Too Many Requests: retry after 9", {"retry_after": 9}), Throttled, id="fault_100_429"
        ),
        pytest.param(Refuse(429, "Too Many Requests"), Throttled, id="429_without_a_number"),
        pytest.param(
            Refuse(429, "Too Many Requests: retry after 0", {"retry_after": 0}),
            Throttled,
            id="429_of_nothing",
        ),
        pytest.param(
            Refuse(403, "Forbidden: bot was blocked by the user"), ReceiverGone, id="fault_103_blocked"
        ),
        pytest.param(
            Refuse(403, "Forbidden: bot was kicked from the supergroup chat"),
            ReceiverGone,
            id="fault_103_kicked",
        ),
        pytest.param(Refuse(403, "Forbidden: user is deactivated"), ReceiverGone, id="fault_103_deactivated"),
        pytest.param(Refuse(400, "Bad Request: chat not found"), ReceiverGone, id="fault_103_not_found"),
        pytest.param(
            Refuse(400, "Bad Request: not enough rights to send text messages to the chat"),
            ReceiverGone,
            id="fault_103_no_rights",
        ),
        pytest.param(
            Refuse(
                400,
                "Bad Request: group chat was upgraded to a supergroup chat",
                {"migrate_to_chat_id": MOVED},
            ),
            Migrated,
            id="fault_104_migrated",
        ),
        pytest.param(Refuse(400, "Bad Request: message is too long"), Rejected, id="too_long"),
        pytest.param(Refuse(400, "Bad Request: some new reason"), Rejected, id="new_reason"),
        pytest.param(Refuse(413, "Request Entity Too Large"), Rejected, id="too_large"),
        pytest.param(Refuse(401, "Unauthorized"), NotifierStopped, id="fault_107_unauthorized"),
        pytest.param(Refuse(404, "Not Found"), NotifierStopped, id="fault_107_malformed_token"),
        pytest.param(Refuse(500, "Internal Server Error"), Ambiguous, id="fault_108_500"),
        pytest.param(Refuse(504, "Gateway Timeout"), Ambiguous, id="fault_108_504"),
        pytest.param(Say(502), Ambiguous, id="fault_108_html_502"),
        pytest.param(Say(403), Ambiguous, id="a_proxys_403_buries_nobody"),
        pytest.param(Say(401), Ambiguous, id="a_proxys_401_stops_nothing"),
        pytest.param(Say(200, "<html>hello from the hotel</html>"), Ambiguous, id="captive_portal"),
        pytest.param(Say(200, '{"ok": true}'), Ambiguous, id="no_result"),
        pytest.param(Say(200, '{"ok": true, "result": 7}'), Ambiguous, id="not_a_message"),
        pytest.param(Say(200, "[]"), Ambiguous, id="a_list"),
        pytest.param(LoseReply(), Ambiguous, id="fault_108_reply_lost"),
        pytest.param(Reset(), Ambiguous, id="fault_108_reset"),
    ],
)
async def test_telegrams_word_decides(
    fake: TelegramFake, telegram: Telegram, fault: Fault, leaf: type[DeliveryError]
) -> None:
    fake.faults["sendMessage"] = [fault]
    with pytest.raises(DeliveryError) as caught:
        await tell(telegram, message(alert()))
    assert type(caught.value) is leaf
    assert len(fake.called("sendMessage")) == 1  # nobody tries again but the outbox
    assert TOKEN not in repr(caught.value)


async def test_fault_100_the_wait_is_telegrams(fake: TelegramFake, telegram: Telegram) -> None:
    fake[1001].throttled = 600
    with pytest.raises(Throttled) as caught:
        await tell(telegram, message(alert()))
    assert caught.value.retry_after == 600


async def test_fault_104_the_new_address_is_named(fake: TelegramFake, telegram: Telegram) -> None:
    fake[GROUP].moved = MOVED
    with pytest.raises(Migrated) as caught:
        await tell(telegram, message(alert()), to=receiver("group", "telegram", str(GROUP)))
    assert caught.value.address == str(MOVED)


async def test_fault_105_a_message_telegram_cannot_read_goes_out_as_plain_text_once_and_is_counted(
    fake: TelegramFake, telegram: Telegram
) -> None:
    def counted() -> float:
        return REGISTRY.get_sample_value("newsalert_unreadable_total", {"kind": "telegram"}) or 0.0

    before = counted()
    fake.faults["sendMessage"] = [Refuse(400, BROKEN)]
    await tell(telegram, message(alert()))
    [told] = fake[1001].told
    assert told.mode == ""
    assert "Moscow returns some of its troops" in told.text
    assert counted() == before + 1
    fake.faults["sendMessage"] = [Refuse(400, BROKEN), Refuse(400, BROKEN)]
    with pytest.raises(Rejected, match="parse entities"):
        await tell(telegram, message(alert()))


async def test_a_refused_connection_is_surely_not_sent(unused_tcp_port: int) -> None:
    telegram = Telegram(telegram_bot(TOKEN, f"http://127.0.0.1:{unused_tcp_port}"))
    with pytest.raises(NotSent, match="ConnectError"):
        await tell(telegram, message(alert()))
    await telegram.close()


@pytest.mark.parametrize("after", [True, False])
async def test_an_answer_that_does_not_come_is_given_up(fake: TelegramFake, after: bool) -> None:
    telegram = Telegram(telegram_bot(TOKEN, fake.base_url, seconds=0.1))
    fake.faults["sendMessage"] = [Silence(after)]
    with pytest.raises(Ambiguous, match="ReadTimeout"):
        await tell(telegram, message(alert()))
    await telegram.close()


async def test_an_answer_that_comes_byte_by_byte_is_given_up_too(fake: TelegramFake) -> None:
    telegram = Telegram(telegram_bot(TOKEN, fake.base_url), seconds=0.1)
    fake.faults["sendMessage"] = [Silence()]
    with pytest.raises(Ambiguous, match="in time"):
        await tell(telegram, message(alert()))
    await telegram.close()


@pytest.mark.parametrize(
    "fault", [LoseReply(), Reset(), Say(502), Refuse(500, "Internal Server Error")], ids=repr
)
async def test_an_edit_without_an_answer_is_simply_made_again(
    fake: TelegramFake, telegram: Telegram, fault: Fault
) -> None:
    [first] = await tell(telegram, message(alert()))
    fake.faults["editMessageText"] = [fault]
    with pytest.raises(NotSent):
        await tell(telegram, update(message(joined())), after=first)
    await tell(telegram, update(message(joined())), after=first)
    assert "Harbour Post" in fake[1001].told[0].text


async def test_telegram_cannot_be_asked_what_arrived(telegram: Telegram) -> None:
    with pytest.raises(Ambiguous):
        await telegram.find(ADA, message(alert()), since=AT)


async def test_the_token_is_in_no_log_and_no_repr(
    fake: TelegramFake, telegram: Telegram, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("httpx", "httpcore", "telegram"):  # what bot.logs does at start
        logging.getLogger(name).setLevel(logging.WARNING)
    caplog.set_level(logging.DEBUG)
    for fault in (None, Refuse(401, "Unauthorized"), Say(502), LoseReply()):
        fake.faults["sendMessage"] = [fault] if fault else []
        try:
            await tell(telegram, message(alert()))
        except DeliveryError as error:
            logging.getLogger("test").error("failed", exc_info=error)
    assert len(caplog.records) >= 3
    shown = caplog.text + repr(telegram) + repr(telegram._bot) + str(telegram._bot)
    assert TOKEN not in shown
    assert TOKEN.partition(":")[2] not in shown
