"""The editors' folder of a test's bot."""

from __future__ import annotations

from pathlib import Path


def write_rules(folder: Path, *, feed: str, **files: str) -> Path:
    """A folder ``rules`` in this one: files by their names without ``.yaml``, and one feed as it stands in a list."""
    rules = folder / "rules"
    rules.mkdir()
    for name, text in {**files, "feeds": f"feeds:\n  - {feed}\n"}.items():
        (rules / f"{name}.yaml").write_text(text, "utf-8")
    return rules
