"""Asks an app without a network; keeps cookies as a browser does."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
from starlette.types import ASGIApp


class Client:
    """Every question is answered before the next; redirects are not followed."""

    def __init__(self, app: ASGIApp, base_url: str = "http://localhost") -> None:
        self._app = app
        self._base_url = base_url
        self.cookies = httpx.Cookies()

    def request(self, method: str, url: str, **more: Any) -> httpx.Response:
        """As httpx does it."""
        return asyncio.run(self._request(method, url, **more))

    async def _request(self, method: str, url: str, **more: Any) -> httpx.Response:
        transport = httpx.ASGITransport(self._app)
        async with httpx.AsyncClient(
            transport=transport, base_url=self._base_url, cookies=self.cookies
        ) as client:
            answer = await client.request(method, url, **more)
            self.cookies = client.cookies
            return answer

    def get(self, url: str, **more: Any) -> httpx.Response:
        """GET."""
        return self.request("GET", url, **more)

    def post(self, url: str, **more: Any) -> httpx.Response:
        """POST."""
        return self.request("POST", url, **more)
