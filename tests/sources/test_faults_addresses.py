"""No way of writing an address, and no way of getting one to us, opens a connection inside our own network.

A canary listens on 127.0.0.2, which is private to this machine like 10.0.0.1 is to a network; the client may ask
127.0.0.1 alone. Names are resolved as the most generous of resolvers would do it, without asking anybody.
"""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import suppress
from html import escape
from itertools import product

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from bot.errors import BlockedAddress, DeliveryError, FetchError, ParseError
from bot.notify.posting import poster
from bot.sources.discovery import Discovery, candidates_in
from bot.sources.guard import is_own_loopback, is_public
from bot.sources.http import Client, guarded_client
from bot.sources.item import read_item
from bot.sources.page import PageSource
from bot.sources.parsers import parser_processes
from tests.fakes.hostile import HostileServer, hostile_server
from tests.sources.conftest import OPTIONS

ADDRESS = (127, 0, 0, 2)


# ── spellings ────────────────────────────────────────────────────────────────────────────────────────
def _number_forms(number: int) -> tuple[str, ...]:
    return str(number), hex(number), f"0{number:o}", f"0X{number:08X}", f"000{number:o}"


def _dotted() -> Iterator[str]:
    """Four, three, two parts and one, in decimal, hexadecimal and octal, mixed."""
    a, b, c, d = ADDRESS
    for forms in product(*(_number_forms(part)[:3] for part in ADDRESS)):
        yield ".".join(forms)
    for parts in ((a, b, c * 256 + d), (a, b * 65536 + c * 256 + d), (a * 2**24 + b * 65536 + c * 256 + d,)):
        for forms in product(*(_number_forms(part) for part in parts)):
            yield ".".join(forms)


def _other_scripts() -> Iterator[str]:
    """Digits and dots that Unicode calls the same."""
    for digits in (
        "０１２３４５６７８９",
        "⓪①②③④⑤⑥⑦⑧⑨",
        "𝟎𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖𝟗",
        "𝟘𝟙𝟚𝟛𝟜𝟝𝟞𝟟𝟠𝟡",
        "𝟢𝟣𝟤𝟥𝟦𝟧𝟨𝟩𝟪𝟫",
        "⁰¹²³⁴⁵⁶⁷⁸⁹",
        "₀₁₂₃₄₅₆₇₈₉",
    ):
        for dot in (".", "。", "．", "｡"):
            yield "127.0.0.2".translate(str.maketrans("0123456789.", digits + dot))


def _version_six() -> Iterator[str]:
    mapped = (
        "::ffff:127.0.0.2",
        "::ffff:7f00:2",
        "0:0:0:0:0:ffff:7f00:2",
        "::FFFF:127.0.0.2",
        "0000::ffff:7f00:0002",
    )
    carried = (
        "64:ff9b::7f00:2",
        "64:ff9b::127.0.0.2",
        "64:ff9b:1::7f00:2",
        "2002:7f00:2::",
        "2002:7f00:2::1",
    )
    others = (
        "::127.0.0.2",
        "::7f00:2",
        "2001:0:7f00:2::",
        "::2",
        "::",
        "fe80::2",
        "fe80::2%25lo",
        "fc00::2",
        "fec0::2",
    )
    for host in (*mapped, *carried, *others):
        yield f"[{host}]"


def hosts() -> list[str]:
    """Everything that may stand where a host stands."""
    plain = [*_dotted(), *_other_scripts(), *_version_six()]
    dressed = (
        "127.0.0.2.",
        "127.0.0.2..",
        "127.0.0.2%00",
        "127.0.0.2%20",
        "%31%32%37.0.0.2",
        "127%2e0%2e0%2e2",
        "127.0.0.2\t",
    )
    return [*plain, *dressed]


