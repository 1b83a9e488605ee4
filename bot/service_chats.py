"""What a chat wants to be told: topics, loudness, quiet hours, digest, language, own keywords."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import lru_cache
from zoneinfo import available_timezones

from bot.config.words import LANGUAGES, spoken
from bot.core.hours import read_digest, read_quiet, write_digest
from bot.core.matching import RuleBook
from bot.core.model import Direction, Level, Subscription
from bot.core.routing import NOTHING, read_topic
from bot.core.watches import LONGEST_WATCH, MOST_WATCHES, problem_of
from bot.errors import InputError
from bot.service_ground import Actor, Ground, Role

LEVELS = tuple(level for level in Level if level is not Level.NONE)
MOST_TOPICS = 50


@dataclass(frozen=True, slots=True)
class Topic:
    """Something to subscribe to. ``kind`` is category, direction, tag or rule."""

    kind: str
    name: str  # what stands in a subscription
    title: str


class Chats:
    """Every verb changes the chat the actor acts in, and no other."""

    def __init__(self, ground: Ground) -> None:
        self._on = ground

    # ── asking ───────────────────────────────────────────────────────────────────────────────────────
    async def mine(self, actor: Actor, *, language: str = "en") -> Subscription:
        """What this chat wished so far; nothing yet, in the language of the person's client, if it never did."""
        stored = await self._on.wishes.subscription(actor.front, actor.place)
        return stored or Subscription(actor.front, actor.place, active=False, language=spoken(language))

    def topics(self) -> Sequence[Topic]:
        """All there is to choose from: categories, directions, tags, then the rules."""
        rules = [rule for rule in self._on.orders().rulebook.rules.values() if rule.enabled]
        directions = [
            each for each in Direction if any(rule.direction is each for rule in rules) and each.arrow
        ]
        named = [Topic("category", name, name) for name in _each(rule.category for rule in rules)]
        named += [Topic("direction", each.value, f"{each.arrow} {each.value}") for each in directions]
        named += [
            Topic("tag", name, f"#{name}") for name in _each(tag for rule in rules for tag in rule.tags)
        ]
        named += [Topic("rule", rule.id, rule.title) for rule in rules]
        first: dict[str, Topic] = {}
        for topic in named:
            first.setdefault(topic.name, topic)
        return tuple(first.values())

    # ── changing ─────────────────────────────────────────────────────────────────────────────────────
    async def subscribe(
        self,
        actor: Actor,
        topics: Iterable[str] = (),
        level: str = "",
        *,
        name: str = "",
        language: str = "en",
    ) -> Subscription:
        """Tell this chat from now on. ``topics`` are added to those it has, each with ``level`` if one is given;
        without topics ``level`` becomes the chat's. Raises InputError, NotPermitted."""
        actor.need(Role.KEEPER, "subscribe")
        wish = await self.mine(actor, language=language)
        chosen = [self._topic(topic) for topic in topics]
        least = _level(level) if level else None
        if chosen:
            added = [f"{topic}@{least.word}" if least else topic for topic in chosen]
            kept = [each for each in wish.topics if read_topic(each, wish.level)[0] not in (*chosen, NOTHING)]
            wish = replace(wish, topics=_few((*kept, *added)))
        elif least:
            wish = replace(wish, level=least)
        elif wish.topics == (NOTHING,):
            wish = replace(wish, topics=())
        return await self._save(replace(wish, name=name or wish.name), active=True)

    async def unsubscribe(self, actor: Actor) -> Subscription:
        """Tell this chat nothing more; its settings stay. Raises NotPermitted."""
        actor.need(Role.KEEPER, "unsubscribe")
        return await self._save(await self.mine(actor), active=False)

    async def choose(self, actor: Actor, topic: str, *, wanted: bool, language: str = "en") -> Subscription:
        """Add or remove one topic; choosing one is a wish to be told. Raises InputError, NotPermitted.

        Without the last one the chat is told nothing but its own keywords: everything is a choice of its own.
        """
        if wanted:
            return await self.subscribe(actor, [topic], language=language)
        actor.need(Role.KEEPER, "choose")
        wish = await self.mine(actor, language=language)
        kept = tuple(each for each in wish.topics if read_topic(each, wish.level)[0] != topic)
        return await self._save(replace(wish, topics=kept or (NOTHING,)), active=wish.active)

    async def everything(self, actor: Actor, *, language: str = "en") -> Subscription:
        """All topics, whatever editors may add. Raises NotPermitted."""
        actor.need(Role.KEEPER, "everything")
        return await self._save(replace(await self.mine(actor, language=language), topics=()), active=True)

    async def quiet(self, actor: Actor, hours: str, zone: str = "") -> Subscription:
        """Quiet hours such as ``22-7``, "" for none; the zone stays where none is given. Raises InputError."""
        actor.need(Role.KEEPER, "quiet")
        wish = await self.mine(actor)
        return await self._save(replace(wish, quiet=_quiet(hours), zone=_zone(zone) if zone else wish.zone))

    async def zone(self, actor: Actor, zone: str) -> Subscription:
        """The chat's time zone, by name or by city. Raises InputError."""
        actor.need(Role.KEEPER, "zone")
        return await self._save(replace(await self.mine(actor), zone=_zone(zone)))

    async def digest(self, actor: Actor, wish: str) -> Subscription:
        """``08:00`` = together once a day, ``30m`` = together that often, "" = at once. Raises InputError."""
        actor.need(Role.KEEPER, "digest")
        return await self._save(replace(await self.mine(actor), digest=_digest(wish)))

    async def language(self, actor: Actor, language: str) -> Subscription:
        """The language this chat is spoken to. Raises InputError."""
        actor.need(Role.KEEPER, "language")
        code = language.strip().lower()
        if code not in LANGUAGES:
            raise InputError("I speak {languages}.", languages=", ".join(LANGUAGES))
        return await self._save(replace(await self.mine(actor), language=code))

    def may_change(self, actor: Actor) -> None:
        """Ask before work is done whose fruit this actor could not keep. Raises NotPermitted."""
        actor.need(Role.KEEPER, "change")

    def book(self) -> RuleBook:
        """The editors' rules and lists in force."""
        return self._on.orders().rulebook

    # ── own keywords ─────────────────────────────────────────────────────────────────────────────────
    def checked(self, wish: Subscription, text: str) -> str:
        """The keyword as it would be kept. Raises InputError in the words an editor would read."""
        term = " ".join(text.split())
        if not term:
            raise InputError(
                "Write the words to watch for after the command, such as: /watch troops returning"
            )
        if len(term) > LONGEST_WATCH:
            raise InputError("That is too long: at most {limit} characters.", limit=LONGEST_WATCH)
        message, remedy = problem_of(term, self._on.orders().rulebook)
        if message:
            raise InputError("{problem}", problem=f"{message} ({remedy})" if remedy else message)
        if term not in wish.watches and len(wish.watches) >= MOST_WATCHES:
            raise InputError("A chat may have {limit} keywords of its own.", limit=MOST_WATCHES)
        return term

    async def watch(self, actor: Actor, text: str, *, language: str = "en") -> Subscription:
        """Keep a keyword of this chat's own; a wish to be told of it, and of no more where nothing else was wished.

        Raises InputError, NotPermitted.
        """
        actor.need(Role.KEEPER, "watch")
        wish = await self.mine(actor, language=language)
        term = self.checked(wish, text)
        watches = tuple(dict.fromkeys((*wish.watches, term)))
        topics = wish.topics if wish.active or wish.topics else (NOTHING,)
        return await self._save(replace(wish, watches=watches, topics=topics), active=True)

    async def unwatch(self, actor: Actor, which: str) -> Subscription:
        """Drop a keyword, by its number or its words. Raises InputError, NotPermitted."""
        actor.need(Role.KEEPER, "unwatch")
        wish = await self.mine(actor)
        term = " ".join(which.split())
        if term.isdecimal() and 1 <= int(term) <= len(wish.watches):
            term = wish.watches[int(term) - 1]
        if term not in wish.watches:
            raise InputError("There is no such keyword; /mywatches lists them.")
        return await self._save(replace(wish, watches=tuple(each for each in wish.watches if each != term)))

    # ── saving ───────────────────────────────────────────────────────────────────────────────────────
    async def moved(self, front: str, old: str, new: str) -> None:
        """The platform says that this chat has another address now."""
        wish = await self._on.wishes.subscription(front, old)
        if wish is not None:
            await self._on.wishes.save_subscription(replace(wish, address=new))
            await self._on.wishes.save_subscription(replace(wish, active=False))

    async def left(self, front: str, place: str) -> None:
        """The chat threw us out or blocked us: it and its topics are told nothing more, until they ask again."""
        for wish in await self._on.wishes.subscriptions():
            if wish.kind == front and wish.address.partition("/")[0] == place:
                await self._save(wish, active=False)

    async def _save(self, wish: Subscription, *, active: bool | None = None) -> Subscription:
        """``created`` counts from the last time it was switched on: what was told before is no news to it."""
        begins = active is True and not wish.active
        wish = replace(
            wish,
            active=wish.active if active is None else active,
            created=self._on.now if begins or wish.created is None else wish.created,
        )
        await self._on.wishes.save_subscription(wish)
        return wish

    def _topic(self, word: str) -> str:
        known = {topic.name.casefold(): topic.name for topic in self.topics()}
        known |= {topic.title.casefold(): topic.name for topic in self.topics() if topic.kind == "rule"}
        wanted = word.strip().lstrip("#").casefold()
        if wanted not in known:
            if near := _near(wanted, known):
                raise InputError("There is no topic “{word}”. Did you mean {near}?", word=word, near=near)
            raise InputError("There is no topic “{word}”; /topics lists them.", word=word)
        return known[wanted]


