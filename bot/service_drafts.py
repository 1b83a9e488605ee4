"""A draft beside the saved text: the rules each of them stands for, compiled, and what the past says to them.

:class:`Past` is asked by :mod:`bot.service_rules`. Its work is processor work on very many texts, so the running bot
has it done by a process of its own (:mod:`bot.app_past`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from bot.config.drafts import Draft, load_draft, mark_of, text_of
from bot.config.folder import yaml_files
from bot.config.load import rulebook_of
from bot.core.matching import RuleBook
from bot.core.rules import Rule
from bot.errors import InputError
from bot.ports import Archive
from bot.service_lookback import Comparison, Lookback, Side, nobody, summing


def rules_of(draft: Draft, name: str) -> list[Rule]:
    """The rules a draft's file holds; for a file that holds none (words, feeds) all that may depend on it.

    Raises InputError for a draft that does not load.
    """
    if draft.desk is None:
        raise InputError("Mend the mistakes in the file first.")
    own = [rule for rule in draft.desk.rules if rule.file == name]
    return own if own or name in ("feeds.yaml", "routes.yaml") else list(draft.desk.rules)


def book_of(draft: Draft, rules: Sequence[Rule]) -> RuleBook:
    """Some rules over the draft's lists. Raises InputError for a draft that does not load."""
    if draft.desk is None:
        raise InputError("Mend the mistakes in the file first.")
    return rulebook_of(replace(draft.desk, rules=tuple(rules)))


def side_of(draft: Draft, rules: Sequence[Rule]) -> Side:
    """They with the mark they are known by. Raises InputError."""
    lists = draft.desk.lists if draft.desk is not None else {}
    return Side(
        book_of(draft, rules), lists, mark_of(repr((list(map(summing, rules)), sorted(lists.items()))))
    )


class Past:
    """What drafts of a folder's files would have done. Keeps what it read, and the text it was asked about last.

    ``progress`` is the share that is done of what is being read; ``tell`` hears of it.
    """

    def __init__(self, folder: Path, archive: Archive, tell: Callable[[float], None] = nobody) -> None:
        self.progress = 0.0
        self._tell = tell
        self._folder = folder
        self._back = Lookback(archive, self._heard)
        self._saved: tuple[object, Side] | None = None

    async def compare(self, name: str, text: str, since: datetime, days: int) -> Comparison:
        """The draft against what is saved, on all that was seen since then. Raises InputError, StoreError."""
        draft = load_draft(self._folder, name, text)
        after = side_of(draft, rules_of(draft, name))
        return await self._back.compare(self._side(name, draft), after, since, days)

    async def get_ready(self, name: str, since: datetime) -> None:
        """Do all of it that does not depend on the draft. Raises InputError, StoreError."""
        saved = load_draft(self._folder, name, text_of(self._folder / name))
        await self._back.get_ready(self._side(name, saved), since)

    def _heard(self, share: float) -> None:
        self.progress = share
        self._tell(share)

    def _side(self, name: str, fallback: Draft) -> Side:
        """What is saved; where that does not load nothing fired, over the lists of ``fallback``."""
        stamp = (name, _stamp(self._folder))
        if self._saved is None or self._saved[0] != stamp:
            text = text_of(self._folder / name)
            draft = load_draft(self._folder, name, text) if text else Draft(None, ())
            rules: list[Rule] = []
            with suppress(InputError):
                rules = rules_of(draft, name)
            self._saved = stamp, side_of(draft if draft.desk else fallback, rules)
        return self._saved[1]


def _stamp(folder: Path) -> tuple[tuple[str, int, int], ...]:
    """Other than before as soon as a file has changed."""
    found = [(path.name, path.stat()) for path in yaml_files(folder)]
    return tuple((name, stat.st_mtime_ns, stat.st_size) for name, stat in found)
