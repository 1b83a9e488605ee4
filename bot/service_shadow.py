"""A draft beside the live rules: on every new article, what it would have told, until it is saved or dropped.

The live line knows nothing of it. What was decided and stored is offered here, waits in a queue of its own, and is
weighed in a thread; a draft that is slow, wrong or failing costs its own report and nothing else. Compared is what
fires on an article; stories, routes and silences are left out, as in the comparison with the past.

The draft lies in the folder below ``.shadows`` with its report, so both survive a restart.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import structlog
from pydantic import TypeAdapter, ValidationError

from bot.config.drafts import file_named, load_draft, text_of, write
from bot.core.matching import RuleBook
from bot.core.model import Decision, Entry, Outcome
from bot.errors import InputError, NewsalertError
from bot.ingest import Orders
from bot.ports import PollRecord
from bot.service_drafts import book_of, rules_of
from bot.service_ground import Actor, Ground, Role
from bot.service_lookback import Comparison, fired

log = structlog.get_logger()

FOLDER = ".shadows"
MOST_WAITING = 5_000  # articles; beyond it the oldest are left out of the report
_UNTOLD = (Outcome.BASELINE, Outcome.TOO_OLD)


@dataclass(slots=True)
class Shadow:
    """A draft on trial, and what it would have told so far (``found.days`` means nothing here)."""

    name: str
    text: str
    by: str
    since: datetime
    found: Comparison = field(default_factory=lambda: Comparison(1))
    failed: str = ""  # why it reports no more


_SHADOW = TypeAdapter(Shadow)
_Decided = tuple[Entry, Decision]


class Shadows:
    """At most one for each file. Every verb needs an editor."""

    def __init__(self, ground: Ground) -> None:
        self._on = ground
        self._shadows: dict[str, Shadow] | None = None  # None = not looked for yet
        self._books: dict[str, tuple[Orders, str, RuleBook, frozenset[str]]] = {}
        self._waiting: deque[_Decided] = deque(maxlen=MOST_WAITING)
        self._work: asyncio.Task[None] | None = None

    # ── verbs ────────────────────────────────────────────────────────────────────────────────────────
    async def start(self, actor: Actor, name: str, text: str) -> Shadow:
        """Run a draft that loads beside what is saved. Raises InputError, NotPermitted."""
        actor.need(Role.EDITOR, "start shadow")
        saved = await asyncio.to_thread(text_of, file_named(self._folder(), name))
        if saved == text:
            raise InputError("This is what is saved; change something first.")
        await asyncio.to_thread(_compiled, self._folder(), name, text)
        shadow = Shadow(name, text, actor.name, self._on.now)
        self._all()[name] = shadow
        self._books.pop(name, None)
        await asyncio.to_thread(_keep, self._folder(), shadow)
        log.info("rules.shadow.started", file=name, by=actor.name)
        return shadow

    async def drop(self, actor: Actor, name: str) -> None:
        """End it. Raises InputError, NotPermitted."""
        actor.need(Role.EDITOR, "drop shadow")
        if not self._forget(name):
            raise InputError("Nothing runs beside this file.")
        log.info("rules.shadow.dropped", file=name, by=actor.name)

    def running(self, actor: Actor, name: str) -> Shadow | None:
        """The draft on trial beside a file, if there is one. Raises NotPermitted."""
        actor.need(Role.EDITOR, "shadow")
        return self._all().get(name)

    def saved(self, name: str, text: str) -> None:
        """This was saved: if it is the draft on trial, the trial is over."""
        shadow = self._all().get(name)
        if shadow is not None and shadow.text == text:
            self._forget(name)

    def _forget(self, name: str) -> bool:
        self._books.pop(name, None)
        if self._all().pop(name, None) is None:
            return False
        _path(self._folder(), name).unlink(missing_ok=True)
        return True

    # ── the report ───────────────────────────────────────────────────────────────────────────────────
    def offer(self, record: PollRecord) -> None:
        """What a poll decided; returns at once and never raises."""
        with suppress(NewsalertError):
            if self._all():
                told = (pair for pair in record.entries if pair[1].outcome not in _UNTOLD)
                self._waiting.extend(told)
        if self._waiting and (self._work is None or self._work.done()):
            self._work = asyncio.ensure_future(self._report())

    async def settled(self) -> None:
        """Until everything offered so far is in the reports."""
        if self._work is not None:
            await self._work

    async def _report(self) -> None:
        while self._waiting:
            decided = [self._waiting.popleft() for _ in range(len(self._waiting))]
            for shadow in list(self._all().values()):
                try:
                    await asyncio.to_thread(self._weigh, shadow, decided)
                except Exception as error:  # noqa: BLE001 — a draft may fail in any way, and concerns nobody else
                    shadow.failed = str(error)[:200] or type(error).__name__
                    log.warning("rules.shadow.failed", file=shadow.name, reason=type(error).__name__)

    def _weigh(self, shadow: Shadow, decided: Sequence[_Decided]) -> None:
        book, rules = self._book(shadow)
        changes = shadow.found.gained_count, shadow.found.lost_count
        for entry, decision in decided:
            live = [each for each in fired(decision.matches) if each.rule in rules]
            shadow.found.entries += 1
            shadow.found.add(entry.title, live, fired(book.match(entry)))
        shadow.failed = ""
        if changes != (shadow.found.gained_count, shadow.found.lost_count) and self._is_current(shadow):
            _keep(self._folder(), shadow)

    def _is_current(self, shadow: Shadow) -> bool:
        return self._all().get(shadow.name) is shadow

    def _book(self, shadow: Shadow) -> tuple[RuleBook, frozenset[str]]:
        """The draft compiled over the folder as it is now, and the names of the rules it is compared in."""
        orders = self._on.orders()
        known = self._books.get(shadow.name)
        if known is None or known[0] is not orders or known[1] != shadow.text:
            book = _compiled(self._folder(), shadow.name, shadow.text)
            live = {rule.id for rule in orders.rulebook.rules.values() if rule.file == shadow.name}
            known = self._books[shadow.name] = orders, shadow.text, book, frozenset({*live, *book.rules})
        return known[2], known[3]

    # ── keeping ──────────────────────────────────────────────────────────────────────────────────────
    def _folder(self) -> Path:
        if self._on.rules_dir is None:
            raise InputError("This bot keeps no rules on disk.")
        return self._on.rules_dir

    def _all(self) -> dict[str, Shadow]:
        if self._shadows is None:
            self._shadows = dict(_kept(self._on.rules_dir)) if self._on.rules_dir else {}
        return self._shadows


def _compiled(folder: Path, name: str, text: str) -> RuleBook:
    draft = load_draft(folder, name, text)
    return book_of(draft, rules_of(draft, name))


def _path(folder: Path, name: str) -> Path:
    return folder / FOLDER / f"{name}.json"


def _keep(folder: Path, shadow: Shadow) -> None:
    path = _path(folder, shadow.name)
    try:
        path.parent.mkdir(exist_ok=True)
    except OSError as error:
        raise InputError("The file cannot be written: {reason}", reason=error.strerror or "?") from None
    write(path, _SHADOW.dump_json(shadow).decode())


def _kept(folder: Path) -> Mapping[str, Shadow]:
    found: dict[str, Shadow] = {}
    for path in sorted((folder / FOLDER).glob("*.json")):
        with suppress(OSError, ValidationError):
            shadow = _SHADOW.validate_json(path.read_bytes())
            if path == _path(folder, shadow.name):
                found[shadow.name] = shadow
    return found
