"""What to do after a delivery that did not go as it should: an error in, a verdict out.

=================  ================  ====================================================================
leaf               verdict           what becomes of the delivery and its lane
=================  ================  ====================================================================
Throttled          ``Wait``          owed; the whole lane rests as long as the platform asked
NotSent            ``Retry``         owed; the lane rests, each time twice as long, up to a minute
Ambiguous          ``Reconcile``     unknown; the platform is asked whether it arrived
Rejected           ``Dead``          this one is dead, the lane goes on
ReceiverGone       ``BuryLane``      all that is owed to the receiver is dead
Migrated           ``Redirect``      owed at once, at the new address
NotifierStopped    ``StopNotifier``  owed; every lane of the notifier rests, the other notifiers go on
=================  ================  ====================================================================

A message that surely did not leave is never given up: an outage of six hours must lose nothing, and what is
then too old to ring is for the digest to say, not for a counter of attempts. That is why there is no maximum
of attempts here; only a refusal kills.

Pauses use "equal jitter" (half fixed, half random): full jitter spreads better, but its shortest pause is none
at all, and a platform that has just failed deserves one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.errors import (
    DeliveryError,
    Migrated,
    NotifierStopped,
    NotSent,
    ReceiverGone,
    Rejected,
    Throttled,
)

FIRST_PAUSE = timedelta(seconds=1)
LONGEST_PAUSE = timedelta(minutes=1)
"""Of a lane whose platform is down: what became critical meanwhile waits no longer than this."""
LONGEST_THROTTLE = timedelta(hours=24)
"""A platform that asks for more is asked again after a day: answers of ten years have been seen."""
STOPPED_PAUSE = timedelta(hours=1)
"""How long a notifier rests whose credentials were refused; a restart asks at once."""


@dataclass(frozen=True, slots=True)
class Retry:
    """Try this receiver again at ``at``; ``repeat`` marks the message as one that may have arrived before."""

    at: datetime
    reason: str
    repeat: bool = False


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing to this receiver before ``until``."""

    until: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Reconcile:
    """It may have arrived: ask the platform."""

    reason: str


@dataclass(frozen=True, slots=True)
class Dead:
    """This message will not be sent."""

    reason: str


@dataclass(frozen=True, slots=True)
class BuryLane:
    """Nothing can be sent to this receiver any more."""

    reason: str


@dataclass(frozen=True, slots=True)
class Redirect:
    """The receiver lives at ``address`` now."""

    address: str
    reason: str


@dataclass(frozen=True, slots=True)
class StopNotifier:
    """No lane of this notifier may send before ``until``."""

    until: datetime
    reason: str


Verdict = Retry | Wait | Reconcile | Dead | BuryLane | Redirect | StopNotifier


def verdict(error: DeliveryError, *, attempts: int, now: datetime, jitter: float) -> Verdict:
    """What to do after ``error``. ``attempts`` counts this one; ``jitter`` is a random number from 0 to 1."""
    reason = str(error) or type(error).__name__
    match error:
        case Throttled():
            return Wait(now + _asked(error.retry_after), reason)
        case NotSent():
            return Retry(now + pause(attempts, jitter), reason)
        case Rejected():
            return Dead(reason)
        case ReceiverGone():
            return BuryLane(reason)
        case Migrated():
            return Redirect(error.address, reason)
        case NotifierStopped():
            return StopNotifier(now + STOPPED_PAUSE, reason)
    return Reconcile(reason)  # Ambiguous, and any leaf this table does not know: the careful reading


def unanswered(policy: str, reason: str, *, attempts: int, now: datetime, jitter: float) -> Retry | Dead:
    """It may have arrived and the platform cannot tell. ``policy`` is the receiver's own wish.

    ``at_most_once`` prefers silence to a repeat; ``repeat``, the default, repeats and marks it.
    """
    if policy == "at_most_once":
        return Dead(f"{reason}; it may have arrived and this receiver wants no repeats")
    return Retry(now + pause(attempts, jitter), reason, repeat=True)


def pause(attempts: int, jitter: float) -> timedelta:
    """The pause after the n-th attempt: 1 s doubled each time up to 1 min, of which half is random."""
    doublings = min(max(attempts, 1) - 1, 16)
    longest = min(FIRST_PAUSE * (1 << doublings), LONGEST_PAUSE)
    return longest * (0.5 + 0.5 * jitter)


def _asked(seconds: float) -> timedelta:
    if not seconds > 0:  # also catches NaN
        return FIRST_PAUSE
    return timedelta(seconds=min(seconds, LONGEST_THROTTLE.total_seconds()))
