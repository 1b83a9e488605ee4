"""Dates as publishers write them → aware datetimes in UTC. Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from time import struct_time

LONGEST_DATE = 64  # characters


def iso_date(text: str) -> datetime | None:
    """RFC 3339 as JSON Feed wants it, or None. A date without a zone is taken for UTC."""
    if not 10 <= len(text) <= LONGEST_DATE:
        return None
    try:
        return in_utc(datetime.fromisoformat(text))
    except (ValueError, OverflowError):
        return None


def from_struct(parsed: struct_time | None) -> datetime | None:
    """feedparser's idea of a date, which is in UTC, or None where it has none or an impossible one."""
    if parsed is None:
        return None
    try:
        second = min(parsed.tm_sec, 59)  # leap seconds
        return datetime(
            parsed.tm_year, parsed.tm_mon, parsed.tm_mday, parsed.tm_hour, parsed.tm_min, second, tzinfo=UTC
        )
    except (ValueError, OverflowError, TypeError):
        return None


def in_utc(date: datetime) -> datetime:
    """The same moment in UTC; a date without a zone is taken for UTC."""
    return date.replace(tzinfo=UTC) if date.tzinfo is None else date.astimezone(UTC)
