"""The Telegram that remembers, held to the real thing: three clients of the Bot API load every answer it gives."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import telebot
import telegram
from telebot import types
from telegram.error import BadRequest, Conflict, RetryAfter

from bot.notify import telegram_bot
from tests.fakes.alerts import AT
from tests.fakes.clock import FakeClock
from tests.fakes.telegram import TOKEN, Chat, Pace, Refuse, TelegramFake
from tests.fakes.telegram_spec import NotInTheSpecError, spec
from tests.judges import clients

FORUM = -1001234567890
HTML = '<b>Troops</b> return <a href="https://northern-wire.example/">northern-wire.example</a> #tag /why'
ROWS = [[("Why", "why:st-1"), ("More", "more:st-1")]]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def fake(clock: FakeClock) -> AsyncIterator[TelegramFake]:
    chats = (Chat(1001), Chat(FORUM, topics={7: True}, username="newsdesk"))
    async with TelegramFake(*chats, now=AT.timestamp, pace=Pace(clock.monotonic)).serving() as serving:
        yield serving


@pytest.fixture
async def bot(fake: TelegramFake) -> AsyncIterator[telegram.Bot]:
    made = telegram_bot(TOKEN, fake.base_url)
    await made.initialize()
    yield made
    await made.shutdown()


async def test_python_telegram_bot_loads_every_answer(fake: TelegramFake, bot: telegram.Bot) -> None:
    fake.pace = None
    keyboard = telegram.InlineKeyboardMarkup(
        [[telegram.InlineKeyboardButton(label, callback_data=data) for label, data in row] for row in ROWS]
    )
    sent = await bot.send_message(FORUM, HTML, parse_mode="HTML", message_thread_id=7, reply_markup=keyboard)
    assert (sent.text, sent.message_thread_id) == ("Troops return northern-wire.example #tag /why", 7)
    assert sorted(sent.parse_entities().values()) == ["#tag", "/why", "Troops", "northern-wire.example"]
    answer = await bot.send_message(1001, "yes")
    reply = await bot.send_message(FORUM, "a", reply_parameters=telegram.ReplyParameters(sent.message_id))
    assert reply.reply_to_message is not None
    edited = await bot.edit_message_text("no", chat_id=1001, message_id=answer.message_id)
    assert isinstance(edited, telegram.Message)
    assert edited.text == "no"
    assert (await bot.get_me()).username == "news_bot"
    assert (await bot.get_chat("@newsdesk")).is_forum
    assert (await bot.get_chat_member(FORUM, 7)).status == "member"
    await bot.set_my_commands([("why", "Why did I get this?")])
    assert (await bot.get_my_commands())[0].command == "why"
    fake.say("/start topic", person=7)
    fake.press("Why", person=7)
    said, pressed = await bot.get_updates(timeout=1)
    assert said.message is not None
    assert said.message.parse_entities() == {said.message.entities[0]: "/start"}
    assert pressed.callback_query is not None
    assert pressed.callback_query.data == "why:st-1"
    assert await pressed.callback_query.answer("because")
    assert fake.toasts == ["because"]
    assert await bot.delete_message(1001, answer.message_id)


async def test_pytelegrambotapi_loads_every_answer(
    fake: TelegramFake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telebot.apihelper, "API_URL", fake.base_url + "/bot{0}/{1}")
    fake.pace = None
    fake.say("/start", person=7)
    await asyncio.to_thread(_all_calls, telebot.TeleBot(TOKEN, threaded=False))
    fake.press("Why", person=7)
    await asyncio.to_thread(_pressed, telebot.TeleBot(TOKEN, threaded=False))
    assert fake.toasts == ["because"]
    telebot.apihelper._get_req_session(reset=True).close()  # type: ignore[no-untyped-call]


def _all_calls(client: telebot.TeleBot) -> None:
    keyboard = types.InlineKeyboardMarkup(
        [[types.InlineKeyboardButton(label, callback_data=data) for label, data in row] for row in ROWS]
    )
    sent = client.send_message(FORUM, HTML, parse_mode="HTML", reply_markup=keyboard, message_thread_id=7)
    assert sent.reply_markup is not None
    assert [each.type for each in sent.entities or ()] == ["bold", "text_link", "hashtag", "bot_command"]
    assert sent.reply_markup.keyboard[0][0].callback_data == "why:st-1"
    edited = client.edit_message_text("no", FORUM, sent.message_id, reply_markup=keyboard)
    assert isinstance(edited, types.Message)
    assert edited.text == "no"
    assert client.get_me().is_bot
    assert client.get_chat(FORUM).title == "Newsroom"
    assert client.get_chat_member(FORUM, 7).status == "member"
    assert client.set_my_commands([types.BotCommand("why", "Why did I get this?")])
    assert client.delete_webhook()
    [update] = client.get_updates(timeout=1)
    assert update.message is not None
    assert update.message.text == "/start"
    client.get_updates(offset=update.update_id + 1, timeout=0)


def _pressed(client: telebot.TeleBot) -> None:
    [update] = client.get_updates(timeout=1)
    assert update.callback_query is not None
    assert update.callback_query.data == "why:st-1"
    assert client.answer_callback_query(update.callback_query.id, "because")


@clients.needed
async def test_aiogram_loads_every_answer(fake: TelegramFake, bot: telegram.Bot) -> None:
    fake.pace = None
    fake.faults["sendChatAction"] = [
        Refuse(429, "Too Many Requests: retry after 9", {"retry_after": 9}),
        Refuse(403, "Forbidden: bot was blocked by the user"),
        Refuse(400, "Bad Request: group chat was upgraded", {"migrate_to_chat_id": FORUM}),
        Refuse(400, "Bad Request: chat not found"),
    ]
    await bot.send_message(1001, "alert", reply_markup=_button("why:st-1"))
    fake.say("/start topic", person=7)
    fake.press(data="why:st-1")
    asked = ("tests.judges.aiogram_client", fake.base_url, TOKEN, str(FORUM))
    assert await asyncio.to_thread(clients.run, *asked) == "loaded\n"
    assert fake.toasts == ["because"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("<b>x", "can't parse entities"),
        ("<i>x</b>", "can't parse entities"),
        ("<unknown>x</unknown>", "unsupported start tag"),
        ("a < b", "can't parse entities"),
        ("<b></b> ", "text is empty"),
        ("x" * 4_097, "message is too long"),
        ("👍" * 2_049, "message is too long"),
    ],
)
async def test_what_telegram_cannot_read_is_refused_in_its_words(
    bot: telegram.Bot, text: str, said: str
) -> None:
    with pytest.raises(BadRequest, match=f"(?i){said}"):
        await bot.send_message(1001, text, parse_mode="HTML")


async def test_length_counts_after_the_markup_is_read(bot: telegram.Bot) -> None:
    sent = await bot.send_message(1001, "<b>" + "&lt;" * 4_096 + "</b>", parse_mode="HTML")
    assert sent.text == "<" * 4_096


async def test_buttons_carry_sixty_four_bytes_and_no_more(fake: TelegramFake, bot: telegram.Bot) -> None:
    fake.pace = None
    for data in ("x" * 64, "ж" * 32):
        await bot.send_message(1001, "x", reply_markup=_button(data))
    for data in ("x" * 65, "ж" * 33):
        with pytest.raises(BadRequest, match="Button_data_invalid"):
            await bot.send_message(1001, "x", reply_markup=_button(data))


def _button(data: str) -> telegram.InlineKeyboardMarkup:
    return telegram.InlineKeyboardMarkup([[telegram.InlineKeyboardButton("x", callback_data=data)]])


async def test_the_real_limits_hold_on_the_clock_that_is_given(
    fake: TelegramFake, bot: telegram.Bot, clock: FakeClock
) -> None:
    await bot.send_message(1001, "one")
    with pytest.raises(RetryAfter):
        await bot.send_message(1001, "two")
    for number in range(20):
        await clock.advance(1.0)
        await bot.send_message(FORUM, str(number))
    await clock.advance(1.0)
    with pytest.raises(RetryAfter) as caught:
        await bot.send_message(FORUM, "twenty-first")
    assert caught.value._retry_after.total_seconds() == 40
    fake.chats |= {number: Chat(number) for number in range(1, 32)}
    await clock.advance(60.0)
    for number in range(1, 31):
        await bot.send_message(number, "x")
    with pytest.raises(RetryAfter):
        await bot.send_message(31, "x")
    assert fake.pace is not None
    assert fake.pace.refused == {1001: 1, FORUM: 1, 31: 1}


async def test_of_two_who_ask_for_updates_the_first_is_told_of_the_other(
    fake: TelegramFake, bot: telegram.Bot
) -> None:
    other = telegram_bot(TOKEN, fake.base_url)
    first = asyncio.create_task(bot.get_updates(timeout=20))
    while not fake.called("getUpdates"):  # noqa: ASYNC110 — there is nothing to be told by
        await asyncio.sleep(0.001)
    second = asyncio.create_task(other.get_updates(timeout=20))
    with pytest.raises(Conflict):
        await first
    fake.say("hello")
    assert len(await second) == 1
    for request in other._request:
        await request.shutdown()


async def test_a_question_the_description_does_not_know_is_refused(bot: telegram.Bot) -> None:
    if spec() is None:
        pytest.skip("the machine-readable Bot API is not here")
    with pytest.raises(BadRequest, match="Not in the bot api"):
        await bot.send_message(1001, "x", api_kwargs={"shout": True})


def test_the_description_judges_values_too() -> None:
    known = spec()
    if known is None:
        pytest.skip("the machine-readable Bot API is not here")
    asked = {
        "chat_id": "1001",
        "text": "7",
        "disable_notification": "true",
        "reply_markup": '{"inline_keyboard": []}',
    }
    assert known.read("sendMessage", asked) == {
        "chat_id": 1001, "text": "7", "disable_notification": True, "reply_markup": {"inline_keyboard": []},
    }  # fmt: skip
    for wrong in (
        {"message_thread_id": "seven"},
        {"reply_markup": '{"rows": []}'},
        {"disable_notification": "maybe"},
    ):
        with pytest.raises(NotInTheSpecError):
            known.read("sendMessage", {"chat_id": "1", "text": "x", **wrong})
    with pytest.raises(NotInTheSpecError):
        known.read("sendMessage", {"chat_id": "1"})
