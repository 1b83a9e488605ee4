"""What the story index read, beside the entries it read it off: a restart takes it up instead of reading anew."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Empty at first: what was filed before is read anew at the next start, as it always was."""
    op.create_table(
        "readings",
        sa.Column("key", sa.String, primary_key=True),
        sa.Column("first_seen", sa.BigInteger, nullable=False),
        sa.Column("doc", sa.LargeBinary, nullable=False),
    )
    op.create_index("readings_seen", "readings", ["first_seen"])
