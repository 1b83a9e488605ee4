"""From a configured address to a driver's: a file for SQLite, a server for PostgreSQL, nothing else."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from bot.errors import StoreError

_DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "postgresql": "postgresql+asyncpg",
    "postgres": "postgresql+asyncpg",
}


def parsed(address: str) -> URL:
    """The address with the one driver we bring. Raises StoreError, which does not repeat it: it may hold a password."""
    try:
        url = make_url(address)
    except ArgumentError:
        raise StoreError("the database address cannot be read") from None
    driver = _DRIVERS.get(url.drivername.partition("+")[0])
    if driver is None:
        raise StoreError(f"{url.drivername} is no database we can use; SQLite and PostgreSQL are")
    if driver.startswith("sqlite") and not url.database:
        raise StoreError("the database address names no file: sqlite+aiosqlite:///var/newsalert.sqlite3")
    return url.set(drivername=driver)


def is_lite(url: URL) -> bool:
    """Is it SQLite?"""
    return url.get_backend_name() == "sqlite"


def file_of(url: URL) -> Path:
    """The file behind a SQLite address."""
    return Path(url.database or "")


def for_reading(url: URL) -> URL:
    """A SQLite address by which nothing can be written, whatever stands in the file's name."""
    return url.set(database=f"file:{quote(str(file_of(url)))}", query={"mode": "ro", "uri": "true"})
