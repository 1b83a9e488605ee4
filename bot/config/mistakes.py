"""What a model refuses, as problems with file, line, key and remedy; every mistake of a table at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from bot.config.values import Slip, Slips, suggestion
from bot.config.yamlfile import Node, Table, line_of
from bot.errors import Problem

M = TypeVar("M", bound=BaseModel)

MEANT: Mapping[str, str] = {
    "exclude": "ignore",
    "not": "never",
    "veto": "never",
    "without": "never",
    "must": "needs",
    "require": "needs",
    "required": "needs",
    "and": "needs",
    "terms": "keywords",
    "words": "keywords",
    "name": "title",
    "threshold": "levels",
    "priority": "severity",
    "level": "severity",
    "language": "languages",
    "lang": "languages",
    "publisher": "owner",
    "weight": "trust",
    "address": "url",
    "link": "url",
    "channel": "chat",
    "send": "to",
    "receivers": "to",
    "delay": "digest",
}
"""Words people use for our keys; spelling alone would not lead from one to the other."""


def validated(model: type[M], table: Node, file: str, path: str = "") -> tuple[M | None, list[Problem]]:
    """The model made from a table, or None and every mistake. ``path`` names the table, as ``troop-withdrawal``."""
    if not isinstance(table, Table):
        said = Problem(file, line_of(table), path, "keys and values are expected here", "write key: value")
        return None, [said]
    try:
        return model.model_validate(table), []
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        return None, [problem for each in found for problem in _problems(each, model, table, file, path)]


def _problems(
    error: Mapping[str, Any], model: type[BaseModel], table: Table, file: str, path: str
) -> Iterable[Problem]:
    loc = tuple(str(part) for part in error["loc"])
    key = ".".join(part for part in (path, *loc) if part)
    line = _line_at(table, loc)
    for slip in _slips(error, model, loc):
        yield Problem(file, slip.line or line, key, slip.message, slip.remedy)


def _slips(error: Mapping[str, Any], model: type[BaseModel], loc: Sequence[str]) -> tuple[Slip, ...]:
    """pydantic's own four complaints in our words; everything else was raised by our readers."""
    cause = error.get("ctx", {}).get("error")
    if isinstance(cause, Slips):
        return cause.slips
    if error["type"] == "extra_forbidden":
        return (Slip(f"unknown key '{loc[-1]}'", meant(loc[-1], _model_at(model, loc[:-1]).model_fields)),)
    if error["type"] == "missing":
        return (Slip(f"'{loc[-1]}' is missing", f"add {loc[-1]}: …"),)
    if error["type"] in ("model_type", "model_attributes_type", "dict_type"):
        return (Slip("keys and values are expected here", f"write {{{_first_keys(model, loc)}}}"),)
    if error["type"] == "too_short":
        return (Slip("nothing stands here", "write at least one"),)
    return (Slip(str(error["msg"])),)


def meant(word: str, known: Iterable[str]) -> str:
    """The remedy for an unknown key: what was probably meant, else all that there is."""
    keys = list(known)
    if MEANT.get(word.lower()) in keys:
        return f"did you mean '{MEANT[word.lower()]}'?"
    return suggestion(word, keys) or f"known keys: {', '.join(keys)}"


def _first_keys(model: type[BaseModel], loc: Sequence[str]) -> str:
    return ", ".join(f"{key}: …" for key in list(_model_at(model, loc).model_fields)[:3])


def _model_at(model: type[BaseModel], loc: Sequence[str]) -> type[BaseModel]:
    """The model a place inside ``model`` belongs to."""
    for part in loc:
        field = model.model_fields.get(part)
        inner = _models_in(field.annotation) if field else []
        model = inner[0] if inner else model
    return model


def _models_in(annotation: object) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [found for part in get_args(annotation) for found in _models_in(part)]


def _line_at(table: Table, loc: Sequence[str]) -> int:
    """The line of the deepest place of ``loc`` that exists: of its key, or of the item."""
    node: Node = table
    line = table.line
    for part in loc:
        if not isinstance(node, Table) or part not in node:
            break
        line = line_of(next(key for key in node if key == part))
        node = node[part]
    return line
