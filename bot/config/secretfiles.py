"""Secrets in files of their own, and secrets with names of the deployment's choosing.

``NEWSALERT_TELEGRAM_TOKEN_FILE`` names a file that holds the token, as container platforms hand secrets over;
``NEWSALERT_SECRET_DESK`` (or ``…_DESK_FILE``) is the secret *desk*, which ``routes.yaml`` refers to. What goes
wrong on the way becomes the value itself, a :class:`~bot.config.values.Slips` that the field's reader raises: so
it is told with the place, together with all other mistakes.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from bot.config.values import Slips, wrong

MAX_SECRET_BYTES = 64_000
NAMED = "secret_"  # begins the variables of named secrets, after the prefix
TWIN = "_file"  # ends the variables that name a file


class SecretFiles(PydanticBaseSettingsSource):
    """The settings found in files and under chosen names, in one set of variables (lower case, with prefix)."""

    def __init__(
        self, settings_cls: type[BaseSettings], variables: Mapping[str, str | None], twins: Collection[str]
    ) -> None:
        super().__init__(settings_cls)
        prefix = str(settings_cls.model_config.get("env_prefix", "")).lower()
        self._variables = {
            name.removeprefix(prefix): value
            for name, value in variables.items()
            if name.startswith(prefix) and value
        }
        self._twins = twins

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:  # noqa: ARG002
        """One field's value from its file; unused, since all are found at once."""
        return self().get(field_name), field_name, False

    def __call__(self) -> dict[str, Any]:
        """Field → its secret, or the mistake; ``secrets`` holds the named ones."""
        found: dict[str, Any] = {
            name: self._twin(name) for name in self._twins if name + TWIN in self._variables
        }
        named = {name.removesuffix(TWIN) for name in self._variables if name.startswith(NAMED)}
        if named:
            found["secrets"] = {name.removeprefix(NAMED): self._twin(name) for name in sorted(named)}
        return found

    def _twin(self, name: str) -> str | Slips | None:
        """The value of ``name``, given plainly or by file."""
        plain, file = self._variables.get(name), self._variables.get(name + TWIN)
        if file is None:
            return plain
        if plain is not None:
            return wrong(f"given twice, plainly and as {TWIN.upper()}", "keep one of the two")
        return read_secret(Path(file))


def read_secret(path: Path) -> str | Slips:
    """The text of a secret's file without the line's end, or what is wrong with it."""
    try:
        with path.open("rb") as file:
            content = file.read(MAX_SECRET_BYTES).decode("utf-8").strip()
    except OSError as error:
        return wrong(f"the file {path} cannot be read: {error.strerror}", "check the path and its owner")
    except UnicodeDecodeError:
        return wrong(f"the file {path} is not text", "it should hold the secret and nothing else")
    return content or wrong(f"the file {path} is empty", "it should hold the secret and nothing else")
