"""What every notifier promises about ``render``, and the golden renders of Telegram, Slack, webhook and console.

``UPDATE_GOLDEN=1`` writes the golden files anew; read the difference before you commit it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from aiohttp import ClientSession
from hypothesis import given, settings
from hypothesis import strategies as st
from telegram import Bot

from bot.core.model import Alert, AlertKind, Direction, Level, Link, Message, MessageKind
from bot.notify.console import Console
from bot.notify.posting import Answer
from bot.notify.slack import Slack
from bot.notify.slack_webhook import SlackWebhook
from bot.notify.telegram import Telegram
from bot.notify.webhook import Webhook
from bot.ports import Notifier
from tests.fakes.alerts import alert, evidence, joined, message, raised, receiver, report

GOLDEN = Path(__file__).resolve().parent.parent / "data" / "notify"


async def nowhere(url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
    """Where rendering sends to."""
    raise AssertionError("rendering sends nothing")


NOTIFIERS: dict[str, Notifier] = {
    "telegram": Telegram(cast(Bot, None)),
    "slack": Slack("xoxb-none", session=cast(ClientSession, None)),
    "slack-webhook": SlackWebhook(nowhere, str),
    "webhook": Webhook(nowhere, str),
    "console": Console(),
    "console-json": Console(as_json=True),
}
kinds = pytest.mark.parametrize("kind", list(NOTIFIERS))


def render(kind: str, told: Message) -> list[Mapping[str, object]]:
    """All parts, for a receiver of that kind."""
    return list(NOTIFIERS[kind].render(told, receiver(kind=kind)))


# ── the contract ─────────────────────────────────────────────────────────────────────────────────────
NASTY = [
    "<!channel>",
    "<@U1>",
    "[bold red]",
    "\x1b[2J",
    "\u202e",
    "\x00",
    "\ud800",
    "👨‍👩‍👧‍👦",
    "&amp;",
    "\r\n",
    "e\u0301" * 5,
]
texts = st.one_of(
    st.text(st.characters(codec=None), max_size=60),
    st.lists(st.sampled_from(NASTY), max_size=8).map("".join),
    st.sampled_from(NASTY).map(lambda text: text * 300),
)
links = st.one_of(
    texts,
    st.sampled_from(
        [
            "",
            "javascript:alert(1)",
            "https://",
            "https://[::1",
            "http://bank.example@evil.example/",
            "https://ü.example/ä",
        ]
    ),
)


@st.composite
def hostile_alerts(draw: st.DrawFn) -> Alert:
    """An alert with nothing but feed text from hell in it."""
    word = texts
    place = draw(st.sampled_from(list(evidence().place.__class__)))
    span = draw(st.tuples(st.integers(-5, 9_000), st.integers(-5, 9_000)))
    line = evidence(
        term=draw(word), words=draw(word), cue=draw(word), said_by=draw(word), place=place, span=span
    )
    told_by = report(draw(word), feed="gazette-world", title=draw(word), link=draw(links))
    return alert(
        kind=draw(st.sampled_from(list(AlertKind))),
        title=draw(word),
        summary=draw(word),
        link=draw(links),
        reason=draw(word),
        rule_title=draw(word),
        level=draw(st.sampled_from(list(Level))),
        direction=draw(st.sampled_from(list(Direction))),
        terms=(line,) * draw(st.integers(0, 15)),
        reports=(told_by,) * draw(st.integers(0, 15)),
        differs_from=draw(word),
        also=(("strikes", 3),),
        linked=(Link("st-9", draw(st.sampled_from(["ru", "xx"])), draw(word), draw(word)),)
        * draw(st.integers(0, 4)),
    )


@st.composite
def hostile_messages(draw: st.DrawFn) -> Message:
    """Of every kind."""
    kind = draw(st.sampled_from(list(MessageKind)))
    count = {MessageKind.NOTICE: 0, MessageKind.ALERT: 1, MessageKind.DIGEST: draw(st.integers(1, 15))}[kind]
    alerts = (draw(hostile_alerts()),) * count
    return Message("st-1/desk/1", kind, alerts, draw(texts) if not count else "", draw(st.booleans()))


@kinds
@settings(max_examples=40, deadline=None)
@given(told=hostile_messages())
def test_render_never_raises_says_the_same_twice_and_is_json(kind: str, told: Message) -> None:
    parts = render(kind, told)
    assert parts
    assert parts == render(kind, told)
    assert json.loads(json.dumps(parts)) == parts
    json.dumps(parts, ensure_ascii=False).encode()  # no lone surrogate is left


# ── golden files ─────────────────────────────────────────────────────────────────────────────────────
QUIET = alert(
    story="st-2",
    level=Level.LOW,
    score=24,
    direction=Direction.NONE,
    rule="strikes",
    rule_title="Strikes",
    title="Dockers call a strike for Thursday",
    summary="",
    link="https://harbour-post.example/ports",
    terms=(evidence(term="strike", points=24, words="strike", span=(15, 21)),),
    reports=(report("Harbour Post", link="https://harbour-post.example/ports"),),
)
MESSAGES = {
    "new": message(alert()),
    "source-joined": message(joined(), delivery="st-1/desk/2"),
    "level-raised": message(raised(also=(("mobilisation", 22),), differs_from="Troops march in a parade")),
    "told-elsewhere": message(
        alert(
            linked=(
                Link(
                    "st-8",
                    "de",
                    "<@U1> Hafenpost & Söhne",
                    "Truppen verlassen die Grenze https://evil.example/",
                ),
                Link("st-7", "ru", "Меридиан", "Войска \u202eвозвращаются <b>домой</b> @everyone"),
            )
        )
    ),
    "repeat": message(alert(), repeat=True),
    "digest": message(QUIET, alert(), delivery="digest/desk/1"),
    "notice": message(delivery="notice/desk/gone/1"),
    "hostile": message(
        alert(
            title="<!channel> [red]*now*[/red] https://evil.example/ \x1b[31m@everyone & <script>",
            summary="<b>Free</b> money at <https://evil.example|bank.example>",
            link="https://bank.example@evil.example/login",
            terms=(replace(evidence(), span=(0, 10)),),
        )
    ),
}


@kinds
@pytest.mark.parametrize("name", list(MESSAGES))
def test_golden(kind: str, name: str) -> None:
    rendered = json.dumps(render(kind, MESSAGES[name]), ensure_ascii=False, indent=1) + "\n"
    path = GOLDEN / f"{kind}.{name}.json"
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(rendered, "utf-8")
    assert rendered == path.read_text("utf-8"), f"{path.name} differs; UPDATE_GOLDEN=1 writes it anew"


def shown(value: Any) -> str:
    """Everything in a rendered part, as one text."""
    return json.dumps(value, ensure_ascii=False)


@kinds
def test_every_platform_says_who_tells_it_in_another_language(kind: str) -> None:
    text = shown(render(kind, MESSAGES["told-elsewhere"]))
    assert "Меридиан" in text
    assert "Войска возвращаются" in text
    assert "Russian" in text or '"language": "ru"' in text


@pytest.mark.parametrize(
    ("language", "says"),
    [
        ("en", "Also reported in Russian by Меридиан: “Войска"),
        ("de", "Меридиан meldet dasselbe auf Russisch: “Войска"),
        ("ru", "Меридиан сообщает то же на русском: “Войска"),
        ("uk", "Меридиан повідомляє те саме російською: “Войска"),
    ],
)
def test_telegram_says_so_in_the_readers_language(language: str, says: str) -> None:
    reader = receiver(kind="telegram", language=language)
    parts = NOTIFIERS["telegram"].render(MESSAGES["told-elsewhere"], reader)
    assert says in shown(list(parts))


@kinds
def test_every_platform_shows_level_sum_source_and_direction(kind: str) -> None:
    text = shown(render(kind, MESSAGES["new"])).lower()
    for word in ("high", "60", "troops returning", "invasion", "northern wire", "unconfirmed"):
        assert word in text
    assert "↓" in text or "de-escalation" in text


@kinds
def test_fault_088_no_platform_gets_a_link_that_pretends(kind: str) -> None:
    assert "bank.example@" not in shown(render(kind, MESSAGES["hostile"]))
