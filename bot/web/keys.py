"""Who is let into the console: passwords become sessions, tokens speak for themselves, guessing gets slow.

Sessions live in memory alone: a restart ends them all. A session's name is made anew at every login and never taken
from the visitor, so nobody can be given one in advance. It ends after :data:`IDLE` without a request, or
:data:`LONGEST` after the login.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256

from bot.config.webusers import WebUser, by_password, by_token

IDLE = 12 * 3600.0  # seconds
LONGEST = 7 * 24 * 3600.0  # seconds
TRIES = 5  # wrong passwords from one address before it has to wait
MOST_WAIT = 900.0  # seconds
MOST_SESSIONS = 1000
MOST_ADDRESSES = 10_000


@dataclass(slots=True)
class Visit:
    """Somebody who is in. ``role`` is viewer, editor or admin; ``key`` is "" where there is nothing to end."""

    name: str
    role: str
    key: str = ""
    began: float = 0.0
    seen: float = 0.0


@dataclass(slots=True)
class _Wrong:
    count: int = 0
    until: float = 0.0


class Keys:
    """``users`` are those of the settings; ``open_here`` lets whoever sits at this machine in as admin."""

    def __init__(
        self, users: tuple[WebUser, ...], *, open_here: bool, monotonic: Callable[[], float]
    ) -> None:
        self._users = users
        self._now = monotonic
        self.open_here = open_here and not users
        self._sessions: dict[str, Visit] = {}
        self._wrong: dict[str, _Wrong] = {}
        self._stretching = asyncio.Semaphore(1)  # a flood of guesses waits, and the bot does not

    # ── in ───────────────────────────────────────────────────────────────────────────────────────────
    def wait(self, address: str) -> float:
        """Seconds this address has to wait before its next try."""
        found = self._wrong.get(address)
        return max(0.0, found.until - self._now()) if found else 0.0

    async def login(self, name: str, secret: str, address: str) -> str | None:
        """A new session's key for a right password or token, else None. The caller asked :meth:`wait` before."""
        async with self._stretching:
            if self.wait(address):
                return None
            user = by_token(self._users, secret) or await asyncio.to_thread(
                by_password, self._users, name, secret
            )
        if user is None:
            self._missed(address)
            return None
        self._wrong.pop(address, None)
        return self._begin(user)

    def _begin(self, user: WebUser) -> str:
        while len(self._sessions) >= MOST_SESSIONS:
            self._sessions.pop(next(iter(self._sessions)))
        key, now = secrets.token_urlsafe(32), self._now()
        self._sessions[_digest(key)] = Visit(user.name, user.role, key, now, now)
        return key

    def _missed(self, address: str) -> None:
        if len(self._wrong) >= MOST_ADDRESSES:
            self._wrong.pop(next(iter(self._wrong)))
        found = self._wrong.setdefault(address, _Wrong())
        found.count += 1
        if found.count >= TRIES:
            found.until = self._now() + min(MOST_WAIT, 2.0 ** (found.count - TRIES + 2))

    # ── who is it ────────────────────────────────────────────────────────────────────────────────────
    def by_session(self, key: str) -> Visit | None:
        """Whose session that is, if it has not ended."""
        visit = self._sessions.get(_digest(key)) if key else None
        if visit is None:
            return None
        now = self._now()
        if now - visit.seen > IDLE or now - visit.began > LONGEST:
            self.end(key)
            return None
        visit.seen = now
        return visit

    def by_token(self, token: str) -> Visit | None:
        """Whose token that is."""
        user = by_token(self._users, token)
        return Visit(user.name, user.role) if user else None

    def holds(self, visit: Visit) -> bool:
        """Whether an open page may still act: its session has not ended meanwhile."""
        return not visit.key or self.by_session(visit.key) is not None

    def end(self, key: str) -> None:
        """Log out."""
        self._sessions.pop(_digest(key), None)


def _digest(key: str) -> str:
    """Looked up by digest, so that the time of a look-up tells nothing about a key."""
    return sha256(key.encode()).hexdigest()
