"""Rows 126, 128 and 131 of the fault table: links of feeds, clients that dawdle, names that lead elsewhere."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from bot.config.drafts import file_named, mark_of, version_text
from bot.core.urls import clean
from bot.errors import InputError
from bot.service_ground import at_the_console
from bot.web import server
from bot.web.app import Health, create_app
from bot.web.server import WebServer
from tests.fakes.desk import Desk

ANNA = at_the_console("anna", "editor")
SLOW = (
    b"",
    b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-A: ",
    b"POST /login HTTP/1.1\r\nHost: localhost\r\n",
)


@asynccontextmanager
async def served() -> AsyncIterator[WebServer]:
    web = WebServer(create_app(Health, CollectorRegistry()), "127.0.0.1", 0)
    await web.start()
    try:
        yield web
    finally:
        await web.stop()


async def asked(web: WebServer) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", web.port)
    writer.write(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    answer = await reader.read()
    writer.close()
    return answer


@pytest.mark.parametrize("sent", SLOW)
async def test_fault_128_who_never_ends_a_request_is_hung_up_on_and_others_are_served(
    sent: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "PATIENCE", 0.2)
    async with served() as web:
        dawdlers = [await asyncio.open_connection("127.0.0.1", web.port) for _ in range(20)]
        for _, writer in dawdlers:
            writer.write(sent)
        assert (await asked(web)).startswith(b"HTTP/1.1 200")
        for reader, writer in dawdlers:
            await reader.read()  # ends because we hang up; the dawdler never does
            writer.close()


async def test_fault_128_dawdlers_beyond_a_number_are_not_let_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "MOST_CLIENTS", 3)
    async with served() as web:
        inside = [await asyncio.open_connection("127.0.0.1", web.port) for _ in range(3)]
        for reader, writer in inside:  # each is known to be in: it was answered, and stays
            writer.write(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert (await reader.readline()).startswith(b"HTTP/1.1 200")
        reader, writer = await asyncio.open_connection("127.0.0.1", web.port)
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await reader.readexactly(1)
        for _, each in [*inside, (reader, writer)]:
            each.close()


@pytest.mark.parametrize(
    "link",
    [
        "javascript:alert(1)",
        " JavaScript:alert(1)",
        "java\nscript:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "vbscript:x",
        "file:///etc/passwd",
    ],
)
def test_fault_126_only_web_addresses_become_links(link: str) -> None:
    assert clean(link) == ""


LEADING_ELSEWHERE = (
    "../secret.yaml",
    "/etc/passwd",
    "..",
    "",
    ".hidden.yaml",
    "a/b.yaml",
    "a\\b.yaml",
    "a.yaml\0.txt",
)


@pytest.mark.parametrize("name", LEADING_ELSEWHERE)
async def test_fault_131_no_name_leads_out_of_the_rules_folder(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "rules"
    folder.mkdir()
    (tmp_path / "secret.yaml").write_text("secret", "utf-8")
    with pytest.raises(InputError):
        file_named(folder, name)
    service = Desk().service(rules_dir=folder)
    with pytest.raises(InputError):
        await service.rules.text(ANNA, name)
    with pytest.raises(InputError):
        await service.rules.save(ANNA, name, "rules: []", base=mark_of(""))
    with pytest.raises(InputError):
        await service.shadows.start(ANNA, name, "rules: []")
    assert not [*folder.iterdir()]
    assert (tmp_path / "secret.yaml").read_text("utf-8") == "secret"


def test_fault_131_a_link_in_the_folder_leads_nowhere_else(tmp_path: Path) -> None:
    folder = tmp_path / "rules"
    folder.mkdir()
    (tmp_path / "secret.yaml").write_text("secret", "utf-8")
    (folder / "link.yaml").symlink_to(tmp_path / "secret.yaml")
    with pytest.raises(InputError):
        file_named(folder, "link.yaml")


@pytest.mark.parametrize("version", ["../../secret", "x", "", "/etc/passwd"])
def test_fault_131_no_version_leads_elsewhere(version: str, tmp_path: Path) -> None:
    (tmp_path / "secret.yaml").write_text("secret", "utf-8")
    with pytest.raises(InputError):
        version_text(tmp_path, "storm.yaml", version)
