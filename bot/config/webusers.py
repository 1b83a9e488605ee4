"""Who may open the console: names, roles, and passwords or tokens that nobody can read back.

One person a line (or separated by ``;``), three words: name, role, secret as :func:`line_for` makes it::

    anna   admin   scrypt:16384:8:1:<salt>:<hash>
    wall   viewer  sha256:<hash>                     a token, for screens and scripts: long and random by making

Passwords are stretched with scrypt (a guess costs 50 ms and 16 MB). Tokens are 256 random bits, for which one round
of SHA-256 is as good as any. Every comparison takes the same time, and an unknown name costs as much as a wrong
password, so that nobody learns from the clock which names there are.
"""

from __future__ import annotations

import hmac
import re
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from hashlib import scrypt, sha256
from typing import Literal

from bot.config.values import wrong

WebRole = Literal["viewer", "editor", "admin"]
ROLES: tuple[WebRole, ...] = ("viewer", "editor", "admin")
COST, BLOCK, LANES = 16384, 8, 1
LONGEST_SECRET = 1024  # characters of a password that are looked at
_NAME = re.compile(r"[\w.@-]{1,40}")


@dataclass(frozen=True, slots=True)
class WebUser:
    """Somebody who may log in. ``secret`` is a hash and still nobody's business: it is not shown."""

    name: str
    role: WebRole
    secret: str

    def __repr__(self) -> str:
        return f"WebUser({self.name}, {self.role})"


def line_for(name: str, role: str, password: str) -> str:
    """The line to put into the settings for a person with a password. Raises Slips."""
    salt = secrets.token_bytes(16)
    made = _stretched(password, salt)
    line = f"{name} {role} scrypt:{COST}:{BLOCK}:{LANES}:{_text(salt)}:{_text(made)}"
    read_users(line)
    return line


def token_line(name: str, role: str) -> tuple[str, str]:
    """A new token, shown this once, and the line that knows it. Raises Slips."""
    token = secrets.token_urlsafe(32)
    line = f"{name} {role} sha256:{sha256(token.encode()).hexdigest()}"
    read_users(line)
    return token, line


def read_users(text: str) -> tuple[WebUser, ...]:
    """The people of a setting. Raises Slips, which never quote a secret."""
    lines = [line.split() for line in re.split(r"[;\n]", text) if line.strip() and line.strip()[0] != "#"]
    users = tuple(_user(number, words) for number, words in enumerate(lines, 1))
    names = [user.name for user in users]
    if len(set(names)) < len(names):
        raise wrong("a name stands twice", "one line a person")
    return users


def _user(number: int, words: list[str]) -> WebUser:
    if len(words) != 3 or not _NAME.fullmatch(words[0]):
        raise wrong(f"line {number} is not 'name role secret'", "newsalert console-user writes such a line")
    name, role, secret = words
    if role not in ROLES:
        raise wrong(f"line {number}: '{role}' is no role", "viewer, editor or admin")
    if not re.fullmatch(r"scrypt:\d{1,7}:\d{1,2}:\d{1,2}:[\w=-]+:[\w=-]+|sha256:[0-9a-f]{64}", secret):
        raise wrong(f"line {number}: that is no hash", "newsalert console-user makes one")
    return WebUser(name, role, secret)


# ── comparing ────────────────────────────────────────────────────────────────────────────────────────
def by_password(users: tuple[WebUser, ...], name: str, password: str) -> WebUser | None:
    """The person of that name, if that is the password; takes as long for a name nobody has."""
    found = next((user for user in users if user.name == name and user.secret.startswith("scrypt:")), None)
    salt, expected = _parts(found) if found else (b"\0" * 16, b"\0" * 32)
    same = hmac.compare_digest(_stretched(password, salt), expected)
    return found if same and found is not None else None


def by_token(users: tuple[WebUser, ...], token: str) -> WebUser | None:
    """Whoever has that token."""
    given = "sha256:" + sha256(token[:LONGEST_SECRET].encode()).hexdigest()
    found = None
    for user in users:
        if hmac.compare_digest(user.secret.encode(), given.encode()):
            found = user
    return found


def _stretched(password: str, salt: bytes) -> bytes:
    return scrypt(password[:LONGEST_SECRET].encode(), salt=salt, n=COST, r=BLOCK, p=LANES, dklen=32)


def _parts(user: WebUser) -> tuple[bytes, bytes]:
    salt, made = user.secret.split(":")[-2:]
    return _bytes(salt), _bytes(made)


def _text(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
