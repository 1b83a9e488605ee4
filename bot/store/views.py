"""Questions people ask; nothing here writes. Implements :class:`bot.ports.Views` and :class:`bot.ports.Archive`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import datetime

from sqlalchemy import func, or_, select

import bot.store.codec as codec
import bot.store.tables as tables
from bot.core.model import Decision, Delivery, DeliveryState, Entry, MessageKind, StoryRecord
from bot.ports import Counts, Delays, StoredDecision
from bot.store.engine import Database
from bot.store.news import first_since
from bot.store.outbox import delivery_of
from bot.store.statements import chunks

_ENTRY = tables.entries.c
_D = tables.deliveries.c
PAGE = 500  # rows read at a time


class ViewTable:
    """The readers' side."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def counts(self) -> Counts:
        """Numbers for ``status``."""
        async with self._database.read() as connection:
            outcomes = await connection.execute(select(_ENTRY.outcome, func.count()).group_by(_ENTRY.outcome))
            by_outcome: dict[str, int] = {row[0]: row[1] for row in outcomes}
            states = await connection.execute(select(_D.state, func.count()).group_by(_D.state))
            by_state: dict[str, int] = {row[0]: row[1] for row in states}
            stories = await connection.scalar(select(func.count()).select_from(tables.stories))
            keen = select(func.count()).select_from(tables.subscriptions).where(tables.subscriptions.c.active)
            subscriptions = await connection.scalar(keen)
        return Counts(sum(by_outcome.values()), stories or 0, by_outcome, by_state, subscriptions or 0)

    async def owed(self) -> int:
        """How many deliveries are owed."""
        wanted = select(func.count()).where(_D.state == DeliveryState.OWED.value)
        async with self._database.read() as connection:
            return await connection.scalar(wanted) or 0

    async def decision(self, key_or_link: str) -> StoredDecision | None:
        """By entry key, alias or link; the newest where several fit."""
        alias = select(tables.aliases.c.key).where(tables.aliases.c.alias == key_or_link)
        wanted = (
            select(_ENTRY.doc, _ENTRY.decision, _ENTRY.decided)
            .where(or_(_ENTRY.key == key_or_link, _ENTRY.link == key_or_link, _ENTRY.key.in_(alias)))
            .order_by(_ENTRY.cursor.desc())
            .limit(1)
        )
        async with self._database.read() as connection:
            row = (await connection.execute(wanted)).first()
        return _stored(*row) if row is not None else None

    async def story(self, id: str) -> StoryRecord | None:  # noqa: A002 — the field's name
        """The story of this id."""
        wanted = select(tables.stories.c.doc).where(tables.stories.c.id == id)
        async with self._database.read() as connection:
            doc = await connection.scalar(wanted)
        return codec.load(StoryRecord, doc) if doc is not None else None

    async def told(self, story: str) -> Sequence[StoredDecision]:
        """Every entry filed under a story with its decision, oldest first."""
        wanted = (
            select(_ENTRY.doc, _ENTRY.decision, _ENTRY.decided)
            .where(_ENTRY.story == story)
            .order_by(_ENTRY.cursor)
        )
        async with self._database.read() as connection:
            return [_stored(*row) for row in await connection.execute(wanted)]

    async def latest(self, limit: int, outcome: str = "") -> Sequence[StoredDecision]:
        """The newest decisions, newest first."""
        wanted = (
            select(_ENTRY.doc, _ENTRY.decision, _ENTRY.decided).order_by(_ENTRY.cursor.desc()).limit(limit)
        )
        if outcome:
            wanted = wanted.where(_ENTRY.outcome == outcome)
        async with self._database.read() as connection:
            return [_stored(*row) for row in await connection.execute(wanted)]

    async def newest_stories(self, limit: int, *, since: datetime | None = None) -> Sequence[StoryRecord]:
        """Stories that were told, the last changed first."""
        story = tables.stories.c
        wanted = select(story.doc).where(story.revision > 0).order_by(story.updated.desc()).limit(limit)
        if since is not None:
            wanted = wanted.where(story.updated > since)
        async with self._database.read() as connection:
            return [codec.load(StoryRecord, doc) for doc in await connection.scalars(wanted)]

    async def sent(self, since: datetime) -> Iterable[tuple[str, int, datetime]]:
        """Receiver, priority and time of every alert the platforms took since then."""
        alert = (_D.kind == MessageKind.ALERT.value, _D.state == DeliveryState.SENT.value)
        wanted = select(_D.receiver, _D.priority, _D.settled).where(*alert, _D.settled >= since)
        async with self._database.read() as connection:
            return [(name, priority, at) for name, priority, at in await connection.execute(wanted)]

    async def decided(self, since: datetime) -> Iterable[tuple[str, str, datetime]]:
        """Feed, outcome and time of every entry decided since then."""
        wanted = select(_ENTRY.feed, _ENTRY.outcome, _ENTRY.first_seen).where(_ENTRY.first_seen >= since)
        async with self._database.read() as connection:
            return [(feed, outcome, at) for feed, outcome, at in await connection.execute(wanted)]

    async def lately(self, feed: str, limit: int = 10) -> Sequence[StoredDecision]:
        """A feed's newest entries, newest first."""
        wanted = (
            select(_ENTRY.doc, _ENTRY.decision, _ENTRY.decided)
            .where(_ENTRY.feed == feed)
            .order_by(_ENTRY.cursor.desc())
            .limit(limit)
        )
        async with self._database.read() as connection:
            return [_stored(*row) for row in await connection.execute(wanted)]

    async def archive(self, since: datetime) -> AsyncIterator[Entry]:
        """Every stored entry first seen since then, oldest first, streamed page by page."""
        async with self._database.read() as connection:
            first = await first_since(connection, since)
        cursor = first - 1
        while True:
            wanted = (
                select(_ENTRY.cursor, _ENTRY.doc)
                .where(_ENTRY.cursor > cursor, _ENTRY.first_seen >= since)
                .order_by(_ENTRY.cursor)
                .limit(PAGE)
            )
            async with self._database.read() as connection:
                rows = (await connection.execute(wanted)).all()
            for _, doc in rows:
                yield codec.load(Entry, doc)
            if len(rows) < PAGE:
                return
            cursor = rows[-1][0]

    async def marks(self, since: datetime) -> Sequence[tuple[int, str]]:
        """Cursor and fingerprint of every entry first seen since then, in cursor order."""
        wanted = select(_ENTRY.cursor, _ENTRY.fingerprint).where(_ENTRY.first_seen >= since)
        async with self._database.read() as connection:
            return sorted((cursor, mark) for cursor, mark in await connection.execute(wanted))

    async def entries(self, cursors: Sequence[int]) -> Sequence[tuple[int, Entry]]:
        """Those that are still there, in cursor order."""
        found: list[tuple[int, Entry]] = []
        for part in chunks(sorted(cursors)):
            wanted = select(_ENTRY.cursor, _ENTRY.doc).where(_ENTRY.cursor.in_(part)).order_by(_ENTRY.cursor)
            async with self._database.read() as connection:
                rows = (await connection.execute(wanted)).all()
            found += [(cursor, codec.load(Entry, doc)) for cursor, doc in rows]
        return found

    async def outbox(self, state: str = "", limit: int = 100) -> Sequence[Delivery]:
        """Deliveries, newest first."""
        wanted = select(tables.deliveries).order_by(_D.created.desc(), _D.id).limit(limit)
        if state:
            wanted = wanted.where(_D.state == state)
        async with self._database.read() as connection:
            return [delivery_of(row) for row in await connection.execute(wanted)]

    async def throttles(self, now: datetime) -> Sequence[tuple[str, datetime, str]]:
        """Receiver, until when, and the reason its newest waiting message gives."""
        lane = tables.lanes.c
        closed = select(lane.receiver, lane.not_before).where(lane.not_before > now).order_by(lane.receiver)
        said = select(_D.receiver, _D.reason).where(
            _D.state == DeliveryState.OWED.value,
            _D.reason != "",
            _D.receiver.in_(select(closed.subquery().c.receiver)),
        )
        async with self._database.read() as connection:
            rows = (await connection.execute(closed)).all()
            because = {row[0]: row[1] for row in await connection.execute(said.order_by(_D.created))}
        return [(name, until, because.get(name, "")) for name, until in rows]

    async def deliveries(self, story: str) -> Sequence[Delivery]:
        """What was owed about one story, in order."""
        wanted = select(tables.deliveries).where(_D.story == story).order_by(_D.created, _D.id)
        async with self._database.read() as connection:
            return [delivery_of(row) for row in await connection.execute(wanted)]

    async def delays(self, since: datetime | None = None) -> Sequence[float]:
        """Seconds from an article's publication until the platform took its alert, one an alert sent."""
        alert = (_D.kind == MessageKind.ALERT.value, _D.state == DeliveryState.SENT.value)
        wanted = select(_D.published, _D.settled).where(
            *alert, _D.published.is_not(None), _D.settled.is_not(None)
        )
        if since is not None:
            wanted = wanted.where(_D.settled >= since)
        async with self._database.read() as connection:
            return [
                (settled - published).total_seconds()
                for published, settled in await connection.execute(wanted)
            ]

    async def delays_by_feed(self, since: datetime) -> Sequence[Delays]:
        """Stage by stage for every feed, the latest first."""
        wanted = select(_D.feed, _D.published, _D.first_seen, _D.decided, _D.settled).where(
            _D.settled >= since, _D.kind == MessageKind.ALERT.value, _D.feed.is_not(None)
        )
        times: dict[str, list[Sequence[datetime]]] = {}
        async with self._database.read() as connection:
            for feed, *moments in await connection.execute(wanted):
                times.setdefault(feed, []).append(moments)
        return sorted((_delays(*each) for each in times.items()), key=lambda feed: -feed.whole[1])

    async def publications(self, since: datetime) -> Iterable[tuple[str, datetime, datetime]]:
        """Feed, publication and first sight of every dated entry since then: what the pace is learnt from."""
        wanted = (
            select(_ENTRY.feed, _ENTRY.published, _ENTRY.first_seen)
            .where(_ENTRY.first_seen >= since, _ENTRY.dated)
            .order_by(_ENTRY.first_seen)
        )
        async with self._database.read() as connection:
            return [(feed, published, seen) for feed, published, seen in await connection.execute(wanted)]


def _stored(doc: str, decision: str, decided: datetime) -> StoredDecision:
    return StoredDecision(codec.load(Entry, doc), codec.load(Decision, decision), decided)


def _delays(feed: str, times: Sequence[Sequence[datetime]]) -> Delays:
    published, seen, decided, sent = zip(*times, strict=True)
    return Delays(
        feed,
        len(times),
        _percentiles(published, seen),
        _percentiles(seen, decided),
        _percentiles(decided, sent),
        _percentiles(published, sent),
    )


def _percentiles(starts: Sequence[datetime], ends: Sequence[datetime]) -> tuple[float, float]:
    """Median and 95th percentile of the seconds between, each one that was measured (nearest rank)."""
    seconds = sorted((end - start).total_seconds() for start, end in zip(starts, ends, strict=True))
    return seconds[(len(seconds) - 1) // 2], seconds[-(-len(seconds) * 95 // 100) - 1]
