"""Publishers and networks that misbehave: every row ends in an error of a stable kind, soon, and nobody else suffers.

The numbers are those of the table of faults.
"""

from __future__ import annotations

import asyncio
import gzip
import random
import socket
import ssl
import struct
import sys
import time
import tracemalloc
import zlib
from collections.abc import Callable
from importlib import import_module

import brotli  # type: ignore[import-untyped]
import pytest
from aiohttp import AsyncResolver
from aiohttp.abc import AbstractResolver, ResolveResult

from bot.errors import FetchError
from bot.sources.http import Client, ClientOptions, guarded_client
from tests.fakes.hostile import Asked, HostileServer, answer, hostile_server
from tests.sources.certificates import Authority
from tests.sources.conftest import OPTIONS
from tests.sources.documents import rss
from tests.sources.test_http import failure

HASTY = ClientOptions(host_gap=0.0, total_timeout=1.2, body_limit=200_000, allow_loopback=True)
OK = b"HTTP/1.1 200 OK\r\n"


# ── names ────────────────────────────────────────────────────────────────────────────────────────────
class NoName(AbstractResolver):
    """Knows nobody, at once or never."""

    def __init__(self, *, hangs: bool = False) -> None:
        self._hangs = hangs

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        if self._hangs:
            await asyncio.Event().wait()
        raise OSError(None, f"{host} is not known")

    async def close(self) -> None:
        pass


@pytest.mark.parametrize(("hangs", "kind"), [(False, "dns"), (True, "timeout")])
async def test_fault_038_a_name_that_is_not_known_is_an_error(
    server: HostileServer, client: Client, hangs: bool, kind: str
) -> None:
    async with guarded_client(HASTY, resolver=NoName(hangs=hangs)) as asking:
        bad = asyncio.ensure_future(failure(asking, "http://nobody.example/feed"))
        assert (await client.get(server.reply("/feed", rss(1)), "paper")).body == rss(1)
        assert (await bad).kind == kind


