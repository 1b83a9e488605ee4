"""YAML as an editor means it: tables, lists and text, each with its line; nothing clever.

YAML proper turns ``no`` into False, ``22:30`` into 1350 and ``3.10`` into 3.1, lets a file refer to itself
(306 bytes of aliases can take a minute to walk) and lets a tag build Python objects. Here every scalar stays
text until the schema wants a number; aliases, anchors, tags, duplicate keys and second documents are refused;
depth and size are bounded. What comes out is plain ``str``, ``list`` and ``dict``, each remembering its line.

The scanner is libyaml's through PyYAML's *events*: composing and constructing, where the surprises live, are
not used at all. Road not taken: ruamel.yaml keeps lines and comments but composes first and checks afterwards,
and its errors speak YAML to people who do not.

The scanner's own messages are put into plain words by :mod:`bot.config.slips`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from stat import S_ISREG
from typing import TypeAlias

import yaml

from bot.config.slips import QUOTE_IT, explain
from bot.errors import ConfigError, Problem

MAX_BYTES = 2_000_000
"""A larger file was not written by hand."""

MAX_DEPTH = 12
"""The deepest legal place, a term of one language in a rule, lies 7 deep."""

MAX_PROBLEMS = 50
"""More mistakes than this in one file help nobody."""


class Text(str):
    """A scalar. ``plain`` = typed without quotes."""

    __slots__ = ("line", "plain")
    line: int
    plain: bool

    @classmethod
    def at(cls, text: str, line: int, *, plain: bool = True) -> Text:
        """``text`` as it stands in ``line``."""
        made = cls(text)
        made.line, made.plain = line, plain
        return made

    @property
    def missing(self) -> bool:
        """Nothing was typed at all: ``key:`` or ``-`` with nothing behind it."""
        return self.plain and not self


class Items(list["Node"]):
    """A list. ``flow`` = written in [ ]."""

    def __init__(self, line: int, *, flow: bool = False) -> None:
        super().__init__()
        self.line, self.flow = line, flow


class Table(dict[str, "Node"]):
    """A mapping; its keys are :class:`Text` and know their lines."""

    def __init__(self, line: int) -> None:
        super().__init__()
        self.line = line


Node: TypeAlias = Text | Items | Table


def line_of(node: object) -> int:
    """The line of anything that came out of a file, 0 for anything else."""
    return getattr(node, "line", 0)


def read_yaml(path: Path) -> Node:
    """The content of one file; an empty file is an empty :class:`Table`.

    Raises ConfigError with every mistake found. A file that is too large is not read.
    """
    return parse_yaml(_read(path), str(path))


def _read(path: Path) -> bytes:
    try:
        facts = path.stat()
        if not S_ISREG(facts.st_mode):
            raise _refused(path, "is not a file")
        if facts.st_size > MAX_BYTES:
            remedy = f"at most {MAX_BYTES // 1_000_000} MB; split it by topic"
            raise _refused(path, f"is too large ({facts.st_size // 1_000_000} MB)", remedy)
        return path.read_bytes()
    except OSError as error:
        raise _refused(path, f"cannot be read: {error.strerror}") from error


def _refused(path: Path, message: str, remedy: str = "") -> ConfigError:
    return ConfigError([Problem(str(path), 0, "", message, remedy)])


def parse_yaml(content: bytes, file: str) -> Node:
    """As :func:`read_yaml`, from bytes; ``file`` is only named in problems."""
    if len(content) > MAX_BYTES:
        raise ConfigError([Problem(file, 0, "", "is too large", "split it by topic")])
    return _Reader(file, _decode(content, file)).read()


def _decode(content: bytes, file: str) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        message = "this file is not UTF-8 text"
        raise ConfigError([Problem(file, line, "", message, "save it with the encoding UTF-8")]) from None


# ── events → values ──────────────────────────────────────────────────────────────────────────────────
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def _line(event: yaml.Event, *, end: bool = False) -> int:
    mark = event.end_mark if end else event.start_mark
    return 0 if mark is None else mark.line + 1


@dataclass(slots=True)
class _Reader:
    """Builds the values from the scanner's events, gathering every mistake on the way."""

    file: str
    source: str
    problems: list[Problem] = field(default_factory=list)
    key: str = ""

    def read(self) -> Node:
        node: Node = Table(1)
        try:
            events = iter(yaml.parse(self.source, Loader=_LOADER))
            node = self._documents(events)
        except yaml.YAMLError as error:
            self._note(*explain(error, self.source))
        except RecursionError:  # only the scanner in plain Python counts on the stack
            self._note(0, "lists inside lists, too deep", "a rule never needs that")
        if self.problems:
            raise ConfigError(self.problems)
        return node

    def _note(self, line: int, message: str, remedy: str) -> None:
        self.problems.append(Problem(self.file, line, self.key, message, remedy))
        if len(self.problems) >= MAX_PROBLEMS:
            raise ConfigError(self.problems)

    def _documents(self, events: Iterator[yaml.Event]) -> Node:
        root: Node | None = None
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent) and root is not None:
                message = "a second document begins here (---)"
                self._note(_line(event), message, "one file, one document; remove the line")
                break
            if isinstance(event, yaml.NodeEvent):
                root = self._node(event, events, 1)
        return Table(1) if root is None or (isinstance(root, Text) and root.missing) else root

    def _node(self, event: yaml.Event, events: Iterator[yaml.Event], depth: int) -> Node:
        line = _line(event)
        self._refuse_marks(event, line)
        if depth > MAX_DEPTH:
            raise ConfigError([*self.problems, self._too_deep(line)])
        if isinstance(event, yaml.SequenceStartEvent):
            return self._items(Items(line, flow=bool(event.flow_style)), events, depth)
        if isinstance(event, yaml.MappingStartEvent):
            return self._table(Table(line), events, depth)
        if isinstance(event, yaml.ScalarEvent):
            self._refuse_swallowed_items(event)
            return Text.at(event.value, line, plain=not event.style)
        return Text.at("", line, plain=False)  # an alias, already refused

    def _too_deep(self, line: int) -> Problem:
        return Problem(self.file, line, self.key, "lists inside lists, too deep", "a rule never needs that")

    def _items(self, items: Items, events: Iterator[yaml.Event], depth: int) -> Items:
        for event in events:
            if isinstance(event, yaml.SequenceEndEvent):
                break
            items.append(self._node(event, events, depth + 1))
        return items

    def _table(self, table: Table, events: Iterator[yaml.Event], depth: int) -> Table:
        outer = self.key
        for event in events:
            if isinstance(event, yaml.MappingEndEvent):
                break
            key = self._node(event, events, depth + 1)
            self.key = f"{outer}.{key}" if outer else str(key)
            value = self._node(next(events), events, depth + 1)
            self._set(table, key, value)
            self.key = outer
        return table

    def _set(self, table: Table, key: Node, value: Node) -> None:
        if not isinstance(key, Text):
            self._note(line_of(key), "a list or table stands where a key is expected", QUOTE_IT)
            return
        if key in table:
            first = next(line_of(known) for known in table if known == key)
            self._note(key.line, f"'{key}' stands here a second time; first in line {first}", "merge the two")
            return
        table[key] = value

    def _refuse_marks(self, event: yaml.Event, line: int) -> None:
        """Anchors, aliases and tags: mostly a text that begins with ``&``, ``*`` or ``!``."""
        if isinstance(event, yaml.AliasEvent):
            word = event.anchor
            remedy = f"write {word}, or {word}* for words that begin so; aliases are not used here"
            self._note(line, f"a text cannot begin with a star: *{word}", remedy)
        elif anchor := getattr(event, "anchor", None):
            self._note(
                line, f"a text cannot begin with &: &{anchor}", f"{QUOTE_IT}; anchors are not used here"
            )
        elif tag := getattr(event, "tag", None):
            shown = tag.replace("tag:yaml.org,2002:", "!!")
            self._note(
                line,
                f"a text cannot begin with an exclamation mark: {shown}",
                f"{QUOTE_IT}; tags are refused",
            )

    def _refuse_swallowed_items(self, event: yaml.ScalarEvent) -> None:
        """``- a`` with a deeper ``- b`` below it is *one* text for YAML, "a - b": never what was meant."""
        first, last = _line(event), _line(event, end=True)
        if event.style or last == first:
            return
        for number, text in enumerate(self.source.splitlines()[first:last], first + 1):
            if text.lstrip().startswith("- "):
                self._note(number, "this item is indented deeper than the one above it", "align the dashes")
