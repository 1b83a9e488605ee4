"""The service over memory: what each verb does, and who may."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.core.matching import headline
from bot.core.model import (
    Decision,
    Delivery,
    DeliveryState,
    FeedState,
    FeedStatus,
    Level,
    Outcome,
    Report,
    StoryRecord,
)
from bot.core.routing import NOTHING
from bot.errors import InputError, NotPermitted
from bot.ports import StoredDecision
from bot.service import Service
from bot.service_ground import Actor, Doors, Role, at_the_machine
from tests.fakes.alerts import owed
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


async def test_who_wants_own_keywords_only_is_told_of_nothing_else() -> None:
    chats = Desk().service().chats
    wish = await chats.watch(ADA, "pancake")
    assert (wish.active, wish.topics) == (True, (NOTHING,))
    assert (await chats.choose(ADA, "cyber", wanted=True)).topics == ("cyber",)
    assert (await chats.choose(ADA, "cyber", wanted=False)).topics == (
        NOTHING,
    )  # no topic is not every topic
    assert (await chats.subscribe(ADA)).topics == ()


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


# ── permissions, by enumeration ──────────────────────────────────────────────────────────────────────
GROUPS = ("chats", "silences", "questions", "operations")
ARGUMENTS: Mapping[str, Any] = {
    "topics": (), "level": "high", "topic": "cyber", "hours": "22-7", "zone": "UTC", "wish": "30m", "language": "de",
    "text": "troops", "which": "1", "story": "st-1", "rule": "invasion", "labels": {"rule": "invasion"},
    "lasting": timedelta(hours=1), "subject": "x", "words": "x", "delivery": "x", "wanted": True,
}  # fmt: skip
LEAST = {
    "chats": Role.KEEPER, "silences": Role.KEEPER, "questions": Role.READER, "operations": Role.ADMIN,
    "mute": Role.ADMIN, "ack": Role.ADMIN, "listed": Role.READER,
}  # fmt: skip
FREE = {"mine"}  # what a chat wished: asked by the front before anything else, shown to that chat alone


def verbs() -> list[tuple[str, str]]:
    """Every verb of the service whose first argument is an actor."""
    service = Desk().service()
    found = []
    for group in GROUPS:
        for name, verb in inspect.getmembers(getattr(service, group), inspect.ismethod):
            first = next(iter(inspect.signature(verb).parameters), "")
            if not name.startswith("_") and first == "actor" and name not in FREE:
                found.append((group, name))
    return found


async def call(service: Service, group: str, name: str, actor: Actor) -> None:
    verb = getattr(getattr(service, group), name)
    given: dict[str, Any] = {}
    for parameter in list(inspect.signature(verb).parameters.values())[1:]:
        if parameter.default is inspect.Parameter.empty:
            given[parameter.name] = ARGUMENTS[parameter.name]
    answer = verb(actor, **given)
    if inspect.isawaitable(answer):
        await answer


@pytest.mark.parametrize(("group", "name"), verbs(), ids=".".join)
async def test_every_verb_refuses_who_is_one_role_below(group: str, name: str) -> None:
    desk = Desk()
    least = LEAST.get(name, LEAST[group])
    with pytest.raises(NotPermitted, match="You may not do that here"):
        await call(desk.service(), group, name, replace(ADA, role=Role(least - 1)))
    assert desk.wishes.writes == []


@pytest.mark.parametrize(("group", "name"), verbs(), ids=".".join)
async def test_every_verb_lets_in_who_has_the_role(group: str, name: str) -> None:
    least = LEAST.get(name, LEAST[group])
    with contextlib.suppress(InputError):  # nothing there by that name, which only those learn who may
        await call(Desk().service(), group, name, replace(ADA, role=least))


def test_there_are_verbs_to_enumerate() -> None:
    assert len(verbs()) > 25


# ── silences ─────────────────────────────────────────────────────────────────────────────────────────
async def test_muting_twice_prolongs_and_does_not_pile_up() -> None:
    desk = Desk()
    silences = desk.service().silences
    first = await silences.mute_story(ADA, "st-1")
    await desk.clock.advance(60)
    again = await silences.mute_story(ADA, "st-1")
    assert again.until == first.until + timedelta(minutes=1)
    assert [*desk.wishes.muted.values()] == [again]


async def test_a_story_of_ones_own_keyword_is_muted_as_the_story_it_is() -> None:
    silence = await Desk().service().silences.mute_story(ADA, "st-1~0a0b0c0d")
    assert silence.labels == {"receiver": "telegram:7", "story": "st-1"}


async def test_a_chat_lists_and_drops_its_own_silences_and_nobody_elses() -> None:
    desk = Desk()
    silences = desk.service().silences
    other = replace(ADA, id="8", place="8")
    mine, theirs = await silences.mute_story(ADA, "st-1"), await silences.mute_story(other, "st-2")
    everybodys = await silences.mute(at_the_machine("root"), {"rule": "invasion"}, timedelta(hours=1))
    assert {each.id for each in await silences.listed(ADA)} == {mine.id, everybodys.id}
    for foreign in (theirs, everybodys):
        with pytest.raises(InputError):
            await silences.drop(ADA, foreign.id)
    assert await silences.drop(ADA, mine.id) == mine
    assert len(await silences.listed(at_the_machine("root"))) == 2


@pytest.mark.parametrize(
    ("actor", "allowed"),
    [
        (Actor("slack", "U1", Role.KEEPER, "C1"), True),  # a channel the editors configured
        (Actor("slack", "U1", Role.READER, "C9"), False),
        (Actor("telegram", "8", Role.KEEPER, "-100/12"), True),
        (Actor("telegram", "8", Role.READER, "-100/12"), False),  # who merely reads along
        (Actor("telegram", "8", Role.KEEPER, "-100"), False),
        (ADA, False),  # a subscriber's own chat belongs to the subscriber, not to the desk
        (replace(ADA, role=Role.ADMIN), True),
    ],
)
async def test_who_may_say_that_a_story_is_seen_to(actor: Actor, allowed: bool) -> None:
    desk = Desk(doors=Doors(slack_channels=lambda: {"C1"}, telegram_chats=lambda: {"-100/12"}))
    if not allowed:
        with pytest.raises(NotPermitted):
            await desk.service().silences.ack(actor, "st-1")
        return
    silence = await desk.service().silences.ack(actor, "st-1~0a0b0c0d")
    assert silence.labels == {"story": "st-1"}  # everywhere: on the other platform too


@pytest.mark.parametrize(
    ("labels", "lasting"),
    [
        ({}, timedelta(hours=1)),
        ({"receiver": "telegram:8"}, timedelta(hours=1)),
        ({"colour": "red"}, timedelta(hours=1)),
        ({"rule": "invasion"}, timedelta()),
        ({"rule": "invasion"}, timedelta(days=31)),
    ],
)
async def test_everybody_is_not_muted_by_mistake(labels: dict[str, str], lasting: timedelta) -> None:
    desk = Desk()
    with pytest.raises(InputError):
        await desk.service().silences.mute(at_the_machine("root"), labels, lasting)
    assert desk.wishes.muted == {}


def test_slack_channels_of_the_desk_are_known_by_their_id() -> None:
    doors = Doors(slack_channels=lambda: {"C1"})
    assert (doors.slack("U1", "C1").role, doors.slack("U1", "C2").role) == (Role.KEEPER, Role.READER)


# ── questions ────────────────────────────────────────────────────────────────────────────────────────
def told(desk: Desk, title: str = "Soldiers return from the border", key: str = "k1") -> StoredDecision:
    """An article as it was decided and stored."""
    now = desk.clock.now()
    link = f"https://wire.example/{key}"
    entry = replace(headline(title, "en"), key=key, owner="Wire", link=link, published=now, first_seen=now)
    matches = desk.orders.rulebook.match(entry)
    stored = StoredDecision(entry, Decision(key, Outcome.ALERT, (), "st-1", matches), now)
    desk.views.decisions.append(stored)
    report = Report("Wire", "wire", title, link, now, now)
    desk.views.stories["st-1"] = StoryRecord("st-1", title, now, now, 1, reports=(report,))
    return stored


@pytest.mark.parametrize(
    "subject",
    ["st-1", "st-1~0a0b0c0d", "k1", "https://wire.example/k1", "https://wire.example/k1?utm_source=x"],
)
async def test_why_finds_an_article_by_story_key_and_link(subject: str) -> None:
    desk = Desk()
    stored = told(desk)
    found = await desk.service().questions.why(ADA, subject)
    assert found.stored == stored
    assert [sheet.rule.id for sheet in found.sheets] == ["troop-withdrawal"]


@pytest.mark.parametrize("subject", ["", "st-2", "https://elsewhere.example/", "javascript:alert(1)"])
async def test_why_knows_nothing_of_what_was_never_read(subject: str) -> None:
    desk = Desk()
    told(desk)
    with pytest.raises(InputError):
        await desk.service().questions.why(ADA, subject)


async def test_nobody_but_an_admin_sends_us_to_a_page() -> None:
    desk = Desk()
    asked: list[str] = []

    async def page(link: str) -> Any:
        asked.append(link)
        return headline("Soldiers return from the border", "en")

    service = desk.service(page=page)
    with pytest.raises(InputError):
        await service.questions.whynot(ADA, "https://elsewhere.example/a")
    assert asked == []
    found = await service.questions.whynot(
        replace(ADA, role=Role.ADMIN), "https://elsewhere.example/a?utm_source=x"
    )
    assert asked == ["https://elsewhere.example/a"]
    assert found.sheets[0].rule.id == "troop-withdrawal"


async def test_a_search_lets_others_work_meanwhile() -> None:
    import asyncio

    desk = Desk()
    for number in range(200):
        told(desk, f"Soldiers return from border post {number}", f"k{number}")
    searching = asyncio.create_task(desk.service().questions.search(ADA, "$army + return", limit=3))
    turns = 0
    while not searching.done():
        await asyncio.sleep(0)
        turns += 1
    hits = await searching
    assert (hits.count, [entry.key for entry in hits.newest]) == (200, ["k199", "k198", "k197"])
    assert turns >= 10


async def test_wrong_keeps_the_evidence_once_a_person() -> None:
    desk = Desk()
    told(desk)
    questions = desk.service().questions
    await questions.wrong(ADA, "st-1")
    await questions.wrong(ADA, "st-1")
    await questions.wrong(replace(ADA, id="8"), "st-1")
    found = await desk.service().operations.feedback(at_the_machine("root"), "troop-withdrawal")
    assert sorted(each.by for each in found) == ["telegram:7", "telegram:8"]
    assert found[0].terms[0].words == "Soldiers return"
    assert (found[0].title, found[0].score) == ("Soldiers return from the border", 60)


# ── operations ───────────────────────────────────────────────────────────────────────────────────────
def dead_letter(key: str) -> Delivery:
    return replace(owed(), id=key, state=DeliveryState.DEAD, reason="the chat was not found", attempts=3)


async def test_a_dead_letter_is_sent_again_or_dropped() -> None:
    desk = Desk()
    for key in ("a", "b"):
        desk.outbox.rows[key] = dead_letter(key)
    operations, root = desk.service().operations, at_the_machine("root")
    await operations.retry(root, "a")
    await operations.drop(root, "b")
    assert desk.outbox.states() == {"a": "owed"}
    assert desk.outbox.rows["a"].attempts == 0
    assert desk.wake.is_set()
    for verb in (operations.retry, operations.drop):
        with pytest.raises(InputError):
            await verb(root, "a" if verb == operations.drop else "b")


async def test_feeds_that_want_attention_come_first_worst_first() -> None:
    desk = Desk()
    names = ("fine", "slow", "gone", "wire", "not ours")
    desk.orders = replace(
        desk.orders, feeds=tuple(replace(desk.orders.feeds[0], name=name) for name in names[:4])
    )
    desk.feeds.rows = {
        "fine": FeedState("fine", FeedStatus.OK),
        "slow": FeedState("slow", FeedStatus.FAILING, failures=3),
        "gone": FeedState("gone", FeedStatus.GONE, failures=9),
        "not ours": FeedState("not ours", FeedStatus.FAILING, failures=99),
    }
    health = await desk.service().operations.health(at_the_machine("root"))
    assert [state.feed for state in health.trouble] == ["gone", "slow"]
    assert (health.good, health.never) == (1, 1)
