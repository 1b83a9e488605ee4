"""The terminal as a receiver."""

from __future__ import annotations

import io
import json
from datetime import timedelta

import pytest
from rich.console import Console as Terminal

from bot.errors import Ambiguous
from bot.notify.console import Console
from tests.fakes.alerts import AT, alert, message, raised, receiver

SCREEN = receiver("screen", "console", "-")


async def shown(*alerts: object, as_json: bool = False, colour: bool = False, **told: object) -> str:
    """What stands on a screen of 60 columns."""
    paper = io.StringIO()
    terminal = Terminal(
        file=paper, width=60, force_terminal=colour, color_system="standard" if colour else None
    )
    console = Console(terminal, as_json=as_json)
    for part in console.render(message(*alerts, **told), SCREEN):  # type: ignore[arg-type]
        await console.send(SCREEN, part, after=None, now=AT + timedelta(seconds=1.5))
    return paper.getvalue()


async def test_an_alert_shows_level_arrow_headline_host_sum_and_delay() -> None:
    text = await shown(alert())
    assert text.startswith(" 60 high     ↓ Moscow returns some of its troops")
    assert "northern-wire.example" in text
    assert "troops returning" in text
    assert "told 43.5 s after publication" in text


async def test_a_headline_is_never_markup_and_never_moves_the_cursor() -> None:
    text = await shown(
        alert(title="[red]boo[/red] [link=https://evil.example]x[/link] \x1b[2J\x07"), colour=True
    )
    assert "[red]boo[/red]" in text
    assert "\x1b[2J" not in text
    assert "\x07" not in text
    assert "\x1b]8" not in text


async def test_the_level_has_a_colour() -> None:
    assert "\x1b[1;31m 60 high" in await shown(alert(), colour=True)


async def test_an_update_and_a_repeat_say_what_they_are() -> None:
    assert "level raised: high → critical" in await shown(raised())
    assert "sent again" in await shown(alert(), repeat=True)


async def test_a_digest_and_a_notice() -> None:
    assert "digest  2 stories" in await shown(alert(), alert(story="st-2"))
    assert (await shown()).startswith("notice  gazette-world answered 410")


async def test_json_is_one_line_a_message_whatever_the_width() -> None:
    text = await shown(alert(title="[red]" + "long " * 100), as_json=True)
    assert text.count("\n") == 1
    assert json.loads(text)["alerts"][0]["title"].startswith("[red]long")


async def test_a_terminal_cannot_be_asked() -> None:
    with pytest.raises(Ambiguous):
        await Console().find(SCREEN, message(alert()), since=AT)
