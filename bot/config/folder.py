"""Reads the folder: ``feeds.yaml``, ``routes.yaml``, and every other YAML file as a topic. Nothing is refused
here for what another file says; that is :mod:`bot.config.crosscheck`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from bot.config import terms
from bot.config.desk import FEEDS_FILE, ROUTES_FILE, Placed, Reading
from bot.config.mistakes import meant, validated
from bot.config.schema import (
    RECEIVER_KINDS,
    FeedModel,
    FeedsFile,
    Model,
    RouteModel,
    RoutesFile,
    RuleModel,
    RulesFile,
    SingleRuleFile,
)
from bot.config.values import Slips, term_lines
from bot.config.yamlfile import Items, Node, Table, Text, line_of, read_yaml
from bot.core.rules import TermSpec
from bot.errors import ConfigError, Problem

M = TypeVar("M", bound=Model)


def read_folder(rules_dir: Path) -> Reading:
    """Every file of the folder, with every mistake in it. A folder that is not there is one mistake."""
    reading = Reading()
    paths = yaml_files(rules_dir)
    if not paths:
        message = "holds no YAML files" if rules_dir.is_dir() else "there is no such folder"
        reading.problems.append(Problem(str(rules_dir), 0, "", message, "set NEWSALERT_RULES_DIR"))
    for path in paths:
        reading.files.add(path.name)
        try:
            node = read_yaml(path)
        except ConfigError as error:
            reading.problems.extend(error.problems)
            continue
        _READERS.get(path.name, _read_topic)(reading, node, path)
    return reading


def read_feed_files(paths: Iterable[Path]) -> Reading:
    """Files in the form of ``feeds.yaml``, wherever they lie."""
    reading = Reading()
    for path in paths:
        try:
            _read_feeds(reading, read_yaml(path), path)
        except ConfigError as error:
            reading.problems.extend(error.problems)
    return reading


def yaml_files(rules_dir: Path) -> list[Path]:
    """The YAML files of the folder by name; hidden ones are an editor program's business."""
    try:
        found = [path for path in rules_dir.iterdir() if path.suffix in (".yaml", ".yml")]
    except OSError:
        return []
    return sorted(path for path in found if not path.name.startswith("."))


# ── parts of a file, one by one ──────────────────────────────────────────────────────────────────────
def _envelope(reading: Reading, model: type[Model], node: Node, path: Path, *keys: str) -> Table | None:
    """Checks the file's top level without the lists under ``keys``, which are read item by item."""
    if isinstance(node, Items):
        message = "a list stands where keys are expected"
        reading.problems.append(Problem(str(path), node.line, "", message, f"write {keys[0]}: above it"))
        return None
    if not isinstance(node, Table):
        message = "this is one text and not keys and values"
        reading.problems.append(Problem(str(path), line_of(node), "", message, "put a space after the colon"))
        return None
    top = Table(node.line)
    top.update({key: Items(0) if key in keys else value for key, value in node.items()})
    for key in keys:
        top.setdefault(key, Items(0))
    reading.problems.extend(validated(model, top, str(path))[1])
    return node


def _items(reading: Reading, table: Table, key: str, path: Path) -> Iterator[tuple[Node, str]]:
    """The items under ``key``, each with the name it goes by in problems."""
    value = table.get(key, Items(0))
    if isinstance(value, Text) and value.missing:
        return
    if not isinstance(value, Items):
        message = f"a list is expected under {key}:"
        reading.problems.append(
            Problem(str(path), line_of(value), key, message, "begin each entry with '- '")
        )
        return
    for number, item in enumerate(value, 1):
        named = item.get("id") or item.get("name") if isinstance(item, Table) else None
        yield item, str(named) if isinstance(named, Text) and named else f"{key}.{number}"


def _each(
    reading: Reading, model: type[M], table: Table, key: str, path: Path
) -> Iterator[tuple[M, int, str]]:
    """The good models under ``key``, with line and name; the others become problems."""
    for item, name in _items(reading, table, key, path):
        made, problems = validated(model, item, str(path), name)
        reading.problems.extend(problems)
        if made is not None:
            yield made, line_of(item), name


# ── the three kinds of file ──────────────────────────────────────────────────────────────────────────
def _read_topic(reading: Reading, node: Node, path: Path) -> None:
    reading.problems.extend(_cut_lists(node, str(path)))
    if isinstance(node, Table) and _is_single_rule(node):
        _add_lists(reading, node, path)
        _add_rule(reading, SingleRuleFile, node, "", path)
    elif (table := _envelope(reading, RulesFile, node, path, "rules")) is not None:
        _add_lists(reading, table, path)
        for item, name in _items(reading, table, "rules", path):
            _add_rule(reading, RuleModel, item, name, path)


