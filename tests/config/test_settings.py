"""Settings: where they come from, that secrets stay secret, and that every mistake names its variable."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from bot.config.envexample import env_example
from bot.config.settings import TWINS, Settings, load_settings, settings_warnings
from bot.errors import ConfigError
from tests.shared import ROOT

TOKEN = "1234:a-very-secret-token"
USERS = f"wall viewer sha256:{'0' * 64}"


def refused(env_file: Path | None = None) -> list[str]:
    with pytest.raises(ConfigError) as error:
        load_settings(env_file)
    return [f"{problem.key}: {problem.message}" for problem in error.value.problems]


# ── where they come from ─────────────────────────────────────────────────────────────────────────────
def test_without_any_setting_the_bot_can_start() -> None:
    settings = load_settings(None)
    assert settings.poll_interval == timedelta(minutes=5)
    assert settings.web_host == "127.0.0.1"
    assert not settings.allow_loopback
    assert settings.telegram_token is None


def test_the_environment_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / ".env"
    path.write_text("NEWSALERT_POLL_INTERVAL=10m\nNEWSALERT_WEB_PORT=1\n")
    monkeypatch.setenv("NEWSALERT_WEB_PORT", "2")
    settings = load_settings(path)
    assert (settings.poll_interval, settings.web_port) == (timedelta(minutes=10), 2)


def test_an_empty_variable_is_no_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEWSALERT_WEB_PORT", "")
    assert load_settings(None).web_port == 8080


@pytest.mark.parametrize(
    ("variable", "typed", "field", "meant"),
    [
        ("POLL_INTERVAL", "90s", "poll_interval", timedelta(seconds=90)),
        ("HOST_GAP", "0", "host_gap", timedelta()),
        ("BODY_LIMIT", "500kB", "body_limit", 500_000),
        ("BODY_LIMIT", "1048576", "body_limit", 1_048_576),
        ("ALLOW_LOOPBACK", "yes", "allow_loopback", True),
        ("TELEGRAM_ADMINS", "42, -1007", "telegram_admins", (42, -1007)),
        ("LOG_FORMAT", "JSON", "log_format", "json"),
        ("SLACK_API_BASE", "http://127.0.0.1:9/api/", "slack_api_base", "http://127.0.0.1:9/api"),
        ("CONTACT", "desk@example.org", "agent", "newsalert/0.1.0 (+desk@example.org)"),
    ],
)
def test_values_are_typed_as_people_type_them(
    monkeypatch: pytest.MonkeyPatch, variable: str, typed: str, field: str, meant: object
) -> None:
    monkeypatch.setenv(f"NEWSALERT_{variable}", typed)
    assert getattr(load_settings(None), field) == meant


# ── secrets ──────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("name", TWINS)
def test_every_secret_may_stand_in_a_file_of_its_own(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    special = {"database_url": "postgresql+asyncpg://me:hunter2@db/news", "web_users": USERS}
    value = special.get(name, TOKEN)
    path = tmp_path / "secret"
    path.write_text(f"{value}\n")
    monkeypatch.setenv(f"NEWSALERT_{name.upper()}_FILE", str(path))
    found = getattr(load_settings(None), name)
    assert (found if isinstance(found, str) else found.get_secret_value()) == value


def test_named_secrets_stand_plainly_or_in_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "key").write_text("signed\n")
    monkeypatch.setenv("NEWSALERT_SECRET_RISK", "https://hooks.example/x")
    monkeypatch.setenv("NEWSALERT_SECRET_MAILER_KEY_FILE", str(tmp_path / "key"))
    settings = load_settings(None)
    assert settings.secret("risk") == "https://hooks.example/x"
    assert settings.secret("mailer-key") == "signed"
    with pytest.raises(KeyError):
        settings.secret("nobody")


def test_no_way_of_printing_settings_shows_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEWSALERT_TELEGRAM_TOKEN", TOKEN)
    monkeypatch.setenv("NEWSALERT_SLACK_BOT_TOKEN", TOKEN)
    monkeypatch.setenv("NEWSALERT_SECRET_RISK", TOKEN)
    monkeypatch.setenv("NEWSALERT_DATABASE_URL", f"postgresql+asyncpg://me:{TOKEN}@db/news")
    settings = load_settings(None)
    for shown in (
        repr(settings),
        str(settings),
        settings.model_dump_json(),
        str(settings.model_dump(mode="json")),
    ):
        assert TOKEN not in shown


def test_an_error_about_a_secret_does_not_show_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEWSALERT_DATABASE_URL", f"mysql://me:{TOKEN}@db/news")
    monkeypatch.setenv("NEWSALERT_TELEGRAM_TOKEN", TOKEN)
    monkeypatch.setenv("NEWSALERT_TELEGRAM_TOKEN_FILE", str(tmp_path / "token"))
    found = refused()
    assert found == [
        "NEWSALERT_DATABASE_URL: not a database we can use",
        "NEWSALERT_TELEGRAM_TOKEN: given twice, plainly and as _FILE",
    ]
    assert TOKEN not in " ".join(found)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [(None, "cannot be read"), (b"", "is empty"), (b" \n", "is empty"), (b"\xff\xfe", "is not text")],
)
def test_a_secrets_file_that_holds_none_is_told_with_its_path(
    content: bytes | None, complaint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "token"
    if content is not None:
        path.write_bytes(content)
    monkeypatch.setenv("NEWSALERT_TELEGRAM_TOKEN_FILE", str(path))
    (found,) = refused()
    assert f"the file {path} {complaint}" in found


# ── mistakes ─────────────────────────────────────────────────────────────────────────────────────────
def test_all_mistakes_are_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "POLL_INTERVAL": "soon",
        "WEB_PORT": "70000",
        "BODY_LIMIT": "large",
        "LOG_LEVEL": "loud",
        "TELEGRAM_ADMINS": "@boss",
        "ALLOW_LOOPBACK": "perhaps",
        "SLACK_API_BASE": "slack.com",
    }.items():
        monkeypatch.setenv(f"NEWSALERT_{name}", value)
    assert [found.split(":")[0].removeprefix("NEWSALERT_") for found in refused()] == [
        "ALLOW_LOOPBACK",
        "BODY_LIMIT",
        "LOG_LEVEL",
        "POLL_INTERVAL",
        "SLACK_API_BASE",
        "TELEGRAM_ADMINS",
        "WEB_PORT",
    ]


def test_bounds_in_the_wrong_order_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEWSALERT_POLL_MIN_INTERVAL", "2h")
    assert refused() == ["NEWSALERT_POLL_MIN_INTERVAL: is longer than NEWSALERT_POLL_MAX_INTERVAL"]


def test_a_setting_nobody_reads_is_warned_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / ".env"
    path.write_text("NEWSALERT_POLL_INTERVALL=5m\n")
    monkeypatch.setenv("NEWSALERT_SECRET_ANYTHING", "fine")
    (warning,) = settings_warnings(path)
    assert warning.key == "NEWSALERT_POLL_INTERVALL"
    assert warning.remedy == "did you mean 'NEWSALERT_POLL_INTERVAL'?"


# ── who may subscribe ────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("who", "chat", "may"),
    [
        ("everyone", 7, True),
        ("admins", 7, False),
        ("admins", 42, True),
        ("list", 7, False),
        ("list", 8, True),
        ("list", 42, True),
    ],
)
def test_who_may_subscribe(monkeypatch: pytest.MonkeyPatch, who: str, chat: int, may: bool) -> None:
    monkeypatch.setenv("NEWSALERT_TELEGRAM_SUBSCRIBERS", who)
    monkeypatch.setenv("NEWSALERT_TELEGRAM_ADMINS", "42")
    monkeypatch.setenv("NEWSALERT_TELEGRAM_ALLOWED", "8")
    assert load_settings(None).may_subscribe(chat) is may


# ── .env.example ─────────────────────────────────────────────────────────────────────────────────────
def test_the_example_file_is_the_one_the_settings_make() -> None:
    assert (ROOT / ".env.example").read_text("utf-8") == env_example()


def test_the_example_file_uncommented_gives_the_defaults(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    lines = [
        line.removeprefix("#") if line.startswith("#NEWSALERT_") else ""
        for line in env_example().splitlines()
    ]
    path.write_text("\n".join(line for line in lines if "SECRET_DESK" not in line))
    written, plain = load_settings(path), load_settings(None)
    shown = set(Settings.model_fields) - {"rules_dir"}
    assert {name: getattr(written, name) for name in shown} == {name: getattr(plain, name) for name in shown}
    assert len([line for line in lines if line]) == len(Settings.model_fields)
