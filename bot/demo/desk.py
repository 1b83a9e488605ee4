"""The editors' folder of the sample day: the rules as shipped, the outlets as feeds, one screen as receiver.

One rule is the demo's own: *election*, which must not be woken by an appeal for donations that talks of one.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from bot.demo.server import DemoServer
from bot.errors import InputError

RECEIVER = "screen"
"""Name of the demo's receiver, of kind ``console``."""

LEAST = "medium"
"""The level from which the screen is told."""

SETTINGS: Mapping[str, object] = {
    "allow_loopback": True,
    "poll_interval": timedelta(seconds=1),
    "poll_min_interval": timedelta(seconds=1),
    "poll_max_interval": timedelta(seconds=1),
    "host_concurrency": 8,
    "host_gap": timedelta(),
}
"""Settings under which a second is a long time; all others keep their defaults."""

_ROUTES = f"""\
receivers:
  - {{name: {RECEIVER}, kind: console}}
routes:
  - {{when: {{level: {LEAST}+}}, to: {RECEIVER}}}
"""

_ELECTION = """\
rules:
  - id: election
    title: Presidential election
    strong: [presidential election, "election + knife edge, rally, candidate"]
    keywords: [election]
    examples:
      match: [Presidential election on a knife edge]
"""

_OWN = frozenset(("feeds.yaml", "routes.yaml"))


def write_desk(folder: Path, server: DemoServer) -> Path:
    """Write the whole folder; returns it. Raises InputError if the shipped rules are not where they belong."""
    for path in sorted(shipped_rules().glob("*.yaml")):
        if path.name not in _OWN:
            shutil.copy(path, folder)
    (folder / "feeds.yaml").write_text(server.feeds_yaml(), "utf-8")
    (folder / "routes.yaml").write_text(_ROUTES, "utf-8")
    (folder / "election.yaml").write_text(_ELECTION, "utf-8")
    return folder


def shipped_rules() -> Path:
    """The rules that came with the program: inside the package, or beside it in a checkout; never an editor's own."""
    package = Path(__file__).resolve().parent.parent
    for place in (package / "_rules", package.parent / "rules"):
        if place.is_dir():
            return place
    raise InputError(f"the rules that belong to the program are missing: {package / '_rules'}")
