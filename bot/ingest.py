"""The decider: polls come in, decisions and what is owed go out, in one transaction for all polls that wait.

::

    Polled ─▶ normalise ─▶ known? ─▶ match·score ─▶ story ─▶ decide ─▶ route ─▶ write ─▶ wake delivery
              pure         ledger    pure           pure     pure      pure     one tx

Fetching is parallel, deciding is not: two feeds polled at the same moment that break the same story must give one
alert. Within a process one consumer decides; between processes the ledger's lock does (PostgreSQL).

A transaction costs as much as deciding a few items, so polls that wait share one (``MOST_AT_ONCE``). A poll that
comes alone is decided at once; one that follows closely on another waits ``COMPANY`` seconds at most, so that a flood
is decided in few transactions. They are decided in order, each as of its own time, as if each had its own transaction;
where one of them cannot be decided, each gets its own, so that it harms no other.

The story index is memory; the store is truth. Every poll first catches up with what other deciders filed, and
a transaction that fails throws the index away, to be rebuilt from the store: cheaper to understand than undo. With
each entry lies what the index read in it, so that a rebuild reads no text twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import structlog

from bot import metrics
from bot.core.decide import Decided, Situation, decide, facets_of, story_facets
from bot.core.matching import RuleBook
from bot.core.model import (
    Alert,
    Decision,
    Delivery,
    DeliveryState,
    Entry,
    Feed,
    FeedState,
    KnownEntry,
    Match,
    Message,
    MessageKind,
    Receiver,
    Silence,
    StoryRecord,
    Subscription,
)
from bot.core.normalise import normalising
from bot.core.routing import Labels, Route, Routed, route
from bot.core.stories import WINDOW, Placement, StoryIndex
from bot.core.watches import Watches, compiled, decide_own, own_placement
from bot.failpoint import reach
from bot.ports import Filed, Ledger, News, Polled, PollRecord, Wishes

log = structlog.get_logger()

MOST_AT_ONCE = 64
"""Items decided in one transaction; the polls that bring more than that are not parted, but get no more company."""
COMPANY = 0.02
"""Seconds from the end of a transaction to the next one, unless ``ENOUGH`` polls wait already."""
ENOUGH = 16
BREATH = 0.005
"""Seconds of deciding after which others get the event loop."""


@dataclass(frozen=True, slots=True)
class Orders:
    """What the editors ordered, compiled: swapped whole when their files change, so no entry sees half of it."""

    rulebook: RuleBook
    feeds: tuple[Feed, ...] = ()
    routes: tuple[Route, ...] = ()
    receivers: tuple[Receiver, ...] = ()


@dataclass(slots=True)
class _Poll:
    """One poll being decided: what was asked for it and what came of it so far."""

    at: datetime
    baseline: bool
    amends: bool
    orders: Orders
    silences: Sequence[Silence]
    subscriptions: Sequence[Subscription]
    watches: Watches
    known: dict[str, KnownEntry]  # this and the next are shared with the other polls of the transaction
    told: dict[str, StoryRecord]  # stories as they stand now
    stories: dict[str, StoryRecord] = field(default_factory=dict)
    entries: list[tuple[Entry, Decision]] = field(default_factory=list)
    edited: list[tuple[Entry, Decision]] = field(default_factory=list)
    aliases: dict[str, list[str]] = field(default_factory=dict)
    owed: list[Delivery] = field(default_factory=list)
    readings: dict[str, bytes] = field(default_factory=dict)

    def keep(self, stories: Iterable[StoryRecord]) -> None:
        """These stories changed."""
        changed = {story.id: story for story in stories}
        self.stories.update(changed)
        self.told.update(changed)

    def record(self, state: FeedState | None) -> PollRecord:
        """All of it, as the one thing to be written."""
        stories = tuple(self.stories.values())
        return PollRecord(state, self.entries, self.edited, self.aliases, stories, self.owed, self.readings)


class Ingest:
    """Decides polls. One instance a process; :meth:`handle` is never run twice at the same time."""

    def __init__(
        self,
        news: News,
        wishes: Wishes,
        *,
        orders: Callable[[], Orders],
        new_index: Callable[[], StoryIndex],
        wake: asyncio.Event,
        window: timedelta = WINDOW,
        observe: Callable[[Polled, PollRecord], None] | None = None,
    ) -> None:
        self._news = news
        self._wishes = wishes
        self._orders = orders
        self._new_index = new_index
        self._wake = wake
        self._window = window
        self._observe = observe  # told of every poll that was written; must not raise
        self._index: StoryIndex | None = None
        self._watches = Watches()
        self._cursor = 0
        self._turn = asyncio.Lock()

    async def run(self, queue: asyncio.Queue[Polled], settled: Callable[[Polled, bool], None]) -> None:
        """Consume the queue for ever. ``settled(polled, written)`` tells the poller that the feed is free again."""
        while True:
            polls = await _waiting(queue)
            written: Sequence[bool] = [False] * len(polls)
            try:
                written = await self._written(polls)
            finally:
                for polled, done in zip(polls, written, strict=True):
                    settled(polled, done)
                    queue.task_done()
            if queue.qsize() < ENOUGH:
                await asyncio.sleep(COMPANY)

    async def _written(self, polls: Sequence[Polled]) -> Sequence[bool]:
        """Which of these polls could be decided and written; one that cannot be is polled again, and harms no other."""
        try:
            await self.handle_all(polls)
        except Exception:
            if len(polls) > 1:
                return [(await self._written([each]))[0] for each in polls]
            log.exception("decide.failed", feed=polls[0].feed.name)
            metrics.decide_failed()
            return [False]
        return [True] * len(polls)

    async def handle(self, polled: Polled) -> PollRecord:
        """Decide one poll and write it; returns what was written. Raises StoreError: then nothing was."""
        return (await self.handle_all([polled]))[0]

    async def handle_all(self, polls: Sequence[Polled]) -> Sequence[PollRecord]:
        """Decide polls in order and write them in one transaction. Raises StoreError: then nothing was written."""
        async with self._turn:
            try:
                return await self._handle(polls)
            except BaseException:
                self._index = None  # it may hold what was not written
                raise

    async def _handle(self, polls: Sequence[Polled]) -> Sequence[PollRecord]:
        breath = _Breath()
        entries = [await _normalised(each, breath) for each in polls]
        silences = await self._wishes.silences(min(each.at for each in polls))
        subscriptions = await self._wishes.subscriptions()
        orders = self._orders()
        self._watches = compiled(subscriptions, orders.rulebook, self._watches)
        async with self._news.deciding() as ledger:
            index = await self._current_index(ledger, polls[0].at - self._window, breath)
            aliases = {alias for own in entries for entry in own for alias in entry.aliases}
            known, told = dict(await ledger.known(aliases)), dict[str, StoryRecord]()
            records = []
            for polled, own in zip(polls, entries, strict=True):
                still = [silence for silence in silences if silence.until > polled.at]
                poll = _Poll(
                    polled.at,
                    polled.baseline,
                    polled.amends,
                    orders,
                    still,
                    subscriptions,
                    self._watches,
                    known,
                    told,
                )
                for entry in own:
                    await self._entry(entry, poll, index, ledger)
                    await breath.take()
                records.append(poll.record(None if polled.amends or polled.older else polled.state))
            reach("before commit")
            cursor = await ledger.write(*records)
        reach("after commit")
        self._cursor = max(self._cursor, cursor)
        for polled, record in zip(polls, records, strict=True):
            self._report(polled, record)
            if self._observe is not None:
                self._observe(polled, record)
        return records

    async def _current_index(self, ledger: Ledger, since: datetime, breath: _Breath) -> StoryIndex:
        """The index with all that was filed; where it begins anew, others must not wait for the whole window."""
        if self._index is None:
            self._index, self._cursor = self._new_index(), 0
        while page := await ledger.filed_since(self._cursor, since):
            await self._recall(self._index, page, ledger, breath)
            self._cursor = page[-1].cursor
        return self._index

    async def _recall(
        self, index: StoryIndex, page: Sequence[Filed], ledger: Ledger, breath: _Breath
    ) -> None:
        """What was read when it was decided is taken up; what is not there, or of another version, is read anew."""
        readings = [index.unpacked(filed.reading, filed.story) for filed in page]
        unread = [filed.cursor for filed, told in zip(page, readings, strict=True) if told is None]
        texts = await ledger.texts(unread) if unread else {}
        for filed, told in zip(page, readings, strict=True):
            if told is None:
                entry, matches = texts[filed.cursor]
                index.absorb_filed(entry, matches, filed.story)
            else:
                index.recall(told)
            await breath.take()

    # ── one entry ────────────────────────────────────────────────────────────────────────────────────
    async def _entry(self, entry: Entry, poll: _Poll, index: StoryIndex, ledger: Ledger) -> None:
        known = next((poll.known[alias] for alias in entry.aliases if alias in poll.known), None)
        if known is None and poll.amends:
            return  # forgotten meanwhile
        if known is not None:
            further = [alias for alias in entry.aliases if alias not in poll.known]
            if further:
                poll.aliases.setdefault(known.key, []).extend(further)
            if poll.amends:  # the page's words beside the feed's: the feed's own stay the measure of an edit
                entry = replace(entry, fingerprint=known.fingerprint)
            elif known.fingerprint == entry.fingerprint:
                return
            entry = replace(entry, key=known.key, first_seen=known.first_seen)
        decision = await self._decide(entry, known, poll, index, ledger)
        (poll.entries if known is None else poll.edited).append((entry, decision))
        remembered = KnownEntry(entry.key, entry.fingerprint, decision.story, entry.first_seen)
        poll.known.update(dict.fromkeys(entry.aliases, remembered))

    async def _decide(
        self, entry: Entry, known: KnownEntry | None, poll: _Poll, index: StoryIndex, ledger: Ledger
    ) -> Decision:
        rules = poll.orders.rulebook.rules
        matches, own = poll.orders.rulebook.match(entry), poll.watches.match(entry)
        met = matches or [match for each in own.values() for match in each]
        placement = _placement(entry, met, known, index, poll.at)
        story = await _story(placement.story if placement else "", poll, ledger)
        against = await _story(placement.contradicts if placement else "", poll, ledger)
        situation = Situation(
            rules,
            poll.at,
            baseline=poll.baseline,
            edited=known is not None,
            silences=poll.silences,
            against=against,
        )
        decided = decide(entry, matches, placement if matches else None, story, situation)
        if placement is not None and not (known and known.story):
            poll.readings[entry.key] = index.absorb(entry, met, placement)
        poll.keep(decided.stories)
        told = self._owe(
            decided, facets_of(entry, matches, decided.stories[0], rules) if matches else (), poll, story
        )
        if placement is None or not own:
            return decided.decision
        await self._tell_watchers(entry, own, placement, told, situation, poll, ledger)
        return replace(decided.decision, story=placement.story)

    async def _tell_watchers(
        self,
        entry: Entry,
        own: Mapping[str, Sequence[Match]],
        placement: Placement,
        told: Collection[str],
        situation: Situation,
        poll: _Poll,
        ledger: Ledger,
    ) -> None:
        """Chats whose own keywords the entry met, but for those that were just told of it anyway."""
        situation = replace(situation, rules=poll.watches.rules)
        for wish in poll.subscriptions:
            if wish.receiver not in own:
                continue
            mine = own_placement(placement, wish.receiver)
            story = await _story(mine.story, poll, ledger)
            decided, routed = decide_own(entry, wish, own[wish.receiver], mine, story, situation)
            poll.keep(decided.stories)
            if decided.decision.alert and routed and wish.receiver not in told:
                poll.owed.extend(_owed(decided.decision.alert, [routed], poll.at))

    def _owe(
        self, decided: Decided, facets: Sequence[Labels], poll: _Poll, before: StoryRecord | None
    ) -> Collection[str]:
        """Who is told what: the alert, and what it says of the story it contradicts to those who know that one.

        Returns the names of those who are told of the alert.
        """
        alert, too = decided.decision.alert, decided.decision.told_too
        if alert is None:
            return ()
        if too is not None:
            against = story_facets(decided.stories[1], poll.orders.rulebook.rules)
            facets = (*facets, *against)
            poll.owed.extend(_owed(too, self._routed(against, too, decided.stories[1], poll), poll.at))
        routed = self._routed(facets, alert, before, poll)
        poll.owed.extend(_owed(alert, routed, poll.at))
        return {each.receiver.name for each in routed}

    def _routed(
        self, facets: Sequence[Labels], alert: Alert, before: StoryRecord | None, poll: _Poll
    ) -> Sequence[Routed]:
        routed = route(
            facets,
            routes=poll.orders.routes,
            receivers=poll.orders.receivers,
            subscriptions=_earlier(poll.subscriptions, alert, before),
            silences=poll.silences,
            now=poll.at,
        )
        log.info("alert.decided", story=alert.story, revision=alert.revision, receivers=len(routed))
        return routed

    def _report(self, polled: Polled, record: PollRecord) -> None:
        for entry, decision in record.entries:
            metrics.decided(decision, entry.published, polled.at)
        if record.owed:
            self._wake.set()
        log.debug("poll.decided", feed=polled.feed.name, new=len(record.entries), owed=len(record.owed))


class _Breath:
    """Others need the loop, too, but not after every item."""

    def __init__(self) -> None:
        self._time = asyncio.get_running_loop().time
        self._last = self._time()

    async def take(self) -> None:
        """Let others run, if it is time."""
        if self._time() - self._last > BREATH:
            await asyncio.sleep(0)
            self._last = self._time()


async def _normalised(polled: Polled, breath: _Breath) -> list[Entry]:
    """Its entries; a document of thousands of items keeps nobody waiting."""
    steps = normalising(polled.raws, polled.feed, first_seen=polled.at, base_url=polled.url)
    for entries in steps:  # noqa: B007 — the last
        await breath.take()
    return entries


async def _waiting(queue: asyncio.Queue[Polled]) -> list[Polled]:
    """The next poll, and those behind it as far as they may share its transaction."""
    polls = [await queue.get()]
    items = len(polls[0].raws)
    while items < MOST_AT_ONCE and not queue.empty():
        polls.append(queue.get_nowait())
        items += 1 + len(polls[-1].raws)
    return polls


def _placement(
    entry: Entry, matches: Sequence[Match], known: KnownEntry | None, index: StoryIndex, now: datetime
) -> Placement | None:
    if not matches:
        return None
    if known is not None and known.story:
        return Placement(known.story, False, "identity", 1.0, (), "", "")
    return index.place(entry, matches, now)


async def _story(story: str, poll: _Poll, ledger: Ledger) -> StoryRecord | None:
    if story and story not in poll.told:
        poll.told.update(await ledger.stories([story]))
    return poll.told.get(story)


def _earlier(
    subscriptions: Sequence[Subscription], alert: Alert, before: StoryRecord | None
) -> Sequence[Subscription]:
    """What only edits a message is news to those who have it: not to who came later."""
    if not alert.kind.only_edits or before is None or before.last_told is None:
        return subscriptions
    told = before.last_told
    return [each for each in subscriptions if each.created is None or each.created <= told]


def _owed(alert: Alert, routed: Sequence[Routed], now: datetime) -> list[Delivery]:
    """A digest tells what broke and what rose; what only edits a message is no line of it."""
    quiet = alert.kind.only_edits
    return [_delivery(alert, each, now) for each in routed if not (each.held and quiet)]


def _delivery(alert: Alert, routed: Routed, now: datetime) -> Delivery:
    identity = f"{alert.story}/{routed.receiver.name}/{alert.revision}"
    edge = _next_edge(now, routed.digest) if routed.digest is not None else now
    return Delivery(
        id=identity,
        story=alert.story,
        revision=alert.revision,
        receiver=routed.receiver,
        message=Message(identity, MessageKind.DIGEST if routed.held else MessageKind.ALERT, (alert,)),
        state=DeliveryState.OWED,
        priority=int(alert.level),
        not_before=routed.not_before or edge,
        created=now,
    )


def _next_edge(now: datetime, every: timedelta) -> datetime:
    """The end of the running digest period, counted from midnight UTC: all receivers' half hours agree."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + every * ((now - midnight) // every + 1)
