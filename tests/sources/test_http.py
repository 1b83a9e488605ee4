"""The guarded client against servers that behave, and the little it must refuse from those that do not."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from bot.core.model import FeedState
from bot.errors import FetchError, Gone
from bot.sources.feed import FULL_FETCH_EVERY, FeedSource
from bot.sources.gate import HostGate
from bot.sources.headers import links, max_age, retry_after
from bot.sources.http import Client, ClientOptions, guarded_client
from tests.fakes.clock import FakeClock
from tests.fakes.hostile import Asked, HostileServer, answer, hostile_server
from tests.sources.documents import feed_at, rss

NOW = datetime(2022, 2, 15, 9, 0, tzinfo=UTC)


async def failure(client: Client, url: str) -> FetchError:
    with pytest.raises(FetchError) as caught:
        await client.get(url, "paper")
    return caught.value


# ── conditional requests ─────────────────────────────────────────────────────────────────────────────
async def test_what_has_not_changed_is_not_sent_again(server: HostileServer, client: Client) -> None:
    url = server.feed("/feed", rss(1), etag='"one"', Last_Modified="Tue, 15 Feb 2022 08:00:00 GMT")
    source = FeedSource(client)
    first = await source.fetch(feed_at(url), FeedState("paper"), now=NOW)
    known = FeedState(
        "paper",
        etag=first.etag,
        last_modified=first.last_modified,
        body_hash=first.body_hash,
        last_full_fetch=NOW,
    )
    second = await source.fetch(feed_at(url), known, now=NOW + timedelta(minutes=5))
    assert (first.status, first.body, second.status, second.body) == (200, rss(1), 304, None)
    assert server.asked[1].headers["if-modified-since"] == "Tue, 15 Feb 2022 08:00:00 GMT"


async def test_a_known_body_is_unchanged_even_without_validators(
    server: HostileServer, client: Client
) -> None:
    url = server.feed("/feed", rss(1))
    source = FeedSource(client)
    first = await source.fetch(feed_at(url), FeedState("paper"), now=NOW)
    second = await source.fetch(feed_at(url), FeedState("paper", body_hash=first.body_hash), now=NOW)
    assert (second.status, second.body, second.body_hash) == (200, None, first.body_hash)


async def test_fault_057_a_lying_etag_is_found_out_by_a_full_fetch(
    server: HostileServer, client: Client
) -> None:
    async def always_304(asked: Asked, writer: asyncio.StreamWriter) -> None:
        known = "if-none-match" in asked.headers
        writer.write(answer(b"" if known else rss(1, 2), 304 if known else 200, ETag='"one"'))

    url = server.on("/feed", always_304)
    source, known = FeedSource(client), FeedState("paper", etag='"one"', last_full_fetch=NOW)
    soon = await source.fetch(feed_at(url), known, now=NOW + FULL_FETCH_EVERY - timedelta(seconds=1))
    later = await source.fetch(feed_at(url), known, now=NOW + FULL_FETCH_EVERY)
    assert soon.body is None
    assert later.body == rss(1, 2)


async def test_304_to_an_unconditional_question_is_an_error(server: HostileServer, client: Client) -> None:
    url = server.reply("/feed", status=304)
    with pytest.raises(FetchError, match="304") as caught:
        await FeedSource(client).fetch(feed_at(url), FeedState("paper"), now=NOW)
    assert caught.value.kind == "status-3xx"


# ── statuses ─────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (204, "status-2xx"),
        (300, "status-3xx"),
        (401, "status-4xx"),
        (404, "status-4xx"),
        (429, "throttled"),
        (503, "status-5xx"),
    ],
)
async def test_every_refusal_has_a_stable_kind(
    server: HostileServer, client: Client, status: int, kind: str
) -> None:
    error = await failure(client, server.reply("/feed", b"", status))
    assert (error.kind, error.status) == (kind, status)


async def test_fault_053_gone_is_an_error_of_its_own(server: HostileServer, client: Client) -> None:
    assert isinstance(await failure(client, server.reply("/feed", b"", 410)), Gone)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120.0),
        (" 7 ", 7.0),
        ("Tue, 15 Feb 2022 09:10:00 GMT", 600.0),
        ("Tue, 15 Feb 2022 08:00:00 GMT", 0.0),
        ("Sun, 15 Feb 2032 09:00:00 GMT", 86_400.0),
        ("315360000", 86_400.0),
        ("-5", None),
        ("soon", None),
        ("", None),
        ("9" * 300, None),
    ],
)
async def test_fault_055_retry_after_in_both_forms_and_never_more_than_a_day(
    server: HostileServer, client: Client, value: str, seconds: float | None
) -> None:
    headers = {"Retry_After": value, "Date": "Tue, 15 Feb 2022 09:00:00 GMT"}
    error = await failure(client, server.reply("/feed", b"", 429, **headers))
    assert error.retry_after == seconds
    assert retry_after({"Retry-After": value}, NOW) == seconds


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Cache-Control": "public, max-age=300"}, 300),
        ({"Cache-Control": "max-age=300", "Age": "100"}, 200),
        ({"Cache-Control": "max-age=300", "Age": "900"}, 0),
        ({"Cache-Control": "max-age=99999999999"}, 86_400),
        ({"Cache-Control": "max-age=300, no-cache"}, None),
        ({"Cache-Control": "s-maxage=300"}, None),
        ({"Cache-Control": "max-age=soon"}, None),
        ({"Cache-Control": "max-age=60", "Age": "old"}, 60),
        ({}, None),
    ],
)
def test_freshness_is_max_age_less_age(headers: dict[str, str], seconds: int | None) -> None:
    assert max_age(headers) == (None if seconds is None else timedelta(seconds=seconds))


def test_link_headers_are_read_relation_by_relation() -> None:
    header = '<https://hub.example/>; rel="hub", <https://a.example/feed>; type="x"; rel=self, <https://b/>'
    assert links(header) == [("hub", "https://hub.example/"), ("self", "https://a.example/feed")]


# ── redirects ────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("hops", "moved"),
    [
        ((301,), True),
        ((308, 301), True),
        ((302,), False),
        ((301, 302), False),
        ((307, 301), False),
        ((303,), False),
    ],
)
async def test_fault_050_only_a_wholly_permanent_way_is_a_move(
    server: HostileServer, client: Client, hops: tuple[int, ...], moved: bool
) -> None:
    """Fault 51, too: a temporary redirect is followed and changes nothing that is stored."""
    for number, status in enumerate(hops):
        server.reply(f"/{number}", b"", status, Location=f"/{number + 1}")
    end = server.reply(f"/{len(hops)}", rss(1))
    got = await client.get(server.url("/0"), "paper")
    assert (got.url, got.body, got.moved_to) == (end, rss(1), end if moved else "")


async def test_fault_049_a_loop_of_redirects_is_given_up(server: HostileServer, client: Client) -> None:
    url = server.reply("/loop", b"", 301, Location="/loop")
    error = await failure(client, url)
    assert error.kind == "redirect"
    assert server.times("/loop") == 9


@pytest.mark.parametrize(
    "where",
    ["", "ftp://example.org/", "file:///etc/passwd", "javascript:1", "http://", "/\x01", "//[", "data:,x"],
)
async def test_fault_063_redirects_to_what_is_no_web_address_are_refused(
    server: HostileServer, client: Client, where: str
) -> None:
    error = await failure(client, server.reply("/feed", b"", 302, Location=where))
    assert error.kind in ("redirect", "protocol")  # a control character never gets past the HTTP parser


async def test_credentials_stay_with_their_origin(server: HostileServer, client: Client) -> None:
    async with hostile_server() as other:
        server.reply("/feed", b"", 302, Location="/second")
        server.reply("/second", b"", 302, Location=other.url("/third"))
        other.reply("/third", b"", 302, Location=f"http://x:y@127.0.0.1:{other.port}/last")
        other.reply("/last", rss(1))
        got = await client.get(server.url("/feed").replace("//", "//user:pa%3Ass@"), "paper")
        sent = [asked.headers.get("authorization", "") for asked in (*server.asked, *other.asked)]
        assert sent == ["Basic dXNlcjpwYTpzcw==", "Basic dXNlcjpwYTpzcw==", "", ""]
        assert got.url == other.url("/last")


async def test_a_configured_address_with_credentials_never_moves(
    server: HostileServer, client: Client
) -> None:
    server.reply("/feed", b"", 301, Location="/second")
    server.reply("/second", rss(1))
    got = await client.get(server.url("/feed").replace("//", "//user:word@"), "paper")
    assert (got.url, got.moved_to) == (server.url("/second"), "")


# ── manners ──────────────────────────────────────────────────────────────────────────────────────────
async def test_we_say_who_we_are_and_what_we_read(server: HostileServer) -> None:
    url = server.reply("/feed", rss(1))
    async with guarded_client(
        ClientOptions(user_agent="newsalert/1 (+desk@example.org)", allow_loopback=True)
    ) as client:
        await FeedSource(client).fetch(feed_at(url), FeedState("paper"), now=NOW)
    headers = server.asked[0].headers
    assert headers["user-agent"] == "newsalert/1 (+desk@example.org)"
    assert headers["accept-encoding"] == "gzip, deflate, br, zstd"
    assert "application/rss+xml" in headers["accept"]
    assert "cookie" not in headers


async def test_the_proxy_of_the_environment_is_not_used(
    server: HostileServer, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with hostile_server("127.0.0.2") as canary:
        monkeypatch.setenv("HTTP_PROXY", canary.base)
        monkeypatch.setenv("http_proxy", canary.base)
        await client.get(server.reply("/feed", rss(1)), "paper")
        assert canary.connections == 0


async def test_a_host_is_asked_once_at_a_time_with_pauses_and_others_are_not_held_up() -> None:
    clock = FakeClock()
    gate = HostGate(1, 5.0, clock)
    begun: list[tuple[str, float]] = []

    async def ask(name: str, host: str, takes: float, urgent: bool = True) -> None:
        async with gate.turn(host, urgent=urgent):
            begun.append((name, clock.monotonic()))
            await clock.sleep(takes)

    asks = [
        ask("a1", "a", 1),
        ask("page1", "a", 1, False),
        ask("page2", "a", 1, False),
        ask("a2", "a", 7),
        ask("b1", "b", 1),
    ]
    tasks = [asyncio.ensure_future(each) for each in asks]
    await clock.advance(60)
    await asyncio.gather(*tasks)
    assert begun == [("a1", 0), ("b1", 0), ("a2", 5), ("page1", 12), ("page2", 17)]


async def test_a_place_given_to_somebody_who_has_left_goes_to_the_next() -> None:
    clock = FakeClock()
    gate = HostGate(1, 0.0, clock)
    done: list[str] = []

    async def ask(name: str) -> None:
        async with gate.turn("a"):
            await clock.sleep(1)
            done.append(name)

    first, second, third = (asyncio.ensure_future(ask(name)) for name in ("first", "second", "third"))
    await clock.advance(0)
    second.cancel()
    await clock.advance(3)
    assert done == ["first", "third"]
    assert second.cancelled()
    assert first.done()
    assert third.done()


async def test_the_wait_for_a_host_is_not_taken_from_the_time_to_answer(server: HostileServer) -> None:
    clock = FakeClock()
    options = ClientOptions(host_gap=100.0, total_timeout=5.0, allow_loopback=True)
    url = server.reply("/feed", rss(1))
    async with guarded_client(options, time=clock) as client:
        await client.get(url, "paper")
        second = asyncio.ensure_future(client.get(url, "paper"))
        await clock.advance(99)
        assert server.connections == 1
        await clock.advance(1)
        assert (await second).body == rss(1)
