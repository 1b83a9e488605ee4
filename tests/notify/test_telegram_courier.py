"""Telegram behind the courier: refused tokens, lost replies, throttled, moved and closed chats, a burst, an outage."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from bot.notify import Telegram, telegram_bot
from bot.notify.console import Console
from tests.fakes.alerts import AT, alert, joined, owed, raised, receiver
from tests.fakes.line import Line
from tests.fakes.outbox import MemoryOutbox
from tests.fakes.telegram import TOKEN, Chat, Fault, LoseReply, Pace, Reset, Say, TelegramFake

GROUP, MOVED = -77, -1007700000077
ADA = receiver("ada", "telegram", "1001")
ADMINS = receiver("admins", "console", "-")


@pytest.fixture
async def fake() -> AsyncIterator[TelegramFake]:
    async with TelegramFake(Chat(1001), Chat(GROUP), Chat(MOVED), now=AT.timestamp).serving() as serving:
        yield serving


async def test_a_story_whose_message_a_person_deleted_is_posted_anew_in_silence_and_edited_from_then_on(
    fake: TelegramFake, telegram: Telegram
) -> None:
    outbox = MemoryOutbox(owed(alert(), ADA))
    line = Line(outbox, {"telegram": telegram})
    await line.until_paid()
    fake[1001].delete(fake[1001].told[0].number)
    for revision in (2, 3):
        await outbox.owe([owed(joined(revision=revision, reason=f"{revision} sources"), ADA)])
        await line.until_paid()
    [told] = fake[1001].told
    assert told.silent
    assert len(told.history) == 2
    assert "3 sources" in told.text


async def test_fault_104_a_group_that_moved_is_told_once_at_its_new_address_and_goes_on_there(
    fake: TelegramFake, telegram: Telegram
) -> None:
    group = receiver("group", "telegram", str(GROUP))
    outbox = MemoryOutbox(owed(alert(story="st-0"), group))
    line = Line(outbox, {"telegram": telegram})
    await line.until_paid()
    fake[GROUP].moved = MOVED
    await outbox.owe([owed(alert(), group)])
    await line.until_paid()
    moved = replace(group, address=str(MOVED))
    for revision in (2, 3):  # its first message stands where nobody reads any more
        await outbox.owe([owed(raised(story="st-0", revision=revision, reason=f"now {revision}"), moved)])
        await line.until_paid()
    assert len(fake[GROUP].told) == 1
    _, story, answer = fake[MOVED].told
    assert ["now 2" in story.history[0], "now 3" in story.text] == [True, True]
    assert answer.answers == story.number


async def test_fault_107_a_refused_token_stops_telegram_alone_and_is_not_tried_again(
    fake: TelegramFake,
) -> None:
    telegram = Telegram(telegram_bot("4242:some-other-token-of-nobody-98765", fake.base_url))
    people = [receiver(f"p{number}", "telegram", str(2000 + number)) for number in range(5)]
    outbox = MemoryOutbox(*(owed(to=each) for each in people))
    line = Line(outbox, {"telegram": telegram, "console": Console()}, admins=lambda: (ADMINS,))
    await line.for_seconds(60)
    notices = [row for row in outbox.rows.values() if row.receiver == ADMINS]
    assert ["Telegram refuses our token" in row.message.notice for row in notices] == [True]
    assert notices[0].state == "sent"
    assert sum(row.state == "owed" for row in outbox.rows.values()) == 5
    assert len(fake.calls) == 0  # refused before anything was read
    await telegram.close()


@pytest.mark.parametrize("policy", ["repeat", "at_most_once"])
@pytest.mark.parametrize("fault", [LoseReply(), Reset(), Say(502, after=True), Say(502)], ids=repr)
async def test_fault_108_a_lost_reply_gives_at_most_one_repeat_and_marks_it(
    fake: TelegramFake, telegram: Telegram, fault: Fault, policy: str
) -> None:
    arrived = fault in (LoseReply(), Say(502, after=True))
    ada = receiver("ada", "telegram", "1001", policy=policy)
    fake.faults["sendMessage"] = [fault]
    outbox = MemoryOutbox(owed(to=ada))
    await Line(outbox, {"telegram": telegram}).until_paid()
    texts = [told.text for told in fake[1001].told]
    repeats = [text for text in texts if text.startswith("Sent again")]
    assert len(repeats) == (policy == "repeat")
    assert len(texts) - len(repeats) == arrived
    assert outbox.states() == {"st-1/ada/1": "sent" if policy == "repeat" else "dead"}


async def test_fault_100_one_throttled_chat_delays_no_other(fake: TelegramFake, telegram: Telegram) -> None:
    people = [receiver(f"p{number}", "telegram", str(2000 + number)) for number in range(20)]
    fake.chats |= {int(each.address): Chat(int(each.address)) for each in people}
    fake[2000].throttled = 600
    outbox = MemoryOutbox(*(owed(to=each) for each in people))
    line = Line(outbox, {"telegram": telegram})
    await line.turn()
    assert sum(bool(fake[int(each.address)].told) for each in people) == 19
    assert line.clock.monotonic() < 2.5
    fake[2000].throttled = 0
    await line.for_seconds(595)
    assert fake[2000].told == []
    await line.for_seconds(10)
    assert len(fake[2000].told) == 1


async def test_fault_101_a_burst_draws_no_429_and_keeps_every_chats_order(
    fake: TelegramFake, telegram: Telegram
) -> None:
    people = [receiver(f"p{number}", "telegram", str(2000 + number)) for number in range(7)]
    group = receiver("group", "telegram", str(GROUP))
    fake.chats |= {int(each.address): Chat(int(each.address)) for each in people}
    stories = [alert(story=f"st-{number:02}", title=f"Day {number:02}") for number in range(22)]
    outbox = MemoryOutbox(*(owed(told, to) for told in stories for to in (*people, group)))
    line = Line(outbox, {"telegram": telegram})
    fake.pace = Pace(line.clock.monotonic)
    await line.until_paid()
    assert fake.pace.refused == {}
    for to in (*people, group):
        titles = [told.text.splitlines()[1] for told in fake[int(to.address)].told]
        assert titles == [told.title for told in stories]
    assert 60 <= line.clock.monotonic() <= 70  # a group takes twenty a minute


async def test_fault_103_a_chat_that_blocked_us_is_buried_and_the_admins_hear_of_it(
    fake: TelegramFake, telegram: Telegram
) -> None:
    fake[1001].closed = "bot was blocked by the user"
    outbox = MemoryOutbox(*(owed(alert(story=f"st-{number}"), ADA) for number in range(3)))
    await Line(outbox, {"telegram": telegram, "console": Console()}, admins=lambda: (ADMINS,)).until_paid()
    states = [row.state for row in outbox.rows.values() if row.receiver == ADA]
    assert states == ["dead"] * 3
    assert len(fake.called("sendMessage")) == 1
    assert any("blocked by the user" in row.message.notice for row in outbox.rows.values())


async def test_fault_110_six_hours_without_telegram_lose_nothing(unused_tcp_port: int) -> None:
    telegram = Telegram(telegram_bot(TOKEN, f"http://127.0.0.1:{unused_tcp_port}"))
    outbox = MemoryOutbox(*(owed(alert(story=f"st-{number}"), ADA) for number in range(5)))
    line = Line(outbox, {"telegram": telegram})
    while line.clock.monotonic() < 6 * 3_600:
        await line.courier.sweep()
        await asyncio.wait_for(line.turn(), 10)
        await line.clock.advance(600)
    assert set(outbox.states().values()) == {"owed"}
    async with TelegramFake(Chat(1001)).serving() as fake:
        back = Telegram(telegram_bot(TOKEN, fake.base_url))
        await Line(outbox, {"telegram": back}, clock=line.clock).until_paid()
        assert len(fake[1001].told) == 5
        await back.close()
    await telegram.close()
