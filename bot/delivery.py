"""Delivery: what is owed is sent, once where the platform allows it, and never lost.

::

             claim, intend            every part answered
    owed ─────────────────▶ sending ──────────────────────▶ sent(receipts)
     ▲                         │
     │ Throttled, NotSent,     ├── Rejected, ReceiverGone ─▶ dead(reason) ─▶ a notice by another road
     │ Migrated: not_before    │
     ├─────────────────────────┤ Ambiguous, or the process died
     │                         ▼
     └──── not there ────── unknown ── found ─▶ sent
           cannot tell: owed again and marked as a repeat, or dead, as the receiver wishes

The intent is durable before a byte leaves, so a crash leaves a delivery either owed or in doubt, and what is in
doubt is asked for: Slack answers from its history (exactly once), Telegram cannot (at most one marked repeat).

One lane a receiver. Lanes run side by side and share nothing but the platform's overall pace, so a receiver that
is slow, throttled or gone delays nobody else. Within a lane the outbox hands out the loudest first and keeps the
order within a story; a lane that must pause for its own pace does so *before* it claims, so that what became
louder meanwhile goes first.

Errors are decided by :mod:`bot.core.retries`, pace by :mod:`bot.core.governor`; neither knows a platform's client.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

import structlog

from bot import metrics
from bot.core.digests import may_fold
from bot.core.governor import LONGEST_WINDOW, WINDOW_MARGIN, Governor
from bot.core.model import Delivery, DeliveryState, MessageKind, Receipt, Receiver
from bot.core.notices import another_road, notice
from bot.core.retries import (
    BuryLane,
    Dead,
    Reconcile,
    Redirect,
    Retry,
    StopNotifier,
    Verdict,
    Wait,
    pause,
    unanswered,
    verdict,
)
from bot.core.storystate import thread_of
from bot.errors import Ambiguous, DeliveryError, NotifierStopped, StoreError
from bot.failpoint import reach
from bot.ports import Clock, Digests, Notifier, Outbox
from bot.waiting import first_of

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class CourierOptions:
    """Seconds, except ``ahead``."""

    sweep: float = 1.0  # look into the outbox at least this often, whatever wakes us
    grace: float = 2.0  # before asking whether a message arrived: it may still be on its way …
    restart_grace: float = 2.0  # … the same for what the last life left, at the start
    look_back: float = 1.0  # between two looks for what a dead worker or a failed lane left in doubt …
    late_grace: float = (
        20.0  # … and before asking about that: a worker cut from the database alone may still send
    )
    drain: float = 10.0  # for messages under way when we are told to stop
    ahead: int = 60  # messages chosen but not yet sent: two seconds of the fastest platform's pace


class Courier:
    """Pays what the outbox owes. One instance a process; ``notifiers`` maps a receiver's kind to its notifier.

    ``wake`` is set by whoever owes something; ``admins`` are told of dead letters and stopped notifiers; without
    ``digests`` held alerts go out one by one.
    """

    def __init__(
        self,
        outbox: Outbox,
        notifiers: Mapping[str, Notifier],
        *,
        clock: Clock,
        wake: asyncio.Event,
        admins: Callable[[], Sequence[Receiver]] = tuple,
        digests: Digests | None = None,
        governor: Governor | None = None,
        options: CourierOptions | None = None,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._outbox = outbox
        self._notifiers = notifiers
        self._clock = clock
        self._wake = wake
        self._admins = admins
        self._digests = digests
        self._governor = governor or Governor()
        self._options = options or CourierOptions()
        self._jitter = jitter
        self._lanes: dict[str, asyncio.Task[None]] = {}  # receiver → what its lane is doing
        self._waiting = 0  # lanes between claim and intent
        self._resting: dict[str, float] = {}  # receiver → monotonic time of its next try
        self._stopped: dict[str, float] = {}  # notifier's kind → monotonic time until which it rests
        self._stopping = asyncio.Event()
        self._recalled = False  # the pace of the last life

    # ── the loop ─────────────────────────────────────────────────────────────────────────────────────
    async def run(self) -> None:
        """Deliver until :meth:`stop`. What a crash left in doubt is reconciled first."""
        if not self._recalled:
            await self._recall_pace()
        looked, grace = -self._options.look_back, self._options.restart_grace
        while not self._stopping.is_set():
            self._wake.clear()
            try:
                if self._clock.monotonic() - looked >= self._options.look_back:
                    looked = self._clock.monotonic()
                    await self.recover(grace)
                    grace = self._options.late_grace
                await self.sweep()
            except StoreError as error:
                log.warning("outbox.unreadable", error=str(error))
            await first_of(self._wake.wait(), self._clock.sleep(self._options.sweep))

    async def _recall_pace(self) -> None:
        """The last life's messages count in the platforms' windows, too."""
        now, here = self._clock.now(), self._clock.monotonic()
        try:
            left = await self._outbox.left_since(now - timedelta(seconds=LONGEST_WINDOW * WINDOW_MARGIN))
            for receiver, at in left:
                self._governor.recall(receiver, here - max((now - at).total_seconds(), 0.0))
            self._recalled = True
        except StoreError as error:
            log.warning("outbox.unreadable", error=str(error))

    async def recover(self, grace: float = 0.0) -> None:
        """Start a lane for each receiver with deliveries in doubt; nothing else goes there until they are settled.

        They are asked about after ``grace`` seconds. What our own lanes are sending is in no doubt: lanes are opened
        here and in :meth:`sweep`, one after the other.
        """
        doubtful: dict[str, list[Delivery]] = {}
        ours = set(self._lanes)
        for delivery in await self._outbox.interrupted():
            if delivery.receiver.name not in ours:
                doubtful.setdefault(delivery.receiver.name, []).append(delivery)
        for receiver, deliveries in doubtful.items():
            self._open(receiver, partial(self._reconcile_all, deliveries, grace))

    async def sweep(self) -> int:
        """Start a lane for every delivery that is due and free to go; returns how many."""
        started = 0
        while (room := self._options.ahead - self._waiting) > 0 and not self._stopping.is_set():
            claimed = await self._outbox.claim(self._clock.now(), busy=self._busy(), limit=room)
            reach("after claim")
            for delivery in claimed:
                started += self._start(delivery)
            if not claimed:
                break
        return started

    async def idle(self) -> None:
        """Wait until no lane does anything."""
        while self._lanes:
            await asyncio.wait(self._lanes.values())

    async def stop(self) -> None:
        """Claim no more, let messages under way finish for a while, then let go; what is left stays owed."""
        self._stopping.set()
        if self._lanes:
            await first_of(self.idle(), self._clock.sleep(self._options.drain))
        for lane in self._lanes.values():
            lane.cancel()
        await asyncio.gather(*self._lanes.values(), return_exceptions=True)

    def _busy(self) -> set[str]:
        now = self._clock.monotonic()
        self._resting = {receiver: until for receiver, until in self._resting.items() if until > now}
        return {*self._lanes, *self._resting}

    def _start(self, delivery: Delivery) -> bool:
        receiver, kind = delivery.receiver, delivery.receiver.kind
        until = self._stopped.get(kind, 0.0)
        if until > self._clock.monotonic():
            self._resting[receiver.name] = until
            return False
        self._waiting += 1
        self._open(receiver.name, partial(self._deliver, delivery))
        return True

    # ── lanes ────────────────────────────────────────────────────────────────────────────────────────
    def _open(self, receiver: str, work: Callable[[], Awaitable[None]]) -> None:
        lane = asyncio.create_task(self._lane(receiver, work), name=f"lane {receiver}")
        self._lanes[receiver] = lane
        lane.add_done_callback(lambda _: self._close(receiver))

    async def _lane(self, receiver: str, work: Callable[[], Awaitable[None]]) -> None:
        """Do the work. A mistake of ours costs this receiver a pause, never the loop."""
        try:
            await work()
        except Exception:  # the outbox still owes it, or has it in doubt: both are looked at again
            log.exception("lane.failed", receiver=receiver)
            await self._pause(self._options.sweep)

    def _close(self, receiver: str) -> None:
        del self._lanes[receiver]
        self._wake.set()

    async def _pause(self, seconds: float) -> None:
        """Wait that long, or until we are told to stop."""
        if seconds > 0:
            await first_of(self._stopping.wait(), self._clock.sleep(seconds))

    async def _pause_until(self, time: datetime) -> None:
        await self._pause((time - self._clock.now()).total_seconds())

    def _rest(self, receiver: Receiver, until: datetime) -> float:
        """Nothing to this receiver before then, as long as this process lives; returns the monotonic time."""
        at = self._clock.monotonic() + (until - self._clock.now()).total_seconds()
        self._resting[receiver.name] = max(at, self._resting.get(receiver.name, at))
        return at

    # ── one delivery ─────────────────────────────────────────────────────────────────────────────────
    async def _deliver(self, delivery: Delivery) -> None:
        receiver = delivery.receiver
        notifier = self._notifiers.get(receiver.kind)
        try:
            await self._take_turn(receiver)
            if self._stopping.is_set():
                return
            if notifier is None:
                stopped = NotifierStopped(f"no notifier speaks {receiver.kind!r}: is its token set?")
                await self._settle(delivery, self._verdict(stopped, delivery))
                return
            if self._digests is not None and may_fold(delivery):
                delivery = await self._digests.fold(delivery.id, self._clock.now())
            await self._outbox.intend(delivery.id, self._clock.now())
        finally:
            self._waiting -= 1
        reach("after intent")
        await self._send(notifier, replace(delivery, attempts=delivery.attempts + 1))
        await self._pause(self._governor.rest(receiver, self._clock.monotonic()))

    async def _take_turn(self, receiver: Receiver) -> None:
        await self._pause(self._governor.rest(receiver, self._clock.monotonic()))
        await self._pause(self._governor.book(receiver, self._clock.monotonic()))

    async def _send(self, notifier: Notifier, delivery: Delivery) -> None:
        """Send the parts that are still missing, and write down how it went."""
        receiver = delivery.receiver
        try:
            parts = notifier.render(delivery.message, receiver)
        except Exception as error:  # a mistake of ours; it would be the same tomorrow
            log.exception("delivery.unrenderable", delivery=delivery.id)
            await self._settle(delivery, Dead(f"it cannot be rendered: {type(error).__name__}"))
            return
        after = (
            await self._outbox.last_receipt(thread_of(delivery), receiver.name) if delivery.story else None
        )
        for part in parts[len(delivery.receipts) :]:
            try:
                receipt = await self._send_part(notifier, receiver, part, after)
            except DeliveryError as error:
                await self._settle(delivery, self._verdict(error, delivery))
                return
            reach("after send")
            delivery = await self._part_sent(delivery, receipt)
            if len(delivery.receipts) < len(parts):
                await self._clock.sleep(self._governor.book(receiver, self._clock.monotonic()))
        await self._sent(delivery)

    async def _send_part(
        self, notifier: Notifier, receiver: Receiver, part: Mapping[str, object], after: Receipt | None
    ) -> Receipt:
        try:
            return await notifier.send(receiver, part, after=after, now=self._clock.now())
        except DeliveryError:
            raise
        except Exception as error:  # the notifier's mistake; whether the message left is anyone's guess
            log.exception("notifier.failed", kind=receiver.kind)
            raise Ambiguous(f"unexpected {type(error).__name__} while sending") from error

    async def _part_sent(self, delivery: Delivery, receipt: Receipt) -> Delivery:
        await self._insist(lambda: self._outbox.part_sent(delivery.id, receipt))
        return replace(delivery, receipts=(*delivery.receipts, receipt))

    async def _sent(self, delivery: Delivery) -> None:
        now = self._clock.now()
        await self._insist(lambda: self._outbox.sent(delivery.id, now))
        metrics.delivered(delivery, DeliveryState.SENT, now)
        log.info("delivery.sent", delivery=delivery.id, seconds=(now - delivery.created).total_seconds())

    async def _insist(self, write: Callable[[], Awaitable[object]]) -> None:
        """Write down what happened outside, however long the database needs: it cannot be taken back."""
        tries = 0
        while True:
            try:
                await write()
                return
            except StoreError as error:
                tries += 1
                log.warning("outbox.unwritable", error=str(error), tries=tries)
                if self._stopping.is_set():
                    raise  # it stays in doubt, and the next start asks the platform
                await self._pause(pause(tries, self._jitter()).total_seconds())

    # ── when it did not go ───────────────────────────────────────────────────────────────────────────
    def _verdict(self, error: DeliveryError, delivery: Delivery) -> Verdict:
        return verdict(error, attempts=delivery.attempts, now=self._clock.now(), jitter=self._jitter())

    async def _settle(self, delivery: Delivery, what: Verdict) -> None:
        """Do what the policy says."""
        log.info("delivery.unsent", delivery=delivery.id, verdict=type(what).__name__, reason=what.reason)
        match what:
            case Retry(at, reason, repeat):
                self._rest(delivery.receiver, at)
                await self._insist(lambda: self._outbox.postpone(delivery.id, at, reason, repeat=repeat))
            case Wait(until, reason):
                await self._insist(lambda: self._outbox.throttle(delivery.receiver.name, until))
                await self._insist(lambda: self._outbox.postpone(delivery.id, until, reason))
            case Reconcile(reason):
                await self._insist(lambda: self._outbox.unknown(delivery.id, reason))
                await self._pause(self._options.grace)
                await self._reconcile(delivery)
            case Dead(reason):
                await self._die(delivery, reason)
                await self._tell(delivery, f"A message to {delivery.receiver.name} is dead: {reason}")
            case BuryLane(reason):
                await self._bury(delivery, reason)
            case Redirect(address, reason):
                await self._insist(lambda: self._outbox.redirect(delivery.receiver.name, address))
                await self._insist(lambda: self._outbox.postpone(delivery.id, self._clock.now(), reason))
            case StopNotifier():
                await self._stop_notifier(delivery, what)

    async def _die(self, delivery: Delivery, reason: str) -> None:
        await self._insist(lambda: self._outbox.dead(delivery.id, reason))
        metrics.delivered(delivery, DeliveryState.DEAD, self._clock.now())

    async def _bury(self, delivery: Delivery, reason: str) -> None:
        receiver = delivery.receiver.name
        await self._die(delivery, reason)
        await self._insist(lambda: self._outbox.bury_lane(receiver, reason))
        await self._tell(
            delivery, f"{receiver} takes no messages any more, all it was owed is dead: {reason}"
        )

    async def _stop_notifier(self, delivery: Delivery, what: StopNotifier) -> None:
        """Its lanes rest in memory only: whoever mends the credentials restarts us, and then all is due at once."""
        self._stopped[delivery.receiver.kind] = self._rest(delivery.receiver, what.until)
        await self._insist(lambda: self._outbox.postpone(delivery.id, self._clock.now(), what.reason))
        text = f"{delivery.receiver.kind} is stopped until {what.until:%H:%M} UTC, its messages wait: {what.reason}"
        await self._tell(delivery, text, topic=f"stopped/{delivery.receiver.kind}")

    async def _tell(self, delivery: Delivery, text: str, *, topic: str = "") -> None:
        """Owe the operators a word. A notice that fails is only logged: trouble must not breed."""
        log.warning("delivery.trouble", delivery=delivery.id, text=text)
        road = another_road(self._admins(), delivery.receiver)
        if road is None or delivery.message.kind is MessageKind.NOTICE:
            return
        word = notice(road, topic or f"dead/{delivery.receiver.name}", text, self._clock.now())
        await self._insist(lambda: self._outbox.owe([word]))

    # ── when it may have arrived ─────────────────────────────────────────────────────────────────────
    async def _reconcile_all(self, deliveries: Sequence[Delivery], grace: float) -> None:
        await self._pause(grace)
        for delivery in deliveries:
            await self._reconcile(delivery)

    async def _reconcile(self, delivery: Delivery) -> None:
        """Ask the platform until it answers. The lane is ours meanwhile: nothing may overtake what is in doubt."""
        notifier = self._notifiers.get(delivery.receiver.kind)
        tries = 0
        while not self._stopping.is_set() and notifier is not None:
            tries += 1
            try:
                found = await self._find(notifier, delivery)
            except DeliveryError as error:
                if await self._unanswered(delivery, error, tries):
                    return
            else:
                await self._reconciled(notifier, delivery, found)
                return

    async def _find(self, notifier: Notifier, delivery: Delivery) -> Receipt | None:
        try:
            return await notifier.find(delivery.receiver, delivery.message, since=delivery.created)
        except DeliveryError:
            raise
        except Exception as error:  # the notifier's mistake: as good as no answer
            log.exception("notifier.failed", kind=delivery.receiver.kind)
            raise Ambiguous(f"unexpected {type(error).__name__} while asking") from error

    async def _unanswered(self, delivery: Delivery, error: DeliveryError, tries: int) -> bool:
        """The platform did not say. True when the delivery is settled all the same."""
        now = self._clock.now()
        what = verdict(error, attempts=tries, now=now, jitter=self._jitter())
        match what:
            case Retry(at) | Wait(at):
                await self._pause_until(at)
            case StopNotifier(until):
                await self._tell(delivery, f"cannot ask what arrived: {what.reason}")
                await self._pause_until(until)
            case Reconcile(reason):
                policy = delivery.receiver.options.get("policy", "")
                attempts, jitter = delivery.attempts, self._jitter()
                await self._settle(
                    delivery, unanswered(policy, reason, attempts=attempts, now=now, jitter=jitter)
                )
                return True
            case _:
                await self._settle(delivery, what)
                return True
        return False

    async def _reconciled(self, notifier: Notifier, delivery: Delivery, found: Receipt | None) -> None:
        """The platform said. Of a split message it names the newest part, so one we know means: the next is missing."""
        if found is not None and found.message not in {receipt.message for receipt in delivery.receipts}:
            delivery = await self._part_sent(delivery, found)
        log.info("delivery.reconciled", delivery=delivery.id, arrived=found is not None)
        if len(delivery.receipts) >= len(notifier.render(delivery.message, delivery.receiver)):
            await self._sent(delivery)
            return
        later = self._clock.now() + pause(delivery.attempts, self._jitter())
        await self._settle(delivery, Retry(later, "it did not arrive"))
