"""Publishers on loopback and the client that may ask them."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.sources.http import Client, ClientOptions, guarded_client
from tests.fakes.hostile import HostileServer, hostile_server

OPTIONS = ClientOptions(host_gap=0.0, total_timeout=5.0, body_limit=200_000, allow_loopback=True)


@pytest.fixture
async def server() -> AsyncIterator[HostileServer]:
    async with hostile_server() as server:
        yield server


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    async with guarded_client(OPTIONS) as client:
        yield client
