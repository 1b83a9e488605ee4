"""Questions: why did it ring, why did it not, what was there lately, what would my words have found."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.core.buttons import mark
from bot.core.matching import RuleBook, headline
from bot.core.model import Entry, Feedback, FeedStatus, Match, Outcome, Silence, StoryRecord, Subscription
from bot.core.rules import Rule
from bot.core.urls import clean
from bot.core.watches import common_story, own_book, problem_of
from bot.errors import FetchError, InputError, ParseError
from bot.ports import Counts, StoredDecision
from bot.service_ground import Actor, Ground, Role

DAYS_BACK = 7
MOST_SHOWN = 20
SLICE = 20  # entries matched before others get their turn
MOST_READ = 100_000  # entries of the archive for one question


@dataclass(frozen=True, slots=True)
class Sheet:
    """One rule's sum for an article, as the rules say now."""

    rule: Rule
    match: Match


@dataclass(frozen=True, slots=True)
class Explanation:
    """An article with what was decided then, and what the rules say now (of the chat's own keywords too)."""

    entry: Entry
    stored: StoredDecision | None
    story: StoryRecord | None
    sheets: Sequence[Sheet]


@dataclass(frozen=True, slots=True)
class Hits:
    """What some words found in the archive. ``newest`` first; ``complete`` False = there was too much to read."""

    count: int
    newest: Sequence[Entry]
    days: int
    complete: bool = True


@dataclass(frozen=True, slots=True)
class Status:
    """What a chat is told, and how the bot is."""

    wish: Subscription
    silences: Sequence[Silence]
    counts: Counts
    feeds: dict[FeedStatus, int]
    last_success: datetime | None


