"""Which language, offline."""

from __future__ import annotations

import pytest

from bot.core.language import detect


@pytest.mark.parametrize(
    ("text", "hint", "lang"),
    [
        ("anything at all", "en-GB", "en"),
        ("anything at all", "pt_BR", "pt"),
        ("Росія відводить війська", "", "uk"),
        ("США предупреждают о новых планах", "", "ru"),
        ("Росія відводить війська", "en", "uk"),  # a feed that says en by default
        ("Russland zieht Truppen von der Grenze ab", "", "de"),
        ("Troops leave the border after drills", "", "en"),
        ("俄罗斯宣布撤军", "", "zh"),
        (
            "Kremlin denies plan to invade Ukraine",
            "",
            "en",
        ),  # the model says Polish, hardly surer than English
        ("12:30 — 7", "", ""),
        ("", "", ""),
    ],
)
def test_the_feeds_word_first_then_letters_then_the_model(text: str, hint: str, lang: str) -> None:
    assert detect(text, hint) == lang
