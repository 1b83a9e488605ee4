"""Loads what telling stories apart needs to know: word tables, places and the editable phrases."""

from __future__ import annotations

import gzip
import math
from pathlib import Path

from bot.core.storydata import Language, StoryData

DATA = Path(__file__).resolve().parent.parent / "data"
LANGUAGES = ("en", "de", "ru", "uk")


def load_story_data(data: Path = DATA) -> StoryData:
    """Read the tables shipped with the package."""
    return StoryData({lang: _language(data / f"words.{lang}.tsv.gz") for lang in LANGUAGES})


def _language(path: Path) -> Language:
    share: dict[str, float] = {}
    ordinary: set[str] = set()
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            stem, logarithm, mark = line.rstrip("\n").split("\t")
            share[stem] = math.exp(int(logarithm) / 100)
            if mark:
                ordinary.add(stem)
    return Language(share, frozenset(ordinary))
