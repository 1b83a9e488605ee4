"""``newsalert stories learn``: from an archive to the tables that the next start reads."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bot.app_desk import LEARNED, new_story_index
from bot.cli.main import app
from bot.config.storydata import DATA, load_story_data, read_background
from bot.errors import ConfigError

LOUD = "wafer"  # what every article of a trade paper says


def archive(folder: Path, articles: int) -> Path:
    path = folder / "archive.jsonl"
    lines = (
        json.dumps(
            {"id": str(at), "title": f"The {LOUD} maker number {at} opens a plant in the north", "lang": "en"}
        )
        for at in range(articles)
    )
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def learn(folder: Path, articles: int) -> Result:
    (folder / "rules").mkdir()
    words = ["stories", "learn", str(archive(folder, articles)), "--rules", str(folder / "rules"), "--json"]
    return CliRunner().invoke(app, words)


def test_what_everybody_writes_identifies_nothing_once_it_is_learned(tmp_path: Path) -> None:
    done = learn(tmp_path, 3000)
    assert done.exit_code == 0, done.output
    row = json.loads(done.stdout)
    assert (row["lang"], row["articles"]) == ("en", 3000)
    own, shipped = load_story_data(learned=tmp_path / "rules" / LEARNED), load_story_data()
    assert own.of("en").share[LOUD] > 1000 * shipped.of("en").share[LOUD]
    assert own.of("de").share == shipped.of("de").share
    assert own.of("en").ordinary == read_background(DATA, "en")[1] & own.of("en").share.keys()


def test_too_small_an_archive_teaches_nothing_and_says_so(tmp_path: Path) -> None:
    done = learn(tmp_path, 20)
    assert done.exit_code == 2
    assert "20,000 words" in done.stderr
    assert not (tmp_path / "rules" / LEARNED).exists()


def test_a_damaged_table_is_named_with_its_remedy(tmp_path: Path) -> None:
    table = tmp_path / LEARNED / "words.de.tsv.gz"
    table.parent.mkdir()
    table.write_bytes(b"no archive")
    with pytest.raises(ConfigError, match=r"words\.de\.tsv\.gz.*learn it anew or remove it"):
        new_story_index(tmp_path)
