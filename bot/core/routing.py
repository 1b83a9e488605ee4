"""Labels → receivers. A rule never names a chat and a route never knows a keyword."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Route:
    """One line of ``routes.yaml``: all conditions must hold; each holds if any of its alternatives does.

    Conditions are kept as the editor's text: ``{"level": ("high+",), "category": ("conflict", "security")}``.
    """

    when: Mapping[str, tuple[str, ...]]
    to: tuple[str, ...]
    digest: timedelta | None = None
