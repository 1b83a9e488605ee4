"""Hostile and broken files: refused quickly and in plain words. The numbers are those of the fault table."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import re2

from bot.config.load import load_desk, load_lenient
from bot.config.settings import load_settings, missing_secrets, settings_warnings
from bot.config.yamlfile import MAX_BYTES, parse_yaml, read_yaml
from bot.core.model import Receiver
from bot.errors import ConfigError
from tests.config.folders import FEEDS, only, write

QUICK = 0.05
"""Seconds of processor time a refusal may take."""


def seconds(work: Callable[[], object]) -> float:
    """Processor time of the quickest of three tries: what the work costs, not what else the machine does."""
    tries = []
    for _ in range(3):
        start = time.process_time()
        work()
        tries.append(time.process_time() - start)
    return min(tries)


def refusal(content: bytes) -> str:
    with pytest.raises(ConfigError) as error:
        parse_yaml(content, "topic.yaml")
    return str(error.value)


# ── 89–91: a bad edit while the bot runs ─────────────────────────────────────────────────────────────
def test_fault_089_a_broken_file_keeps_its_last_good_version_and_names_the_line(tmp_path: Path) -> None:
    good = load_desk(write(tmp_path, topic="keywords: invasion", feeds=FEEDS))
    write(tmp_path, topic="keywords: invasion\nseverity: loud\n")
    desk, (problem,) = load_lenient(tmp_path, good)
    assert (desk.rules, desk.feeds) == (good.rules, good.feeds)
    assert (problem.line, problem.key) == (2, "severity")


@pytest.mark.parametrize(
    "half", ["", "rules", "rules:\n", "rules:\n  - id: inva", "rules:\n  - id: invasion\n    keywo"]
)
def test_fault_090_a_half_written_file_takes_no_rule_out_of_force(tmp_path: Path, half: str) -> None:
    whole = "rules:\n  - id: invasion\n    keywords: [invasion]\n  - id: truce\n    keywords: [truce]\n"
    good = load_desk(write(tmp_path, topic=whole, feeds=FEEDS))
    write(tmp_path, topic=half)
    desk, problems = load_lenient(tmp_path, good)
    assert {rule.id for rule in desk.rules} == ({"invasion", "truce"} if problems else set())
    assert problems or half in ("", "rules:\n")  # these two are whole files that say: no rules


@pytest.mark.parametrize("how", ["deleted", "folder gone", "a folder in its place", "unreadable text"])
def test_fault_091_a_file_that_goes_away_stays_in_force(tmp_path: Path, how: str) -> None:
    rules = tmp_path / "rules"
    rules.mkdir()
    good = load_desk(write(rules, topic="keywords: invasion", feeds=FEEDS))
    path = rules / "topic.yaml"
    if how == "folder gone":
        rules.rename(tmp_path / "elsewhere")
    elif how == "unreadable text":
        path.write_bytes(b"keywords: \xff\xfe")
    else:
        path.unlink()
        if how == "a folder in its place":
            path.mkdir()
    desk, problems = load_lenient(rules, good)
    assert (desk.rules, desk.feeds) == (good.rules, good.feeds)
    assert problems


def test_fault_091_a_folder_swapped_by_its_link_is_read_anew(tmp_path: Path) -> None:
    for name, word in (("one", "invasion"), ("two", "truce")):
        (tmp_path / name).mkdir()
        write(tmp_path / name, topic=f"id: rule\nkeywords: {word}", feeds=FEEDS)
    link = tmp_path / "rules"
    link.symlink_to("one", target_is_directory=True)
    good = load_desk(link)
    other = tmp_path / "new"
    other.symlink_to("two", target_is_directory=True)
    other.replace(link)
    desk, problems = load_lenient(link, good)
    assert problems == ()
    assert desk.rules[0].terms[0].text == "truce"


# ── 92: hostile YAML ─────────────────────────────────────────────────────────────────────────────────
def alias_bomb() -> bytes:
    rows = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    for last, name in zip("abcdefgh", "bcdefghi", strict=True):
        rows.append(f"{name}: &{name} [{', '.join([f'*{last}'] * 9)}]")
    return "\n".join(rows).encode()


HOSTILE: dict[str, tuple[bytes, str]] = {
    "alias bomb": (alias_bomb(), "a text cannot begin with"),
    "5,000 lists deep, flow": (b"keywords: " + b"[" * 5000, "too deep"),
    "5,000 lists deep, closed": (b"keywords: " + b"[" * 5000 + b"]" * 5000, "too deep"),
    "5,000 lists deep, block": (b"- " * 5000 + b"x", "too deep"),
    "5,000 tables deep": (b"{a: " * 5000 + b"x" + b"}" * 5000, "too deep"),
    "Python object": (b"!!python/object/apply:os.system [echo owned]", "exclamation mark"),
    "Python name": (b"keywords: !!python/name:os.system x", "exclamation mark"),
    "merge key": (b"base: &base {keywords: a}\nrule:\n  <<: *base\n", "cannot begin with"),
    "duplicate keys": (b"keywords: a\nkeywords: b\n", "a second time"),
    "100,000 duplicate keys": (b"a: 1\n" * 100_000, "a second time"),
    "tabs": (b"keywords:\n\t- a", "a tab"),
    "two documents": (b"keywords: a\n---\nkeywords: b", "second document"),
    "NUL": (b"keywords: a\x00b", "control character"),
    "escape sequences": (b"keywords: \x1b[31mred", "control character"),
    "UTF-16": ("keywords: a".encode("utf-16"), "not UTF-8"),
    "Latin-1": ("keywords: Rückzug".encode("latin-1"), "not UTF-8"),
    "binary": (bytes(range(256)) * 40, "not UTF-8"),
    "a key that is a list": (b"? [a, b]\n: c", "a list or table stands where a key is expected"),
    "directive": (b"%YAML 9.9\n---\nkeywords: a", "cannot begin with %"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_fault_092_hostile_yaml_is_refused_at_once_in_plain_words(name: str) -> None:
    content, reason = HOSTILE[name]
    assert reason in refusal(content)
    assert "yaml" not in refusal(content).lower().replace("topic.yaml", "")
    assert seconds(lambda: refusal(content)) <= QUICK


def test_fault_092_a_huge_file_is_not_even_read(tmp_path: Path) -> None:
    path = tmp_path / "topic.yaml"
    with path.open("wb") as file:
        file.truncate(50_000_000)

    def refused() -> None:
        with pytest.raises(ConfigError, match=r"too large \(50 MB\)"):
            read_yaml(path)

    assert seconds(refused) <= QUICK
    with pytest.raises(ConfigError, match="too large"):
        parse_yaml(b" " * (MAX_BYTES + 1), "topic.yaml")


@pytest.mark.parametrize("what", ["pipe", "folder", "nothing"])
def test_fault_092_what_is_no_file_is_not_waited_for(tmp_path: Path, what: str) -> None:
    path = tmp_path / "topic.yaml"
    if what == "pipe":
        os.mkfifo(path)
    elif what == "folder":
        path.mkdir()
    with pytest.raises(ConfigError, match=r"is not a file|cannot be read"):
        read_yaml(path)


@pytest.mark.parametrize("mark", [b"\xef\xbb\xbf", b""])
def test_fault_092_a_byte_order_mark_and_windows_lines_do_no_harm(mark: bytes) -> None:
    assert parse_yaml(mark + b"keywords:\r\n  - no\r\n  - 1:30\r\n", "topic.yaml") == {
        "keywords": ["no", "1:30"]
    }


def test_fault_092_lists_that_hold_each_other_are_refused(tmp_path: Path) -> None:
    lists = "lists:\n" + "".join(f"  l{n}: [$l{(n + 1) % 30}]\n" for n in range(30))
    write(tmp_path, topic=lists + "keywords: $l0\n")
    with pytest.raises(ConfigError, match="contains itself"):
        load_desk(tmp_path)
    growing = "lists:\n  l0: [a, b, c, d, e, f, g, h, i, j]\n"
    growing += "".join(f"  l{n}: [{', '.join([f'$l{n - 1}'] * 10)}]\n" for n in range(1, 8))
    write(tmp_path, topic=growing + "keywords: $l7\n")

    def refused() -> None:
        with pytest.raises(ConfigError, match="grows past"):
            load_desk(tmp_path)

    assert seconds(refused) <= 1  # it grows as far as the limit, 20,000 items, in each list


# ── 93: regular expressions ──────────────────────────────────────────────────────────────────────────
def test_fault_093_a_regular_expression_that_explodes_elsewhere_takes_linear_time() -> None:
    text = "a" * 5000 + "!"
    assert seconds(lambda: re2.search(r"(a+)+$", text)) <= QUICK


@pytest.mark.parametrize("pattern", [r"(?=war)x", r"(?<!no )war", r"(a)\1", r"(?P<w>a)(?P=w)"])
def test_fault_093_what_cannot_be_linear_is_refused_with_its_reason(tmp_path: Path, pattern: str) -> None:
    write(tmp_path, topic=f"keywords: ['/{pattern}/']")
    assert "hostile text" in only(tmp_path).message


@pytest.mark.parametrize("pattern", ["/.*/", "/a*/", "/(|x)/"])
def test_fault_094_a_term_that_matches_everything_is_refused(tmp_path: Path, pattern: str) -> None:
    write(tmp_path, topic=f"keywords: ['{pattern}']")
    assert "matches nothing at all" in only(tmp_path).message


# ── 96: typing mistakes ──────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("keywrods", "keywords"),
        ("strnog", "strong"),
        ("direktion", "direction"),
        ("lable", ""),
        ("cool_down", "cooldown"),
    ],
)
def test_fault_096_an_unknown_key_is_refused_with_the_one_that_was_meant(
    tmp_path: Path, typed: str, meant: str
) -> None:
    write(tmp_path, topic=f"keywords: a\n{typed}: b\n")
    problem = only(tmp_path)
    assert problem.message == f"unknown key '{typed}'"
    assert problem.remedy == (f"did you mean '{meant}'?" if meant else problem.remedy)
    assert problem.remedy


# ── 97: templates ────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("text", ["{{ 7 * 7 }}", "${7*7}", "%(x)s", "{0.__class__}", "#{7*7}", "<%= 7*7 %>"])
def test_fault_097_text_that_looks_like_a_template_stays_text(tmp_path: Path, text: str) -> None:
    write(tmp_path, topic=f"keywords: invasion\ntitle: '{text}'\ndescription: '{text}'\n")
    (rule,) = load_desk(tmp_path).rules
    assert (rule.title, rule.description) == (text, text)


# ── 98–99: secrets ───────────────────────────────────────────────────────────────────────────────────
def test_fault_098_a_receiver_without_its_secret_is_named_with_the_variable() -> None:
    settings = load_settings(None)
    places = (
        Receiver("phones", "telegram", "-100"),
        Receiver("desk", "slack", "#desk"),
        Receiver("risk", "slack-webhook", "risk"),
        Receiver("mailer", "webhook", "mailer", {"secret": "mailer_key"}),
        Receiver("screen", "console", ""),
    )
    assert [problem.key for problem in missing_secrets(settings, places)] == [
        "NEWSALERT_TELEGRAM_TOKEN",
        "NEWSALERT_SLACK_BOT_TOKEN",
        "NEWSALERT_SECRET_RISK",
        "NEWSALERT_SECRET_MAILER",
        "NEWSALERT_SECRET_MAILER_KEY",
    ]


def test_fault_098_an_empty_list_of_admins_means_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEWSALERT_TELEGRAM_ADMINS", "")
    monkeypatch.setenv("NEWSALERT_TELEGRAM_SUBSCRIBERS", "list")
    settings = load_settings(None)
    assert settings.telegram_admins == ()
    assert not settings.may_subscribe(42)


def test_fault_099_tokens_everybody_can_read_are_warned_of(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text("NEWSALERT_TELEGRAM_TOKEN=1:abc\n")
    path.chmod(0o644)
    (warning,) = settings_warnings(path)
    assert (warning.severity, warning.remedy) == ("warning", f"chmod 600 {path}")
    assert "1:abc" not in str(warning)
    path.chmod(stat.S_IRUSR | stat.S_IWUSR)
    assert settings_warnings(path) == ()
