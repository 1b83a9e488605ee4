"""The editors' folder as it would be with one file changed, and the ways to change a file without harm.

A draft is read by the very reader the bot starts with, from a copy of the folder that lives as long as the question.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path

from bot.config.desk import Desk
from bot.config.folder import yaml_files
from bot.config.load import load_desk
from bot.config.yamlfile import MAX_BYTES, Items, Table, parse_yaml
from bot.errors import ConfigError, InputError, Problem

VERSIONS = ".versions"
MOST_VERSIONS = 200  # of one file
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,60}\.ya?ml")


@dataclass(frozen=True, slots=True)
class Draft:
    """A folder with one file changed. ``desk`` None = it does not load; ``problems`` name files without folder."""

    desk: Desk | None
    problems: tuple[Problem, ...]


def file_named(rules_dir: Path, name: str) -> Path:
    """The file of that name in the folder, there or not yet. Raises InputError for a name that leads elsewhere."""
    if not _NAME.fullmatch(name) and name not in {path.name for path in yaml_files(rules_dir)}:
        raise InputError("There is no such file.")
    path = rules_dir / name
    if path.is_symlink() and path.resolve().parent != rules_dir.resolve():
        raise InputError("There is no such file.")
    return path


def text_of(path: Path) -> str:
    """What stands in the file, "" if it is not there. Raises InputError."""
    try:
        if path.exists() and path.stat().st_size > MAX_BYTES:
            raise InputError("This file is too large.")
        return path.read_bytes().decode("utf-8") if path.exists() else ""
    except (OSError, UnicodeDecodeError):
        raise InputError("This file cannot be read.") from None


def load_draft(rules_dir: Path, name: str, text: str) -> Draft:
    """The folder as it would be read with ``text`` as the file ``name``."""
    with tempfile.TemporaryDirectory(prefix="newsalert-draft-") as made:
        folder = Path(made)
        for path in yaml_files(rules_dir):
            if path.name != name:
                shutil.copyfile(path, folder / path.name)
        (folder / name).write_bytes(text.encode("utf-8", "surrogateescape"))
        try:
            desk = load_desk(folder)
        except ConfigError as error:
            return Draft(None, tuple(_named(problem) for problem in error.problems))
        return Draft(desk, tuple(_named(problem) for problem in desk.warnings))


def _named(problem: Problem) -> Problem:
    return replace(problem, file=Path(problem.file).name)


def mark_of(text: str) -> str:
    """Short and the same for the same text: two editors of one file learn by it that they are two."""
    return blake2b(text.encode("utf-8", "surrogateescape"), digest_size=8).hexdigest()


# ── writing ──────────────────────────────────────────────────────────────────────────────────────────
def write(path: Path, text: str) -> None:
    """Swap the file in one step: a bot that watches it never sees half of it. Raises InputError."""
    written = path.with_name(f".{path.name}.new")
    try:
        written.write_bytes(text.encode())
        os.replace(written, path)  # noqa: PTH105 — atomic on every platform we run on
    except OSError as error:
        raise InputError("The file cannot be written: {reason}", reason=error.strerror or "?") from None


@dataclass(frozen=True, slots=True)
class Version:
    """An earlier text of a file. ``id`` begins with its time, 20260131T120000."""

    id: str
    by: str
    mark: str


def versions(rules_dir: Path, name: str) -> Sequence[Version]:
    """The kept texts of a file, newest first."""
    folder = rules_dir / VERSIONS / name
    found = sorted((path.stem for path in folder.glob("*.yaml")), reverse=True) if folder.is_dir() else []
    return [Version(stem, *stem.split("~")[1:]) for stem in found if stem.count("~") == 2]


def version_text(rules_dir: Path, name: str, version: str) -> str:
    """The text of one version. Raises InputError."""
    if version not in {each.id for each in versions(rules_dir, name)}:
        raise InputError("There is no such version.")
    return text_of(rules_dir / VERSIONS / name / f"{version}.yaml")


def keep(rules_dir: Path, name: str, text: str, by: str, stamp: str) -> None:
    """Keep a text as a version, unless it is the newest already. Raises InputError."""
    kept = versions(rules_dir, name)
    mark = mark_of(text)
    if kept and kept[0].mark == mark:
        return
    folder = rules_dir / VERSIONS / name
    who = re.sub(r"[^\w.@-]", "-", by)[:40]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for old in kept[MOST_VERSIONS - 1 :]:
            (folder / f"{old.id}.yaml").unlink(missing_ok=True)
    except OSError as error:
        raise InputError("The file cannot be written: {reason}", reason=error.strerror or "?") from None
    write(folder / f"{stamp}~{who}~{mark}.yaml", text)


# ── adding an example ────────────────────────────────────────────────────────────────────────────────
def with_no_match(text: str, rule: str, headline: str, lang: str) -> str:
    """The file's text with one more headline the rule must not ring on; every other character stays.

    Raises InputError where the rule does not stand in it, or the text is no YAML.
    """
    try:
        top = parse_yaml(text.encode(), "draft")
    except ConfigError:
        raise InputError("Mend the mistakes in the file first.") from None
    rules = top.get("rules", Items(0)) if isinstance(top, Table) else Items(0)
    found = [each for each in rules if isinstance(each, Table) and each.get("id") == rule]
    if not found:
        raise InputError("This rule does not stand in that file.")
    lines = text.splitlines(keepends=True)
    _insert(lines, found[0], f"{{text: {json.dumps(headline, ensure_ascii=False)}, lang: {lang or 'en'}}}")
    added = "".join(lines)
    try:
        parse_yaml(added.encode(), "draft")
    except ConfigError:  # a rule in braces, on one line
        raise InputError("Write this rule over several lines first.") from None
    return added


def _insert(lines: list[str], rule: Table, item: str) -> None:
    examples = rule.get("examples")
    first = next(iter(rule))
    if not isinstance(examples, Table):
        pad = " " * _column(lines, _line(first))
        lines.insert(_line(first), f"{pad}examples:\n{pad}  no_match:\n{pad}    - {item}\n")
        return
    wrong = examples.get("no_match")
    if isinstance(wrong, Items) and wrong and not wrong.flow:
        at = wrong.line
        raw = lines[at - 1]
        lines.insert(at - 1, f"{raw[: len(raw) - len(raw.lstrip())]}- {item}\n")
    elif isinstance(wrong, Items):
        _into_flow(lines, _line(next(key for key in examples if key == "no_match")), item, empty=not wrong)
    else:
        key = next(iter(examples))
        pad = " " * _column(lines, _line(key))
        lines.insert(_line(key) - 1, f"{pad}no_match:\n{pad}  - {item}\n")


def _into_flow(lines: list[str], line: int, item: str, *, empty: bool) -> None:
    before, bracket, after = lines[line - 1].partition("[")
    lines[line - 1] = f"{before}{bracket}{item}{'' if empty else ', '}{after.lstrip()}"


def _line(key: object) -> int:
    return int(getattr(key, "line", 1))


def _column(lines: list[str], line: int) -> int:
    raw = lines[line - 1]
    return len(raw) - len(raw.lstrip(" -"))
