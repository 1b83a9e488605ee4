"""Every exception the project raises, drawn as a tree; each knows its subject.

::

    NewsalertError
    ├── ConfigError            the owner's mistakes, all of them at once (``.problems``)
    ├── InputError             bad input on a command line or in a stream line; exit code 2
    ├── FetchError             a feed could not be read (``.feed``, ``.kind``, ``.status``)
    │   ├── BlockedAddress     the address is not public; nothing was connected
    │   └── Gone               410: the publisher took the feed away
    ├── ParseError             what came is not a feed
    ├── StoreError             the database refused
    │   ├── StoreLocked        a second instance runs on the same file
    │   └── StoreTooNew        the schema is newer than this code
    ├── DeliveryError          one message did not go out; each leaf says what the policy may do
    │   ├── NotSent            it surely did not leave: try again later
    │   │   └── Throttled      … and not before ``.retry_after`` seconds
    │   ├── Ambiguous          it may have arrived: reconcile, or repeat and mark
    │   ├── Rejected           this message will never be taken; others may
    │   ├── ReceiverGone       the chat or channel is closed to us
    │   ├── Migrated           the chat has a new address (``.address``)
    │   └── NotifierStopped    our credentials are refused: stop this notifier, go on with others
    └── NotPermitted           this actor may not do that

Foreign exceptions are wrapped once per edge; edges classify, one pure policy in
:mod:`bot.core.retries` decides.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


class NewsalertError(Exception):
    """The root: everything we raise on purpose."""


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One mistake in one of the owner's files, with its place and, if we know one, the remedy."""

    file: str
    line: int  # 1-based; 0 where the file as a whole is meant
    key: str  # dotted path inside the file, "" for the file itself
    message: str
    remedy: str = ""
    severity: str = "error"  # or "warning"

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line or "", self.key) if part != "")
        return f"{place}: {self.message}" + (f" ({self.remedy})" if self.remedy else "")


class ConfigError(NewsalertError):
    """The owner's files or settings are wrong; ``problems`` holds every mistake, sorted by place."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems))
        super().__init__("\n".join(str(problem) for problem in self.problems))


class InputError(NewsalertError):
    """What a person or a pipe gave us cannot be used; the message says why and what would do.

    With ``values`` the message is a template; a front that speaks other languages translates it before filling it.
    """

    def __init__(self, message: str, **values: object) -> None:
        self.template = message
        self.values = values
        super().__init__(message.format(**values) if values else message)


class FetchError(NewsalertError):
    """A feed could not be read. ``kind`` is a short stable word for logs and metrics."""

    def __init__(
        self, feed: str, kind: str, message: str, *, status: int = 0, retry_after: float | None = None
    ) -> None:
        self.feed = feed
        self.kind = kind
        self.status = status
        self.retry_after = retry_after  # seconds, as the server asked
        super().__init__(f"{feed}: {message}")


class BlockedAddress(FetchError):
    """The address is not a public one; refused at connect time, nothing was sent."""

    def __init__(self, feed: str, address: str) -> None:
        self.address = address
        super().__init__(feed, "blocked", f"{address} is not a public address; not connected")


class Gone(FetchError):
    """HTTP 410: the publisher says the feed is gone for good."""

    def __init__(self, feed: str) -> None:
        super().__init__(feed, "gone", "the publisher answered 410 Gone", status=410)


class ParseError(NewsalertError):
    """What came is not a feed we can read."""

    def __init__(self, feed: str, message: str) -> None:
        self.feed = feed
        super().__init__(f"{feed}: {message}")


class StoreError(NewsalertError):
    """The database refused or is unusable."""


class StoreLocked(StoreError):
    """Another instance holds the same database file; the message names its process and host."""


class StoreTooNew(StoreError):
    """The database was written by a newer version; we never downgrade."""


class DeliveryError(NewsalertError):
    """One message did not go out as it should."""


class NotSent(DeliveryError):
    """Nothing left this machine, or the platform surely did not take it: safe to try again."""


class Throttled(NotSent):
    """The platform asks us to wait ``retry_after`` seconds before this receiver's next message."""

    def __init__(self, retry_after: float, message: str = "") -> None:
        self.retry_after = retry_after
        super().__init__(message or f"asked to wait {retry_after:g} s")


class Ambiguous(DeliveryError):
    """The request left and no answer came: it may have arrived."""


class Rejected(DeliveryError):
    """The platform will never take this very message; others to the same receiver may pass."""


class ReceiverGone(DeliveryError):
    """The receiver is closed to us (blocked, kicked, archived, deleted)."""


class Migrated(DeliveryError):
    """The receiver has moved; ``address`` is the new one, to be remembered."""

    def __init__(self, address: str) -> None:
        self.address = address
        super().__init__(f"the chat moved to {address}")


class NotifierStopped(DeliveryError):
    """Our credentials are refused: this notifier must stop, the others go on."""


class NotPermitted(NewsalertError):
    """This actor may not do that; the message leaks nothing about what exists."""