def _near(word: str, known: Mapping[str, str]) -> str:
    """What was probably meant, by the name it has; "" if nothing is near."""
    near = get_close_matches(word, known, n=1)
    return known[near[0]] if near else ""


def _each(names: Iterable[str]) -> list[str]:
    return sorted({name for name in names if name})


def _few(topics: tuple[str, ...]) -> tuple[str, ...]:
    if len(topics) > MOST_TOPICS:
        raise InputError("A chat may have {limit} topics; choose everything instead.", limit=MOST_TOPICS)
    return topics


def _level(word: str) -> Level:
    known = {level.word: level for level in LEVELS}
    if word.strip().lower() not in known:
        raise InputError("“{word}” is no level; there are {levels}.", word=word, levels=", ".join(known))
    return known[word.strip().lower()]


def _quiet(hours: str) -> str:
    if not hours:
        return ""
    try:
        return str(read_quiet(hours))
    except ValueError:
        raise InputError("Write quiet hours as 22-7 or 22:00-07:30.") from None


def _digest(wish: str) -> str:
    if not wish:
        return ""
    try:
        return write_digest(read_digest(wish))
    except ValueError:
        raise InputError("Write a time such as 08:00, or a pause such as 30m or 2h.") from None


@lru_cache
def _zones() -> dict[str, str]:
    """Zone names and their cities, folded → the zone's name; a city that two zones share names neither."""
    names = sorted(
        name for name in available_timezones() if not name.startswith(("posix", "right", "SystemV"))
    )
    cities: dict[str, list[str]] = {}
    for name in names:
        cities.setdefault(name.rpartition("/")[2].casefold(), []).append(name)
    found = {city: zones[0] for city, zones in cities.items() if len(zones) == 1}
    return found | {name.casefold(): name for name in names}


def _zone(text: str) -> str:
    wanted = "_".join(text.split()).casefold()
    if wanted.startswith(("utc+", "utc-")) and wanted[4:].isdecimal() and int(wanted[4:]) <= 12:
        sign = "-" if wanted[3] == "+" else "+"  # the Etc names count westwards
        return f"Etc/GMT{sign}{int(wanted[4:])}"
    if wanted not in _zones():
        if near := _near(wanted, _zones()):
            raise InputError(
                "I know no time zone “{zone}”. Did you mean {near}? A city will do, such as Kyiv, or UTC+3.",
                zone=text, near=near,
            )  # fmt: skip
        raise InputError("I know no time zone “{zone}”. A city will do, such as Kyiv, or UTC+3.", zone=text)
    return _zones()[wanted]