def urls(port: int) -> list[str]:
    """All spellings, with the tricks that confuse parsers of addresses."""
    found = [f"http://{host}:{port}/feed" for host in hosts()]
    target = f"127.0.0.2:{port}"
    found += [
        f"http://example.org@{target}/", f"http://example.org:80@{target}/", f"http://a:b@{target}/",
        f"http://example.org%40{target}/", f"http://{target}#@example.org/", f"http://{target}?@example.org/",
        f"http://{target}\\@example.org/", f"http://example.org\\@{target}/", f"http:\\\\{target}/", f"http:/{target}/",
        f"http:///{target}/", f"HTTP://{target}/", f"hTtP://{target}/", f" http://{target}/", f"http://{target}/ ",
        f"\thttp://{target}/", f"ht\ntp://{target}/", f"http://{target}\r\nHost: example.org/", f"http://[{target}]/",
        f"//{target}/", f"http://{target}:80/", f"http://0@{target}/", f"http://{target}/\r\nX: y", f"http://x\0@{target}/",
        f"ftp://{target}/", f"gopher://{target}/_GET", f"file://{target}/etc/passwd", f"ws://{target}/", f"data://{target}/",
        f"dict://{target}/", f"jar:http://{target}!/", f"view-source:http://{target}/",
        f"http+unix://{target}/", "unix:/run/x",
        f"https://{target}/", f"http://{target}%2f@example.org/", f"http://[::ffff:7f00:2%25]:{port}/", "http://",
        "http:", "",
    ]  # fmt: skip
    return found


def test_there_are_enough_spellings() -> None:
    assert len(set(urls(80))) >= 300


