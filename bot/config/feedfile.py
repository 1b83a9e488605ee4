"""Adding a feed to ``feeds.yaml`` without disturbing what an editor wrote there: comments and layout stay."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path

from bot.config.load import load_desk
from bot.core.model import Feed
from bot.errors import ConfigError, InputError


def add_feed(rules_dir: Path, feed: Feed) -> Path:
    """Append the feed and keep the file only if the whole folder still loads. Raises InputError, ConfigError."""
    return add_feeds(rules_dir, [feed])


def add_feeds(rules_dir: Path, feeds: Sequence[Feed]) -> Path:
    """The same for several: all of them or none."""
    path = rules_dir / "feeds.yaml"
    before = path.read_text("utf-8") if path.exists() else "feeds:\n"
    for feed in feeds:
        if any(_names(line, feed.url) for line in before.splitlines()):
            raise InputError(f"{feed.url} already stands in {path}")
    _replace(path, before.rstrip("\n") + "\n" + "".join(map(_lines, feeds)))
    try:
        load_desk(rules_dir)
    except ConfigError:
        _replace(path, before)
        raise
    return path


def _names(line: str, url: str) -> bool:
    return line.strip() == f"url: {url}" or f"url: {url}," in line


def _lines(feed: Feed) -> str:
    fields = [f"  - name: {feed.name}", f"    url: {feed.url}", f"    owner: {_scalar(feed.owner)}"]
    if feed.kind != "feed":
        fields.append(f"    kind: {feed.kind}")
    if feed.lang:
        fields.append(f"    lang: {feed.lang}")
    if feed.trust != 1:
        fields.append(f"    trust: {feed.trust:g}")
    if feed.tags:
        fields.append(f"    tags: [{', '.join(feed.tags)}]")
    return "\n".join(fields) + "\n"


def _scalar(text: str) -> str:
    """A text as YAML takes it: in quotes where it must be."""
    plain = text[:1].isalnum() and ": " not in text and " #" not in text
    return text if plain else json.dumps(text, ensure_ascii=False)


def _replace(path: Path, text: str) -> None:
    """Swap the file in one step: a bot that watches it never sees half of it."""
    written = path.with_suffix(".yaml.new")
    written.write_text(text, "utf-8")
    os.replace(written, path)  # noqa: PTH105 — atomic on every platform we run on
