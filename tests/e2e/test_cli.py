"""The commands people script: what goes in, what comes out, and the exit codes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]


def newsalert(*words: str, stdin: str = "", cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """The real command in a process of its own, without anybody's settings."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("NEWSALERT_")}
    return subprocess.run(  # noqa: S603 — our own command
        [sys.executable, "-m", "bot", *words],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        cwd=cwd,
        env={**clean, "PYTHONPATH": str(ROOT)},
    )


def jsonl(text: str) -> list[dict[str, Any]]:
    """One object a line."""
    return [json.loads(line) for line in text.splitlines()]


def item(id: str, title: str, **more: str) -> str:  # noqa: A002
    """One line of a stream."""
    return json.dumps({"id": id, "title": title, **more}) + "\n"


RETURN = "Russia returns some troops from Ukraine border amid invasion fears"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small desk: loading it takes no time."""
    folder = tmp_path_factory.mktemp("desk")
    (folder / "topics.yaml").write_text(
        "rules:\n"
        "  - id: withdrawal\n    direction: de-escalation\n    keywords: [troops + return]\n"
        "  - id: invasion\n    direction: escalation\n    keywords: [invasion]\n",
        "utf-8",
    )
    return folder


def test_score_gives_every_item_its_sum_and_names_the_lines_that_are_none(desk: Path) -> None:
    done = newsalert("score", "--rules", str(desk), stdin=item("a", RETURN) + "{broken\n" + item("b", "Rain"))
    first, second = jsonl(done.stdout)
    assert (done.returncode, second) == (1, {"id": "b", "lang": "en", "matches": []})
    assert "line 2" in done.stderr
    assert (first["id"], first["lang"]) == ("a", "en")
    top = first["matches"][0]
    assert (top["rule"], top["score"], top["level"], top["direction"]) == (
        "withdrawal",
        40,
        "medium",
        "de-escalation",
    )
    line = top["terms"][0]
    assert {"term", "place", "stance", "points", "evidence", "span"} <= set(line)
    start, end = line["span"]
    assert RETURN[start:end] == line["evidence"]
    assert [each["terms"][0]["stance"] for each in first["matches"]] == ["asserted", "feared"]


def test_score_reads_a_page_and_leaves_the_appeal_around_it_out(desk: Path) -> None:
    page = (
        "<article><p>Some troops return to their bases, the ministry said on Tuesday.</p>"
        "<p>Your support helps us to tell the story of the invasion.</p></article>"
    )
    done = newsalert("score", "--rules", str(desk), stdin=item("a", "Quiet on the border", html=page))
    rules = {match["rule"] for match in jsonl(done.stdout)[0]["matches"]}
    assert (done.returncode, rules & {"invasion"}) == (0, set())


def test_cluster_decides_online_in_order() -> None:
    lines = [
        item("1", "Strong earthquake of magnitude 7 shakes northern Chile near Iquique"),
        item("2", "Magnitude 7 earthquake shakes northern Chile, near Iquique"),
        item("3", "Central bank of Norway raises interest rates by a quarter point"),
    ]
    done = newsalert("cluster", stdin="".join(lines))
    stories = [each["story"] for each in jsonl(done.stdout)]
    assert done.returncode == 0
    assert stories[0] == stories[1] != stories[2]


def archive(tmp_path: Path) -> Path:
    """Two publishers tell one story, one of them twice; then something else."""
    file = tmp_path / "archive.jsonl"
    when = "2022-02-15T{}:00Z"
    file.write_text(
        item("1", "Troops return to their bases after drills near the border", owner="gazette",
             published=when.format("08:00"))
        + item("2", "Troops return to their bases after drills near the border, ministry says", owner="herald",
               published=when.format("08:05"))
        + item("3", "Fears of an invasion grow", owner="gazette", published=when.format("09:00")),
        "utf-8",
    )  # fmt: skip
    return file


def test_replay_tells_alerts_and_updates_as_json_lines(desk: Path, tmp_path: Path) -> None:
    done = newsalert("replay", str(archive(tmp_path)), "--rules", str(desk))
    lines = jsonl(done.stdout)
    assert done.returncode == 0, done.stderr
    assert [(each["kind"], each["rule"]) for each in lines] == [
        ("alert", "withdrawal"),
        ("update", "withdrawal"),
        ("alert", "invasion"),
    ]
    promised = {
        "at", "published", "kind", "story", "revision", "rule", "level", "score", "direction", "title", "link",
        "receivers", "sources", "reason",
    }  # fmt: skip
    assert promised <= set(lines[0])
    assert (lines[1]["story"], lines[1]["revision"]) == (lines[0]["story"], 2)
    assert lines[1]["sources"] == ["gazette", "herald"]


def test_backtest_counts_by_rule_and_term(desk: Path, tmp_path: Path) -> None:
    done = newsalert("backtest", str(archive(tmp_path)), "--rules", str(desk), "--json")
    report = json.loads(done.stdout)
    fired = {rule["rule"]: rule["fired"] for rule in report["rules"]}
    assert (done.returncode, report["entries"], fired) == (0, 3, {"withdrawal": 2, "invasion": 1})


def test_explain_prints_the_sum_withdrawal_first_and_invasion_halved() -> None:
    done = newsalert("explain", RETURN)
    assert done.returncode == 0
    assert "“returns some troops”" in " ".join(done.stdout.split())
    asked = json.loads(newsalert("explain", RETURN, "--json").stdout)
    first, second = asked["matches"][:2]
    assert (first["rule"], first["level"], first["terms"][0]["stance"]) == (
        "troop-withdrawal",
        "high",
        "asserted",
    )
    assert (second["rule"], second["score"], second["terms"][0]["stance"]) == ("invasion", 20, "feared")


@pytest.mark.parametrize(
    ("words", "stdin", "code", "says"),
    [
        (("check", "--rules", "nowhere"), "", 2, "no such folder"),
        (("replay", "nowhere.jsonl"), "", 2, "no such file"),
        (("story", "st-none"), "", 3, "no database"),
        (("nonsense",), "", 2, "nonsense"),
    ],
)
def test_bad_input_is_exit_code_two_with_a_sentence(
    words: tuple[str, ...], stdin: str, code: int, says: str, tmp_path: Path
) -> None:
    done = newsalert(*words, stdin=stdin, cwd=tmp_path)
    assert done.returncode == code, done.stderr
    assert says in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


def test_check_finds_every_mistake_and_says_where(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("keywrods: [invasion]\ncooldown: soon\n", "utf-8")
    done = newsalert("check", "--rules", str(tmp_path))
    assert done.returncode == 2
    assert "bad.yaml:1:keywrods" in done.stderr
    assert "keywords" in done.stderr
    assert "bad.yaml:2:cooldown" in done.stderr


def test_help_lists_the_commands_people_script() -> None:
    text = newsalert("--help").stdout
    for command in ("run", "demo", "check", "explain", "score", "backtest", "cluster", "replay", "feeds", "rules",
                    "why", "whynot", "status"):  # fmt: skip
        assert f" {command} " in text
