"""Waiting until a server on this machine has nothing under way, instead of waiting for a while."""

from __future__ import annotations

import asyncio

from aiohttp.test_utils import BaseTestServer


async def calm(server: BaseTestServer) -> None:
    """Until every client has hung up and what they said has been read and done."""
    assert server.runner is not None
    assert server.runner.server is not None
    while server.runner.server.connections:  # noqa: ASYNC110 — nobody tells when the last one hangs up
        await asyncio.sleep(0.002)
    for _ in range(20):  # handlers go on without their clients, a few steps of the loop
        await asyncio.sleep(0)
