"""The deployment's settings: secrets, ports and paths, from the environment and ``.env``.

Every setting is ``NEWSALERT_<NAME>``; the environment wins over ``.env``. A secret may also stand in a file of its
own: ``NEWSALERT_TELEGRAM_TOKEN_FILE=/run/secrets/telegram``. Secrets are :class:`pydantic.SecretStr`: neither repr,
``model_dump_json`` nor an error shows them. Addresses and signing secrets of webhooks have names chosen by the
deployment (``NEWSALERT_SECRET_DESK``), which ``routes.yaml`` refers to.

The descriptions are the text of ``.env.example`` (:mod:`bot.config.envexample`); a test holds the file to them.

Telegram: by default everyone may subscribe, because what is sent is public news and a subscription touches the
subscriber's own chat only; every right beyond that needs a numeric id in ``telegram_admins``, and an empty list
means nobody. ``telegram_subscribers`` = ``admins`` or ``list`` closes the door.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from stat import S_IROTH
from typing import Annotated, Any, Literal

from dotenv import dotenv_values
from pydantic import BeforeValidator, Field, SecretStr, ValidationError, field_serializer, model_validator
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from bot import __version__
from bot.config.secretfiles import NAMED, TWIN, SecretFiles
from bot.config.values import (
    Slip,
    Slips,
    choice,
    duration,
    several,
    suggestion,
    text,
    whole,
    wrong,
    yes_or_no,
)
from bot.config.webusers import WebUser, read_users
from bot.core.model import Receiver
from bot.errors import ConfigError, Problem

PREFIX = "NEWSALERT_"
ENV_FILE = Path(".env")
SHORTEST_MASTER = 16  # characters

Subscribers = Literal["everyone", "admins", "list"]
LogLevel = Literal["debug", "info", "warning", "error"]
LogFormat = Literal["console", "json"]


# ── readers: text from the environment, or the value itself from a test ──────────────────────────────
def _typed(kind: type, read: Callable[[object], object]) -> BeforeValidator:
    return BeforeValidator(lambda value: value if isinstance(value, kind) else read(value))


def _word(*known: str) -> BeforeValidator:
    return BeforeValidator(choice({word: word for word in known}, "choice"))


def _size(value: object) -> int:
    """Bytes: ``5MB``, ``500kB``, ``1048576``."""
    found = re.fullmatch(r"(\d{1,12}) ?([kmg]?)b?", text(value).lower())
    if not found:
        raise wrong(f"'{value}' is not a size", "write 5MB or 500kB", value)
    return int(found[1]) * {"": 1, "k": 1_000, "m": 1_000_000, "g": 1_000_000_000}[found[2]]


def _secret(value: object) -> SecretStr:
    if isinstance(value, SecretStr):
        return value
    if isinstance(value, Slips):
        raise value
    return SecretStr(text(value))


def _master(value: object) -> SecretStr:
    secret = _secret(value)
    if len(secret.get_secret_value()) < SHORTEST_MASTER:
        raise wrong("is too short to be a secret", "openssl rand -hex 32 makes a good one")
    return secret


def _users(value: object) -> SecretStr:
    """The people of the console, looked at now so that a slip is told at the start."""
    secret = _secret(value)
    read_users(secret.get_secret_value())
    return secret


def _named_secrets(value: Mapping[str, object]) -> dict[str, SecretStr]:
    bad = [(name, each) for name, each in value.items() if isinstance(each, Slips)]
    if bad:
        raise Slips(
            *(
                Slip(f"{name.upper()}: {slip.message}", slip.remedy)
                for name, each in bad
                for slip in each.slips
            )
        )
    return {_plain_name(name): _secret(each) for name, each in value.items()}


def _plain_name(name: str) -> str:
    return name.lower().replace("-", "_")


def _base(value: object) -> str:
    """The address of a service, without a final slash."""
    url = text(value)
    if not re.match(r"https?://[^/\s@]+", url):
        raise wrong(f"'{url}' is not a web address", "it begins with https://", value)
    return url.rstrip("/")


def _database(value: object) -> str:
    if isinstance(value, Slips):
        raise value
    url = text(value)
    if not url.startswith(("sqlite+aiosqlite:///", "postgresql+asyncpg://")):
        remedy = "sqlite+aiosqlite:///file.sqlite3 or postgresql+asyncpg://user:password@host/name"
        raise wrong("not a database we can use", remedy)
    return url


def _setting(default: object, description: str, *, section: str = "", **more: Any) -> Any:
    """A field; ``section`` is a heading in ``.env.example`` that stands above it."""
    return Field(default=default, description=description, json_schema_extra={"section": section}, **more)


def _typed_id(value: object) -> int:
    """A numeric chat or user id; a name could be taken by somebody else."""
    if isinstance(value, int):
        return value
    return whole(-(10**15), 10**15)(value)


Text = Annotated[str, BeforeValidator(text)]
Base = Annotated[str, BeforeValidator(_base)]
Secret = Annotated[SecretStr | None, BeforeValidator(_secret)]
Master = Annotated[SecretStr | None, BeforeValidator(_master)]
Users = Annotated[SecretStr | None, BeforeValidator(_users)]
Duration = Annotated[timedelta, _typed(timedelta, duration)]
YesNo = Annotated[bool, _typed(bool, yes_or_no)]
Size = Annotated[int, _typed(int, _size)]
Ids = Annotated[tuple[int, ...], NoDecode, BeforeValidator(several(_typed_id))]


def default_rules_dir() -> Path:
    """``rules`` here, else the rules that came with the package: inside it, or beside it in a checkout."""
    package = Path(__file__).resolve().parent.parent
    places = (Path("rules"), package / "_rules", package.parent / "rules")
    return next((place for place in places if place.is_dir()), places[0])


class Settings(BaseSettings):
    """What a deployment sets. Read with :func:`load_settings`, which turns mistakes into ConfigError."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_file_encoding="utf-8",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
        validate_default=False,
    )

    rules_dir: Annotated[Path, _typed(Path, lambda value: Path(text(value)))] = Field(
        default_factory=default_rules_dir,
        description="Folder of the editors' files. Not set: rules here, else the ones that came with the program.",
        json_schema_extra={"section": "Folders and database", "shown": "rules"},
    )
    database_url: Annotated[str, BeforeValidator(_database)] = _setting(
        "sqlite+aiosqlite:///var/newsalert.sqlite3",
        "Where everything read and owed is kept. A fleet shares one PostgreSQL: "
        "postgresql+asyncpg://user:password@host/name (a password: better in DATABASE_URL_FILE).",
        repr=False,
    )
    retention_days: Annotated[int, _typed(int, whole(7, 3650))] = _setting(
        90,
        "Days after which what was read is forgotten. With fewer, items that return to a feed may be told again.",
    )

    telegram_token: Secret = _setting(None, "The bot's token, from @BotFather.", section="Telegram")
    telegram_admins: Ids = _setting(
        (),
        "Numeric ids of people who may change things, with commas. Empty = nobody. Names are not accepted.",
    )
    telegram_subscribers: Annotated[Subscribers, _word("everyone", "admins", "list")] = _setting(
        "everyone", "Who may subscribe: everyone, admins, or list (telegram_allowed and the admins)."
    )
    telegram_allowed: Ids = _setting((), "Numeric ids of chats that may subscribe when subscribers = list.")
    telegram_api_base: Base = _setting("https://api.telegram.org", "Another Bot API server.")
    telegram_webhook_secret: Secret = _setting(
        None, "Secret token of Telegram's webhook; without it the bot asks for updates itself."
    )
    telegram_webhook_url: Base = _setting(
        "",
        "Where Telegram is to call us: a public https address that leads to /telegram/webhook here. Empty = the "
        "address was told to Telegram by other means.",
    )

    slack_bot_token: Secret = _setting(
        None, "Bot token (xoxb-…), for receivers of kind slack.", section="Slack"
    )
    slack_app_token: Secret = _setting(None, "App token (xapp-…), for commands in Slack.")
    slack_api_base: Base = _setting("https://slack.com/api", "Another Slack API server.")

    secrets: Annotated[dict[str, SecretStr], NoDecode, BeforeValidator(_named_secrets)] = Field(
        default_factory=dict,
        description="NEWSALERT_SECRET_<NAME>: addresses and signing secrets of webhooks, by the <name> that "
        "routes.yaml calls url_setting and secret_setting.",
        json_schema_extra={
            "section": "Webhooks",
            "shown": "https://hooks.example.org/…",
            "variable": "SECRET_DESK",
        },
    )
    admin_receiver: Text = _setting(
        "",
        "Name of the receiver (routes.yaml) that is told when something needs a person.",
        section="Operators",
    )
    daily_hour: Annotated[int, _typed(int, whole(0, 23))] = _setting(
        6, "Hour (UTC) at which it is told, once a day, how many feeds answer and which do not."
    )

    poll_interval: Duration = _setting(
        timedelta(minutes=5),
        "Budget: one request per feed in this time on average; busy feeds get more of it.",
        section="Polling",
    )
    poll_min_interval: Duration = _setting(timedelta(minutes=1), "No feed is asked more often than this.")
    poll_max_interval: Duration = _setting(timedelta(hours=1), "Every feed is asked at least this often.")
    fetch_concurrency: Annotated[int, _typed(int, whole(1, 1000))] = _setting(
        32, "Requests at the same time."
    )
    host_concurrency: Annotated[int, _typed(int, whole(1, 20))] = _setting(1, "Of these, to one host.")
    host_gap: Duration = _setting(timedelta(seconds=5), "Pause between two requests to one host.")
    connect_timeout: Duration = _setting(timedelta(seconds=10), "Longest wait for a connection.")
    fetch_timeout: Duration = _setting(timedelta(seconds=30), "Longest time for one whole request.")
    body_limit: Size = _setting(5_000_000, "Largest answer that is read, unpacked; such as 5MB.")
    user_agent: Text = _setting("", "How we introduce ourselves. Empty = name, version and contact.")
    contact: Text = _setting("", "An address publishers can write to; it becomes part of the user agent.")
    allow_loopback: YesNo = _setting(
        False, "yes = addresses of this very machine may be polled, for demonstrations and tests only."
    )

    web_host: Text = _setting(
        "127.0.0.1", "Where the console, health, readiness and metrics are served.", section="Web"
    )
    web_port: Annotated[int, _typed(int, whole(0, 65535))] = _setting(8080, "Its port; 0 = any free one.")
    web_console: YesNo = _setting(True, "no = health, readiness and metrics alone, without the console.")
    web_users: Users = _setting(
        None,
        "Who may open the console: lines of newsalert console-user, separated by ; (better in WEB_USERS_FILE). Empty: "
        "on loopback whoever sits at this machine is admin; on any other address the console refuses to start.",
    )
    web_names: Annotated[tuple[str, ...], NoDecode, BeforeValidator(several(text))] = _setting(
        (), "Further names the console is called by, with commas: what a proxy before it passes on as Host."
    )

    public_url: Base = _setting(
        "",
        "The https address under which others reach us, for WebSub: publishers' hubs deliver to its /websub/. "
        "Empty = hubs are not asked, feeds are only polled.",
        section="Push",
    )
    websub_secret: Master = _setting(
        None,
        "What every hub's own address and signature are derived from: 32 random characters or more. Another one, and "
        "hubs have to be asked anew.",
    )

    log_level: Annotated[LogLevel, _word("debug", "info", "warning", "error")] = _setting(
        "info", "debug, info, warning or error.", section="Logs"
    )
    log_format: Annotated[LogFormat, _word("console", "json")] = _setting(
        "console", "console for people, json for machines."
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 — the library's signature
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment with its files wins over ``.env`` with its files."""
        return (init_settings, *_with_files(cls, env_settings), *_with_files(cls, dotenv_settings))

    @model_validator(mode="after")
    def _bounds_in_order(self) -> Settings:
        if self.poll_min_interval > self.poll_max_interval:
            raise wrong("is longer than NEWSALERT_POLL_MAX_INTERVAL", "exchange the two")
        return self

    @field_serializer("database_url")
    def _without_password(self, url: str) -> str:
        return re.sub(r"(://[^:/@]*):[^@]*@", r"\1:***@", url)

    @property
    def agent(self) -> str:
        """The User-Agent line."""
        about = f" (+{self.contact})" if self.contact else ""
        return self.user_agent or f"newsalert/{__version__}{about}"

    def secret(self, name: str) -> str:
        """The named secret ``routes.yaml`` refers to. KeyError if it is not set."""
        return self.secrets[_plain_name(name)].get_secret_value()

    def secret_values(self) -> tuple[str, ...]:
        """Every secret's value, for those who must keep it out of what they write."""
        single = (getattr(self, name) for name in TWINS)
        found = [each for each in (*single, *self.secrets.values()) if isinstance(each, SecretStr)]
        password = re.search(r"://[^:/@]*:([^@]*)@", self.database_url)
        return (*(each.get_secret_value() for each in found), *([password[1]] if password else []))

    @property
    def console_users(self) -> tuple[WebUser, ...]:
        """Who may open the console; () = nobody was named."""
        return read_users(self.web_users.get_secret_value()) if self.web_users else ()

    def may_subscribe(self, chat: int) -> bool:
        """Whether this chat may subscribe; ids only, names can be taken."""
        if self.telegram_subscribers == "everyone" or chat in self.telegram_admins:
            return True
        return self.telegram_subscribers == "list" and chat in self.telegram_allowed


def _with_files(
    settings: type[BaseSettings], source: PydanticBaseSettingsSource
) -> tuple[PydanticBaseSettingsSource, ...]:
    variables = source.env_vars if isinstance(source, EnvSettingsSource) else {}
    return SecretFiles(settings, variables, TWINS), source


TWINS = (
    "database_url", "telegram_token", "telegram_webhook_secret", "slack_bot_token", "slack_app_token", "web_users",
    "websub_secret",
)  # fmt: skip
"""Settings that may stand in a file of their own."""


# ── reading, with every mistake named ────────────────────────────────────────────────────────────────
def load_settings(env_file: Path | None = ENV_FILE) -> Settings:
    """The settings in force. Raises ConfigError naming each variable that is wrong, and what would do."""
    try:
        return Settings(_env_file=env_file)  # type: ignore[call-arg]  # the library's own argument
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        raise ConfigError([problem for each in found for problem in _problems(each)]) from None


def _problems(error: Any) -> Iterator[Problem]:
    name = str(error["loc"][0]) if error["loc"] else "poll_min_interval"
    variable = PREFIX + (NAMED.upper() + "…" if name == "secrets" else name.upper())
    cause = error.get("ctx", {}).get("error")
    slips = cause.slips if isinstance(cause, Slips) else (Slip(str(error["msg"])),)
    for slip in slips:
        yield Problem("settings", 0, variable, slip.message, slip.remedy)


def settings_warnings(env_file: Path | None = ENV_FILE) -> tuple[Problem, ...]:
    """What lets the bot start and deserves a look: variables nobody reads, and tokens everybody can read."""
    in_file = {} if env_file is None else dotenv_values(env_file)
    names = {name for name in (*os.environ, *in_file) if name.upper().startswith(PREFIX)}
    found = [_unknown(name) for name in sorted(names) if not _is_known(name)]
    if env_file is not None and _holds_secret(in_file) and env_file.stat().st_mode & S_IROTH:
        remedy = f"chmod 600 {env_file}"
        found.append(
            Problem(
                str(env_file), 0, "", "everybody on this machine can read the tokens in it", remedy, "warning"
            )
        )
    return tuple(found)


def _known() -> dict[str, str]:
    known = {f"{PREFIX}{name.upper()}": name for name in Settings.model_fields if name != "secrets"}
    return known | {f"{PREFIX}{name.upper()}{TWIN.upper()}": name for name in TWINS}


def _is_known(variable: str) -> bool:
    name = variable.upper()
    return name in _known() or name.startswith(PREFIX + NAMED.upper())


def _unknown(variable: str) -> Problem:
    near = (
        suggestion(variable, (name.lower() for name in _known()))
        .upper()
        .replace("DID YOU MEAN", "did you mean")
    )
    return Problem("settings", 0, variable, "there is no such setting", near, "warning")


def _holds_secret(variables: Iterable[str]) -> bool:
    secrets = {f"{PREFIX}{name.upper()}" for name in TWINS}
    return any(
        name.upper() in secrets or name.upper().startswith(PREFIX + NAMED.upper()) for name in variables
    )


def missing_secrets(settings: Settings, receivers: Iterable[Receiver]) -> tuple[Problem, ...]:
    """What needs a secret that is not set: it would only ever fail."""
    found = [
        _missing(variable, f"the receiver '{receiver.name}'")
        for receiver in receivers
        for variable, value in _needed(settings, receiver)
        if value is None
    ]
    if settings.public_url and settings.websub_secret is None:
        found.append(_missing(f"{PREFIX}WEBSUB_SECRET", f"{PREFIX}PUBLIC_URL"))
    return tuple(found)


def _missing(variable: str, who: str) -> Problem:
    return Problem("settings", 0, variable, f"is not set, and {who} needs it", "set it, or …_FILE")


def _needed(settings: Settings, receiver: Receiver) -> Iterator[tuple[str, SecretStr | None]]:
    if receiver.kind == "telegram":
        yield f"{PREFIX}TELEGRAM_TOKEN", settings.telegram_token
    elif receiver.kind == "slack":
        yield f"{PREFIX}SLACK_BOT_TOKEN", settings.slack_bot_token
    elif receiver.kind in ("slack-webhook", "webhook"):
        for name in filter(None, (receiver.address, receiver.options.get("secret", ""))):
            yield (
                f"{PREFIX}{NAMED.upper()}{_plain_name(name).upper()}",
                settings.secrets.get(_plain_name(name)),
            )
