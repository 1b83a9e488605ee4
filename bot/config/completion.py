"""What an editor program may offer while one of our files is typed, out of the very schema the files are checked with.

Keys are offered by the key they stand under (``""`` for the top of the file), values by the key they belong to: enough
for files three levels deep, and simple enough to be done in a browser without a parser.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from bot.config.desk import FEEDS_FILE, ROUTES_FILE
from bot.config.languages import builtin_lists
from bot.config.schema import schema

_TOPS: Mapping[str, Sequence[str]] = {FEEDS_FILE: ("FeedsFile",), ROUTES_FILE: ("RoutesFile",)}
_TOPIC = ("RulesFile", "SingleRuleFile")


@dataclass(frozen=True, slots=True)
class Offers:
    """Parent key → key → what it means; key → its values; names of word lists, without their ``$``."""

    keys: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    values: Mapping[str, Sequence[str]] = field(default_factory=dict)
    lists: Sequence[str] = ()


def offers(name: str, lists: Sequence[str] = ()) -> Offers:
    """For the file of that name; ``lists`` are the editors' own."""
    keys, values = _of_schema(_TOPS.get(name, _TOPIC))
    return Offers(keys, values, sorted({*lists, *builtin_lists()}))


@lru_cache
def _of_schema(tops: Sequence[str]) -> tuple[Mapping[str, Mapping[str, str]], Mapping[str, Sequence[str]]]:
    definitions: dict[str, Any] = schema()["$defs"]
    keys: dict[str, dict[str, str]] = {}
    values: dict[str, list[str]] = {}

    def walk(node: Any, parent: str) -> None:
        for each in _shapes(node, definitions):
            said = [value for value in (*each.get("enum", ()), each.get("const")) if isinstance(value, str)]
            values.setdefault(parent, []).extend(value for value in said if value not in values[parent])
            fixed = each.get("propertyNames", {}).get("enum", ())
            keys.setdefault(parent, {}).update(dict.fromkeys(fixed, ""))
            for key, below in each.get("properties", {}).items():
                keys[parent].setdefault(key, below.get("description", ""))
                walk(below, key)

    for top in tops:
        walk(definitions[top], "")
    return (
        {parent: found for parent, found in keys.items() if found},
        {key: found for key, found in values.items() if found},
    )


def _shapes(node: Any, definitions: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """A schema node and whatever it may be instead, be a list of, or point to."""
    if not isinstance(node, dict):
        return
    yield node
    if "$ref" in node:
        yield from _shapes(definitions[node["$ref"].rpartition("/")[2]], definitions)
    for each in (*node.get("anyOf", ()), *node.get("oneOf", ()), node.get("items")):
        yield from _shapes(each, definitions)
