"""The catalogue: real outlets by country and language, in the schema of feeds.yaml, read by nobody until chosen."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema_rs
import pytest
import yaml
from typer.testing import CliRunner

from bot.cli.main import app
from bot.config.catalogue import country, is_country, load_catalogue, search
from bot.config.crosscheck import doubles
from bot.config.desk import Reading
from bot.config.folder import read_feed_files
from bot.config.load import load_desk
from bot.config.schema import schema
from bot.config.values import LANGUAGE_CODES
from bot.core.model import Feed
from bot.errors import ConfigError
from tests.config.folders import FEEDS, write
from tests.shared import ROOT

RULES = ROOT / "rules"
FILES = sorted((RULES / "catalogue").glob("*.yaml"))


def everything() -> Reading:
    return read_feed_files([RULES / "feeds.yaml", *FILES])


def run(*words: str, expect: int = 0) -> str:
    result = CliRunner().invoke(app, words)
    assert result.exit_code == expect, result.output
    return result.stdout


# ── what is in it ────────────────────────────────────────────────────────────────────────────────────
def test_hundreds_of_outlets_of_many_countries_and_languages() -> None:
    feeds = load_catalogue(RULES)
    assert len({feed.owner for feed in feeds}) >= 150
    assert len({tag for feed in feeds for tag in feed.tags if is_country(tag)}) >= 80
    assert len({feed.lang for feed in feeds}) >= 30
    assert {feed.lang for feed in feeds} <= LANGUAGE_CODES
    assert all(feed.owner and feed.lang and feed.tags for feed in feeds)


def test_no_name_and_no_address_stands_twice_the_watched_ones_included() -> None:
    found = everything()
    assert found.problems == []
    assert list(doubles(found.feeds, lambda feed: feed.name, "the feed")) == []
    addresses = [
        feed.value.url.split("://")[1].removeprefix("www.").rstrip("/").lower() for feed in found.feeds
    ]
    assert sorted(addresses) == sorted(set(addresses))


def test_what_a_state_controls_is_never_loud_by_itself() -> None:
    for placed in everything().feeds:
        if "state" in placed.value.tags:
            assert placed.value.trust < 1 or "public" in placed.value.tags, placed.value.name


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_an_editors_program_accepts_every_file(path: Path) -> None:
    written = yaml.load(path.read_text("utf-8"), Loader=yaml.BaseLoader)  # noqa: S506 — text scalars only
    for feed in written["feeds"]:
        feed.pop("trust", None)  # a number to an editor's program
    assert [error.message for error in jsonschema_rs.iter_errors(schema(), written)] == []


def test_the_bot_reads_none_of_it() -> None:
    assert not {feed.name for feed in load_desk(RULES).feeds} & {feed.name for feed in load_catalogue(RULES)}


# ── searching ────────────────────────────────────────────────────────────────────────────────────────
FEEDS_TO_SEARCH = (
    Feed("a", "https://a.example", "Émile", lang="fr", tags=("FR", "public")),
    Feed("b", "https://b.example", "Bert", lang="en", tags=("GB", "US", "cyber")),
    Feed("c", "https://c.example", "Zoe", lang="en", tags=("africa",)),
)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, "abc"),
        ({"text": "ÉMILE"}, "a"),
        ({"text": "b.exa"}, "b"),
        ({"countries": ["us"]}, "b"),
        ({"countries": ["FR", "GB"]}, "ab"),
        ({"lang": "en"}, "bc"),
        ({"tag": "Africa"}, "c"),
        ({"lang": "en", "tag": "public"}, ""),
    ],
)
def test_everything_asked_for_must_fit(asked: dict[str, object], found: str) -> None:
    assert "".join(feed.name for feed in search(FEEDS_TO_SEARCH, **asked)) == found  # type: ignore[arg-type]


def test_two_capitals_are_a_country_and_a_region_is_none() -> None:
    assert country(FEEDS_TO_SEARCH[1]) == "GB US"
    assert country(FEEDS_TO_SEARCH[2]) == ""


# ── choosing ─────────────────────────────────────────────────────────────────────────────────────────
@pytest.fixture
def rules(tmp_path: Path) -> Path:
    (tmp_path / "catalogue").mkdir()
    write(
        tmp_path / "catalogue",
        islands="""
        feeds:
          - {name: gazette, url: "https://gazette.example/rss?a=1,2", owner: "L'Île: Gazette", lang: fr, trust: 0.8,
             tags: [MT, public]}
        """,
    )
    return write(tmp_path, topic="keywords: invasion", feeds=FEEDS)


def test_an_outlet_taken_from_the_catalogue_is_watched_with_all_that_is_known_of_it(rules: Path) -> None:
    run("feeds", "add", "--from-catalogue", "gazette", "--untried", "--rules", str(rules))
    (chosen,) = load_catalogue(rules)
    assert load_desk(rules).feeds[1] == chosen
    told = [
        json.loads(line) for line in run("feeds", "catalogue", "--rules", str(rules), "--json").splitlines()
    ]
    assert [(each["name"], each["watched"]) for each in told] == [("wire", True), ("gazette", True)]
    assert told[1]["country"] == ["MT"]


def test_an_outlet_that_is_not_there_is_answered_with_the_nearest(rules: Path) -> None:
    result = CliRunner().invoke(app, ["feeds", "add", "--from-catalogue", "gazete", "--rules", str(rules)])
    assert result.exit_code == 2
    assert "did you mean 'gazette'?" in result.output


def test_an_address_and_an_outlet_at_once_are_refused(rules: Path) -> None:
    run("feeds", "add", "https://x.example", "--from-catalogue", "gazette", "--rules", str(rules), expect=2)
    run("feeds", "add", "--rules", str(rules), expect=2)


def test_a_folder_of_ones_own_has_the_shipped_catalogue(tmp_path: Path) -> None:
    assert len(load_catalogue(tmp_path)) > 150


def test_mistakes_in_a_catalogue_are_told_with_their_line(rules: Path) -> None:
    write(rules / "catalogue", islands="feeds:\n  - {name: x, url: nowhere}\n")
    with pytest.raises(ConfigError, match=r"islands\.yaml:2:x\.url"):
        load_catalogue(rules)
