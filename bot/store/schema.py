"""Is this database one we can use? Migrates an older one, refuses a newer or a damaged one."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from bot.errors import StoreError, StoreTooNew

MIGRATIONS = Path(__file__).resolve().parent / "migrations"


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return config


def _history() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())


def current(connection: Connection) -> str | None:
    """The revision a database is at; None for an empty one. Raises StoreTooNew for one we do not know."""
    revision = MigrationContext.configure(connection).get_current_revision()
    if revision is not None and revision not in {step.revision for step in _history().walk_revisions()}:
        raise StoreTooNew(
            f"the database is newer than this program (schema {revision}); start the newer version"
        )
    return revision


def migrate(connection: Connection, to: str = "") -> None:
    """Bring the schema up to date (or to a revision), all in the caller's transaction. Raises StoreTooNew."""
    wanted = to or _history().get_current_head()
    if wanted is not None and current(connection) != wanted:
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, wanted)


def require_writable(connection: Connection) -> None:
    """A write that changes nothing: better refused at the start than by the first poll. The driver raises."""
    connection.execute(text("UPDATE alembic_version SET version_num = version_num"))


def require_current(connection: Connection) -> None:
    """For those who only ask. Raises StoreError where the schema is not the one we know."""
    if current(connection) != _history().get_current_head():
        raise StoreError(
            "the database has another schema than this program; newsalert run brings it up to date"
        )


def require_sound(connection: Connection) -> None:
    """SQLite's own look at its pages. Raises StoreError."""
    found = connection.execute(text("PRAGMA quick_check(1)")).scalar_one()
    if found != "ok":
        raise StoreError(
            f"the database file is damaged ({found}); restore the last backup, or move the file away"
        )
