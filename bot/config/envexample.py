"""``.env.example``, written from the settings themselves, so that it never says anything else."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from textwrap import wrap

from bot.config.secretfiles import TWIN
from bot.config.settings import PREFIX, TWINS, Settings

WIDTH = 100

_HEADER = """\
# Copy this file to .env and uncomment what you change; what stands here are the defaults.
# Times: 90s, 5m, 2h, 7d. Keep .env to yourself: chmod 600 .env
"""


def env_example() -> str:
    """The text of ``.env.example``: every setting with its meaning and default."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield _HEADER.rstrip()
    for name, field in Settings.model_fields.items():
        extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
        if section := str(extra.get("section", "")):
            yield f"\n\n# ── {section} ".ljust(WIDTH, "─")
        variable = PREFIX + str(extra.get("variable", name.upper()))
        twin = f" Or in a file: {variable}{TWIN.upper()}." if name in (*TWINS, "secrets") else ""
        yield ""
        yield from wrap(f"{field.description}{twin}", WIDTH, initial_indent="# ", subsequent_indent="# ")
        yield f"#{variable}={extra.get('shown', shown(field.default))}"


def shown(value: object) -> str:
    """A default as one would type it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, timedelta):
        seconds = int(value.total_seconds())
        unit, length = next((unit, length) for unit, length in _UNITS if seconds % length == 0)
        return f"{seconds // length}{unit}"
    return "" if value is None or value == () else str(value)


_UNITS = (("d", 86400), ("h", 3600), ("m", 60), ("s", 1))