def _is_single_rule(table: Table) -> bool:
    """A file without ``rules:`` that holds more than lists."""
    return "rules" not in table and bool(table.keys() - {"lists"})


def _add_rule(reading: Reading, model: type[RuleModel], node: Node, name: str, path: Path) -> None:
    made, problems = validated(model, node, str(path), name)
    reading.problems.extend(problems)
    if made is not None:
        rule = made.rule(path.name, line_of(node))
        reading.rules.append(Placed(rule, str(path), rule.line, rule.id))
        reading.names.append(Placed(rule.id, str(path), rule.line, rule.id))
    elif isinstance(node, Table):
        reading.loose.extend(_loose_terms(node, name, path))
        if isinstance(given := node.get("id"), Text):
            reading.names.append(Placed(str(given), str(path), node.line, str(given)))


def _loose_terms(table: Table, name: str, path: Path) -> Iterator[Placed[TermSpec]]:
    """What can be read of a refused rule's terms, so that their mistakes are told in the same breath."""
    for key in ("strong", "keywords", "weak", "against", "ignore", "never"):
        for item in term_lines(table.get(key, Items(0))):
            with suppress(Slips):
                for term in terms.terms(key)([item]):
                    yield Placed(term, str(path), term.line, f"{name}.{key}".strip("."))


def _add_lists(reading: Reading, table: Table, path: Path) -> None:
    """The named lists, if they can be read; their mistakes were told with the file's."""
    with suppress(Slips):
        written = table.get("lists", Table(0))
        lines = {str(name): line_of(name) for name in written} if isinstance(written, Table) else {}
        for name, words in terms.named_lists(written).items():
            reading.lists.append(Placed((name, words), str(path), lines[name], f"lists.{name}"))


def _cut_lists(node: Node, file: str) -> Iterator[Problem]:
    """``[truce + begins, holds]`` is two terms for YAML: the comma cuts first. Probably not what was meant."""
    if isinstance(node, Table):
        for value in node.values():
            yield from _cut_lists(value, file)
    elif isinstance(node, Items):
        linked = [item for item in node if isinstance(item, Text) and item.plain and " + " in item]
        if node.flow and linked and len(node) > 1:
            message = f"the commas in [ ] cut this list; '{linked[0]}' ends at the next comma"
            yield Problem(file, node.line, "", message, "put each whole term in quotes", "warning")
        for item in node:
            yield from _cut_lists(item, file)


def _read_feeds(reading: Reading, node: Node, path: Path) -> None:
    table = _envelope(reading, FeedsFile, node, path, "feeds")
    if table is not None:
        for model, line, name in _each(reading, FeedModel, table, "feeds", path):
            reading.feeds.append(Placed(model.feed(), str(path), line, name))


def _read_routes(reading: Reading, node: Node, path: Path) -> None:
    table = _envelope(reading, RoutesFile, node, path, "receivers", "routes")
    if table is None:
        return
    for item, name in _items(reading, table, "receivers", path):
        reading.promised.add(name)
        _read_receiver(reading, item, name, path)
    for model, line, name in _each(reading, RouteModel, table, "routes", path):
        reading.routes.append(Placed(model.route(), str(path), line, name))


def _read_receiver(reading: Reading, item: Node, name: str, path: Path) -> None:
    kind = str(item.get("kind", "")) if isinstance(item, Table) else ""
    if isinstance(item, Table) and kind not in RECEIVER_KINDS:
        message = f"unknown kind of receiver '{kind}'" if kind else "'kind' is missing"
        place = next((line_of(key) for key in item if key == "kind"), item.line)
        remedy = meant(kind, RECEIVER_KINDS).replace("known keys", "known kinds")
        reading.problems.append(Problem(str(path), place, f"{name}.kind", message, remedy))
        return
    model, problems = validated(RECEIVER_KINDS.get(kind, RECEIVER_KINDS["console"]), item, str(path), name)
    reading.problems.extend(problems)
    if model is not None:
        reading.receivers.append(Placed(model.receiver(), str(path), line_of(item), name))


_READERS = {FEEDS_FILE: _read_feeds, ROUTES_FILE: _read_routes}
