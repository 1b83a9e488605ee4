"""``python -m tests.faults.running SETTINGS [broken]``: the bot as ``newsalert run`` runs it, on a world's servers.

``broken``: its disk fails once it has decided its first poll.
"""

from __future__ import annotations

import json
import sys

import typer
import uvloop

from bot.app import Parts, run_until_told
from bot.cli.output import told_plainly
from bot.logs import configure_logs
from bot.ports import Polled, PollRecord
from tests.faults import syscalls
from tests.faults.zygote import settings_of


def break_the_disk(_: Polled, __: PollRecord) -> None:
    """The next sync fails; whether its pages are on the disk, nobody knows from then on."""
    syscalls.arm("sync", 1, "fail")


def main() -> int:
    """The exit code ``newsalert run`` would have."""
    configure_logs("debug")
    settings, broken = settings_of(json.loads(sys.argv[1])), sys.argv[2:] == ["broken"]
    try:
        with told_plainly():
            uvloop.run(run_until_told(settings, Parts(web=False, observe=break_the_disk if broken else None)))
    except typer.Exit as ended:
        return ended.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
