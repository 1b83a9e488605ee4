"""The editors' files, for people who write rules in the console: what a draft says, what it would have done, saving.

A draft is never in force. It is read from a copy of the folder, so that what the editor sees is what the bot would
say at its start; and it is saved only if it loads. Who saves names the text the editing began with, so that nobody
overwrites what somebody else saved meanwhile. Everything saved is kept as a version; restoring is saving an old text.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from difflib import unified_diff
from itertools import chain, count
from pathlib import Path

import structlog

from bot.config.completion import Offers, offers
from bot.config.drafts import (
    Version,
    file_named,
    keep,
    load_draft,
    mark_of,
    text_of,
    version_text,
    versions,
    with_no_match,
    write,
)
from bot.config.folder import yaml_files
from bot.config.lint import lint
from bot.config.load import failing_examples
from bot.core.matching import headline
from bot.core.model import Entry, Feedback
from bot.errors import InputError, Problem
from bot.service_drafts import Past, book_of, rules_of
from bot.service_ground import Actor, Ground, PastReader, Role
from bot.service_lookback import Comparison
from bot.service_questions import Sheet

log = structlog.get_logger()

DAYS = 7
LONGEST_HEADLINE = 2000


@dataclass(frozen=True, slots=True)
class RuleFile:
    """A file of the folder. ``rules`` are the ids in force from it."""

    name: str
    rules: tuple[str, ...]
    problems: int


@dataclass(frozen=True, slots=True)
class Checked:
    """What a draft is: its mistakes, its examples, its hints. ``loads`` = it may be saved."""

    problems: tuple[Problem, ...]
    failing: tuple[Problem, ...] = ()
    examples: int = 0
    rules: tuple[str, ...] = ()

    @property
    def loads(self) -> bool:
        """Nothing stands against saving it."""
        return not self.failing and all(each.severity == "warning" for each in self.problems)


_STARTING = """\
rules:
  - id: {rule}
    title: {title}
    keywords:
      - {words}
    examples:
      match:
        - {{text: "{title} reported in the north", lang: en}}
      no_match:
        - {{text: "A quiet day", lang: en}}
