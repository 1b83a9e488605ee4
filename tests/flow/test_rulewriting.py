"""The editor's commands as they are typed: new, suggest, check, backtest."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from bot.cli.main import app
from bot.core.model import Feedback
from bot.store import open_store
from tests.config.folders import FEEDS, write


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    folder = tmp_path / "rules"
    folder.mkdir()
    return write(folder, topic="id: eruption\nkeywords: eruption\n", feeds=FEEDS)


def run(*words: str, expect: int = 0) -> str:
    result = CliRunner().invoke(app, words)
    assert result.exit_code == expect, result.output
    return result.stdout


def archive(folder: Path) -> Path:
    """Two eruptions, each told with the word and without it, among other news."""
    lines = []
    for day, place in ((1, "Iceland"), (9, "Sicily")):
        for hour, title in enumerate(
            (
                f"Volcano eruption near airport of {place} closes it",
                f"Volcano near airport of {place} closes it as lava flows",
                f"Council of {place} raises parking fees",
            )
        ):
            stamp = f"2021-03-{day:02}T{hour:02}:00:00+00:00"
            lines.append(json.dumps({"title": title, "published": stamp, "feed": f"f{hour}", "lang": "en"}))
    path = folder / "archive.jsonl"
    path.write_text("\n".join(lines))
    return path


def test_a_new_rule_is_a_file_that_loads_and_keeps_its_own_example(rules: Path) -> None:
    text = run("rules", "new", 'Volcano: "fire mountain" erupts near Icelandic town')
    (rules / "volcano.yaml").write_text(text)
    assert json.loads(run("check", "--rules", str(rules), "--json"))["checked"]["rules"] == 2


def test_a_headline_without_meaning_makes_no_rule() -> None:
    run("rules", "new", "What is it?", expect=2)


def test_suggest_finds_the_word_that_the_stories_share(rules: Path, tmp_path: Path) -> None:
    told = json.loads(
        run("rules", "suggest", "eruption", str(archive(tmp_path)), "--rules", str(rules), "--json")
    )
    assert len(told["missed"]) == 2
    assert "lava" in " ".join(each["term"] for each in told["terms"])


def test_suggest_names_a_rule_that_is_not_there(rules: Path, tmp_path: Path) -> None:
    run("rules", "suggest", "nonsense", str(archive(tmp_path)), "--rules", str(rules), expect=2)


def test_check_warns_of_a_word_too_common_to_ring_alone(rules: Path) -> None:
    write(rules, other="keywords: attack")
    told = json.loads(run("check", "--rules", str(rules), "--json"))
    assert told["ok"]
    assert [each["message"] for each in told["problems"]] == ["'attack' is a very common word in English"]


def test_feedback_before_the_first_run_is_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("NEWSALERT_DATABASE_URL", f"sqlite+aiosqlite:///{tmp_path / 'none.sqlite3'}")
    assert "Nobody has called an alert wrong" in run("rules", "feedback")


def test_what_people_called_wrong_comes_back_as_an_example_to_paste(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'news.sqlite3'}"
    title = 'Pitch "eruption": fans celebrate'
    monkeypatch.setenv("NEWSALERT_DATABASE_URL", url)

    async def said_wrong() -> None:
        store = await open_store(url)
        try:
            for person in ("ann", "bob"):
                found = Feedback(
                    f"eruption/s1/{person}",
                    "eruption",
                    "s1",
                    title,
                    "en",
                    "",
                    40,
                    (),
                    person,
                    datetime.now(UTC),
                )
                await store.wishes.save_feedback(found)
        finally:
            await store.close()

    asyncio.run(said_wrong())
    told = run("rules", "feedback", "--rule", "eruption")
    assert "no_match:" in told
    assert "2 × wrong" in told
    example = next(line for line in told.splitlines() if "text:" in line)
    assert yaml.safe_load(example.strip()) == [{"text": title, "lang": "en"}]
