"""What a publisher's headers ask of us, in seconds; what makes no sense asks nothing. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

LONGEST_WAIT = 24 * 3600.0
"""Seconds: nobody is kept waiting longer, whatever is asked; ten years have been seen."""

_SECONDS = re.compile(r"\d{1,18}(?:\.\d*)?")
_MAX_AGE = re.compile(r'(?:^|[,\s])max-age\s*=\s*"?(\d{1,18})', re.IGNORECASE)
_LINK = re.compile(r"<([^<>]*)>\s*((?:;\s*[\w*-]+\s*(?:=\s*(?:\"[^\"]*\"|[^\s;,\"]+))?\s*)*)", re.ASCII)
_REL = re.compile(r";\s*rel\s*=\s*(?:\"([^\"]*)\"|([^\s;,\"]+))", re.IGNORECASE)
LONGEST_LINK_HEADER = 8_000  # characters read


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Retry-After as seconds from ``now``, both its forms, at most a day; None where there is none to be read."""
    value = headers.get("Retry-After", "").strip()
    if _SECONDS.fullmatch(value):
        return min(float(value), LONGEST_WAIT)
    until = http_date(value)
    if until is None:
        return None
    return min(max((until - now).total_seconds(), 0.0), LONGEST_WAIT)


def http_date(value: str) -> datetime | None:
    """A date as HTTP writes it, aware, or None."""
    try:
        date = parsedate_to_datetime(value[:60])
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)


def max_age(headers: Mapping[str, str]) -> timedelta | None:
    """For how long the answer says it stays fresh: Cache-Control's max-age less what it has spent in caches."""
    control = headers.get("Cache-Control", "")
    found = _MAX_AGE.search(control)
    if found is None or "no-cache" in control.lower() or "no-store" in control.lower():
        return None
    age = headers.get("Age", "").strip()
    left = float(found[1]) - (float(age) if _SECONDS.fullmatch(age) else 0.0)
    return timedelta(seconds=min(max(left, 0.0), LONGEST_WAIT))


def media_type(content_type: str) -> str:
    """``Text/XML; charset=x`` → ``text/xml``."""
    return content_type.partition(";")[0].strip().lower()


def links(header: str) -> list[tuple[str, str]]:
    """``Link:`` headers, joined by commas, as (relation, target) in order; relations in small letters."""
    return [
        (relation, target.strip())
        for target, parameters in _LINK.findall(header[:LONGEST_LINK_HEADER])
        for relation in _relations(parameters)
    ]


def _relations(parameters: str) -> list[str]:
    found = _REL.search(parameters)
    return (found[1] or found[2] or "").lower().split() if found else []