"""


def _nobody(_name: str, _text: str) -> None:
    """Is told."""


class Rules:
    """Every verb needs an editor."""

    def __init__(self, ground: Ground, saved: Callable[[str, str], None] = _nobody) -> None:
        self._on = ground
        self._saved = saved  # told the name and the text of a file
        self._one = asyncio.Semaphore(1)  # one comparison at a time
        self._saving = asyncio.Lock()
        self._past: PastReader = ground.past or Past(ground.rules_dir or Path(), ground.views)

    def _folder(self) -> Path:
        if self._on.rules_dir is None:
            raise InputError("This bot keeps no rules on disk.")
        return self._on.rules_dir

    # ── looking ──────────────────────────────────────────────────────────────────────────────────────
    async def files(self, actor: Actor) -> Sequence[RuleFile]:
        """The folder's files by name."""
        actor.need(Role.EDITOR, "rule files")
        held: dict[str, list[str]] = {}
        for rule in self._on.orders().rulebook.rules.values():
            held.setdefault(rule.file, []).append(rule.id)
        names = [path.name for path in yaml_files(self._folder())]
        return [RuleFile(name, tuple(held.get(name, ())), 0) for name in names]

    async def text(self, actor: Actor, name: str) -> str:
        """What stands in a file, "" for one that is not there yet. Raises InputError."""
        actor.need(Role.EDITOR, "rule text")
        return await asyncio.to_thread(text_of, file_named(self._folder(), name))

    def offers(self, actor: Actor, name: str) -> Offers:
        """What may be typed in a file of that name. Raises NotPermitted."""
        actor.need(Role.EDITOR, "complete rules")
        return offers(name, tuple(self._on.orders().rulebook.lists))

    async def fresh(self, actor: Actor, wanted: str) -> tuple[str, str]:
        """Name and text of a new file on a topic: a rule that loads, to be filled. Raises InputError."""
        actor.need(Role.EDITOR, "new rule file")
        stem = re.sub(r"[^a-z0-9]+", "-", wanted.lower().removesuffix(".yaml")).strip("-")[:40]
        if not stem:
            raise InputError("Give the topic a name in Latin letters.")
        path = file_named(self._folder(), f"{stem}.yaml")
        if await asyncio.to_thread(path.exists):
            raise InputError("There is a file of that name already.")
        taken = self._on.orders().rulebook.rules
        names = chain([stem], (f"{stem}-{number}" for number in count(2)))
        rule = next(each for each in names if each not in taken)
        words = stem.replace("-", " ")
        return path.name, _STARTING.format(rule=rule, title=words.capitalize(), words=words)

    async def check(self, actor: Actor, name: str, text: str) -> Checked:
        """Mistakes, hints and examples of a draft. Raises InputError."""
        actor.need(Role.EDITOR, "check rules")
        file_named(self._folder(), name)
        return await asyncio.to_thread(_checked, self._folder(), name, text)

    async def weigh(self, actor: Actor, name: str, text: str, subject: str) -> Sequence[Sheet]:
        """The sum a draft's rules give a headline or the page behind a link. Raises InputError."""
        actor.need(Role.EDITOR, "weigh")
        wanted = " ".join(subject.split())[:LONGEST_HEADLINE]
        if not wanted:
            raise InputError("Paste a headline or a link.")
        entry: Entry | None = headline(wanted)
        if wanted.startswith(("http://", "https://")) and " " not in wanted:
            entry = await self._on.page(wanted)
        if entry is None:
            raise InputError("I could not read that page: {error}", error="no article")
        return await asyncio.to_thread(_weighed, self._folder(), name, text, entry)

    async def compare(self, actor: Actor, name: str, text: str, *, days: int = DAYS) -> Comparison:
        """What the last days would have been under the draft, and were under the saved text. Raises InputError."""
        actor.need(Role.EDITOR, "compare rules")
        days = max(1, min(days, 90))
        file_named(self._folder(), name)
        async with self._one:
            return await self._past.compare(name, text, self._on.now - timedelta(days=days), days)

    async def get_ready(self, actor: Actor, name: str) -> None:
        """Read now what a comparison would wait for: somebody has opened the file. Raises NotPermitted."""
        actor.need(Role.EDITOR, "get ready to compare")
        with suppress(InputError):
            await self._past.get_ready(name, self._on.now - timedelta(days=DAYS))

    @property
    def progress(self) -> float:
        """The share that is done of what a comparison waits for; no secret, and asked too often for the audit."""
        return self._past.progress

    # ── changing ─────────────────────────────────────────────────────────────────────────────────────
    async def save(self, actor: Actor, name: str, text: str, *, base: str) -> Sequence[Problem]:
        """Write a draft that loads, and put it in force; ``base`` is the mark of the text it began with.

        Raises InputError, NotPermitted; returns what the reload found in the whole folder.
        """
        actor.need(Role.EDITOR, "save rules")
        folder = self._folder()
        path = file_named(folder, name)
        async with self._saving:
            now = await asyncio.to_thread(text_of, path)
            if mark_of(now) != base:
                raise InputError("Somebody else changed this file meanwhile; open it again.")
            checked = await asyncio.to_thread(_checked, folder, name, text)
            if not checked.loads:
                raise InputError("This does not load, so it was not saved.")
            stamp = self._on.now.strftime("%Y%m%dT%H%M%S%f")
            await asyncio.to_thread(_written, folder, path, (now, text), (actor.id, stamp))
            self._saved(name, text)
        log.info("rules.saved", file=name, by=actor.name, mark=mark_of(text), before=base)
        return await self._on.reload()

    async def versions(self, actor: Actor, name: str) -> Sequence[Version]:
        """What was saved before, newest first. Raises InputError."""
        actor.need(Role.EDITOR, "rule versions")
        file_named(self._folder(), name)
        return await asyncio.to_thread(versions, self._folder(), name)

    async def version(self, actor: Actor, name: str, version: str) -> str:
        """The text of a version. Raises InputError."""
        actor.need(Role.EDITOR, "rule version")
        file_named(self._folder(), name)
        return await asyncio.to_thread(version_text, self._folder(), name, version)

    async def diff(self, actor: Actor, name: str, version: str) -> str:
        """From a version to what is saved now, as a unified diff. Raises InputError."""
        old, new = await self.version(actor, name, version), await self.text(actor, name)
        lines = unified_diff(old.splitlines(), new.splitlines(), version, "now", lineterm="")
        return "\n".join(lines)

    async def restore(self, actor: Actor, name: str, version: str) -> Sequence[Problem]:
        """Save an earlier text again. Raises InputError, NotPermitted."""
        text = await self.version(actor, name, version)
        return await self.save(actor, name, text, base=mark_of(await self.text(actor, name)))

    # ── what people called wrong ─────────────────────────────────────────────────────────────────────
    async def proposals(self, actor: Actor, name: str) -> Sequence[Feedback]:
        """Headlines people called wrong that a rule of this file rang on, one a headline."""
        actor.need(Role.EDITOR, "proposals")
        rules = self._on.orders().rulebook.rules
        known = {(rule.id, each.text) for rule in rules.values() for each in rule.examples}
        found = {(each.rule, each.title): each for each in await self._on.wishes.feedback(limit=500)}
        return [
            each
            for of, each in found.items()
            if each.rule in rules and rules[each.rule].file == name and of not in known
        ]

    async def drop_proposal(self, actor: Actor, proposal: Feedback) -> None:
        """It was right to ring: what people said of this headline and rule is put away. Raises InputError."""
        actor.need(Role.EDITOR, "drop proposal")
        said = await self._on.wishes.feedback(rule=proposal.rule, limit=500)
        dropped = [
            await self._on.wishes.drop_feedback(each.id) for each in said if each.title == proposal.title
        ]
        if not any(dropped):
            raise InputError("There is no such feedback.")
        log.info("rules.proposal.dropped", rule=proposal.rule, by=actor.name)

    async def with_example(self, actor: Actor, text: str, proposal: Feedback) -> str:
        """The draft with the headline as an example the rule must not ring on. Raises InputError."""
        actor.need(Role.EDITOR, "add example")
        return with_no_match(text, proposal.rule, proposal.title, proposal.lang)


