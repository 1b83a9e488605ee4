"""Signed webhooks and Slack's incoming webhook, over real HTTP on 127.0.0.1."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from bot.core.model import Receipt
from bot.core.signing import REPLAY_WINDOW, is_signed, signed_headers
from bot.errors import Ambiguous, DeliveryError, NotSent, ReceiverGone, Rejected, Throttled
from bot.notify.posting import poster
from bot.notify.slack_webhook import SlackWebhook
from bot.notify.webhook import Webhook
from tests.fakes.alerts import AT, alert, message, receiver
from tests.fakes.slack import HOOK_PATH, LoseReply, Refuse, Reset, Say, SlackFake

PAGER = receiver("pager", "webhook", "PAGER_URL", secret="PAGER_SECRET")
DESK = receiver("desk", "slack-webhook", "SLACK_HOOK_URL")
SECRET = "pager-canary-secret"


class Inbox:
    """Somebody's endpoint: keeps what arrived and answers as scripted."""

    def __init__(self) -> None:
        self.requests: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[web.Response] = []
        self.hang_up = False
        self.url = ""

    async def take(self, request: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.requests.append((headers, await request.read()))
        if self.hang_up:
            assert request.transport is not None
            request.transport.abort()
        return self.answers.pop(0) if self.answers else web.Response(status=204)


@pytest.fixture
async def session() -> AsyncIterator[ClientSession]:
    async with ClientSession() as opened:
        yield opened


@pytest.fixture
async def inbox() -> AsyncIterator[Inbox]:
    inbox = Inbox()
    app = web.Application()
    app.router.add_post("/in-canary", inbox.take)
    async with TestServer(app, host="127.0.0.1") as server:
        inbox.url = str(server.make_url("/in-canary"))
        yield inbox


@pytest.fixture
def webhook(inbox: Inbox, session: ClientSession) -> Webhook:
    return Webhook(poster(session, seconds=2), {"PAGER_URL": inbox.url, "PAGER_SECRET": SECRET}.__getitem__)


async def tell(notifier: Webhook | SlackWebhook, to: Any = PAGER, **told: Any) -> Receipt:
    [part] = notifier.render(message(alert(), **told), to)
    return await notifier.send(to, part, after=None, now=AT)


# ── signed webhooks ──────────────────────────────────────────────────────────────────────────────────
async def test_what_arrives_is_signed_and_carries_the_deliverys_id(inbox: Inbox, webhook: Webhook) -> None:
    await tell(webhook)
    [(headers, body)] = inbox.requests
    assert is_signed(headers, body, secret=SECRET, now=int(AT.timestamp()))
    assert headers["webhook-id"] == "st-1/desk/1"
    assert json.loads(body)["alerts"][0]["level"] == "high"


async def test_a_repeat_has_the_same_id_and_says_so(inbox: Inbox, webhook: Webhook) -> None:
    await tell(webhook)
    await tell(webhook, repeat=True)
    (first, body), (second, again) = inbox.requests
    assert first["webhook-id"] == second["webhook-id"]
    assert [json.loads(each)["repeat"] for each in (body, again)] == [False, True]


async def test_any_receiver_name_fits_into_a_header(inbox: Inbox, webhook: Webhook) -> None:
    await tell(webhook, delivery="st-1/дежурные\r\nx: 1/1")
    headers, body = inbox.requests[0]
    assert "x" not in headers
    assert is_signed(headers, body, secret=SECRET, now=int(AT.timestamp()))


def signed(**changes: str) -> dict[str, str]:
    return signed_headers("id-1", b"body", secret=SECRET, timestamp=1_000_000) | changes


@pytest.mark.parametrize(
    ("headers", "body", "now", "good"),
    [
        (signed(), b"body", 1_000_000, True),
        (signed(), b"body", 1_000_000 + REPLAY_WINDOW, True),
        (
            signed(**{"webhook-signature": f"v1,AAAA {signed()['webhook-signature']}"}),
            b"body",
            1_000_000,
            True,
        ),
        (signed(), b"body", 1_000_001 + REPLAY_WINDOW, False),
        (signed(), b"body", 999_999 - REPLAY_WINDOW, False),
        (signed(), b"another body", 1_000_000, False),
        (signed(**{"webhook-id": "id-2"}), b"body", 1_000_000, False),
        (signed(**{"webhook-timestamp": "1000001"}), b"body", 1_000_000, False),
        (signed(**{"webhook-timestamp": "soon"}), b"body", 1_000_000, False),
        (signed(**{"webhook-timestamp": "١٠٠٠٠٠٠"}), b"body", 1_000_000, False),
        (signed(**{"webhook-signature": "v1,"}), b"body", 1_000_000, False),
        (signed(**{"webhook-signature": "ü"}), b"body", 1_000_000, False),
        ({}, b"body", 1_000_000, False),
    ],
)
def test_fault_122_a_bad_or_old_signature_is_none(
    headers: dict[str, str], body: bytes, now: int, good: bool
) -> None:
    assert is_signed(headers, body, secret=SECRET, now=now) is good


def test_the_signature_is_that_of_the_specifications_own_example() -> None:
    headers = signed_headers(
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        b'{"test": 2432232314}',
        secret="whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        timestamp=1614265330,
    )
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize(
    ("answer", "leaf"),
    [
        (web.Response(status=429, headers={"Retry-After": "17"}), Throttled),
        (web.Response(status=429, headers={"Retry-After": "Tue, 15 Feb 2022 08:01:00 GMT"}), Throttled),
        (web.Response(status=503), NotSent),
        (web.Response(status=503, headers={"Retry-After": "9"}), Throttled),
        (web.Response(status=500), Ambiguous),
        (web.Response(status=502), Ambiguous),
        (web.Response(status=400), Rejected),
        (web.Response(status=401), ReceiverGone),
        (web.Response(status=404), ReceiverGone),
        (web.Response(status=410), ReceiverGone),
        (web.Response(status=302, headers={"Location": "http://127.0.0.1:1/"}), Rejected),
    ],
    ids=lambda each: str(getattr(each, "status", getattr(each, "__name__", each))),
)
async def test_fault_120_a_status_becomes_a_leaf(
    inbox: Inbox, webhook: Webhook, answer: web.Response, leaf: type[DeliveryError]
) -> None:
    inbox.answers = [answer]
    with pytest.raises(DeliveryError) as caught:
        await tell(webhook)
    assert type(caught.value) is leaf
    assert len(inbox.requests) == 1


async def test_a_lost_answer_leaves_doubt_and_a_refused_connection_none(
    inbox: Inbox, webhook: Webhook, session: ClientSession, unused_tcp_port: int
) -> None:
    inbox.hang_up = True
    with pytest.raises(Ambiguous):
        await tell(webhook)
    nobody = Webhook(poster(session), lambda name: f"http://127.0.0.1:{unused_tcp_port}/")
    with pytest.raises(NotSent):
        await tell(nobody)
    with pytest.raises(Ambiguous):
        await webhook.find(PAGER, message(alert()), since=AT)


@pytest.mark.parametrize("url", ["", "no url", "http://[::1", "ftp://127.0.0.1/"])
async def test_an_unusable_address_is_a_dead_letter_not_a_crash(session: ClientSession, url: str) -> None:
    with pytest.raises((ReceiverGone, NotSent, Ambiguous)):
        await tell(Webhook(poster(session, seconds=1), lambda name: url))


async def test_a_setting_that_is_not_set_is_named(session: ClientSession) -> None:
    with pytest.raises(ReceiverGone, match="PAGER_URL"):
        await tell(Webhook(poster(session), dict[str, str]().__getitem__))


async def test_addresses_and_secrets_are_in_no_log_at_debug(
    inbox: Inbox, webhook: Webhook, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    inbox.hang_up = True
    with pytest.raises(Ambiguous) as caught:
        await tell(webhook)
    ours = [
        each.getMessage() for each in caplog.records if each.name != "aiohttp.access"
    ]  # the endpoint's own log
    everything = "".join(ours) + str(caught.value) + repr(caught.value) + repr(webhook)
    assert "canary" not in everything


# ── Slack's incoming webhook ─────────────────────────────────────────────────────────────────────────
@pytest.fixture
async def fake() -> AsyncIterator[SlackFake]:
    async with SlackFake(now=lambda: AT.timestamp()).serving() as serving:
        yield serving


@pytest.fixture
def hook(fake: SlackFake, session: ClientSession) -> SlackWebhook:
    return SlackWebhook(poster(session, seconds=2), {"SLACK_HOOK_URL": fake.hook_url}.__getitem__)


async def test_the_simple_road_posts_blocks(fake: SlackFake, hook: SlackWebhook) -> None:
    await tell(hook, DESK)
    assert fake.desk.messages[0]["blocks"]


async def test_fault_119_refused_blocks_become_text_here_too(fake: SlackFake, hook: SlackWebhook) -> None:
    fake.faults["hook"] = [Say(400, "invalid_blocks")]
    await tell(hook, DESK)
    assert "blocks" not in fake.desk.messages[0]


@pytest.mark.parametrize(
    ("fault", "leaf"),
    [
        pytest.param(Say(404, "no_service"), ReceiverGone, id="fault_120_no_service"),
        pytest.param(Say(410, "channel_is_archived"), ReceiverGone, id="fault_120_410"),
        pytest.param(Say(403, "invalid_token"), ReceiverGone, id="fault_120_invalid_token"),
        pytest.param(Say(429, "rate_limited", headers={"Retry-After": "3"}), Throttled, id="fault_115_429"),
        pytest.param(Say(400, "invalid_payload"), Rejected, id="payload"),
        pytest.param(Say(500, "rollup_error"), Ambiguous, id="rollup_error"),
        pytest.param(Refuse("no_service"), Ambiguous, id="fault_121_200_but_not_ok"),
        pytest.param(Say(503, "try later"), NotSent, id="503"),
        pytest.param(LoseReply(), Ambiguous, id="reply_lost"),
        pytest.param(Reset(), Ambiguous, id="reset"),
    ],
)
async def test_fault_120_the_simple_roads_errors(
    fake: SlackFake, hook: SlackWebhook, fault: Any, leaf: type[DeliveryError]
) -> None:
    fake.faults["hook"] = [fault]
    with pytest.raises(DeliveryError) as caught:
        await tell(hook, DESK)
    assert type(caught.value) is leaf
    assert HOOK_PATH not in str(caught.value)


async def test_the_simple_road_cannot_be_asked(hook: SlackWebhook) -> None:
    with pytest.raises(Ambiguous):
        await hook.find(DESK, message(alert()), since=AT)
