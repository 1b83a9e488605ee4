"""How fast each platform may be spoken to, kept on our side so that it never has to say 429.

Telegram takes one message a second in a chat, twenty a minute in a group and thirty a second from a bot; Slack one
a second in a channel. Every bucket remembers when its last messages left and opens again when the oldest of them
is out of the window. The windows are a twentieth longer than the platforms' own: gaps shrink on the wire.

A receiver's *own* buckets are waited for before a message is chosen, so that the loudest one goes when the lane
opens; the bucket shared by all is booked ahead, in the order of asking.

Road not taken: the rate limiter that comes with python-telegram-bot. It lets one chat's 429 hold up all chats
and forgets everything on a restart; here a 429 rests one lane, and the outbox remembers until when.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from bot.core.model import Receiver

WINDOW_MARGIN = 1.05
"""Windows are this much longer than the platform's."""
LONGEST_WINDOW = 60.0
"""Seconds after which nothing that left counts any more."""


@dataclass(frozen=True, slots=True)
class Limit:
    """At most ``count`` messages within ``seconds`` in the bucket of this name."""

    bucket: str
    count: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Limits:
    """What binds one receiver: its own buckets, and those it shares with others."""

    own: tuple[Limit, ...] = ()
    shared: tuple[Limit, ...] = ()


def limits_of(receiver: Receiver) -> Limits:
    """The platforms' published limits, as data."""
    place = f"{receiver.kind}:{receiver.address}"
    match receiver.kind:
        case "telegram":
            second, minute = Limit(place, 1, 1.0), Limit(f"{place}/minute", 20, 60.0)
            group = receiver.address.startswith(("-", "@"))  # groups and channels: negative ids, or names
            return Limits((second, minute) if group else (second,), (Limit("telegram", 30, 1.0),))
        case "slack" | "slack-webhook":
            return Limits((Limit(place, 1, 1.0),))
    return Limits()


class Governor:
    """When the next message to a receiver may leave. Times are seconds of a clock that never jumps."""

    def __init__(self, limits: Callable[[Receiver], Limits] = limits_of) -> None:
        self._limits = limits
        self._left: dict[str, deque[float]] = {}

    def rest(self, receiver: Receiver, now: float) -> float:
        """Seconds until the receiver's own buckets are open."""
        return max((self._opens(limit, now) for limit in self._limits(receiver).own), default=now) - now

    def book(self, receiver: Receiver, now: float) -> float:
        """Take the next free place in every bucket; returns the seconds until it."""
        limits = self._limits(receiver)
        bound = limits.own + limits.shared
        at = max((self._opens(limit, now) for limit in bound), default=now)
        for limit in bound:
            self._left.setdefault(limit.bucket, deque(maxlen=limit.count)).append(at)
        return at - now

    def recall(self, receiver: Receiver, at: float) -> None:
        """A message left at that time, in an earlier life: told in the order of time, before anything is booked."""
        limits = self._limits(receiver)
        for limit in limits.own + limits.shared:
            self._left.setdefault(limit.bucket, deque(maxlen=limit.count)).append(at)

    def _opens(self, limit: Limit, now: float) -> float:
        left = self._left.get(limit.bucket)
        if left is None or len(left) < limit.count:
            return now
        return max(now, left[0] + limit.seconds * WINDOW_MARGIN)
