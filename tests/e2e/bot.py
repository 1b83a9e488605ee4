"""``python -m tests.e2e.bot FOLDER SITE``: the real bot on one invented site, its console on a free port.

Two people may log in. While the file ``broken`` lies in the folder, the screen refuses every message.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

from pydantic import SecretStr

from bot.app import Parts, running_bot
from bot.config.settings import load_settings
from bot.config.webusers import line_for
from bot.core.model import Receipt, Receiver
from bot.errors import Rejected
from bot.notify import Console
from tests.e2e.editors import write_rules

PASSWORD = "a harbour in the fog"
RULES = """\
# Rules of the harbour; this comment stays.
rules:
  - id: storm
    title: Storms        # the editor's own layout stays, too
    category: weather
    strong:
      - storm + coast, harbour
    keywords: [storm]
    examples:
      match:
        - {text: Storm reaches the coast, lang: en}
      no_match:
        - {text: Quiet day in the harbour, lang: en}
"""
ROUTES = """\
receivers:
  - {name: screen, kind: console}
routes:
  - {when: {level: low+}, to: screen}
"""


class Screen(Console):
    """Shows nothing, and refuses while it is broken."""

    def __init__(self, broken: Path) -> None:
        super().__init__(as_json=True)
        self._broken = broken

    async def send(
        self, receiver: Receiver, part: Mapping[str, object], *, after: Receipt | None, now: datetime
    ) -> Receipt:
        """Rejected, or taken."""
        if self._broken.exists():
            raise Rejected("the screen is dark <b>today</b>")
        return Receipt("screen", "", now)


async def main(folder: Path, site: str) -> None:
    """Run until killed; the console's address is left in the file ``address``."""
    users = f"anna admin {line_for('anna', 'admin', PASSWORD).split()[2]}\n"
    users += line_for("walter", "viewer", PASSWORD)
    feed = f"{{name: harbour, url: {site}/feed, lang: en}}"
    changes = {
        "rules_dir": write_rules(folder, feed=feed, storm=RULES, routes=ROUTES),
        "database_url": f"sqlite+aiosqlite:///{folder / 'e2e.sqlite3'}",
        "web_port": 0,
        "web_users": SecretStr(users),
        "allow_loopback": True,
        "poll_interval": timedelta(seconds=1),
        "poll_min_interval": timedelta(seconds=1),
        "poll_max_interval": timedelta(seconds=1),
        "host_concurrency": 4,
        "host_gap": timedelta(),
    }
    settings = load_settings(env_file=None).model_copy(update=changes)
    async with running_bot(settings, Parts({"console": Screen(folder / "broken")})) as bot:
        (folder / "address").write_text(bot.web_url)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