async def test_fault_039_two_hundred_names_nobody_answers_for_hold_up_no_other(server: HostileServer) -> None:
    """The name server is a socket that listens and says nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        port = silent.getsockname()[1]
        resolver = AsyncResolver(nameservers=["127.0.0.1"], udp_port=port, timeout=5.0, tries=1)
        async with guarded_client(OPTIONS, resolver=resolver) as client:
            asks = (client.get(f"http://h{number}.example/", "paper") for number in range(200))
            waiting = [asyncio.ensure_future(ask) for ask in asks]
            await asyncio.sleep(0.05)
            url = server.reply("/feed", rss(1))
            async with asyncio.timeout(2):
                for _ in range(5):
                    await client.get(url, "paper")
            assert not any(task.done() for task in waiting)
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)
        await resolver.close()
        await asyncio.sleep(0.1)  # its threads report that they gave up


# ── connections ──────────────────────────────────────────────────────────────────────────────────────
async def test_fault_040_nobody_listens(client: Client) -> None:
    async with hostile_server() as gone:
        url = gone.url("/feed")
    assert (await failure(client, url)).kind == "connect"


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"\0\1\2garbage\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/9.9 99999 ???\r\n\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\nZZ\r\nbody\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nab",
        OK + b"Content-Length: x\r\n\r\nbody",
        OK + b"Content-Length: 5\r\nContent-Length: 9\r\n\r\nbody!",
    ],
    ids=[
        "nothing",
        "garbage",
        "another protocol",
        "no status",
        "bad chunk",
        "half a chunk",
        "no length",
        "two lengths",
    ],
)
async def test_fault_040_what_is_not_http_is_an_error(
    server: HostileServer, client: Client, said: bytes
) -> None:
    assert (await failure(client, server.raw("/feed", said))).kind == "protocol"


async def test_fault_040_a_connection_that_is_reset_is_an_error(
    server: HostileServer, client: Client
) -> None:
    async def reset(_: Asked, writer: asyncio.StreamWriter) -> None:
        sock = writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    assert (await failure(client, server.on("/feed", reset))).kind == "protocol"


async def _drip(_: Asked, writer: asyncio.StreamWriter) -> None:
    writer.write(OK + b"Content-Length: 100000\r\n\r\n")
    while True:
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.02)


async def _drip_headers(_: Asked, writer: asyncio.StreamWriter) -> None:
    writer.write(OK)
    while True:
        writer.write(b"X-More: x\r\n")
        await writer.drain()
        await asyncio.sleep(0.02)


async def _silence(_: Asked, writer: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


@pytest.mark.parametrize(
    "handler", [_drip, _drip_headers, _silence], ids=["041-body", "042-headers", "042-silence"]
)
async def test_fault_041_who_answers_too_slowly_is_given_up_and_his_place_is_free(
    server: HostileServer, handler: object
) -> None:
    async with guarded_client(HASTY) as client:
        error = await failure(client, server.on("/slow", handler))  # type: ignore[arg-type]
        assert error.kind == "timeout"
        assert (await client.get(server.reply("/feed", rss(1)), "paper")).body == rss(1)


# ── sizes ────────────────────────────────────────────────────────────────────────────────────────────
async def test_fault_043_an_endless_body_is_cut_off_at_the_limit(
    server: HostileServer, client: Client
) -> None:
    sent = 0

    async def endless(_: Asked, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(OK + b"\r\n")
        while True:
            writer.write(b"x" * 10_000)
            await writer.drain()
            sent += 10_000

    url = server.on("/feed", endless)
    tracemalloc.start()
    try:
        error = await failure(client, url)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert error.kind == "too-large"
    assert peak < 10_000_000
    await asyncio.sleep(0.05)
    before = sent
    await asyncio.sleep(0.1)
    assert sent == before < 20_000_000  # the connection is closed; the rest stands in the system's buffers


@pytest.mark.parametrize(
    ("length", "body"), [(100, b"short"), (10**12, b"short")], ids=["longer than the body", "much longer"]
)
async def test_fault_044_a_length_that_is_not_reached_is_an_error(
    server: HostileServer, client: Client, length: int, body: bytes
) -> None:
    url = server.raw("/feed", OK + b"Content-Length: %d\r\n\r\n" % length + body)
    assert (await failure(client, url)).kind == "protocol"


async def test_fault_044_bytes_beyond_the_length_are_not_read(server: HostileServer, client: Client) -> None:
    url = server.raw(
        "/feed", OK + b"Content-Length: 4\r\nConnection: close\r\n\r\nbodyHTTP/1.1 200 OK\r\n\r\nmore"
    )
    try:
        got: bytes | str = (await client.get(url, "paper")).body
    except FetchError as error:  # it may be noticed in time
        got = error.kind
    assert got in (b"body", "protocol")


_ZSTD = import_module("compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd")
ZEROS = b"\0" * 50_000_000
PACKED: dict[str, Callable[[bytes], bytes]] = {
    "gzip": lambda data: gzip.compress(data, 9),
    "deflate": lambda data: zlib.compress(data, 9),
    "br": lambda data: bytes(brotli.compress(data, quality=5)),
    "zstd": lambda data: bytes(_ZSTD.compress(data)),
}


@pytest.mark.parametrize("coding", PACKED)
async def test_fault_045_what_unpacks_to_too_much_is_cut_off(
    server: HostileServer, client: Client, coding: str
) -> None:
    url = server.reply("/feed", PACKED[coding](ZEROS), Content_Encoding=coding)
    tracemalloc.start()
    try:
        error = await failure(client, url)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert error.kind == "too-large"
    assert peak < 10_000_000


@pytest.mark.parametrize("coding", [*PACKED, "x-gzip", "identity", "", "GZIP, identity"])
@pytest.mark.parametrize("size", [0, 1, 150_000])
async def test_what_publishers_pack_is_unpacked(
    server: HostileServer, client: Client, coding: str, size: int
) -> None:
    body = random.Random(size).randbytes(size)
    name = coding.partition(",")[0].lower().replace("x-", "")
    packed = PACKED.get(name, bytes)(body)
    assert (await client.get(server.reply("/feed", packed, Content_Encoding=coding), "paper")).body == body


async def test_deflate_without_its_header_is_unpacked_too(server: HostileServer, client: Client) -> None:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    body = packer.compress(rss(1)) + packer.flush()
    assert (await client.get(server.reply("/feed", body, Content_Encoding="deflate"), "paper")).body == rss(1)


async def test_gzip_in_several_members_and_with_padding_is_unpacked(
    server: HostileServer, client: Client
) -> None:
    body = gzip.compress(b"one ") + gzip.compress(b"two") + b"\0\0\0"
    assert (
        await client.get(server.reply("/feed", body, Content_Encoding="gzip"), "paper")
    ).body == b"one two"


@pytest.mark.parametrize("coding", ["gzip, gzip", "gzip,br", "compress", "x" * 500, "gzip;q=1"])
async def test_fault_046_codings_within_codings_are_refused(
    server: HostileServer, client: Client, coding: str
) -> None:
    body = gzip.compress(gzip.compress(rss(1)))
    error = await failure(client, server.reply("/feed", body, Content_Encoding=coding))
    assert error.kind == "encoding"


@pytest.mark.parametrize("coding", PACKED)
@pytest.mark.parametrize("harm", ["cut", "wrong", "plain"])
async def test_what_cannot_be_unpacked_is_an_error(
    server: HostileServer, client: Client, coding: str, harm: str
) -> None:
    packed = PACKED[coding](rss(*range(40)))
    body = {"cut": packed[:-20], "wrong": packed[:20] + b"\xff" * 20 + packed[40:], "plain": rss(1)}[harm]
    error = await failure(client, server.reply("/feed", body, Content_Encoding=coding))
    assert error.kind == "encoding"


async def test_fault_047_a_flood_of_empty_members_costs_nothing(
    server: HostileServer, client: Client
) -> None:
    url = server.reply("/feed", gzip.compress(b"") * 100_000, Content_Encoding="gzip")
    before = time.process_time()
    error = await failure(client, url)
    assert error.kind == "encoding"
    assert time.process_time() - before < 0.3


@pytest.mark.parametrize(
    "said",
    [
        OK + b"".join(b"X-%d: y\r\n" % number for number in range(10_000)) + b"\r\n",
        OK + b"X-Big: " + b"y" * 1_000_000 + b"\r\n\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n" + b"T: y\r\n" * 100_000 + b"\r\n",
        b"HTTP/1.1 200 " + b"O" * 1_000_000 + b"\r\n\r\n",
    ],
    ids=["many", "long", "trailers", "reason"],
)
async def test_fault_048_floods_of_headers_are_refused(
    server: HostileServer, client: Client, said: bytes
) -> None:
    assert (await failure(client, server.raw("/feed", said))).kind == "protocol"


async def test_fault_064_floods_of_cookies_are_refused_and_none_is_ever_sent_back(
    server: HostileServer, client: Client
) -> None:
    flood = OK + b"".join(b"Set-Cookie: c%d=1\r\n" % number for number in range(200_000)) + b"\r\n"
    assert (await failure(client, server.raw("/flood", flood))).kind == "protocol"
    url = server.reply("/feed", rss(1), Set_Cookie="track=you; Path=/")
    await client.get(url, "paper")
    await client.get(url, "paper")
    assert not [asked for asked in server.asked if "cookie" in asked.headers]


@pytest.mark.parametrize("status", [401, 402, 403])
async def test_fault_054_a_refusal_names_its_status(
    server: HostileServer, client: Client, status: int
) -> None:
    error = await failure(client, server.reply("/feed", b"", status, WWW_Authenticate='Basic realm="x"'))
    assert (error.kind, error.status) == ("status-4xx", status)
    assert server.times("/feed") == 1


async def test_fault_056_a_publisher_that_recovers_is_read(server: HostileServer, client: Client) -> None:
    assert (await failure(client, server.reply("/feed", b"", 503, Retry_After="30"))).retry_after == 30
    assert (await client.get(server.reply("/feed", rss(1)), "paper")).body == rss(1)


# ── TLS ──────────────────────────────────────────────────────────────────────────────────────────────
@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"))


async def _tls_server(context: ssl.SSLContext) -> tuple[asyncio.Server, str]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        where = {"Location": "http://127.0.0.1:1/"} if b"/down" in head else {}
        writer.write(answer(rss(1), 301 if where else 200, **where))
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    return server, f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"


@pytest.mark.parametrize(
    ("name", "days", "trusted", "reason"),
    [
        ("IP:127.0.0.1", 1, True, ""),
        ("DNS:other.example", 1, True, "IP address mismatch"),
        ("IP:127.0.0.1", 1, False, "certificate"),
        ("IP:127.0.0.1", -1, True, "expired"),
    ],
    ids=["good", "another name", "self-signed", "expired"],
)
async def test_fault_058_a_certificate_that_proves_nothing_is_refused(
    authority: Authority, name: str, days: int, trusted: bool, reason: str
) -> None:
    server, base = await _tls_server(authority.server(name, days))
    async with server, guarded_client(OPTIONS, trusted=authority.trusted() if trusted else None) as client:
        if not reason:
            assert (await client.get(f"{base}/feed", "paper")).body == rss(1)
        else:
            error = await failure(client, f"{base}/feed")
            assert error.kind == "tls"
            assert reason in str(error)


async def test_fault_052_a_redirect_from_https_to_http_is_not_followed(authority: Authority) -> None:
    server, base = await _tls_server(authority.server())
    async with server, guarded_client(OPTIONS, trusted=authority.trusted()) as client:
        error = await failure(client, f"{base}/down")
        assert error.kind == "redirect"
        assert "https to http" in str(error)
