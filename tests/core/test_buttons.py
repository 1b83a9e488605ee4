"""What buttons carry: it fits, it reads back, and nothing else reads as one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.buttons import ACTIONS, LIMIT, MUTE_RULE, Pressed, decode, encode, mark, rule_marked

STORY = "st-0123456789abcdef"


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("story", [STORY, f"{STORY}~89abcdef"])
@pytest.mark.parametrize(
    "rule", ["", "invasion", "watch:telegram:-1001234567890/12345:20", "вторжение " * 20]
)
def test_every_button_fits_and_reads_back(action: str, story: str, rule: str) -> None:
    data = encode(action, story, rule)
    assert len(data.encode()) <= LIMIT
    assert decode(data) == Pressed(action, story, mark(rule) if rule else "")


def test_a_rule_is_found_by_its_mark_until_it_is_gone() -> None:
    pressed = decode(encode(MUTE_RULE, STORY, "invasion"))
    assert pressed is not None
    assert rule_marked(pressed.rule, ["ceasefire", "invasion"]) == "invasion"
    assert rule_marked(pressed.rule, ["ceasefire"]) == ""
    assert rule_marked("", ["invasion"]) == ""


@pytest.mark.parametrize(
    "data",
    [
        "",
        "why",
        "why:",
        "shout:st-1",
        "why:st 1",
        "why:st-1:xyz",
        f"why:{'s' * 60}",
        "why:ст-1",
        "why:st-1\n",
        "rule:st-1:1A2B3C4D",
    ],
)
def test_what_was_tampered_with_is_no_button(data: str) -> None:
    assert decode(data) is None


@given(st.text(max_size=80))
def test_no_text_breaks_the_reading_of_buttons(data: str) -> None:
    pressed = decode(data)
    assert pressed is None or pressed.action in ACTIONS


@pytest.mark.parametrize(
    ("action", "story"), [("shout", STORY), ("why", "s" * 60), ("why", ""), ("why", "a b")]
)
def test_a_button_that_would_not_read_back_is_not_made(action: str, story: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        encode(action, story)
