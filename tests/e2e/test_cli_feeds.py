"""``newsalert feeds``: what a site has, what a feed would give, and lists in and out, by the command itself."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli.main import app
from tests.e2e.publisher import Site

LIST = b"""<opml version="2.0"><body>
<outline text="Baltic News"><outline text="Harbour Post" type="rss" xmlUrl="https://harbour.example/rss" language="en"/>
<outline text="Harbour Post" type="rss" xmlUrl="https://harbour.example/sport"/></outline>
<outline text="Ledger" type="rss" xmlUrl="https://ledger.example/feed"/>
<outline text="Trap" type="rss" xmlUrl="file:///etc/passwd"/></body></opml>"""
FEEDS = "# our feeds\nfeeds:\n  - name: ledger  # the first\n    url: https://ledger.example/feed\n    owner: Ledger\n"


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    folder = tmp_path / "rules"
    folder.mkdir()
    (folder / "feeds.yaml").write_text(FEEDS, "utf-8")
    return folder


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with Site() as site:
        site.publish("Ferry timetable changes", feed="/second")
        yield site


@dataclass(frozen=True)
class Done:
    """What the command wrote, and its exit code."""

    returncode: int
    stdout: bytes
    stderr: bytes


def feeds(*words: str, rules: Path, stdin: bytes = b"", loopback: str = "yes") -> Done:
    """The command with nobody's settings; by default it may ask this machine."""
    known = {name: None for name in os.environ if name.startswith("NEWSALERT_")}
    env = {**known, "NEWSALERT_ALLOW_LOOPBACK": loopback, "COLUMNS": "300"}
    told = CliRunner(env=env).invoke(app, ["feeds", *words, "--rules", str(rules)], input=stdin)
    return Done(told.exit_code, told.stdout_bytes, told.stderr_bytes)


# ── one address ──────────────────────────────────────────────────────────────────────────────────────
def test_a_sites_page_leads_to_its_feed(site: Site, rules: Path) -> None:
    done = feeds("discover", site.url, "--json", rules=rules)
    (found,) = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0, done.stderr
    assert (found["url"], found["found"], found["items"]) == (f"{site.url}/second", "announced", 1)
    assert b"Second desk" in feeds("discover", site.url, rules=rules).stdout


def test_where_there_is_none_that_is_said_and_the_exit_code_is_one(site: Site, rules: Path) -> None:
    done = feeds("discover", f"{site.url}/second/nothing-here", rules=rules)
    assert done.returncode == 2  # 404
    assert b"404" in done.stderr


def test_a_feed_is_tried_without_watching_it(site: Site, rules: Path) -> None:
    done = feeds("test", f"{site.url}/second", "--json", rules=rules)
    told = json.loads(done.stdout)
    assert done.returncode == 0, done.stderr
    assert (told["form"], told["kind"], told["items"], told["dated"], told["hub"]) == (
        "RSS",
        "feed",
        1,
        1,
        "",
    )
    assert told["entries"][0]["title"] == "Ferry timetable changes"
    assert b"Ferry timetable changes" in feeds("test", f"{site.url}/second", rules=rules).stdout
    assert (rules / "feeds.yaml").read_text("utf-8") == FEEDS


@pytest.mark.parametrize("verb", ["test", "discover"])
def test_fault_062_an_address_inside_our_network_is_not_asked(verb: str, site: Site, rules: Path) -> None:
    before = site.asked
    done = feeds(verb, f"{site.url}/second", rules=rules, loopback="no")
    assert (done.returncode, done.stdout, site.asked) == (2, b"", before)


@pytest.mark.parametrize("verb", ["test", "discover"])
@pytest.mark.parametrize("address", ["file:///etc/passwd", "gopher://example.org", "http://[::1"])
def test_fault_063_no_other_scheme_is_asked(verb: str, address: str, rules: Path) -> None:
    done = feeds(verb, address, rules=rules)
    assert (done.returncode, done.stdout) == (2, b"")


# ── lists ────────────────────────────────────────────────────────────────────────────────────────────
def test_a_list_is_taken_in_and_comments_stay(rules: Path) -> None:
    done = feeds("import", "-", "--json", rules=rules, stdin=LIST)
    added = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0, done.stderr
    assert [(each["name"], each["url"], each["tags"]) for each in added] == [
        ("harbour-post", "https://harbour.example/rss", ["baltic-news"]),
        ("harbour-post-2", "https://harbour.example/sport", ["baltic-news"]),
    ]
    assert (rules / "feeds.yaml").read_text("utf-8").startswith(FEEDS)
    again = feeds("import", "-", rules=rules, stdin=LIST)
    assert b"0 added, 3 watched already" in again.stdout


def test_what_would_not_load_is_refused_whole(rules: Path) -> None:
    (rules / "broken.yaml").write_text("keywrods: [x]\n", "utf-8")
    done = feeds("import", "-", rules=rules, stdin=LIST)
    assert done.returncode == 2
    assert (rules / "feeds.yaml").read_text("utf-8") == FEEDS


def test_a_dry_run_changes_nothing(rules: Path) -> None:
    done = feeds("import", "-", "--dry-run", rules=rules, stdin=LIST)
    assert b"2 would be added" in done.stdout
    assert (rules / "feeds.yaml").read_text("utf-8") == FEEDS


def test_what_is_exported_can_be_imported_elsewhere(rules: Path, tmp_path: Path) -> None:
    feeds("import", "-", rules=rules, stdin=LIST)
    exported = feeds("export", rules=rules).stdout
    other = tmp_path / "other"
    other.mkdir()
    (other / "feeds.yaml").write_text("feeds:\n", "utf-8")
    done = feeds("import", "-", "--json", rules=other, stdin=exported)
    names = [json.loads(line)["name"] for line in done.stdout.splitlines()]
    assert sorted(names) == ["harbour-post", "harbour-post-2", "ledger"]
    only = feeds("export", "--tag", "baltic-news", rules=rules).stdout
    assert (only.count(b"xmlUrl"), b"ledger.example" in only) == (2, False)


@pytest.mark.parametrize("document", [b"", b"<html/>", b"not a list", b"<rss/>"])
def test_what_is_no_list_is_refused(document: bytes, rules: Path) -> None:
    done = feeds("import", "-", rules=rules, stdin=document)
    assert done.returncode == 2
    assert b"OPML" in done.stderr


@pytest.mark.parametrize("verb", ["discover", "test", "import", "export"])
def test_help_shows_examples(verb: str) -> None:
    told = CliRunner(env={"COLUMNS": "120"}).invoke(app, ["feeds", verb, "--help"]).stdout
    assert "Examples" in told
    assert f"newsalert feeds {verb}" in told
