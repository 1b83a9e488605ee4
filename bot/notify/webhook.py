"""Signed JSON to any address: the body of :mod:`bot.notify.record`, headers of :mod:`bot.core.signing`.

``webhook-id`` is the delivery's id and stays the same over repeats, so a receiver that remembers ids gets every
message exactly once; a repeat after a lost answer also says ``"repeat": true``.

The receiver's address is the *name* of the setting that holds the URL, its option ``secret`` the name of the one
that holds the signing secret: neither value stands in the editors' files, in logs or in the database.
"""

# ruff: noqa: ARG002 — the seam's arguments, needed here or not
from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from urllib.parse import quote

from bot.core.model import Message, Receipt, Receiver
from bot.core.signing import signed_headers
from bot.errors import Ambiguous, DeliveryError, NotSent, ReceiverGone, Rejected, Throttled
from bot.notify.posting import Answer, Post
from bot.notify.record import record

DEFAULT_WAIT = 30.0
"""Seconds after a 429 that does not say how long."""


class Webhook:
    """Implements :class:`bot.ports.Notifier`. ``secret`` gives the value of a named setting, KeyError if unset."""

    def __init__(self, post: Post, secret: Callable[[str], str]) -> None:
        self._post = post
        self._secret = secret

    def render(self, message: Message, receiver: Receiver) -> Sequence[Mapping[str, object]]:
        """One part: the record."""
        return [record(message)]

    async def send(
        self, receiver: Receiver, part: Mapping[str, object], *, after: Receipt | None, now: datetime
    ) -> Receipt:
        """POST it, signed. Raises the leaves of DeliveryError."""
        url = named_secret(self._secret, receiver.address)
        secret = named_secret(self._secret, receiver.options.get("secret", ""))
        identity = quote(str(part["delivery"]), safe="/:-_~")  # a header takes ASCII only
        body = json.dumps(part, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
        headers = {"content-type": "application/json; charset=utf-8"}
        headers |= signed_headers(identity, body, secret=secret, timestamp=int(now.timestamp()))
        answer = await self._post(url, body, headers)
        error = fault_of(answer)
        if error is not None:
            raise error
        return Receipt(receiver.address, identity, now)

    async def find(self, receiver: Receiver, message: Message, *, since: datetime) -> Receipt | None:
        """A webhook cannot be asked; its id makes the repeat harmless."""
        raise Ambiguous("a webhook cannot be asked what arrived")

    async def close(self) -> None:
        """The session is not ours."""


def named_secret(secret: Callable[[str], str], name: str) -> str:
    """The value of a named setting. Raises ReceiverGone, naming the setting and never its value."""
    try:
        return secret(name)
    except KeyError:
        raise ReceiverGone(f"the setting {name or '(none named)'} is not set") from None


def fault_of(answer: Answer) -> DeliveryError | None:
    """What an HTTP status means to a sender; None for success."""
    status, said = answer.status, f"the address answered {answer.status}"
    if 200 <= status < 300:
        return None
    if status == 429 or (status == 503 and answer.retry_after is not None):
        return Throttled(DEFAULT_WAIT if answer.retry_after is None else answer.retry_after, said)
    if status in {408, 425, 503}:
        return NotSent(said)
    if status >= 500:
        return Ambiguous(said)
    if status in {401, 403, 404, 410}:
        return ReceiverGone(said)
    return Rejected(f"{said}: redirects are not followed" if 300 <= status < 400 else said)