class Generous(AbstractResolver):
    """Takes every numeric form the C library takes; and ``rebound.example`` is wherever an attacker wants."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        self.asked.append(host)
        name = {"rebound.example": "127.0.0.2", "rebound6.example": "::ffff:127.0.0.2"}.get(host, host)
        infos = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
        return [
            ResolveResult(
                hostname=host,
                host=str(where[0]),
                port=port,
                family=found,
                proto=proto,
                flags=socket.AI_NUMERICHOST,
            )
            for found, _, proto, _, where in infos
        ]

    async def close(self) -> None:
        pass


@pytest.fixture
async def canary() -> AsyncIterator[HostileServer]:
    async with hostile_server("127.0.0.2") as canary:
        yield canary


@pytest.fixture
async def asking() -> AsyncIterator[Client]:
    async with guarded_client(OPTIONS, resolver=Generous()) as client:
        yield client


async def _feed(client: Client, url: str, _: HostileServer) -> object:
    return await client.get(url, "paper")


async def _redirect(client: Client, url: str, server: HostileServer) -> object:
    line = "".join(character for character in url if character not in "\r\n\0")
    return await client.get(
        server.reply("/go", b"", 302, Location=line.encode("utf-8").decode("latin-1")), "paper"
    )


async def _page(client: Client, url: str, _: HostileServer) -> object:
    return await PageSource(client).read(url)


async def _item(client: Client, url: str, _: HostileServer) -> object:
    return await read_item(client, url)


async def _webhook(client: Client, url: str, _: HostileServer) -> object:
    return await poster(client.session, seconds=2)(url, b"{}", {})


async def _hub(client: Client, url: str, _: HostileServer) -> object:
    return await client.post_form(url, "paper", {"hub.mode": "subscribe"})


async def _discovery(client: Client, url: str, server: HostileServer) -> object:
    """The address itself, and the same as what a page announces; neither gives a feed."""
    async with parser_processes() as parsers:
        discovery = Discovery(client, parsers)
        with suppress(FetchError):
            await discovery.feeds_of(url)
        head = f'<link rel="alternate" type="application/rss+xml" href="{escape(url)}">'
        body = f"<html><head>{head}</head></html>".encode("utf-8", "replace")
        for candidate in candidates_in(body, "text/html", server.base):
            await client.get(candidate.url, "paper")
    raise FetchError("paper", "none", "nothing to be read there")


DOORS: dict[str, Callable[[Client, str, HostileServer], Awaitable[object]]] = {
    "feed": _feed,
    "redirect": _redirect,
    "article page": _page,
    "page of a question": _item,
    "webhook": _webhook,
    "hub": _hub,
    "discovery": _discovery,
}


@pytest.mark.parametrize("door", DOORS)
async def test_fault_060_no_spelling_of_a_private_address_is_connected(
    server: HostileServer, canary: HostileServer, asking: Client, door: str
) -> None:
    """Faults 60, 61 and 62: by every entry point."""
    answered = []
    for url in urls(canary.port):
        with suppress(FetchError, ParseError, DeliveryError):
            answered.append((url, await DOORS[door](asking, url, server)))
    assert canary.connections == 0
    # A relative address in a redirect leads back to the server that sent it, which answers 404.
    assert answered == []


@pytest.mark.parametrize("name", ["rebound.example", "rebound6.example"])
async def test_fault_061_a_name_that_resolves_to_a_private_address_is_refused(
    canary: HostileServer, asking: Client, name: str
) -> None:
    with pytest.raises(BlockedAddress):
        await asking.get(f"http://{name}:{canary.port}/", "paper")
    assert canary.connections == 0


async def test_a_name_with_a_good_address_beside_a_private_one_is_read_from_the_good_one(
    server: HostileServer, canary: HostileServer
) -> None:
    class Both(Generous):
        async def resolve(
            self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
        ) -> list[ResolveResult]:
            return [*await super().resolve("127.0.0.2", port), *await super().resolve("127.0.0.1", port)]

    async with guarded_client(OPTIONS, resolver=Both()) as client:
        server.reply("/feed", b"here")
        assert (await client.get(f"http://both.example:{server.port}/feed", "paper")).body == b"here"
    assert canary.connections == 0


async def test_loopback_is_closed_unless_a_setting_opens_it(server: HostileServer) -> None:
    url = server.reply("/feed", b"here")
    async with guarded_client(type(OPTIONS)(host_gap=0)) as client:
        for address in (
            url,
            url.replace("127.0.0.1", "[::1]"),
            url.replace("127.0.0.1", "[::ffff:127.0.0.1]"),
        ):
            with pytest.raises(BlockedAddress):
                await client.get(address, "paper")
    assert server.connections == 0


# ── which addresses ──────────────────────────────────────────────────────────────────────────────────
SPECIAL = """
    0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.1 100.127.255.255 127.0.0.1 127.255.255.254 169.254.169.254
    172.16.0.1 172.31.255.255 192.0.0.1 192.0.0.8 192.0.0.9 192.0.0.10 192.0.0.170 192.0.2.1 192.31.196.1 192.52.193.1
    192.88.99.1 192.168.0.1 192.168.255.255 192.175.48.1 198.18.0.1 198.19.255.255 198.51.100.1 203.0.113.1 224.0.0.1
    239.255.255.255 240.0.0.1 255.255.255.255 :: ::1 ::2 ::ffff:8.8.8.8 ::8.8.8.8 64:ff9b::808:808 64:ff9b:1::1 100::1
    2001::1 2001:2::1 2001:10::1 2001:20::1 2001:db8::1 2002:808:808::1 2620:4f:8000::1 3fff::1 5f00::1 fc00::1 fd12::1
    fe80::1 fe80::1%eth0 fec0::1 ff02::1 2606:4700::1111%eth0
    """


@pytest.mark.parametrize("address", SPECIAL.split())
def test_special_addresses_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address",
    ["8.8.8.8", "1.1.1.1", "151.101.1.1", "100.128.0.1", "172.32.0.1", "2606:4700::1111", "2a00:1450::1"],
)
def test_ordinary_addresses_are_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("address", ["", "example.org", "127.1", "0x7f.0.0.1", "1.2.3.4.5", "localhost"])
def test_what_is_not_an_address_is_not_public(address: str) -> None:
    assert not is_public(address)
    assert not is_own_loopback(address)


@pytest.mark.parametrize(
    ("address", "own"),
    [("127.0.0.1", True), ("::1", True), ("127.0.0.2", False), ("::ffff:127.0.0.1", False)],
)
def test_only_two_addresses_are_our_own_loopback(address: str, own: bool) -> None:
    assert is_own_loopback(address) is own
