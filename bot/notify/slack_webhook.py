"""Slack's incoming webhook: the simple road. One address, one channel; messages cannot be edited or answered.

So an update is a new message that says what changed, and a lost reply cannot be asked about: it is repeated and
marked, or dropped, as the receiver's ``policy`` says. The address is a secret, looked up by its setting's name.
"""

# ruff: noqa: ARG002 — the seam's arguments, needed here or not
from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from bot import metrics
from bot.core.model import Message, Receipt, Receiver
from bot.errors import Ambiguous, DeliveryError, NotSent, ReceiverGone, Rejected, Throttled
from bot.notify.posting import Answer, Post
from bot.notify.slack_blocks import NOT_IN_FALLBACK, pages
from bot.notify.webhook import DEFAULT_WAIT, named_secret

_GONE = {
    "action_prohibited", "channel_is_archived", "channel_not_found", "invalid_token", "no_active_hooks", "no_service",
    "no_service_id", "no_team", "posting_to_general_channel_denied", "team_disabled", "user_not_found",
}  # fmt: skip
_UNFIT = {"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long", "msg_too_long"}


class SlackWebhook:
    """Implements :class:`bot.ports.Notifier`. ``secret`` gives the value of a named setting, KeyError if unset."""

    def __init__(self, post: Post, secret: Callable[[str], str]) -> None:
        self._post = post
        self._secret = secret

    def render(self, message: Message, receiver: Receiver) -> Sequence[Mapping[str, object]]:
        """One payload a page; every kind of alert as a message of its own."""
        return [page.body() for page in pages(message)]

    async def send(
        self, receiver: Receiver, part: Mapping[str, object], *, after: Receipt | None, now: datetime
    ) -> Receipt:
        """Post it; once more as plain text where Slack refuses the blocks. Raises leaves of DeliveryError."""
        url = named_secret(self._secret, receiver.address)
        answer = await self._hand_over(url, part)
        if answer.text.strip() in _UNFIT:
            metrics.unreadable("slack-webhook")
            answer = await self._hand_over(
                url, {key: value for key, value in part.items() if key not in NOT_IN_FALLBACK}
            )
        error = _fault_of(answer)
        if error is not None:
            raise error
        return Receipt(receiver.address, "", now)

    async def _hand_over(self, url: str, part: Mapping[str, object]) -> Answer:
        body = json.dumps(part, ensure_ascii=False).encode("utf-8", "replace")
        return await self._post(url, body, {"content-type": "application/json; charset=utf-8"})

    async def find(self, receiver: Receiver, message: Message, *, since: datetime) -> Receipt | None:
        """An incoming webhook cannot read."""
        raise Ambiguous("an incoming webhook cannot be asked what arrived")

    async def close(self) -> None:
        """The session is not ours."""


def _fault_of(answer: Answer) -> DeliveryError | None:
    """Slack's words first, the status only where it says none."""
    word = answer.text.strip()
    if word == "ok" and answer.status == 200:
        return None
    said = f"Slack answered {answer.status} {word[:60]!r}"
    if word in {"rate_limited", "ratelimited"} or answer.status == 429:
        return Throttled(DEFAULT_WAIT if answer.retry_after is None else answer.retry_after, said)
    if word in _GONE or answer.status in {403, 404, 410}:
        return ReceiverGone(said)
    if answer.status == 503:
        return NotSent(said)
    if answer.status >= 500 or answer.status == 200:
        return Ambiguous(said)
    return Rejected(said)
