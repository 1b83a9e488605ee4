"""The set-up by buttons: what can be chosen, and what the buttons carry.

A button carries the state it leads *to* (``+conflict``), never "the other one": pressed twice, or delivered twice
after a crash, it does the same. It carries no authority either: whoever presses it must be allowed to do what it
says, so a forged one can do nothing its sender could not do by typing.

Telegram takes 64 bytes; a topic's name that is longer is carried as its hash and looked up among today's topics.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from hashlib import blake2b

from bot.chat_reply import Button, Reply, Request, bold
from bot.chat_says import settings_text, topic_title
from bot.config.words import LANGUAGES, Words, words
from bot.core.model import Subscription
from bot.core.routing import NOTHING, read_topic
from bot.errors import InputError
from bot.service_chats import LEVELS, Topic

PREFIX = "set:"
LONGEST_NAME = 40  # bytes
PAGE = 16  # topics
QUIET_CHOICES = ("21:00-07:00", "22:00-07:00", "23:00-07:00", "23:00-08:00")
DIGEST_CHOICES = ("30m", "2h", "08:00", "18:00")
ZONE_CHOICES = (
    "Europe/London", "Europe/Berlin", "Europe/Kyiv", "Europe/Moscow",
    "America/New_York", "America/Los_Angeles", "Asia/Tokyo", "UTC",
)  # fmt: skip

Rows = Sequence[Sequence[Button]]


def key_of(name: str) -> str:
    """A topic's name as a button carries it."""
    if len(name.encode()) <= LONGEST_NAME and not name.startswith("~"):
        return name
    return "~" + blake2b(name.encode(), digest_size=8).hexdigest()


def button(label: str, what: str, value: str = "") -> Button:
    """A button of the set-up."""
    return Button(label, f"{PREFIX}{what}:{value}")


# ── menus ────────────────────────────────────────────────────────────────────────────────────────────
def main_menu(request: Request, wish: Subscription) -> Rows:
    """Everything that can be chosen, one button a noun."""
    t = request.t
    rows = [
        [button(t("Topics"), "topics", "0"), button(t("Loudness"), "levels")],
        [button(t("Quiet hours"), "quiets"), button(t("Digest"), "digests")],
        [button(t("Time zone"), "zones"), button(t("Language"), "languages")],
    ]
    switch = button(t("Stop"), "off") if wish.active else button(t("Subscribe"), "on")
    return [*rows, [switch]]


