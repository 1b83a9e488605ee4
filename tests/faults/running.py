"""``python -m tests.faults.running SETTINGS [broken | fleet | loud]``: the bot as ``newsalert run`` runs it.

``broken``: its disk fails once it has decided its first poll. ``fleet``: what another worker left in doubt is asked for
at once, since tests part them only when nothing is on its way; nobody doubts its own session because a test is slow.
``loud``: every library says all it has to say.
"""

from __future__ import annotations

import json
import logging
import sys
from dataclasses import replace

import typer
import uvloop

from bot.app import Parts, run_until_told
from bot.cli.output import told_plainly
from bot.delivery import CourierOptions
from bot.logs import CHATTY, configure_logs
from bot.ports import Polled, PollRecord
from bot.store import fleet
from tests.faults import syscalls
from tests.faults.zygote import settings_of


def break_the_disk(_: Polled, __: PollRecord) -> None:
    """The next sync fails; whether its pages are on the disk, nobody knows from then on."""
    syscalls.arm("sync", 1, "fail")


def main() -> int:
    """The exit code ``newsalert run`` would have."""
    configure_logs("debug")
    settings, how = settings_of(json.loads(sys.argv[1])), sys.argv[2:]
    parts = Parts(web=False, observe=break_the_disk if "broken" in how else None)
    if "fleet" in how:
        parts = replace(
            parts, courier=CourierOptions(restart_grace=0, late_grace=0, look_back=0.1, sweep=0.1)
        )
        fleet.BEAT = 600.0
    if "loud" in how:
        for name in CHATTY:
            logging.getLogger(name).setLevel(logging.DEBUG)
    try:
        with told_plainly():
            uvloop.run(run_until_told(settings, parts))
    except typer.Exit as ended:
        return ended.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
