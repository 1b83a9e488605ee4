"""Claims in order of loudness, lanes that belong to a worker, and what the delays of every feed are counted from."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """What was sent before has no feed in the ledger of delays."""
    op.add_column("deliveries", sa.Column("feed", sa.String, nullable=True))
    op.add_column("deliveries", sa.Column("first_seen", sa.BigInteger, nullable=True))
    op.add_column("deliveries", sa.Column("decided", sa.BigInteger, nullable=True))
    op.add_column("deliveries", sa.Column("holder", sa.Integer, nullable=False, server_default="0"))
    op.create_index("deliveries_loudest", "deliveries", ["state", "quiet_rank", "created", "revision"])
    op.create_index("deliveries_created", "deliveries", ["created"])
    op.create_index("deliveries_settled", "deliveries", ["settled"])
    op.add_column("lanes", sa.Column("holder", sa.Integer, nullable=False, server_default="0"))
    op.add_column("lanes", sa.Column("held_until", sa.BigInteger, nullable=True))
    op.drop_index("entries_seen", "entries")
    op.create_index("entries_seen", "entries", ["first_seen", "dated", "feed", "published"])
    undated = sa.not_(sa.column("dated", sa.Boolean))
    op.create_index(
        "entries_undated", "entries", ["feed", "cursor"], sqlite_where=undated, postgresql_where=undated
    )