def topics_menu(request: Request, wish: Subscription, page: int = 0) -> Rows:
    """The topics, those chosen with a tick."""
    t, topics = request.t, request.service.chats.topics()
    chosen = {read_topic(each, wish.level)[0] for each in wish.topics}
    page = max(0, min(page, (len(topics) - 1) // PAGE))
    shown = [
        _topic_button(t, topic, page, chosen=topic.name in chosen) for topic in topics[page * PAGE :][:PAGE]
    ]
    rows = [
        [button(_ticked(t("Everything"), not chosen and wish.active), "all", str(page))],
        *_in_twos(shown),
    ]
    if len(topics) > PAGE:
        rows.append([button("‹", "topics", str(page - 1)), button("›", "topics", str(page + 1))])
    return [*rows, _back(request)]


def _topic_button(t: Words, topic: Topic, page: int, *, chosen: bool) -> Button:
    sign = "-" if chosen else "+"
    return button(_ticked(topic_title(t, topic), chosen), "topic", f"{sign}{page}:{key_of(topic.name)}")


def levels_menu(request: Request, wish: Subscription) -> Rows:
    """From which level on; below, every chosen topic with the level it has, which may be its own."""
    choices = [
        button(_ticked(level_label(request, level.word), wish.level is level), "level", level.word)
        for level in LEVELS
    ]
    titles = _titles(request)
    chosen = (read_topic(each, wish.level) for each in wish.topics if each != NOTHING)
    topics = [
        button(f"{titles.get(name, name)}: {request.t(level.word)} ›", "loud", key_of(name))
        for name, level in chosen
    ]
    return [*_in_twos(choices), *_in_twos(topics[:PAGE]), _back(request)]


def loud_menu(request: Request, wish: Subscription, key: str) -> Rows:
    """From which level on for one topic. Raises InputError for one that is gone."""
    name = _named(request, key)
    own = next((each.partition("@")[2] for each in wish.topics if each.partition("@")[0] == name), "")
    choices = [
        button(_ticked(level_label(request, level.word), own == level.word), "of", f"{level.word}:{key}")
        for level in LEVELS
    ]
    same = button(_ticked(request.t("as all others"), not own), "of", f":{key}")
    return [*_in_twos(choices), [same], [button(request.t("‹ Back"), "levels")]]


def level_label(request: Request, word: str) -> str:
    """What a level means to somebody who chooses one."""
    t = request.t
    return {
        "low": t("everything (low)"),
        "medium": t("notable (medium)"),
        "high": t("important (high)"),
        "critical": t("only the gravest (critical)"),
    }[word]


def languages_menu(request: Request, wish: Subscription) -> Rows:
    """The languages we speak, each by its own name."""
    choices = [button(_ticked(name, wish.language == code), "lang", code) for code, name in LANGUAGES.items()]
    return [*_in_twos(choices), _back(request)]


def quiet_menu(request: Request, wish: Subscription) -> Rows:
    """Usual quiet hours; others by /quiet."""
    choices = [button(_ticked(each, wish.quiet == each), "quiet", each) for each in QUIET_CHOICES]
    none = button(_ticked(request.t("none"), not wish.quiet), "quiet")
    return [*_in_twos(choices), [none, button(request.t("Time zone"), "zones")], _back(request)]


def digest_menu(request: Request, wish: Subscription) -> Rows:
    """At once, or usual digests; others by /digest."""
    stored = {"2h": "120m"}
    choices = [
        button(_ticked(each, wish.digest == stored.get(each, each)), "digest", each)
        for each in DIGEST_CHOICES
    ]
    none = button(_ticked(request.t("at once"), not wish.digest), "digest")
    return [*_in_twos(choices), [none], _back(request)]


def zones_menu(request: Request, wish: Subscription) -> Rows:
    """Some zones; others by /zone."""
    choices = [
        button(_ticked(each.rpartition("/")[2].replace("_", " "), wish.zone == each), "zone", each)
        for each in ZONE_CHOICES
    ]
    return [*_in_twos(choices), _back(request)]


def _back(request: Request) -> list[Button]:
    return [button(request.t("‹ Back"), "main")]


def _ticked(label: str, chosen: bool) -> str:
    return f"✅ {label}" if chosen else label


def _in_twos(buttons: Sequence[Button]) -> list[list[Button]]:
    return [list(buttons[at : at + 2]) for at in range(0, len(buttons), 2)]


# ── pressing ─────────────────────────────────────────────────────────────────────────────────────────
_MENUS = {
    "main": main_menu,
    "levels": levels_menu,
    "languages": languages_menu,
    "quiets": quiet_menu,
    "digests": digest_menu,
    "zones": zones_menu,
}


async def press(request: Request, data: str) -> Reply | None:
    """What a button of the set-up does; None for data that is none of ours. Raises InputError, NotPermitted."""
    what, _, value = data.removeprefix(PREFIX).partition(":")
    if not data.startswith(PREFIX):
        return None
    if what in _MENUS:
        return _page(request, request.wish, _MENUS[what](request, request.wish))
    if what == "topics" and value.lstrip("-").isdecimal():
        return _page(request, request.wish, topics_menu(request, request.wish, int(value)))
    if what == "loud":
        return _loud(request, value)
    wish = await _changed(request, what, value)
    if wish is None:
        return None
    return _after(replace(request, wish=wish, t=words(wish.language)), what, value)


async def _changed(request: Request, what: str, value: str) -> Subscription | None:
    chats, actor, language = request.service.chats, request.actor, request.wish.language
    match what:
        case "topic":
            return await chats.choose(
                actor, _topic_of(request, value), wanted=value.startswith("+"), language=language
            )
        case "all":
            return await chats.everything(actor, language=language)
        case "of":
            word, _, key = value.partition(":")
            return await chats.subscribe(actor, [_named(request, key)], word, language=language)
        case "level":
            return await chats.subscribe(actor, level=value, language=language)
        case "lang":
            return await chats.language(actor, value)
        case "quiet":
            return await chats.quiet(actor, value)
        case "digest":
            return await chats.digest(actor, value)
        case "zone":
            return await chats.zone(actor, value)
        case "on":
            return await chats.subscribe(actor, name=request.chat_name, language=language)
        case "unmute":
            await request.service.silences.drop(actor, value)
            return request.wish
        case "off":
            return await chats.unsubscribe(actor)
    return None


def _topic_of(request: Request, value: str) -> str:
    """The topic of a button that chooses it, after its sign and page."""
    return _named(request, value.partition(":")[2])


def _named(request: Request, key: str) -> str:
    """The topic a button means; one that editors removed meanwhile is an InputError."""
    found = next((each.name for each in request.service.chats.topics() if key_of(each.name) == key), "")
    chosen = (read_topic(each, request.wish.level)[0] for each in request.wish.topics)
    found = found or next((each for each in chosen if key_of(each) == key), "")
    if not found:
        raise InputError("This button is too old. /topics shows what there is now.")
    return found


def _after(request: Request, what: str, value: str) -> Reply:
    """The menu the button stood in, as it is now."""
    wish = request.wish
    if what in {"topic", "all"}:
        page = value.partition(":")[0].lstrip("+-")
        rows = topics_menu(request, wish, int(page) if page.isdecimal() else 0)
    elif what == "of":
        return _loud(request, value.partition(":")[2])
    else:
        rows = {
            "level": levels_menu, "lang": languages_menu, "quiet": quiet_menu, "digest": digest_menu,
            "zone": zones_menu,
        }.get(what, main_menu)(request, wish)  # fmt: skip
    return _page(request, wish, rows)


def _loud(request: Request, key: str) -> Reply:
    """The menu of one topic's loudness, under its name."""
    name, rows = _named(request, key), loud_menu(request, request.wish, key)
    page = _page(request, request.wish, rows)
    return replace(page, text=f"{bold(_titles(request).get(name, name))}\n\n{page.text}")


def _titles(request: Request) -> dict[str, str]:
    """Topics by name, as people read them."""
    return {topic.name: topic_title(request.t, topic) for topic in request.service.chats.topics()}


def _page(request: Request, wish: Subscription, rows: Rows) -> Reply:
    return Reply(settings_text(request, wish), rows, edit=True)
