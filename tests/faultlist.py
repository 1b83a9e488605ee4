"""Which fault has which test: ``python -m tests.faultlist > docs/faults.md``. A test bears the number of its fault."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

TESTS = Path(__file__).parent
PAGE = TESTS.parent / "docs" / "faults.md"

FAULTS: Mapping[int, str] = {
    1: "killed after claiming, before fetching",
    2: "killed in the middle of a download",
    3: "killed after reading, before the commit",
    4: "killed during a commit, at any write or sync",
    5: "killed after the commit, before anything is sent",
    6: "killed after the intent, before a byte left",
    7: "killed after the send, before it is marked",
    8: "killed while it is marked",
    9: "killed in the middle of a message of several parts",
    10: "killed during a migration",
    11: "a parser process is killed",
    12: "told to stop with messages under way",
    13: "stopped for a minute, then continued beside another worker",
    14: "a parser process out of memory",
    15: "disk full",
    16: "a sync fails",
    17: "database held by another program",
    18: "two instances on one file",
    19: "a lock file left behind",
    20: "database or folder read-only",
    21: "a damaged page",
    22: "a newer schema than this code's",
    23: "the write-ahead log grows",
    24: "PostgreSQL's primary is killed",
    25: "PostgreSQL restarts, connections are cut",
    26: "a worker is cut from its database, not from the platforms",
    27: "a notification between workers is lost",
    28: "the log cannot be written",
    83: "scripts and mark-up in feed text",
    84: "Telegram: mentions, commands, tags, links, broken mark-up",
    85: "Slack: mentions, links, emoji, bold",
    86: "texts of any length, graphemes at the cut",
    87: "Slack's limits of blocks",
    88: "a link that pretends to lead elsewhere",
    89: "a rules file broken while running",
    90: "a file half written",
    91: "a file or folder deleted, swapped, saved a hundred times",
    92: "hostile YAML",
    93: "a regular expression that explodes",
    94: "a rule that matches everything",
    95: "ten thousand rules reloaded under load",
    96: "an unknown key",
    97: "text that looks like a template",
    98: "a secret missing, an empty list of admins",
    99: "tokens everybody can read",
    100: "429 in one chat",
    101: "a burst of ten thousand alerts",
    102: "a restart while a chat must wait",
    103: "blocked, or thrown out of a chat",
    104: "a chat moved",
    105: "mark-up Telegram cannot read",
    106: "a forum's topic is closed or gone",
    107: "a token refused",
    108: "no answer after a send",
    109: "another instance asks for our updates",
    110: "Telegram down for six hours",
    111: "commands of people who may not give them",
    112: "buttons forged or pressed again",
    113: "a webhook without our secret",
    114: "an update that comes again",
    115: "Slack asks us to wait",
    116: "Slack's reply is lost",
    117: "a channel is gone, closed or not ours",
    118: "Slack refuses our token",
    119: "Slack refuses our blocks",
    120: "a webhook is gone",
    121: "an error that comes with status 200",
    122: "a signature that is wrong or old",
    132: "secrets in what is written",
}
NOT_HELD: Mapping[int, str] = {}
"""What no test holds, and why."""

_NUMBERED = re.compile(r"^(?:async )?def (test_fault_(\d{3})((?:_(?:to|and)_\d{3})*)_\w+)", re.MULTILINE)


def found() -> Mapping[int, list[str]]:
    """Fault → its tests, as ``file::name``."""
    tests: dict[int, list[str]] = {}
    for path in sorted(TESTS.rglob("test_*.py")):
        if "node_modules" in path.parts:
            continue
        for match in _NUMBERED.finditer(path.read_text("utf-8")):
            name = f"{path.relative_to(TESTS.parent).as_posix()}::{match[1]}"
            for number in _numbers(int(match[2]), match[3]):
                tests.setdefault(number, []).append(name)
    return tests


def _numbers(first: int, rest: str) -> Iterator[int]:
    """``073_to_077`` and ``118_and_121`` are several."""
    yield first
    for how, number in re.findall(r"_(to|and)_(\d{3})", rest):
        yield from range(first + 1 if how == "to" else int(number), int(number) + 1)


def page() -> str:
    """The table."""
    tests = found()
    lines = [
        "# What breaks, and which test holds it",
        "",
        "Written by `python -m tests.faultlist > docs/faults.md`; a test asks that it is up to date.",
        "",
        "| # | fault | tests |",
        "|---|---|---|",
    ]
    for number, fault in FAULTS.items():
        held = "<br>".join(f"`{name}`" for name in tests.get(number, []))
        lines.append(f"| {number} | {fault} | {held or NOT_HELD.get(number, '')} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(page(), end="")
