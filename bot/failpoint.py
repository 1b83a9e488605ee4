"""Places where a test may kill the process: ``NEWSALERT_FAILPOINT="after intent"`` or ``"after intent#3"``.

A failpoint is a promise that dying here loses nothing; the kill harness holds us to it. Without the variable
each call is one dictionary look-up in an empty mapping.
"""

from __future__ import annotations

import os
import signal

NAMES = ("after claim", "after fetch", "before commit", "after commit", "after intent", "after send")
"""The named steps of the line, in order."""


_countdown: dict[str, int] = {}


def arm(wish: str) -> None:
    """Arm one step: its name, and after ``#`` how often it may be reached before it kills. "" disarms."""
    name, _, count = wish.partition("#")
    _countdown.clear()
    if name in NAMES:
        _countdown[name] = int(count or 1)


def reach(name: str) -> None:
    """Die by SIGKILL when this step is reached for the armed time; otherwise do nothing."""
    if name not in _countdown:
        return
    _countdown[name] -= 1
    if _countdown[name] <= 0:
        os.kill(os.getpid(), signal.SIGKILL)


arm(os.environ.get("NEWSALERT_FAILPOINT", ""))
