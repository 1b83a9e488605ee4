"""WebSub: a hub that tells us is heard within moments, and one that lies changes nothing."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qs

import pytest
from aiohttp import web

from bot.core.model import Feed, FeedState
from bot.sources.feed import MOST_PUSHED, FeedSource
from bot.sources.http import Client
from bot.sources.websub import (
    ANSWER_WITHIN,
    LEASE,
    LONGEST_LEASE,
    Hub,
    Standing,
    Subscriber,
    Subscription,
    asked,
    hub_of,
    is_due,
    is_signed,
    subscription,
    verified,
)
from tests.fakes.hostile import HostileServer, hostile_server
from tests.sources.documents import ATOM, feed_at, rss
from tests.sources.documents import MORNING as NOW

HUB = Hub("https://hub.example/", "https://example.org/feed")
WANTED = subscription("paper", HUB, b"master")
SECRET = WANTED.secret


# ── discovery ────────────────────────────────────────────────────────────────────────────────────────
LINKS = '<atom:link rel="hub" href="https://hub.example/"/><atom:link rel="self" href="https://example.org/feed"/>'
IN_RSS = rss(1).replace(b"<channel>", b"<channel>" + LINKS.encode())
IN_ATOM = ATOM.replace("<title>Paper", "<link href='https://hub.example/' rel='hub'/><title>Paper").encode()


@pytest.mark.parametrize(
    ("headers", "body", "hub"),
    [
        ({"Link": '<https://hub.example/>; rel="hub", <https://example.org/feed>; rel="self"'}, b"", HUB),
        ({}, IN_RSS, HUB),
        ({}, IN_ATOM, replace(HUB, topic="https://example.org/read")),
        (
            {"Link": '<https://other.example/>; rel="hub"'},
            IN_RSS,
            Hub("https://other.example/", "https://example.org/read"),
        ),
        (
            {},
            IN_RSS.replace(b"https://hub.example/", b"/hub?a=1&amp;b=2"),
            replace(HUB, url="https://example.org/hub?a=1&b=2"),
        ),
        ({}, IN_RSS.replace(b"https://hub.example/", b"javascript:1"), None),
        ({}, rss(1), None),
        ({"Link": "<" * 8_000}, b"<link " * 5_000, None),
    ],
)
def test_the_hub_is_named_in_headers_or_document(
    headers: dict[str, str], body: bytes, hub: Hub | None
) -> None:
    assert hub_of(headers, body, "https://example.org/read") == hub


# ── one subscription ─────────────────────────────────────────────────────────────────────────────────
def test_token_and_secret_differ_by_feed_hub_and_topic_and_outlive_a_restart() -> None:
    others = [
        subscription("paper", HUB, b"another master"),
        subscription("herald", HUB, b"master"),
        subscription("paper", replace(HUB, topic="https://example.org/other"), b"master"),
        subscription("paper", replace(HUB, url="https://hub2.example/"), b"master"),
    ]
    assert subscription("paper", HUB, b"master") == WANTED
    assert len({each.token for each in (WANTED, *others)} | {each.secret for each in (WANTED, *others)}) == 10
    assert SECRET not in repr(WANTED)


QUERY = {"hub.mode": "subscribe", "hub.topic": HUB.topic, "hub.challenge": "c", "hub.lease_seconds": "86400"}


@pytest.mark.parametrize(
    ("change", "later", "granted"),
    [
        ({}, 0, timedelta(days=1)),
        ({"hub.lease_seconds": ""}, 0, LEASE),
        ({"hub.lease_seconds": "-1"}, 0, LEASE),
        ({"hub.lease_seconds": "1"}, 0, timedelta(minutes=5)),
        ({"hub.lease_seconds": "999999999"}, 0, LONGEST_LEASE),
        ({"hub.lease_seconds": "9" * 99}, 0, LEASE),
        ({"hub.topic": "https://example.org/other"}, 0, None),
        ({"hub.mode": "unsubscribe"}, 0, None),
        ({}, 7200, None),
    ],
)
def test_fault_134_a_verification_is_confirmed_only_as_asked_for(
    change: dict[str, str], later: int, granted: timedelta | None
) -> None:
    when = NOW + timedelta(seconds=later)
    live = verified(asked(WANTED, NOW), QUERY | change, when)
    assert (live and live.until) == (None if granted is None else when + granted)
    assert verified(WANTED, QUERY | change, when) is None  # never asked


def test_a_lease_is_renewed_before_it_ends_and_a_silent_hub_is_asked_ever_more_rarely() -> None:
    assert is_due(WANTED, NOW)
    silent, waits = WANTED, []
    when = NOW
    for _ in range(4):
        silent = asked(silent, when)
        wait = next(wait for wait in range(200) if is_due(silent, when + timedelta(minutes=10 * wait)))
        waits.append(wait)
        when += timedelta(minutes=10 * wait)
    assert waits == [2, 4, 8, 16]
    live = verified(asked(WANTED, NOW), QUERY, NOW)
    assert live is not None
    assert not is_due(live, NOW + timedelta(hours=19))
    assert is_due(live, NOW + timedelta(hours=20))
    renewing = asked(live, NOW + timedelta(hours=20))
    assert renewing.standing is Standing.LIVE  # pushes go on meanwhile
    assert not is_due(renewing, NOW + timedelta(hours=20) + ANSWER_WITHIN)
    assert asked(live, NOW + timedelta(hours=25)).standing is Standing.ASKED


@pytest.mark.parametrize("method", ["sha1", "sha256", "sha384", "sha512"])
def test_the_four_methods_of_signing(method: str) -> None:
    signature = hmac.new(SECRET.encode(), b"body", method).hexdigest()
    assert is_signed(SECRET, f"{method}={signature}", b"body")
    assert is_signed(SECRET, f"{method.upper()}={signature.upper()}", b"body")
    assert not is_signed(SECRET, f"{method}={signature}", b"another body")
    assert not is_signed("another secret", f"{method}={signature}", b"body")


@pytest.mark.parametrize(
    "signature", ["", "sha256=", "sha256", "md5=x", "=", "sha256=\u00e9", "none=", "sha3_256=00", "sha256=00"]
)
def test_what_is_no_signature_signs_nothing(signature: str) -> None:
    assert not is_signed(SECRET, signature, b"body")


# ── the subscriber ───────────────────────────────────────────────────────────────────────────────────
class Desk:
    """A subscriber with one live subscription, and what it delivered."""

    def __init__(self, client: Client, hub: Hub = HUB) -> None:
        self.delivered: list[tuple[str, bytes, str]] = []
        self.subscriber = Subscriber(
            client,
            callback="https://bot.example/websub/",
            master=b"master",
            deliver=lambda *what: self.delivered.append(what),
        )
        self.subscriber.named(feed_at("", "paper"), hub)
        self.wanted: Subscription = subscription("paper", hub, b"master")

    def signed(self, body: bytes, secret: str = "") -> Mapping[str, str]:
        told = hmac.new((secret or self.wanted.secret).encode(), body, hashlib.sha256).hexdigest()
        return {"X-Hub-Signature": f"sha256={told}", "Content-Type": "application/rss+xml"}

    async def live(self) -> Desk:
        await self.subscriber.ask_hubs(NOW)
        reply = self.subscriber.confirm(self.wanted.token, QUERY | {"hub.topic": self.wanted.hub.topic}, NOW)
        assert (reply.status, reply.text) == (200, "c")
        return self


@pytest.fixture
async def desk(server: HostileServer, client: Client) -> Desk:
    server.reply("/hub", b"", 202)
    return await Desk(client, Hub(server.url("/hub"), "https://example.org/feed")).live()


async def test_a_signed_push_is_delivered_once(desk: Desk) -> None:
    for _ in range(3):
        assert desk.subscriber.push(desk.wanted.token, desk.signed(rss(1)), rss(1), NOW).status == 202
    assert desk.delivered == [("paper", rss(1), "application/rss+xml")]
    assert desk.subscriber.is_live("paper", NOW)
    assert not desk.subscriber.is_live("paper", NOW + timedelta(days=2))


async def test_a_signed_ping_asks_for_a_poll_every_time(desk: Desk) -> None:
    for _ in range(2):
        desk.subscriber.push(desk.wanted.token, desk.signed(b""), b"", NOW)
    assert [body for _, body, _ in desk.delivered] == [b"", b""]


async def test_fault_134_what_is_not_signed_by_our_secret_has_no_effect(desk: Desk) -> None:
    push, token = desk.subscriber.push, desk.wanted.token
    replies = [
        push(token, {}, rss(1), NOW),
        push(token, desk.signed(rss(1), "another secret"), rss(1), NOW),
        push(token, desk.signed(rss(2)), rss(1), NOW),
        push(token, desk.signed(rss(1)), rss(1), NOW + timedelta(days=2)),  # the lease is over
    ]
    assert {reply.status for reply in replies} == {202}  # who tries learns nothing
    assert push("no-such-token", desk.signed(rss(1)), rss(1), NOW).status == 404
    assert desk.delivered == []


async def test_fault_134_verifications_we_did_not_ask_for_change_nothing(desk: Desk) -> None:
    confirm, token = desk.subscriber.confirm, desk.wanted.token
    assert confirm(token, QUERY | {"hub.topic": "https://example.org/other"}, NOW).status == 404
    assert confirm(token, QUERY | {"hub.mode": "unsubscribe"}, NOW).status == 404
    assert confirm("no-such-token", QUERY, NOW).status == 404
    assert desk.subscriber.is_live("paper", NOW)


async def test_a_hub_that_denies_is_left_alone_for_a_day(desk: Desk, server: HostileServer) -> None:
    query = {"hub.mode": "denied", "hub.topic": desk.wanted.hub.topic}
    assert desk.subscriber.confirm(desk.wanted.token, query, NOW).status == 200
    assert not desk.subscriber.is_live("paper", NOW)
    await desk.subscriber.ask_hubs(NOW + timedelta(hours=23))
    assert server.times("/hub") == 1
    await desk.subscriber.ask_hubs(NOW + timedelta(hours=24))
    assert server.times("/hub") == 2


async def test_a_feed_that_is_forgotten_or_names_another_hub_has_no_old_callback(desk: Desk) -> None:
    desk.subscriber.named(feed_at("", "paper"), None)  # an answer that names none: the old one stays
    assert desk.subscriber.is_live("paper", NOW)
    desk.subscriber.named(feed_at("", "paper"), HUB)
    assert desk.subscriber.push(desk.wanted.token, desk.signed(rss(1)), rss(1), NOW).status == 404
    desk.subscriber.forget("paper")
    assert desk.subscriber.push(WANTED.token, {}, b"", NOW).status == 404


async def test_fault_135_a_hub_that_is_gone_leaves_the_feed_to_polling(client: Client) -> None:
    async with hostile_server() as gone:
        hub = Hub(gone.url("/hub"), "https://example.org/feed")
    desk = Desk(client, hub)
    await desk.subscriber.ask_hubs(NOW)
    assert not desk.subscriber.is_live("paper", NOW)


async def test_fault_062_a_hub_inside_our_network_is_not_connected(client: Client) -> None:
    async with hostile_server("127.0.0.2") as canary:
        desk = Desk(client, Hub(canary.url("/hub"), "https://example.org/feed"))
        await desk.subscriber.ask_hubs(NOW)
        assert canary.connections == 0


# ── beside a hub ─────────────────────────────────────────────────────────────────────────────────────
async def test_a_hub_is_found_asked_verified_and_its_push_is_what_the_feed_brings(client: Client) -> None:
    """A publisher with its own hub, which does as the standard says, against our subscriber and source."""
    forms: list[dict[str, list[str]]] = []

    async def feed(request: web.Request) -> web.Response:
        url = request.url
        links = f'<{url.with_path("/hub")}>; rel="hub", <{url}>; rel="self"'
        return web.Response(body=rss(1), headers={"Link": links, "ETag": '"one"'}, content_type="text/xml")

    async def hub(request: web.Request) -> web.Response:
        forms.append(parse_qs(await request.text()))
        return web.Response(status=202)

    app = web.Application()
    app.router.add_get("/feed", feed)
    app.router.add_post("/hub", hub)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        base = f"http://127.0.0.1:{runner.addresses[0][1]}"
        source, paper = FeedSource(client), feed_at(f"{base}/feed")
        subscriber = Subscriber(
            client, callback="https://bot.example/w", master=b"master", deliver=source.push
        )
        source.hub_named = subscriber.named
        first = await source.fetch(paper, FeedState("paper"), now=NOW)
        source.parse(paper, first)
        state = FeedState("paper", etag=first.etag, body_hash=first.body_hash, last_full_fetch=NOW)

        await subscriber.ask_hubs(NOW)
        (form,) = forms
        token = form["hub.callback"][0].rpartition("/")[2]
        assert form["hub.topic"] == [f"{base}/feed"]
        query = QUERY | {"hub.topic": form["hub.topic"][0]}
        assert subscriber.confirm(token, query, NOW).text == "c"

        told = hmac.new(form["hub.secret"][0].encode(), rss(2), "sha512").hexdigest()
        subscriber.push(token, {"X-Hub-Signature": f"sha512={told}"}, rss(2), NOW)
        pushed = await source.fetch(paper, state, now=NOW)
        assert [raw.title for raw in source.parse(paper, pushed)] == ["Headline 2"]
        assert (pushed.etag, pushed.body_hash) == ('"one"', "")

        again = await source.fetch(paper, state, now=NOW)  # and then the feed itself is asked as ever
        assert (again.status, again.body) == (200, None)
    finally:
        await runner.cleanup()


async def test_where_several_pushes_wait_the_feed_itself_is_asked(
    server: HostileServer, client: Client
) -> None:
    source, paper = FeedSource(client), feed_at(server.reply("/feed", rss(3, 2, 1)))
    source.push("paper", rss(2), "")
    source.push("paper", rss(3), "")
    got = await source.fetch(paper, FeedState("paper"), now=NOW)
    assert got.body == rss(3, 2, 1)


async def test_hubs_that_push_faster_than_we_read_fill_no_memory(client: Client) -> None:
    source = FeedSource(client)
    for number in range(50):
        source.push("paper", rss(number), "")
    assert sum(len(waiting) for waiting in source._pushed.values()) == MOST_PUSHED


async def test_after_a_start_the_whole_feed_is_asked_for_once_because_a_304_names_no_hub(
    server: HostileServer, client: Client
) -> None:
    source, paper = FeedSource(client), feed_at(server.reply("/feed", IN_RSS))
    state = FeedState("paper", etag='"one"', last_full_fetch=NOW)
    hubs: list[Hub | None] = []

    def named(_feed: Feed, hub: Hub | None) -> None:
        hubs.append(hub)

    source.hub_named = named
    await source.fetch(paper, state, now=NOW)
    await source.fetch(paper, state, now=NOW)
    assert ["if-none-match" in asked.headers for asked in server.asked] == [False, True]
    assert hubs[0] is not None


async def test_feeds_that_are_watched_no_more_are_forgotten(desk: Desk) -> None:
    desk.subscriber.keep(["paper", "herald"])
    assert desk.subscriber.knows(desk.wanted.token)
    desk.subscriber.keep(["herald"])
    assert not desk.subscriber.knows(desk.wanted.token)
