"""Is the event loop alive? It beats four times a second; a thread beside it says where it stands still.

A loop that is held up delays every feed and every message, and nothing inside it can say so. The thread looks at the
time of the last beat and, once it is late, logs the stack the loop stands in: once a stall, not once a look.
"""

from __future__ import annotations

import sys
import threading
import traceback

import structlog

from bot import metrics
from bot.ports import Clock

log = structlog.get_logger()

BEAT = 0.25  # seconds between two beats
STALL = 0.2  # seconds a beat may be late before it is called a stall


class Heartbeat:
    """Use :meth:`run` as one of the supervised loops."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._beat = clock.monotonic()
        self._ended = threading.Event()

    async def run(self) -> None:
        """Beat until cancelled."""
        self._ended.clear()
        self._beat = self._clock.monotonic()
        loop_thread = threading.get_ident()
        watchdog = threading.Thread(target=self._watch, args=(loop_thread,), name="heartbeat", daemon=True)
        watchdog.start()
        try:
            while True:
                await self._clock.sleep(BEAT)
                now = self._clock.monotonic()
                metrics.loop_late(max(0.0, now - self._beat - BEAT))
                self._beat = now
        finally:
            self._ended.set()

    def _watch(self, loop_thread: int) -> None:
        told = 0.0
        while not self._ended.wait(STALL / 2):
            beat = self._beat
            if beat != told and self._clock.monotonic() - beat > BEAT + STALL:
                told = beat
                metrics.loop_stalled()
                frame = sys._current_frames().get(loop_thread)
                stack = "".join(traceback.format_stack(frame, limit=12)) if frame else ""
                log.warning("loop.stalled", seconds=round(self._clock.monotonic() - beat, 2), stack=stack)
