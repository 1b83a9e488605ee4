"""The files that come with the project: they load anywhere, and the JSON Schema beside them is the models' own."""

from __future__ import annotations

import json
import re
from pathlib import Path

import jsonschema_rs
import pytest
import yaml

from bot.config.load import check_desk, load_desk
from bot.config.schema import schema, schema_json
from tests.shared import ROOT

RULES = ROOT / "rules"
FILES = sorted(RULES.glob("*.yaml"))


def test_the_shipped_folder_is_in_order_without_a_warning() -> None:
    report = check_desk(RULES)
    assert report.ok
    assert [str(problem) for problem in report.problems] == []


def test_forty_outlets_in_ten_languages_each_with_its_family() -> None:
    feeds = load_desk(RULES).feeds
    assert len({feed.owner for feed in feeds}) >= 40
    assert len({feed.lang for feed in feeds}) >= 10
    assert all(feed.owner and feed.lang and feed.tags for feed in feeds)
    assert {"en", "de", "ru", "uk"} <= {feed.lang for feed in feeds}


def test_nobody_is_told_by_default_and_no_token_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NEWSALERT_TELEGRAM_TOKEN", "NEWSALERT_SLACK_BOT_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    desk = load_desk(RULES)
    assert desk.receivers == ()
    assert desk.routes == ()


def test_the_examples_in_routes_yaml_work_as_they_stand_once_uncommented(tmp_path: Path) -> None:
    for path in FILES:
        text = path.read_text("utf-8")
        if path.name == "routes.yaml":
            text = re.sub(r"^(receivers|routes): \[\]$", r"\1:", text, flags=re.MULTILINE)
            text, uncommented = re.subn(r"^#(  - \{)", r" \1", text, flags=re.MULTILINE)
            assert uncommented >= 8
        (tmp_path / path.name).write_text(text, "utf-8")
    report = check_desk(tmp_path)
    errors = [str(problem) for problem in report.problems if problem.severity == "error"]
    assert errors == []
    assert report.counts["receivers"] >= 6
    assert report.counts["routes"] >= 4


def test_the_schema_file_is_the_one_the_models_make() -> None:
    written = (RULES / "rules.schema.json").read_text("utf-8")
    assert written == schema_json(), "run: make schema"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_an_editors_program_accepts_every_shipped_file(path: Path) -> None:
    as_yaml = yaml.safe_load(path.read_text("utf-8"))
    errors = [error.message for error in jsonschema_rs.iter_errors(schema(), as_yaml)]
    assert errors == []


@pytest.mark.parametrize(
    "written",
    [
        "keywrods: troops returning",
        "{keywords: invasion, direction: sideways}",
        "{keywords: invasion, near: 51}",
        "{keywords: invasion, cooldown: 2 fortnights}",
        "{rules: [{keywords: invasion, severity: loud}]}",
        "{feeds: [{name: a}]}",
        "{receivers: [{name: a, kind: pigeon}]}",
        "{routes: [{when: {level: loud}, to: a}]}",
    ],
)
def test_an_editors_program_underlines_what_the_loader_refuses(written: str, tmp_path: Path) -> None:
    as_yaml = yaml.safe_load(written)
    assert not jsonschema_rs.is_valid(schema(), as_yaml)
    name = next((f"{key}.yaml" for key in ("feeds", "routes") if key in as_yaml), "topic.yaml")
    (tmp_path / ("routes.yaml" if "receivers" in as_yaml else name)).write_text(written, "utf-8")
    assert not check_desk(tmp_path).ok


def test_the_smallest_rule_is_a_whole_file(tmp_path: Path) -> None:
    written = 'keywords: ["troops returning", "invasion"]'
    assert jsonschema_rs.is_valid(schema(), yaml.safe_load(written))
    (tmp_path / "topic.yaml").write_text(written, "utf-8")
    assert [rule.id for rule in load_desk(tmp_path).rules] == ["troops-returning"]


def test_the_schema_has_a_word_for_every_key_of_a_rule() -> None:
    rule = json.loads(schema_json())["$defs"]["RuleModel"]
    silent = [key for key, value in rule["properties"].items() if not value.get("description")]
    assert silent == []
