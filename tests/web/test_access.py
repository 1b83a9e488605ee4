"""Who is let in, and from where: rows 123, 124, 127, 129 and 130 of the fault table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from prometheus_client import CollectorRegistry

from bot.config.settings import load_settings
from bot.config.webusers import by_password, by_token, line_for, read_users, token_line
from bot.errors import ConfigError
from bot.web.access import COOKIE, OPEN, SAFE
from bot.web.api import put_api
from bot.web.app import Health, create_app
from bot.web.console import keys_of
from bot.web.keys import IDLE, LONGEST, TRIES, Keys
from bot.web.login import login_routes, own_path
from tests.fakes.desk import Desk
from tests.web.client import Client

PASSWORD = "correct horse battery"
TOKEN, TOKEN_LINE = token_line("wall", "viewer")
USERS = read_users(f"{line_for('anna', 'admin', PASSWORD)}\n{TOKEN_LINE}")
HERE = {"Origin": "http://localhost"}


class Route(NamedTuple):
    """What the table needs of one."""

    path: str
    methods: frozenset[str]
    verb: str


class Time:
    """A clock that stands still until told."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def app(time: Time) -> FastAPI:
    keys = Keys(USERS, open_here=True, monotonic=time)
    app = create_app(Health, CollectorRegistry(), keys=keys)
    app.include_router(login_routes(keys))
    put_api(app, Desk().service())
    return app


@pytest.fixture
def client(app: FastAPI) -> Client:
    return Client(app)


def logged_in(client: Client, secret: str = PASSWORD) -> str:
    answer = client.post("/login", data={"name": "anna", "secret": secret}, headers=HERE)
    return answer.cookies.get(COOKIE) or ""


def routes(app: FastAPI) -> list[Route]:
    """Every route, those of included routers too, by what the framework itself would serve."""
    return sorted(set(_flat(app.routes)))


def _flat(found: Iterable[object]) -> Iterator[Route]:
    for route in found:
        if isinstance(route, APIRoute):
            yield Route(route.path, frozenset(route.methods or ()), route.endpoint.__name__)
        else:
            router = getattr(route, "original_router", None)
            assert router is not None, f"a route of an unknown kind: {route}"
            yield from _flat(router.routes)


# ── deny by default ──────────────────────────────────────────────────────────────────────────────────
def test_fault_124_every_route_refuses_strangers(app: FastAPI, client: Client) -> None:
    found = routes(app)
    assert len(found) > 25
    for route in found:
        for method in route.methods:
            if route.path in OPEN:
                continue
            answer = client.request(method, route.path, headers={**HERE, "Accept": "text/html"})
            assert answer.status_code in (401, 303), (method, route.path)


@pytest.mark.parametrize(
    "path", ["/no/such/page", "/api/new", "/_nicegui/x.js", "/docs", "//login", "/login/x"]
)
def test_what_does_not_exist_refuses_strangers_too(client: Client, path: str) -> None:
    assert client.get(f"http://localhost{path}").status_code == 401


def test_people_are_led_to_the_login_and_scripts_are_told(client: Client) -> None:
    page = client.get("/rules", headers={"Accept": "text/html"})
    assert (page.status_code, page.headers["location"]) == (303, "/login?next=/rules")
    assert client.get("/api/me").status_code == 401


