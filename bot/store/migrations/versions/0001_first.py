"""The first schema: what was read, decided, told and wished.

Written out and never changed again; what the tables look like *now* stands in ``bot/store/tables.py``, and a test
holds the sum of all steps to it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """From nothing."""
    serial = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "feeds", sa.Column("name", sa.String, primary_key=True), sa.Column("doc", sa.Text, nullable=False)
    )
    op.create_table(
        "entries",
        sa.Column("cursor", serial, primary_key=True, autoincrement=True),
        sa.Column("key", sa.String, nullable=False, unique=True),
        sa.Column("feed", sa.String, nullable=False),
        sa.Column("link", sa.String, nullable=False),
        sa.Column("story", sa.String, nullable=False),
        sa.Column("outcome", sa.String, nullable=False),
        sa.Column("fingerprint", sa.String, nullable=False),
        sa.Column("published", sa.BigInteger, nullable=False),
        sa.Column("dated", sa.Boolean, nullable=False),
        sa.Column("first_seen", sa.BigInteger, nullable=False),
        sa.Column("decided", sa.BigInteger, nullable=False),
        sa.Column("doc", sa.Text, nullable=False),
        sa.Column("decision", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("entries_seen", "entries", ["first_seen"])
    op.create_index("entries_link", "entries", ["link"])
    op.create_index("entries_story", "entries", ["story"])
    op.create_index("entries_outcome", "entries", ["outcome", "cursor"])
    op.create_table(
        "aliases",
        sa.Column("alias", sa.String, primary_key=True),
        sa.Column("key", sa.String, nullable=False),
    )
    op.create_index("aliases_key", "aliases", ["key"])
    _told()
    _wishes()


def _told() -> None:
    op.create_table(
        "stories",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("updated", sa.BigInteger, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("doc", sa.Text, nullable=False),
    )
    op.create_index("stories_updated", "stories", ["updated"])
    op.create_table(
        "deliveries",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("story", sa.String, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("receiver", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("priority", sa.Integer, nullable=False),
        sa.Column("not_before", sa.BigInteger, nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("settled", sa.BigInteger, nullable=True),
        sa.Column("published", sa.BigInteger, nullable=True),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("place", sa.Text, nullable=False),
        sa.Column("message", sa.Text, nullable=False),
        sa.Column("receipts", sa.Text, nullable=False),
        sa.Column("quiet_rank", sa.Integer, nullable=False),
    )
    op.create_index(
        "deliveries_lane", "deliveries", ["state", "receiver", "quiet_rank", "created", "revision"]
    )
    op.create_index("deliveries_story", "deliveries", ["story", "receiver", "revision"])
    op.create_table(
        "lanes",
        sa.Column("receiver", sa.String, primary_key=True),
        sa.Column("not_before", sa.BigInteger, nullable=False),
    )


def _wishes() -> None:
    op.create_table(
        "subscriptions",
        sa.Column("kind", sa.String, primary_key=True),
        sa.Column("address", sa.String, primary_key=True),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("doc", sa.Text, nullable=False),
    )
    op.create_table(
        "silences",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("until", sa.BigInteger, nullable=False),
        sa.Column("doc", sa.Text, nullable=False),
    )
    op.create_table(
        "updates",
        sa.Column("front", sa.String, primary_key=True),
        sa.Column("update", sa.String, primary_key=True),
        sa.Column("at", sa.BigInteger, nullable=False),
    )
    op.create_index("updates_at", "updates", ["at"])
    op.create_table(
        "feedback",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("rule", sa.String, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("doc", sa.Text, nullable=False),
    )
