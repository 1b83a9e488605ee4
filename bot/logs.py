"""Logs: one event a line, for people or for machines, with every secret taken out and never a reason to stop.

An event has a name (``delivery.sent``) and values; our own events and those of the libraries go the same way, to
stderr, so that stdout stays a command's answer. What is written passes :class:`Redaction` as *finished text*: after
tracebacks were rendered and values joined, so that there is no way around it, be it an exception's message, a
library's format string or a header. Uncaught exceptions of the main thread, of other threads and of finalisers are
logged too, for the same reason.

A log that cannot be written (disk full, pipe closed) is lost and counted; the bot goes on.

Libraries are quiet up to *warning* whatever our own level: httpx prints every URL at *info*, and Telegram's URLs hold
the bot's token; slack_sdk prints webhook addresses at *debug*.

Road not taken: a thread that writes from a queue. It would spare the loop a slow disk and lose the last lines before a
crash, which are the ones that are wanted.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import threading
from collections.abc import Iterable
from types import TracebackType
from typing import TextIO
from urllib.parse import quote

import structlog
from structlog.typing import EventDict, Processor

HIDDEN = "***"
SHORTEST_SECRET = 6
"""Characters; a shorter value is a word that would vanish everywhere, and no secret."""

_NAMED = r"[\w-]{0,40}(?:token|secret|passw(?:or)?d|signature)|pwd|(?:api_?|access_?)?key|auth|sig"
_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), shown)
    for pattern, shown in (
        (r"(?<!\d)\d{1,20}:[\w-]{30,}", HIDDEN),  # Telegram's bot tokens
        (r"\bx(?:ox[a-z]|app)[.-][\w.-]+", HIDDEN),  # Slack's tokens
        (r"(hooks\.slack\.com/)[\w/-]+", rf"\1{HIDDEN}"),
        (r"(://)[^/?#\s\"'<>\\]+@", rf"\1{HIDDEN}@"),  # name and password in an address
        (rf"(?i)(?<!\w)((?:{_NAMED})=)[^&;\s\"'<>\\]+", rf"\1{HIDDEN}"),
        (r"(?i)\b((?:bearer|basic)\s+)[\w.~+/=-]{8,}", rf"\1{HIDDEN}"),
    )
)
_SECRET_KEY = re.compile(r"(?i)token|secret|passw|authori[sz]ation|cookie|api_?key")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_NEWLINE = re.compile(r"[\n\t]")

CHATTY = (
    "aiohttp", "aiosqlite", "alembic", "apscheduler", "asyncio", "charset_normalizer", "httpcore", "httpx", "pymorphy3",
    "slack_sdk", "sqlalchemy", "telegram", "urllib3", "uvicorn",
)  # fmt: skip
"""Libraries that say more than anybody wants to read, and secrets, too."""


class Redaction:
    """Takes secrets out of a text: those whose form is known, and those that were registered by value."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._exact: tuple[str, ...] = ()
        self.add(secrets)

    def add(self, secrets: Iterable[str]) -> None:
        """Hide these values from now on, also as they look inside JSON and inside an address."""
        forms = {form for secret in secrets if len(secret) >= SHORTEST_SECRET for form in _forms(secret)}
        self._exact = tuple(sorted({*self._exact, *forms}, key=len, reverse=True))

    def __call__(self, text: str) -> str:
        """The text without secrets."""
        for secret in self._exact:
            text = text.replace(secret, HIDDEN)
        for pattern, shown in _PATTERNS:
            text = pattern.sub(shown, text)
        return text


def _forms(secret: str) -> set[str]:
    return {
        secret,
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        quote(secret, safe=""),
    }


redact = Redaction()
"""The redaction in force; chats and error messages may use it, too."""


def configure_logs(
    level: str = "info", form: str = "console", *, secrets: Iterable[str] = (), stream: TextIO | None = None
) -> LogHandler:
    """Send every event from ``level`` up to ``stream`` (stderr), as ``console`` lines or ``json``.

    ``secrets`` are values that must never be written. May be called again: the last call counts.
    """
    redact.add(secrets)
    target = stream or sys.stderr
    handler = LogHandler(target)
    handler.setFormatter(_Redacted(_formatter(form, colours=_is_terminal(target))))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in CHATTY:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
    logging.captureWarnings(True)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_common(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
    )
    _log_crashes()
    return handler


class LogHandler(logging.StreamHandler[TextIO]):
    """Writes to a stream that may fail; ``lost`` counts the records that could not be written."""

    lost = 0

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: ARG002, N802 — the library's signature
        """A log that cannot be written is no reason to stop, nor to write about it."""
        self.lost += 1

    def flush(self) -> None:
        """Also called at exit, when the stream may be gone."""
        try:
            super().flush()
        except (OSError, ValueError):
            self.lost += 1


class _Redacted(logging.Formatter):
    """The last step before the stream: what another formatter made, without secrets."""

    def __init__(self, inner: logging.Formatter) -> None:
        super().__init__()
        self._inner = inner

    def format(self, record: logging.LogRecord) -> str:
        return redact(self._inner.format(record))


# ── from event to text ───────────────────────────────────────────────────────────────────────────────
def _common() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]


def _formatter(form: str, *, colours: bool) -> logging.Formatter:
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[*_common(), structlog.stdlib.add_logger_name],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            _hide,
            *(_for_machines() if form == "json" else _for_people(colours)),
        ],
    )


def _for_machines() -> list[Processor]:
    return [structlog.processors.JSONRenderer(ensure_ascii=False, default=str)]


def _for_people(colours: bool) -> list[Processor]:
    plain = structlog.dev.plain_traceback
    return [_tame, structlog.dev.ConsoleRenderer(colors=colours, exception_formatter=plain, pad_event_to=22)]


def _hide(logger: object, method: str, event: EventDict) -> EventDict:  # noqa: ARG001 — the library's signature
    """Nothing stands behind a key that names a secret."""
    return {key: HIDDEN if _SECRET_KEY.search(key) else value for key, value in event.items()}


def _tame(logger: object, method: str, event: EventDict) -> EventDict:  # noqa: ARG001
    """No value colours a terminal or forges a line; a traceback keeps its own lines."""
    return {key: _tamed(value, lines=key == "exception") for key, value in event.items()}


def _tamed(value: object, *, lines: bool) -> object:
    if not isinstance(value, str):
        return value  # shown by repr, which escapes
    text = _CONTROL.sub(_escaped, value)
    return text if lines else _NEWLINE.sub(_escaped, text)


def _escaped(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode("ascii")


def _is_terminal(stream: TextIO) -> bool:
    try:
        return stream.isatty()
    except ValueError:  # closed
        return False


# ── crashes ──────────────────────────────────────────────────────────────────────────────────────────
_ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None]


def _log_crashes() -> None:
    """What Python would print itself, it would print with its secrets."""
    sys.excepthook = lambda kind, error, trace: _crashed("crash", (kind, error, trace))
    threading.excepthook = lambda args: _crashed(
        "thread.crash", (args.exc_type, args.exc_value or args.exc_type(), args.exc_traceback)
    )
    sys.unraisablehook = lambda args: _crashed(
        "unraisable", (args.exc_type, args.exc_value or args.exc_type(), args.exc_traceback)
    )


def _crashed(event: str, what: _ExcInfo) -> None:
    if issubclass(what[0], KeyboardInterrupt | SystemExit):
        return
    structlog.get_logger().critical(event, exc_info=what)
