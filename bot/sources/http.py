"""The one polite, guarded HTTP client: every address the bot ever asks is asked here.

::

    url ─ spelled well? ─ host's turn ─ guarded connect ─┬─ 2xx/304 ─ unpack, bounded ─ Answer
             ▲                                           ├─ 3xx ─ checked ─┐
             └───────────────── next hop ────────────────┼────────────────┘
                                                         └─ anything else: FetchError with a stable kind

Polite: one request at a time and a pause for each host, conditional requests, a name and an address in every request.
Guarded: no private address (:mod:`bot.sources.guard`), no cookies, no proxy from the environment, one deadline over
all hops, bounded headers, bodies bounded after unpacking, redirects followed by hand. Credentials in a configured
address go to that very origin and nowhere else; in a redirect's target they are dropped.

Kinds of FetchError: ``bad-url``, ``blocked``, ``dns``, ``connect``, ``tls``, ``timeout``, ``protocol``, ``redirect``,
``encoding``, ``too-large``, ``throttled``, ``gone``, ``status-3xx``, ``status-4xx``, ``status-5xx``.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from ssl import SSLContext
from typing import NoReturn
from urllib.parse import unquote, urlsplit, urlunsplit

from aiohttp import (
    ClientConnectorDNSError,
    ClientConnectorError,
    ClientError,
    ClientResponse,
    ClientSession,
    ClientSSLError,
    ClientTimeout,
    DummyCookieJar,
    InvalidURL,
    encode_basic_auth,
)
from aiohttp.abc import AbstractResolver
from multidict import CIMultiDictProxy

from bot import __version__
from bot.core import urls
from bot.errors import BlockedAddress, FetchError, Gone
from bot.sources.gate import HostGate, Waits
from bot.sources.guard import GuardedConnector
from bot.sources.headers import http_date, retry_after
from bot.sources.unpack import ACCEPTED, Body, CodingError, TooLargeError

MOST_HOPS = 8
LONGEST_URL = 4_000  # characters
LONGEST_HEADER = 16_384  # bytes; some publishers send a content security policy of many kilobytes
MOST_HEADERS = 200
_READ = 65_536  # bytes from the wire at a time

_PERMANENT = {301, 308}
_TEMPORARY = {302, 303, 307}
_CONTROL = re.compile(r"[\x00-\x20\x7f-\x9f\u2028\u2029\\]")


@dataclass(frozen=True, slots=True)
class ClientOptions:
    """Seconds and bytes. ``body_limit`` counts the unpacked body; ``keep_alive`` is the life of an idle connection."""

    user_agent: str = f"newsalert/{__version__}"
    connect_timeout: float = 10.0
    total_timeout: float = 30.0  # one request with all its redirects, without the wait for the host's turn
    body_limit: int = 5_000_000
    concurrency: int = 32  # of the poller; slow requests go on beside, see bot/core/turns.py
    host_concurrency: int = 1
    host_gap: float = 5.0
    keep_alive: float = 15.0
    allow_loopback: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """A good answer. ``url`` is where it came from; ``moved_to`` the same if every hop said "for good", else ""."""

    url: str
    status: int  # 2xx or 304
    headers: Mapping[str, str]
    body: bytes
    moved_to: str = ""


@dataclass(frozen=True, slots=True)
class _Hop:
    url: str
    host: str
    credentials: str  # the Authorization header, "" for none
    count: int = 0
    permanent: bool = True
    moved: bool = False

    @property
    def authorization(self) -> Mapping[str, str]:
        return {"Authorization": self.credentials} if self.credentials else {}


class Client:
    """Make it with :func:`guarded_client`. ``session`` is for POSTs to addresses an operator gave us."""

    def __init__(self, session: ClientSession, gate: HostGate, options: ClientOptions) -> None:
        self.session = session
        self.options = options
        self._gate = gate
        self._timeout = ClientTimeout(
            total=None, sock_connect=options.connect_timeout
        )  # ours is over all hops

    async def get(
        self,
        url: str,
        subject: str,
        *,
        headers: Mapping[str, str] | None = None,
        limit: int | None = None,
        urgent: bool = True,
    ) -> Answer:
        """GET with redirects. ``subject`` names the asker in errors; raises FetchError (BlockedAddress, Gone).

        ``urgent`` False lets others who ask the same host go first. ``limit`` replaces ``body_limit``.
        """
        hop = _first(url, subject)
        left = self.options.total_timeout
        limit = limit or self.options.body_limit
        while True:
            async with self._gate.turn(hop.host, urgent=urgent):
                began = asyncio.get_running_loop().time()
                got = await self._ask_all(hop, subject, dict(headers or {}), limit, left)
                left -= asyncio.get_running_loop().time() - began
            if isinstance(got, Answer):
                return got
            hop = got

    async def post_form(self, url: str, subject: str, fields: Mapping[str, str]) -> int:
        """POST a form; no redirects, the answer's body is not read. Returns the status. Raises FetchError."""
        hop = _first(url, subject)
        async with self._gate.turn(hop.host):
            try:
                async with self.session.post(
                    hop.url, data=dict(fields), headers=hop.authorization, allow_redirects=False
                ) as response:
                    response.close()
                    return response.status
            except TimeoutError:
                raise FetchError(subject, "timeout", "no answer in time") from None
            except BlockedAddress as error:
                raise BlockedAddress(subject, error.address) from None
            except (ClientError, OSError, ValueError, asyncio.IncompleteReadError) as error:
                raise _classified(error, subject) from None

    async def _ask_all(
        self, hop: _Hop, subject: str, headers: Mapping[str, str], limit: int, seconds: float
    ) -> Answer | _Hop:
        """The answer, or the hop that leads to another host, whose turn is to be waited for."""
        try:
            async with asyncio.timeout(seconds):
                while True:
                    got = await self._ask(hop, subject, headers, limit)
                    if isinstance(got, Answer) or got.host != hop.host:
                        return got
                    hop = got
        except TimeoutError:
            raise FetchError(subject, "timeout", "no complete answer in time") from None
        except BlockedAddress as error:
            raise BlockedAddress(subject, error.address) from None
        except TooLargeError:
            raise FetchError(subject, "too-large", f"more than {limit:,} bytes") from None
        except CodingError as error:
            raise FetchError(subject, "encoding", str(error)) from None
        except (ClientError, OSError, ValueError, asyncio.IncompleteReadError) as error:
            raise _classified(error, subject) from None

    async def _ask(self, hop: _Hop, subject: str, headers: Mapping[str, str], limit: int) -> Answer | _Hop:
        async with self.session.get(
            hop.url,
            headers={"Accept-Encoding": ACCEPTED, **headers, **hop.authorization},
            allow_redirects=False,
            timeout=self._timeout,
        ) as response:
            if response.status in _PERMANENT | _TEMPORARY:
                response.close()  # whatever its body is, it is not read
                return _next(hop, response, subject)
            if response.status != 304 and not (
                200 <= response.status < 300 and response.status not in (204, 205)
            ):
                response.close()
                _refused(response, subject)
            body = b"" if response.status == 304 else await _read(response, limit)
            moved_to = hop.url if hop.moved and hop.permanent and not hop.credentials else ""
            return Answer(hop.url, response.status, _plain(response.headers), body, moved_to)