# ── work done aside ──────────────────────────────────────────────────────────────────────────────────
def _checked(folder: Path, name: str, text: str) -> Checked:
    draft = load_draft(folder, name, text)
    here = tuple(each for each in draft.problems if each.file == name)
    if draft.desk is None:
        if not here:
            here = _news(folder, name, draft.problems)
        return Checked(here) if here else Checked(())
    rules = rules_of(draft, name)
    failing = failing_examples(rules, book_of(draft, rules))
    hints = [replace(each, file=name) for each in lint(replace(draft.desk, rules=tuple(rules)), Path())]
    return Checked(
        (*here, *hints),
        tuple(problem for problems in failing.values() for problem in problems),
        sum(len(rule.examples) for rule in rules),
        tuple(rule.id for rule in rules),
    )


def _news(folder: Path, name: str, problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Mistakes in other files that the draft makes, and the saved text does not."""
    saved = load_draft(folder, name, text_of(folder / name))
    known = {(each.file, each.key, each.message) for each in saved.problems}
    fresh = [each for each in problems if (each.file, each.key, each.message) not in known]
    return tuple(replace(each, line=0, message=f"{each.file}: {each.message}") for each in fresh)


def _weighed(folder: Path, name: str, text: str, entry: Entry) -> list[Sheet]:
    draft = load_draft(folder, name, text)
    rules = rules_of(draft, name)
    book = book_of(draft, rules)
    return [Sheet(book.rules[match.rule], match) for match in book.sheet(entry)]


def _written(folder: Path, path: Path, texts: tuple[str, str], stamp: tuple[str, str]) -> None:
    before, after = texts
    by, when = stamp
    if before:
        keep(folder, path.name, before, "before", f"{when}0")
    write(path, after)
    keep(folder, path.name, after, by, f"{when}1")
