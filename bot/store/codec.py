"""Nouns ↔ JSON texts. Fields that are missing take their defaults, fields no longer known are dropped.

pydantic reads the dataclasses' own annotations, so that a noun and its stored form cannot drift apart; a field added to
a noun needs a default and no migration.
"""

from __future__ import annotations

from functools import cache
from typing import Any, TypeVar, cast

from pydantic import TypeAdapter

T = TypeVar("T")


@cache
def _adapter(noun: Any) -> TypeAdapter[Any]:
    return TypeAdapter(noun)


def dump(value: object, noun: type | None = None) -> str:
    """A noun as JSON text; ``noun`` where the value's own class does not say it, such as ``tuple[Receipt, ...]``."""
    return _adapter(noun or type(value)).dump_json(value).decode()


def load(noun: type[T], text: str) -> T:
    """The noun of a JSON text. Raises ValueError for a text that is none."""
    return cast(T, _adapter(cast(Any, noun)).validate_json(text))
