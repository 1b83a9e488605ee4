"""What a newsroom looks at: stories as they ring, one story in full, what nearly rang, and the numbers of some days."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.core.matching import RuleBook
from bot.core.model import Delivery, Entry, Level, Match, StoryRecord
from bot.core.rules import Rule
from bot.core.watches import common_story
from bot.errors import InputError
from bot.ports import StoredDecision
from bot.service_ground import Actor, Ground, Role
from bot.service_pulse import Beat, Pulse

MOST_STORIES = 500
NEAR = 15  # points below low that still count as near
MOST_WEIGHED = 3_000  # entries weighed for near misses, the newest
SLICE = 20  # of them before others get their turn
MOST_NEAR = 100


@dataclass(frozen=True, slots=True)
class StoryTold:
    """A story in full: every entry filed under it with its decision, and what was sent of it (for editors)."""

    story: StoryRecord
    told: Sequence[StoredDecision]
    deliveries: Sequence[Delivery]


@dataclass(frozen=True, slots=True)
class NearMiss:
    """An entry that stayed silent, and what would have made it ring."""

    entry: Entry
    rule: Rule
    match: Match
    short: int  # points that were missing
    because: str  # never | needs | stance | points: what would have to be otherwise


@dataclass(frozen=True, slots=True)
class Numbers:
    """Counts of ``days`` days; days are ISO dates in UTC."""

    days: int
    by_level: Mapping[str, Mapping[str, int]]  # day → level → alerts
    by_rule: Mapping[str, Mapping[str, int]]  # day → rule → alerts
    outcomes: Mapping[str, int]
    read: Mapping[str, int]  # day → entries
    delays: Sequence[float]  # seconds from publication to the platform
    wrong: Mapping[str, int]  # rule → alerts people called wrong
    beats: Sequence[Beat] = ()  # of the process, of the last day

    @property
    def rules(self) -> Mapping[str, int]:
        """Rule → alerts of all days, the most first."""
        found: Counter[str] = Counter()
        for each in self.by_rule.values():
            found.update(each)
        return dict(found.most_common())


class Newsroom:
    """Nothing here changes anything."""

    def __init__(self, ground: Ground) -> None:
        self._on = ground
        self._weighing = asyncio.Semaphore(1)
        self.pulse = Pulse()

    # ── stories ──────────────────────────────────────────────────────────────────────────────────────
    async def stories(self, actor: Actor, limit: int = 100) -> Sequence[StoryRecord]:
        """Stories that were told, newest first."""
        actor.need(Role.READER, "stories")
        found = await self._on.views.newest_stories(max(1, min(limit, MOST_STORIES)))
        return sorted(found, key=lambda story: story.last_told or story.updated, reverse=True)

    def watch(self, actor: Actor, watcher: Callable[[Sequence[StoryRecord]], None]) -> Callable[[], None]:
        """Be called with every story that rings or changes; returns what ends it. Raises NotPermitted."""
        actor.need(Role.READER, "watch")
        return self._on.board.watch(watcher)

    async def story(self, actor: Actor, which: str) -> StoryTold:
        """One story by its id. Raises InputError."""
        actor.need(Role.READER, "story")
        found = await self._on.views.story(common_story(which.strip()))
        if found is None:
            raise InputError("There is no such story, or it is forgotten.")
        deliveries = await self._on.views.deliveries(found.id) if actor.role >= Role.EDITOR else ()
        return StoryTold(found, await self._on.views.told(found.id), deliveries)

    # ── near misses ──────────────────────────────────────────────────────────────────────────────────
    async def near_misses(self, actor: Actor, *, days: int = 1) -> Sequence[NearMiss]:
        """What stayed just below a threshold in the newest entries, the nearest first."""
        actor.need(Role.READER, "near misses")
        book = self._on.orders().rulebook
        async with self._weighing:
            newest = await self._newest(timedelta(days=max(1, min(days, 7))))
            found: list[NearMiss] = []
            for number, entry in enumerate(newest, 1):
                found += near(book, entry)
                if number % SLICE == 0:
                    await asyncio.sleep(0)
        return sorted(found, key=lambda miss: (miss.short, -miss.match.score))[:MOST_NEAR]

    async def _newest(self, back: timedelta) -> list[Entry]:
        newest: list[Entry] = []
        async for entry in self._on.views.archive(self._on.now - back):
            newest.append(entry)
            if len(newest) >= 2 * MOST_WEIGHED:
                del newest[:MOST_WEIGHED]
        return newest[-MOST_WEIGHED:]

    # ── numbers ──────────────────────────────────────────────────────────────────────────────────────
    async def numbers(self, actor: Actor, *, days: int = 7) -> Numbers:
        """Alerts by day, level and rule, delays, what people called wrong, what the process takes."""
        actor.need(Role.READER, "numbers")
        days = max(1, min(days, 90))
        since = self._on.now - timedelta(days=days)
        by_level: dict[str, Counter[str]] = defaultdict(Counter)
        by_rule: dict[str, Counter[str]] = defaultdict(Counter)
        for story in await self._on.views.newest_stories(10 * MOST_STORIES):
            if story.alert is not None and story.last_told is not None and story.last_told >= since:
                by_level[_day(story.last_told)][story.alert.level.word] += 1
                by_rule[_day(story.last_told)][story.alert.rule] += 1
        read: Counter[str] = Counter()
        outcomes: Counter[str] = Counter()
        for _, outcome, at in await self._on.views.decided(since):
            read[_day(at)] += 1
            outcomes[outcome] += 1
        said = await self._on.wishes.feedback(limit=1000)
        wrong = Counter(each.rule for each in said if each.at >= since)
        delays = await self._on.views.delays(since)
        self.pulse.beat(self._on.now)
        return Numbers(days, by_level, by_rule, outcomes, read, delays, wrong, self.pulse.beats)


def near(book: RuleBook, entry: Entry) -> Iterable[NearMiss]:
    """The rules that nearly rang for an entry; none if one did."""
    sheets = book.sheet(entry)
    if any(match.level > Level.NONE for match in sheets):
        return ()
    found = (_near(book.rules[match.rule], entry, match) for match in sheets)
    return [miss for miss in found if miss is not None]


def _near(rule: Rule, entry: Entry, match: Match) -> NearMiss | None:
    least = rule.levels.get(Level.LOW, 0)
    full = sum(max(term.points, 0) for term in match.terms)
    if match.vetoed_by:
        because = match.vetoed_by.partition(":")[0]
        return NearMiss(entry, rule, match, 0, because) if full * entry.trust >= least else None
    short = least - match.score
    if not 0 < short <= NEAR:
        return None
    doubted = any(term.cue and term.points <= 0 for term in match.terms)
    return NearMiss(entry, rule, match, short, "stance" if doubted else "points")


def _day(at: datetime) -> str:
    return at.date().isoformat()
