"""What is kept, table by table. A noun lies whole in ``doc`` as JSON; beside it stand the columns that are searched.

::

    feeds ─ entries ─ aliases          what was read (an alias is an identity under which an item may come back)
              │  └─── readings         … and what the story index made of it, for the length of its window
              │ story
            stories ─ deliveries ─ lanes    what is told, owed and sent; a lane is a receiver's way out
    subscriptions  silences  updates  feedback    what people wished

Times are whole microseconds since 1970, UTC: they sort as they happen and are the same on every database.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Dialect,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
)

metadata = MetaData()

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def micros(time: datetime) -> int:
    """Microseconds since 1970."""
    return (time - _EPOCH) // _MICROSECOND


class Moment(TypeDecorator[datetime]):
    """An aware datetime."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:  # noqa: ARG002
        return None if value is None else micros(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        return None if value is None else _EPOCH + timedelta(microseconds=value)


_Serial = BigInteger().with_variant(Integer(), "sqlite")  # SQLite counts by itself only in an INTEGER

feeds = Table(
    "feeds",
    metadata,
    Column("name", String, primary_key=True),
    Column("doc", Text, nullable=False),
)

entries = Table(
    "entries",
    metadata,
    Column("cursor", _Serial, primary_key=True, autoincrement=True),
    Column("key", String, nullable=False, unique=True),
    Column("feed", String, nullable=False),
    Column("link", String, nullable=False),
    Column("story", String, nullable=False),  # "" = none
    Column("outcome", String, nullable=False),
    Column("fingerprint", String, nullable=False),
    Column("published", Moment, nullable=False),
    Column("dated", Boolean, nullable=False),
    Column("first_seen", Moment, nullable=False),
    Column("decided", Moment, nullable=False),
    Column("doc", Text, nullable=False),  # Entry
    Column("decision", Text, nullable=False),  # Decision
    # Behind the time stands all the pace is learnt from, so that the rows with their texts are not touched.
    Index("entries_seen", "first_seen", "dated", "feed", "published"),
    Index("entries_link", "link"),
    Index("entries_story", "story"),
    Index("entries_outcome", "outcome", "cursor"),
    sqlite_autoincrement=True,  # a cursor is never given out twice, not even after a purge
)
# The newest of a feed that gives no dates are kept for as long as they may still stand in it.
Index(
    "entries_undated",
    entries.c.feed,
    entries.c.cursor,
    sqlite_where=~entries.c.dated,
    postgresql_where=~entries.c.dated,
)

aliases = Table(
    "aliases",
    metadata,
    Column("alias", String, primary_key=True),
    Column("key", String, nullable=False),
    Index("aliases_key", "key"),
)

readings = Table(
    "readings",
    metadata,
    Column("key", String, primary_key=True),
    Column("first_seen", Moment, nullable=False),
    Column("doc", LargeBinary, nullable=False),  # as packed by bot.core.told
    Index("readings_seen", "first_seen"),
)

stories = Table(
    "stories",
    metadata,
    Column("id", String, primary_key=True),
    Column("updated", Moment, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("doc", Text, nullable=False),
    Index("stories_updated", "updated"),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", String, primary_key=True),
    Column("story", String, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("receiver", String, nullable=False),
    Column("kind", String, nullable=False),  # of message
    Column("state", String, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("not_before", Moment, nullable=False),
    Column("created", Moment, nullable=False),
    Column("settled", Moment, nullable=True),  # when it was sent
    # Of the article that made us tell, for the ledger of delays:
    Column("feed", String, nullable=True),
    Column("published", Moment, nullable=True),
    Column("first_seen", Moment, nullable=True),
    Column("decided", Moment, nullable=True),
    Column("attempts", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    Column("place", Text, nullable=False),  # Receiver
    Column("message", Text, nullable=False),  # Message
    Column("receipts", Text, nullable=False),  # tuple[Receipt, ...]
    Column("quiet_rank", Integer, nullable=False),  # minus the priority, so that the index ascends
    Column(
        "holder", Integer, nullable=False, server_default="0"
    ),  # the worker that sends it; 0 = none, or SQLite
    # The claim's two roads: what goes first of all, and what goes first to a receiver.
    Index("deliveries_loudest", "state", "quiet_rank", "created", "revision"),
    Index("deliveries_lane", "state", "receiver", "quiet_rank", "created", "revision"),
    Index("deliveries_story", "story", "receiver", "revision"),
    Index("deliveries_created", "created"),
    Index("deliveries_settled", "settled"),
)

lanes = Table(
    "lanes",
    metadata,
    Column("receiver", String, primary_key=True),
    Column("not_before", Moment, nullable=False),  # throttled until then
    Column("holder", Integer, nullable=False, server_default="0"),  # the worker that speaks to it …
    Column("held_until", Moment, nullable=True),  # … until then, or until that worker dies
)

subscriptions = Table(
    "subscriptions",
    metadata,
    Column("kind", String, primary_key=True),
    Column("address", String, primary_key=True),
    Column("active", Boolean, nullable=False),
    Column("doc", Text, nullable=False),
)

silences = Table(
    "silences",
    metadata,
    Column("id", String, primary_key=True),
    Column("until", Moment, nullable=False),
    Column("doc", Text, nullable=False),
)

updates = Table(
    "updates",
    metadata,
    Column("front", String, primary_key=True),
    Column("update", String, primary_key=True),
    Column("at", Moment, nullable=False),
    Index("updates_at", "at"),
)

feedback = Table(
    "feedback",
    metadata,
    Column("id", String, primary_key=True),
    Column("rule", String, nullable=False),
    Column("at", Moment, nullable=False),
    Column("doc", Text, nullable=False),
)