@asynccontextmanager
async def guarded_client(
    options: ClientOptions,
    *,
    time: Waits | None = None,
    resolver: AbstractResolver | None = None,
    trusted: SSLContext | None = None,
) -> AsyncIterator[Client]:
    """The client, open as long as the block runs.

    ``time`` is for the pauses between requests to one host, ``trusted`` for certificates other than the usual ones.
    """
    connector = GuardedConnector(
        ssl=trusted or True,
        allow_loopback=options.allow_loopback,
        limit=options.concurrency * 10,
        ttl_dns_cache=300,
        keepalive_timeout=options.keep_alive,
        resolver=resolver,
    )
    async with ClientSession(
        connector=connector,
        cookie_jar=DummyCookieJar(),
        headers={"User-Agent": options.user_agent, "Accept-Encoding": "identity"},
        timeout=ClientTimeout(total=options.total_timeout, sock_connect=options.connect_timeout),
        auto_decompress=False,
        trust_env=False,
        max_line_size=LONGEST_HEADER,
        max_field_size=LONGEST_HEADER,
        max_headers=MOST_HEADERS,
    ) as session:
        yield Client(session, HostGate(options.host_concurrency, options.host_gap, time), options)


# ── addresses ────────────────────────────────────────────────────────────────────────────────────────
def _first(url: str, subject: str) -> _Hop:
    """The address as configured. Raises FetchError for one that cannot be asked."""
    try:
        return _configured(url)
    except ValueError as error:
        raise FetchError(subject, "bad-url", str(error)) from None