def test_a_token_speaks_for_itself(client: Client) -> None:
    answer = client.get("/api/me", headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.json() == {"name": "wall", "role": "viewer"}
    assert client.get("/api/me", headers={"Authorization": f"Bearer {TOKEN}x"}).status_code == 401


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/rules"),
        ("POST", "/api/feeds/x/poll"),
        ("GET", "/api/dead-letters"),
        ("GET", "/api/people"),
    ],
)
def test_a_viewer_is_refused_what_is_for_editors_and_admins(client: Client, method: str, path: str) -> None:
    answer = client.request(method, path, headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 403


# ── forgery ──────────────────────────────────────────────────────────────────────────────────────────
FOREIGN = [
    {"Origin": "http://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://localhost.evil.example"},
    {"Origin": "http://localhost:81"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"},
    {},
]


@pytest.mark.parametrize("headers", FOREIGN)
def test_fault_123_nothing_changes_on_the_word_of_a_foreign_page(
    app: FastAPI, client: Client, headers: dict[str, str]
) -> None:
    logged_in(client)
    for route in routes(app):
        for method in route.methods - SAFE:
            answer = client.request(method, route.path, headers=headers)
            assert answer.status_code == 403, (method, route.path)


def test_fault_123_no_get_changes_anything(app: FastAPI) -> None:
    """Every verb of the service that changes something is behind POST."""
    changing = {
        "save",
        "restore",
        "add",
        "take_opml",
        "poll",
        "pause",
        "resume",
        "retry",
        "drop",
        "leave",
        "start_shadow",
        "drop_shadow",
    }
    for route in routes(app):
        if route.verb in changing:
            assert route.methods == {"POST"}, route.path


def test_our_own_pages_and_scripts_may_change_things(client: Client) -> None:
    logged_in(client)
    for headers in (HERE, {"Sec-Fetch-Site": "same-origin"}, {"X-Newsalert": "1"}):
        assert client.post("/api/feeds/none/poll", headers=headers).status_code == 400


def test_fault_130_a_name_that_is_not_ours_is_not_answered(client: Client) -> None:
    assert client.get("/login", headers={"Host": "evil.example"}).status_code == 421


# ── the login ────────────────────────────────────────────────────────────────────────────────────────
def test_the_right_password_opens_and_the_cookie_is_careful(client: Client) -> None:
    answer = client.post("/login?next=/rules", data={"name": "anna", "secret": PASSWORD}, headers=HERE)
    assert (answer.status_code, answer.headers["location"]) == (303, "/rules")
    assert "HttpOnly" in answer.headers["set-cookie"]
    assert "samesite=lax" in answer.headers["set-cookie"].lower()
    assert client.get("/api/me").json() == {"name": "anna", "role": "admin"}


def test_fault_127_guessing_gets_slow(client: Client, time: Time) -> None:
    for _ in range(TRIES):
        assert (
            client.post("/login", data={"name": "anna", "secret": "guess"}, headers=HERE).status_code == 401
        )
    answer = client.post("/login", data={"name": "anna", "secret": PASSWORD}, headers=HERE)
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) >= 1
    time.now += 10
    assert logged_in(client)


def test_fault_127_a_session_is_made_anew_and_ends(client: Client, time: Time) -> None:
    client.cookies.set(COOKIE, "chosen-by-somebody-else")
    key = logged_in(client)
    assert key not in ("", "chosen-by-somebody-else")
    again = logged_in(client)
    assert again != key
    client.cookies.clear()
    assert client.get("/api/me", headers={"Cookie": f"{COOKIE}={key}"}).status_code == 401
    time.now += IDLE + 1
    assert client.get("/api/me", headers={"Cookie": f"{COOKIE}={again}"}).status_code == 401


def test_a_busy_session_ends_as_well(client: Client, time: Time) -> None:
    logged_in(client)
    for _ in range(int(LONGEST / IDLE) * 2):
        time.now += IDLE / 2
        client.get("/api/me")
    time.now += IDLE / 2
    assert client.get("/api/me").status_code == 401


def test_logging_out_ends_the_session(client: Client) -> None:
    key = logged_in(client)
    client.post("/logout", headers=HERE)
    assert client.get("/api/me", headers={"Cookie": f"{COOKIE}={key}"}).status_code == 401


@pytest.mark.parametrize(
    "path", ["//evil.example", "https://evil.example", "/\\evil.example", "", "/a\r\nX: y"]
)
def test_the_login_leads_nowhere_else(path: str) -> None:
    assert own_path(path) == "/"


def test_a_path_in_the_form_is_only_text(client: Client) -> None:
    answer = client.get('/login?next="><script>alert(1)</script>')
    assert "<script" not in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]


# ── users ────────────────────────────────────────────────────────────────────────────────────────────
def test_a_password_opens_only_its_own_name_and_no_hash_opens_anything() -> None:
    assert by_password(USERS, "anna", PASSWORD) == USERS[0]
    for name, secret in (("anna", "x"), ("nobody", PASSWORD), ("wall", TOKEN), ("anna", USERS[0].secret)):
        assert by_password(USERS, name, secret) is None
    assert by_token(USERS, TOKEN) == USERS[1]
    assert by_token(USERS, USERS[1].secret) is None
    assert USERS[0].secret not in repr(USERS)


# ── where it is served ───────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.1.2.3"])  # noqa: S104
def test_fault_129_an_open_address_without_logins_is_refused(host: str, time: Time) -> None:
    settings = load_settings(None).model_copy(update={"web_host": host})
    with pytest.raises(ConfigError, match="open to everybody"):
        keys_of(settings, time)


def test_on_loopback_without_logins_whoever_sits_here_is_admin_and_no_proxy_is(time: Time) -> None:
    keys = keys_of(load_settings(None), time)
    app = create_app(Health, CollectorRegistry(), keys=keys)
    put_api(app, Desk().service())
    client = Client(app)
    assert client.get("/api/me").json()["role"] == "admin"
    assert client.get("/api/me", headers={"X-Forwarded-For": "1.2.3.4"}).status_code == 401
