"""The Bot API's machine-readable description as a judge: what may be asked, and what an answer must hold.

Clients send every argument as text in a form; :meth:`Spec.read` turns them into values by the types the description
gives, and refuses what it does not know. Telegram itself ignores unknown arguments; a test wants to hear of them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from tests.shared import ROOT

FILE = ROOT.parent / "shared" / "data" / "telegram" / "api.json"
_PLAIN = {"Integer", "Float", "String", "Boolean", "True", "InputFile"}


class NotInTheSpecError(ValueError):
    """A request that the description does not know."""


class Spec:
    """Methods and types by name."""

    def __init__(self, methods: Mapping[str, Any], types: Mapping[str, Any]) -> None:
        self._methods, self._types = methods, types

    def read(self, method: str, form: Mapping[str, Any]) -> dict[str, Any]:
        """Arguments as values. Raises NotInTheSpecError."""
        described = self._methods.get(method)
        if described is None:
            raise NotInTheSpecError(f"no method {method}")
        fields = {each["name"]: each for each in described.get("fields", ())}
        self._known(method, form, fields)
        return {name: self._value(f"{method}.{name}", text, fields[name]) for name, text in form.items()}

    def answers(self, method: str, result: object) -> bool:
        """Is this a result of the method, with every field its type requires?"""
        return any(self._fits(result, kind) for kind in self._methods[method]["returns"])

    def fits(self, kind: str, value: object) -> bool:
        """Is the value one of this type?"""
        return self._fits(value, kind)

    @staticmethod
    def _known(what: str, given: Mapping[str, Any], fields: Mapping[str, Any]) -> None:
        unknown = given.keys() - fields.keys()
        missing = {name for name, each in fields.items() if each["required"]} - given.keys()
        if unknown or missing:
            raise NotInTheSpecError(f"{what}: unknown {sorted(unknown)}, missing {sorted(missing)}")

    def _value(self, what: str, text: object, described: Mapping[str, Any]) -> object:
        for kind in described["types"]:
            value = read_as(text, kind)
            if value is not None and self._fits(value, kind, strict=True):
                return value
        raise NotInTheSpecError(f"{what}: {str(text)[:200]!r} is none of {described['types']}")

    def _fits(self, value: object, kind: str, *, strict: bool = False) -> bool:
        if kind.startswith("Array of "):
            inner = kind.removeprefix("Array of ")
            return isinstance(value, list) and all(self._fits(each, inner, strict=strict) for each in value)
        if kind in _PLAIN:
            return _is_plain(value, kind)
        described = self._types[kind]
        if "subtypes" in described:
            return any(self._fits(value, each, strict=strict) for each in described["subtypes"])
        return isinstance(value, dict) and self._holds(value, described.get("fields", ()), strict)

    def _holds(self, value: Mapping[str, Any], fields: list[Mapping[str, Any]], strict: bool) -> bool:
        names = {each["name"]: each for each in fields}
        if any(each["required"] and name not in value for name, each in names.items()):
            return False
        if strict and value.keys() - names.keys():
            return False
        return all(
            any(self._fits(inner, kind, strict=strict) for kind in names[name]["types"])
            for name, inner in value.items()
            if name in names
        )


@cache
def spec() -> Spec | None:
    """The description, None where it is not here: then arguments are read by their looks, and nothing is refused."""
    if not FILE.is_file():
        return None
    described = json.loads(FILE.read_text("utf-8"))
    return Spec(described["methods"], described["types"])


def read_as(text: object, kind: str) -> Any:
    """A form's text as a value of this kind; None if it is none. JSON bodies bring values already."""
    if not isinstance(text, str):
        return text
    if kind == "String":
        return text
    if kind in ("Boolean", "True"):
        return {"true": True, "false": False}.get(text.lower())
    try:
        return json.loads(text)
    except ValueError:
        return None


_TEXTS = {"text", "parse_mode", "url", "secret_token", "language_code", "callback_query_id"}


def by_looks(form: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments as values, without a description."""
    return {name: _by_look(name, text) for name, text in form.items()}


def _by_look(name: str, text: object) -> Any:
    if name in _TEXTS or not isinstance(text, str):
        return text
    value = read_as(text, "Boolean")
    value = read_as(text, "JSON") if value is None else value
    return text if value is None else value


def _is_plain(value: object, kind: str) -> bool:
    match kind:
        case "Integer":
            return isinstance(value, int) and not isinstance(value, bool)
        case "Float":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "Boolean":
            return isinstance(value, bool)
        case "True":
            return value is True
    return isinstance(value, str)