@lru_cache(maxsize=20_000)
def _configured(url: str) -> _Hop:
    """The user name and password become a header for its own origin. Cached: a feed's address is asked for years."""
    if len(url) > LONGEST_URL or _CONTROL.search(url) or urls.split(url) is None:
        raise ValueError(f"{urls.redacted(url[:200])!r} is not an http or https address")
    parts = urlsplit(url)
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if ":" in user:
        raise ValueError("the user name in its address cannot be sent")
    credentials = encode_basic_auth(user, password) if user or password else ""
    return _Hop(_bare(url), urls.host_of(url), credentials)


def _bare(url: str) -> str:
    """Without user name, password and fragment."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path or "/", parts.query, ""))


def _next(hop: _Hop, response: ClientResponse, subject: str) -> _Hop:
    """Where the redirect leads. Raises FetchError for one that is not followed."""
    target = urls.absolute(hop.url, response.headers.get("Location", "").replace(" ", "%20"))
    if not target or len(target) > LONGEST_URL or _CONTROL.search(target):
        raise FetchError(subject, "redirect", "it redirects to something that is not an http address")
    if urls.downgrades(hop.url, target):
        raise FetchError(subject, "redirect", "it redirects from https to http; not followed")
    if hop.count >= MOST_HOPS:
        raise FetchError(subject, "redirect", f"more than {MOST_HOPS} redirects")
    target = _bare(target)
    return replace(
        hop,
        url=target,
        host=urls.host_of(target),
        credentials=hop.credentials if urls.origin(target) == urls.origin(hop.url) else "",
        count=hop.count + 1,
        permanent=hop.permanent and response.status in _PERMANENT,
        moved=True,
    )


# ── answers ──────────────────────────────────────────────────────────────────────────────────────────
async def _read(response: ClientResponse, limit: int) -> bytes:
    body = Body(response.headers.get("Content-Encoding", ""), limit)
    async for data in response.content.iter_chunked(_READ):
        for _ in body.steps(data):
            await asyncio.sleep(0)
    return body.whole()


def _refused(response: ClientResponse, subject: str) -> NoReturn:
    status = response.status
    if status == 410:
        raise Gone(subject)
    kind = "throttled" if status == 429 else f"status-{status // 100}xx"
    now = http_date(response.headers.get("Date", "")) or datetime.now(UTC)
    wait = retry_after(response.headers, now)
    raise FetchError(subject, kind, f"the publisher answered {status}", status=status, retry_after=wait)


def _plain(headers: CIMultiDictProxy[str]) -> Mapping[str, str]:
    """Case-insensitive as they are; ``Link`` headers, of which there may be several, are joined."""
    if len(headers.getall("Link", ())) < 2:
        return headers
    copy = headers.copy()
    copy["Link"] = ", ".join(headers.getall("Link"))
    return copy


def _classified(error: Exception, subject: str) -> FetchError:
    """What went wrong on the way, in one stable word and a sentence without addresses."""
    name = type(error).__name__
    if isinstance(error, ClientConnectorDNSError):
        return FetchError(subject, "dns", "its host name cannot be resolved")
    if isinstance(error, ClientSSLError):
        return FetchError(subject, "tls", f"no secure connection: {_tls_reason(error)}")
    if isinstance(error, ClientConnectorError):
        return FetchError(subject, "connect", f"no connection: {error.os_error.strerror or name}")
    if isinstance(error, InvalidURL | ValueError):
        return FetchError(subject, "bad-url", "its address cannot be used")
    return FetchError(subject, "protocol", f"the answer broke off or is not HTTP ({name})")


def _tls_reason(error: ClientSSLError) -> str:
    cause = getattr(error, "certificate_error", None) or getattr(error, "os_error", error)
    return str(getattr(cause, "verify_message", "") or getattr(cause, "reason", "") or type(cause).__name__)
