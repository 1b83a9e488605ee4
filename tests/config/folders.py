"""Folders of editors' files, written by a test."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

from bot.config.load import load_desk
from bot.errors import ConfigError, Problem

FEEDS = "feeds:\n  - {name: wire, url: https://news.example/rss, owner: Example, lang: en}\n"


def write(folder: Path, **files: str) -> Path:
    """``topic="…"`` becomes ``topic.yaml``; indentation of the test is taken away."""
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(dedent(text), "utf-8")
    return folder


def problems_of(folder: Path) -> tuple[Problem, ...]:
    """What keeps the folder from loading; nothing if it loads."""
    try:
        load_desk(folder)
    except ConfigError as error:
        return error.problems
    return ()


def only(folder: Path) -> Problem:
    """The one mistake of the folder."""
    (problem,) = problems_of(folder)
    return problem
