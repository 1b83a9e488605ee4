"""The route hubs call: open to everybody, and worth nothing without its token."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from prometheus_client import CollectorRegistry

from bot.sources.websub import Reply
from bot.web.app import Health, create_app
from bot.web.hubs import websub_hook
from bot.web.keys import Keys
from tests.web.client import Client


class Calls:
    """Knows one token."""

    def __init__(self) -> None:
        self.pushed: list[bytes] = []
        self.signature = ""

    def knows(self, token: str) -> bool:
        return token == "ours"

    def confirm(self, token: str, query: Mapping[str, str]) -> Reply:
        return Reply(200, query.get("hub.challenge", "")) if self.knows(token) else Reply(404)

    def push(self, token: str, headers: Mapping[str, str], body: bytes) -> Reply:
        self.pushed.append(body)
        self.signature = headers.get("X-Hub-Signature", "")
        return Reply(202 if self.knows(token) else 404)


@pytest.fixture
def calls() -> Calls:
    return Calls()


@pytest.fixture
def client(calls: Calls) -> Client:
    keys = Keys((), open_here=False, monotonic=lambda: 0.0)
    app = create_app(Health, CollectorRegistry(), hosts=["bot.example"], keys=keys)
    app.include_router(websub_hook(calls, "/websub", largest=1000))
    return Client(app, "https://bot.example")


def test_a_hub_needs_no_login_and_its_challenge_comes_back_as_plain_text(client: Client) -> None:
    answer = client.get("/websub/ours", params={"hub.challenge": "<script>1</script>"})
    assert (answer.status_code, answer.text) == (200, "<script>1</script>")
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert client.get("/websub/theirs", params={"hub.challenge": "c"}).text == ""


def test_a_push_is_judged_with_its_signature_wherever_it_comes_from(client: Client, calls: Calls) -> None:
    headers = {"X-Hub-Signature": "sha256=00", "Origin": "https://hub.example"}
    assert client.post("/websub/ours", content=b"<rss/>", headers=headers).status_code == 202
    assert (calls.pushed, calls.signature) == ([b"<rss/>"], "sha256=00")


def test_what_is_too_large_or_for_nobody_is_not_taken(client: Client, calls: Calls) -> None:
    assert client.post("/websub/ours", content=b"x" * 1001).status_code == 413
    assert client.post("/websub/theirs", content=b"x" * 1001).status_code == 404
    assert calls.pushed == [b""]


def test_a_name_that_is_not_ours_is_not_answered(calls: Calls) -> None:
    app = create_app(Health, CollectorRegistry(), hosts=["bot.example"])
    app.include_router(websub_hook(calls, "/websub", largest=1000))
    assert Client(app, "https://evil.example").get("/websub/ours").status_code == 421
