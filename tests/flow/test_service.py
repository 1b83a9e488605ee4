"""The service over memory: what each verb does, and who may."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.core.model import Level
from bot.errors import InputError, NotPermitted
from bot.service_ground import Actor, Doors, Role
from tests.fakes.desk import ADMIN, Desk

ADA = Actor("telegram", "7", Role.KEEPER, "7")


async def test_a_topic_chosen_is_a_wish_to_be_told() -> None:
    desk = Desk()
    wish = await desk.service().chats.choose(ADA, "conflict", wanted=True)
    assert (wish.active, wish.topics, wish.created) == (True, ("conflict",), desk.clock.now())
    assert desk.wishes.wishes["telegram", "7"] == wish


async def test_several_subscriptions_of_a_chat_have_levels_of_their_own() -> None:
    chats = Desk().service().chats
    await chats.subscribe(ADA, ["conflict"], "high")
    await chats.subscribe(ADA, ["#border", "Data breach"])
    wish = await chats.subscribe(ADA, ["Conflict"], "critical")
    assert wish.topics == ("border", "breach", "conflict@critical")
    assert wish.level is Level.MEDIUM


async def test_leaving_keeps_the_settings_and_coming_back_finds_them() -> None:
    desk = Desk()
    chats = desk.service().chats
    first = await chats.subscribe(ADA, ["cyber"], "high")
    assert not (await chats.unsubscribe(ADA)).active
    await desk.clock.advance(60)
    again = await chats.subscribe(ADA)
    assert again.topics == first.topics
    assert again.created != first.created  # what was told before is no news to it


@pytest.mark.parametrize(
    ("verb", "argument"),
    [
        ("subscribe", (["weather"],)),
        ("subscribe", (["conflict"], "loud")),
        ("quiet", ("late",)),
        ("quiet", ("22-22",)),
        ("zone", ("Atlantis",)),
        ("digest", ("1m",)),
        ("digest", ("25:00",)),
        ("language", ("tlh",)),
        ("watch", ("",)),
        ("watch", ("$nolist + x",)),
        ("unwatch", ("3",)),
    ],
)
async def test_what_cannot_be_meant_is_refused_and_changes_nothing(
    verb: str, argument: tuple[object, ...]
) -> None:
    desk = Desk()
    with pytest.raises(InputError):
        await getattr(desk.service().chats, verb)(ADA, *argument)
    assert desk.wishes.wishes == {}


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        ("Europe/Kyiv", "Europe/Kyiv"),
        ("kyiv", "Europe/Kyiv"),
        ("new york", "America/New_York"),
        ("UTC+3", "Etc/GMT-3"),
    ],
)
async def test_a_zone_is_found_by_its_city(text: str, zone: str) -> None:
    assert (await Desk().service().chats.zone(ADA, text)).zone == zone


@pytest.mark.parametrize(
    ("verb", "arguments"),
    [
        ("subscribe", ()),
        ("unsubscribe", ()),
        ("choose", ("conflict",)),
        ("everything", ()),
        ("quiet", ("22-7",)),
        ("zone", ("UTC",)),
        ("digest", ("30m",)),
        ("language", ("de",)),
        ("watch", ("troops",)),
        ("unwatch", ("1",)),
    ],
)
async def test_a_reader_changes_nothing_of_a_chat(verb: str, arguments: tuple[str, ...]) -> None:
    desk = Desk()
    wanted = {"wanted": False} if verb == "choose" else {}
    with pytest.raises(NotPermitted):
        await getattr(desk.service().chats, verb)(replace(ADA, role=Role.READER), *arguments, **wanted)
    assert desk.wishes.writes == []


@pytest.mark.parametrize(
    ("person", "chat", "keeps", "role"),
    [
        (7, 7, True, Role.KEEPER),
        (7, -100, False, Role.READER),
        (7, -100, True, Role.KEEPER),
        (ADMIN, -100, False, Role.ADMIN),
        (ADMIN, ADMIN, True, Role.ADMIN),
        (7, ADMIN, True, Role.KEEPER),  # an admin's chat makes nobody an admin
    ],
)
def test_a_role_comes_from_the_numeric_id(person: int, chat: int, keeps: bool, role: Role) -> None:
    assert Doors(telegram_admins=(ADMIN,)).telegram(person, chat, keeps=keeps).role is role


def test_an_empty_list_of_admins_means_nobody() -> None:
    assert Doors().telegram(0, 0, keeps=True).role is Role.KEEPER


def test_a_closed_door_leaves_strangers_outside_and_admins_in() -> None:
    doors = Doors(telegram_admins=(ADMIN,), may_subscribe=lambda chat: False)
    assert doors.telegram(7, 7, keeps=True).role is Role.STRANGER
    assert doors.telegram(ADMIN, -100, keeps=False).role is Role.ADMIN


async def test_a_chat_that_moved_takes_its_wishes_along() -> None:
    desk = Desk()
    chats = desk.service().chats
    await chats.subscribe(replace(ADA, place="-5"), ["cyber"])
    await chats.moved("telegram", "-5", "-1005")
    active = await desk.wishes.subscriptions()
    assert [(wish.address, wish.topics) for wish in active] == [("-1005", ("cyber",))]


async def test_a_group_that_threw_us_out_is_told_nothing_in_any_of_its_topics() -> None:
    desk = Desk()
    chats = desk.service().chats
    for place in ("-5", "-5/12", "-55"):
        await chats.subscribe(replace(ADA, place=place))
    await chats.left("telegram", "-5")
    assert [wish.address for wish in await desk.wishes.subscriptions()] == ["-55"]