class Questions:
    """Nothing here changes what anybody is told."""

    def __init__(self, ground: Ground) -> None:
        self._on = ground
        self._reading = asyncio.Semaphore(1)  # one question to the archive at a time

    # ── one article ──────────────────────────────────────────────────────────────────────────────────
    async def why(self, actor: Actor, subject: str) -> Explanation:
        """An alert's article by its story, link or key. Raises InputError where nothing was stored of it."""
        actor.need(Role.READER, "why")
        found = await self._explained(actor, subject)
        if found is None:
            raise InputError("I have not read that, or have forgotten it.")
        return found

    async def whynot(self, actor: Actor, subject: str) -> Explanation:
        """The same, and for what was never read the sum the rules would give it now. Raises InputError.

        A headline is weighed for everybody; fetching a page for somebody is for admins: we go nowhere on the word of
        a stranger.
        """
        actor.need(Role.READER, "whynot")
        if not subject.strip():
            raise InputError("Write a link or a headline after the command.")
        found = await self._explained(actor, subject)
        if found is not None:
            return found
        link = clean(subject)
        entry = await self._page(actor, link) if link else headline(" ".join(subject.split())[:500])
        return Explanation(entry, None, None, await self._sheets(actor, entry))

    async def _explained(self, actor: Actor, subject: str) -> Explanation | None:
        wanted = subject.strip()
        story = await self._on.views.story(wanted) or await self._on.views.story(common_story(wanted))
        for key in (*_links(story), clean(wanted), wanted):
            stored = await self._on.views.decision(key) if key else None
            if stored is not None:
                story = story or await self._on.views.story(stored.decision.story)
                return Explanation(stored.entry, stored, story, await self._sheets(actor, stored.entry))
        return None

    async def _page(self, actor: Actor, link: str) -> Entry:
        if actor.role < Role.ADMIN:
            raise InputError(
                "I have not read that: none of my feeds carried it. Send me its headline instead."
            )
        try:
            entry = await self._on.page(link)
        except (FetchError, ParseError, InputError) as error:
            raise InputError("I could not read that page: {error}", error=error) from None
        if entry is None:
            raise InputError(
                "I could not read that page: {error}", error="nothing there looks like an article"
            )
        return entry

    async def _sheets(self, actor: Actor, entry: Entry) -> Sequence[Sheet]:
        book = self._on.orders().rulebook
        wish = await self._on.wishes.subscription(actor.front, actor.place) if actor.place else None
        books = [book, *([own_book(wish, book)] if wish is not None and wish.watches else [])]
        found = [Sheet(each.rules[match.rule], match) for each in books for match in each.sheet(entry)]
        return sorted(found, key=lambda sheet: -sheet.match.score)

    # ── many articles ────────────────────────────────────────────────────────────────────────────────
    async def latest(self, actor: Actor, limit: int = 5) -> Sequence[StoredDecision]:
        """The newest alerts."""
        actor.need(Role.READER, "latest")
        return await self._on.views.latest(max(1, min(limit, MOST_SHOWN)), Outcome.ALERT.value)

    async def search(self, actor: Actor, words: str, *, days: int = DAYS_BACK, limit: int = 10) -> Hits:
        """What a keyword, in the grammar of rules, would have found lately. Raises InputError.

        The archive is read in slices, so that polling and delivery go on meanwhile.
        """
        actor.need(Role.READER, "search")
        term = " ".join(words.split())
        if not term:
            raise InputError("Write the words to look for after the command.")
        book = self._on.orders().rulebook
        message, remedy = problem_of(term, book)
        if message:
            raise InputError("{problem}", problem=f"{message} ({remedy})" if remedy else message)
        asked = own_book(Subscription(actor.front, actor.place, watches=(term,)), book)
        async with self._reading:
            return await self._read(asked, days, min(limit, MOST_SHOWN))

    async def _read(self, book: RuleBook, days: int, limit: int) -> Hits:
        count, read, newest = 0, 0, list[Entry]()
        async for entry in self._on.views.archive(self._on.now - timedelta(days=days)):
            read += 1
            if read > MOST_READ:
                break
            if book.match(entry):
                count += 1
                newest = [entry, *newest][:limit]
            if read % SLICE == 0:
                await asyncio.sleep(0)
        return Hits(count, newest, days, complete=read <= MOST_READ)

    # ── the whole ────────────────────────────────────────────────────────────────────────────────────
    async def status(self, actor: Actor) -> Status:
        """What this chat is told, and whether we can see."""
        actor.need(Role.READER, "status")
        stored = await self._on.wishes.subscription(actor.front, actor.place)
        states = await self._on.feeds.states()
        feeds: dict[FeedStatus, int] = {}
        for state in states.values():
            feeds[state.status] = feeds.get(state.status, 0) + 1
        silences = await self._on.wishes.silences(self._on.now)
        return Status(
            stored or Subscription(actor.front, actor.place, active=False),
            silences,
            await self._on.views.counts(),
            feeds,
            max((state.last_success for state in states.values() if state.last_success), default=None),
        )

    async def wrong(self, actor: Actor, story: str, rule_mark: str = "") -> Feedback:
        """This alert should not have rung: kept with its evidence for the editor. Raises InputError.

        ``rule_mark`` is that of the rule it rang for (:func:`bot.core.buttons.mark`); without it the loudest one's.
        """
        actor.need(Role.READER, "wrong")
        found = await self.why(actor, story)
        stored = found.stored.decision.matches if found.stored is not None else ()
        matches = [*stored, *(sheet.match for sheet in found.sheets)]  # the rules may have changed since
        meant = [each for each in matches if not rule_mark or mark(each.rule) == rule_mark]
        if not meant:
            raise InputError("No rule met that article, so no rule can be corrected.")
        match = meant[0]
        entry, own = found.entry, common_story(story)
        feedback = Feedback(
            id=f"{match.rule}/{own}/{actor.name}", rule=match.rule, story=own, title=entry.title, lang=entry.lang,
            link=entry.link, score=match.score, terms=match.terms, by=actor.name, at=self._on.now,
        )  # fmt: skip
        await self._on.wishes.save_feedback(feedback)
        return feedback


def _links(story: StoryRecord | None) -> Sequence[str]:
    """The addresses a story was told under, the first first."""
    return [report.link for report in story.reports] if story is not None else []
