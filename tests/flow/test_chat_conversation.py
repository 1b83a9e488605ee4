"""A new subscriber's first day, in every language we speak: real service, rules, decisions and routing over memory."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.config.words import LANGUAGES, Words, words
from bot.core.buttons import ACTIONS, LABELS, encode
from bot.core.decide import Situation, decide, facets_of
from bot.core.matching import headline
from bot.core.model import DeliveryState, Entry, Level
from bot.core.routing import Route, Routed, route
from bot.core.stories import Placement
from bot.core.watches import Watches, compiled, decide_own, own_placement
from bot.ports import StoredDecision
from bot.service_ground import Doors
from tests.fakes.alerts import alert, owed
from tests.fakes.botapi import Said
from tests.fakes.desk import ADMIN, Desk
from tests.fakes.outbox import MemoryOutbox
from tests.flow.rooms import Room

TITLE = "Soldiers return from the border, <b>ministry</b> says t.me/evil @everyone"
STORY = "st-00000000000000aa"


def article(desk: Desk, title: str, key: str) -> Entry:
    now = desk.clock.now()
    return replace(
        headline(title, "en"),
        key=key,
        feed="wire",
        owner="Wire",
        link=f"https://wire.example/{key}",
        summary="Trains with tanks leave the district.",
        published=now - timedelta(minutes=1),
        first_seen=now,
    )


async def published(desk: Desk, title: str = TITLE, key: str = "return") -> Routed | None:
    """What ingest does with one article, for the one chat of the test: who is told, and when."""
    entry, book, now = article(desk, title, key), desk.orders.rulebook, desk.clock.now()
    placement = Placement(STORY, True, "new", 0.0, ())
    silences = await desk.wishes.silences(now)
    situation = Situation(book.rules, now, silences=silences)
    matches = book.match(entry)
    decided = decide(entry, matches, placement if matches else None, None, situation)
    desk.views.decisions.append(StoredDecision(entry, decided.decision, now))
    desk.views.stories.update({story.id: story for story in decided.stories})
    wishes = await desk.wishes.subscriptions()
    if matches:
        facets = facets_of(entry, matches, decided.stories[0], book.rules)
        told = route(
            facets, routes=(Route({}, ()),), receivers=(), subscriptions=wishes, silences=silences, now=now
        )
        return told[0] if decided.decision.alert and told else None
    own = compiled(wishes, book, Watches())
    for wish in wishes:
        if found := own.match(entry).get(wish.receiver):
            mine = own_placement(placement, wish.receiver)
            situation = replace(situation, rules=own.rules)
            decided, routed = decide_own(entry, wish, found, mine, None, situation)
            desk.views.stories.update({story.id: story for story in decided.stories})
            return routed
    return None


def receive(room: Room, t: Words, story: str = STORY, rule: str = "troop-withdrawal", chat: int = 7) -> Said:
    """The alert with its buttons, as a notifier sends it."""
    buttons = {t(LABELS[action]): encode(action, story, rule) for action in ACTIONS}
    room.api.said.append(Said(chat, room.api._number(), "alert", buttons))
    return room.api.said[-1]


def watches(room: Room) -> list[str]:
    return list(room.desk.wishes.wishes["telegram", "7"].watches)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_new_subscribers_first_day(language: str) -> None:
    room, t = Room(), words(language)
    room.api.language = f"{language}-XX"

    # start, pick conflict, level high, quiet hours
    assert t("Choose topics and how loud it must be; every choice counts at once.") in await room.say(
        "/start"
    )
    await room.press(t("Topics"))
    assert t("You are subscribed.") in (await room.press("conflict")).text
    await room.press(t("‹ Back"))
    await room.press(t("Loudness"))
    await room.press(t("important (high)"))
    await room.say("/quiet 22-7 Berlin")
    wish = room.desk.wishes.wishes["telegram", "7"]
    assert (wish.topics, wish.level, wish.quiet) == (("conflict",), Level.HIGH, "22:00-07:00")
    assert (wish.zone, wish.language) == ("Europe/Berlin", language)

    # watch a keyword of one's own: last week's hits first, then a yes
    await published(room.desk, "Pancake record broken", "pancake")
    asked = await room.say("/watch pancake + record")
    assert (
        t.many("{count} hit in the last {days} days", "{count} hits in the last {days} days", 1, days=7)
        in asked
    )
    assert watches(room) == []
    await room.press(t("Keep"))
    assert watches(room) == ["pancake + record"]

    # receive: by topic at once, by own keyword too; in the night later
    assert (told := await published(room.desk)) is not None
    assert (told.because, told.held, told.receiver.options["language"]) == ("subscription", False, language)
    own = await published(room.desk, "Another pancake record", "pancake-2")
    assert own is not None
    assert own.because == "own keyword"

    # why, more, wrong
    alert = receive(room, t)
    why = (await room.press(t("Why"), said=alert)).text
    assert t("Decided: {outcome}", outcome="<b>alert</b>") in why
    assert "+60 “Soldiers return”" in why
    assert "<b>ministry</b>" not in why
    assert "@everyone" not in why
    assert "Trains with tanks" in (await room.press(t("More"), said=alert)).text
    await room.press(t("Wrong"), said=alert)
    (wrong,) = room.desk.wishes.wrong.values()
    assert (wrong.rule, wrong.by, wrong.terms[0].words) == (
        "troop-withdrawal",
        "telegram:7",
        "Soldiers return",
    )

    # mute the story, then everything again
    await room.press(t("Mute story"), said=alert)
    assert room.api.toasts[-1].startswith(t("This story is quiet here until {time}.", time="")[:12])
    assert await published(room.desk, key="return-2") is None
    await room.say("/silences")
    await room.press("✖ 1")
    assert await published(room.desk, key="return-3") is not None
    await room.press(t("Mute rule 6 h"), said=alert)
    assert await published(room.desk, key="return-4") is None
    await room.desk.clock.advance(6 * 3600 + 1)
    assert await published(room.desk, key="return-5") is not None

    # the night
    await room.desk.clock.advance(8 * 3600)
    night = await published(room.desk, key="return-6")
    assert night is not None
    assert night.held

    # unsubscribe
    assert t("You are told nothing more. /subscribe brings you back with your settings.") in await room.say(
        "/unsubscribe"
    )
    assert await published(room.desk, key="return-7") is None


async def test_why_explains_an_own_keyword_to_its_chat_and_to_nobody_else() -> None:
    room = Room()
    await room.say("/watch pancake")
    await room.press("Keep")
    await published(room.desk, "Pancake record broken", "pancake")
    story = next(story for story in room.desk.views.stories if "~" in story)
    alert = receive(room, words("en"), story, "watch:telegram:7:1")
    assert "pancake" in (await room.press("Why", said=alert)).text
    await room.press("Mute rule", said=alert)
    assert await published(room.desk, "Pancake record again", "pancake-2") is None
    other = await room.say("/why https://wire.example/pancake", person=8)
    assert "No word of any rule" in other


async def test_seen_to_in_the_desks_group_is_told_there_and_quietens_every_platform() -> None:
    room = Room(Desk(doors=Doors(telegram_chats=lambda: {"-100"})))
    room.api.rulers.add((-100, 8))
    await room.say("/subscribe")  # somebody elsewhere
    assert await published(room.desk) is not None
    alert = receive(room, words("en"), chat=-100)
    await room.press("Seen to", said=alert, person=9)
    assert room.api.toasts[-1] == "You may not do that here."
    told = await room.press("Seen to", said=alert, person=8)
    assert (told.chat, told.answers) == (-100, alert.number)
    assert told.text.startswith("<b>Ada</b> · Seen to: quiet everywhere until")
    assert await published(room.desk, key="again") is None


async def test_seen_to_is_nothing_for_a_subscribers_chat() -> None:
    room = Room()
    await room.say("/subscribe")
    await published(room.desk)
    await room.press("Seen to", said=receive(room, words("en")))
    assert room.api.toasts[-1] == "You may not do that here."
    assert await published(room.desk, key="again") is not None


async def test_a_keyword_is_checked_before_it_is_kept() -> None:
    room = Room()
    assert "there is no list" in await room.say("/watch $nolist + border")
    assert "AND is read as a word" in await room.say("/watch troops AND border")
    assert room.desk.wishes.writes == []


async def test_only_the_newest_question_is_answered_by_its_buttons() -> None:
    room = Room()
    await room.say("/watch pancake")
    old = room.api.said[-1]
    await room.say("/watch waffle")
    await room.press("Keep", said=old)
    assert "too old" in room.api.toasts[-1]
    await room.press("Drop")
    assert room.desk.wishes.writes == []


async def test_keywords_are_listed_and_forgotten_by_number_words_and_button() -> None:
    room = Room()
    for term in ("pancake", "waffle", "=Crêpe"):
        await room.say(f"/watch {term}")
        await room.press("Keep")
    listed = await room.say("/mywatches")
    assert "3. =Crêpe" in listed
    old = room.api.said[-1]
    await room.press("✖ 2", said=old)
    await room.press("", data="own:forget:00000000", said=old)
    assert "too old" in room.api.toasts[-1]
    await room.say("/unwatch 1")
    await room.say("/unwatch =Crêpe")
    assert watches(room) == []


async def test_search_latest_and_whynot_answer_readers() -> None:
    room = Room()
    assert "no alert" in await room.say("/latest")
    await published(room.desk)
    assert "Soldiers return" in await room.say("/latest 3")
    assert "1 hit" in await room.say("/search $army + border")
    assert "0 hits" in await room.say("/search pancake")
    assert "there is no list" in await room.say("/search $nolist")
    weighed = await room.say("/whynot Soldiers return home at last")
    assert "Troops pulling back" in weighed
    assert "none of my feeds" in await room.say(
        "/whynot https://elsewhere.example/x"
    )  # nobody sends us places
    assert "not read it in any feed" in await room.say("/whynot Rain is expected")


async def test_stats_count_and_admin_pages_show() -> None:
    room = Room()
    assert "Articles read: 0" in await room.say("/stats")
    await room.say("/subscribe cyber")
    await room.say("/watch pancake")
    await room.press("Keep")
    for page, shown in (
        ("feeds", "0 feeds answer, 0 do not, 1 were not asked yet"),
        ("dead", "No dead letters."),
        ("users", "1 subscribed, 0 left"),
        ("feedback", "Nobody called"),
    ):
        text = await room.say(f"/admin {page}", person=ADMIN)
        assert shown in text
        assert "pancake" not in text  # one's own keywords are one's own
    assert "in force" in await room.say("/reload", person=ADMIN)


async def test_a_dead_letter_is_sent_again_or_forgotten_by_a_button_that_names_it() -> None:
    room, outbox = Room(), MemoryOutbox(
        *(owed(alert(story=f"st-{number}"), state=DeliveryState.DEAD, reason="gone") for number in (1, 2))
    )  # fmt: skip
    room.desk.outbox, room.desk.views.owing = outbox, list(outbox.rows.values())
    room = Room(room.desk, room.api)
    await room.say("/admin dead", person=ADMIN)
    page = room.api.said[-1]
    again, forget = page.buttons["↻ 1"], page.buttons["✖ 2"]
    await room.press("", data=again, person=8, said=page)
    assert room.api.toasts[-1] == "You may not do that here."
    await room.press("", data=again, person=ADMIN, said=page)
    assert outbox.states() == {"st-1/desk/1": "owed", "st-2/desk/1": "dead"}
    room.desk.views.owing = [outbox.rows["st-2/desk/1"]]
    await room.press("", data=forget, person=ADMIN, said=page)
    assert outbox.states() == {"st-1/desk/1": "owed"}
    room.desk.views.owing = []
    await room.press("", data=forget, person=ADMIN, said=page)
    assert room.api.toasts[-1] == "There is no such dead letter."
