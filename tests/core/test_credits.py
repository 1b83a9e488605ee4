"""Whose word it is: credit lines, and copies without one."""

from dataclasses import replace

import pytest

from bot.core.credits import credit, is_copy
from bot.core.matching import headline

ENTRY = headline("Troops leave the border", "en")
TEXT = (
    "Columns of lorries left the training ground on Monday morning and drove east along the ring road, "
    "villagers said, while officers declined to name their destination or say how many men were on the move."
)


@pytest.mark.parametrize(
    ("summary", "wire"),
    [
        ("MOSCOW (Reuters) - Troops left the border on Monday.", "Reuters"),
        ("KYIV, Feb 24 (AFP) — Shells fell on the town.", "AFP"),
        ("Berlin (dpa/tmn) - Der Bundestag stimmt ab.", "dpa"),
        ("Москва. 24 февраля. ИНТЕРФАКС - Войска ушли.", "Interfax"),
        ("МОСКВА, 15 фев — РИА Новости. Войска ушли.", "RIA Novosti"),
        ("КИЇВ (Укрінформ) – Війська пішли.", "Ukrinform"),
        ("Troops left on Monday. (AP)", "AP"),
        ("Das sagte ein Sprecher. dpa/afp", "dpa"),
        ("Войска ушли. — Интерфакс", "Interfax"),
        ("Reuters reported that troops had left.", ""),
        ("The army has gone, Reuters reported on Monday.", ""),
        ("He told AP on Monday that nobody had left.", ""),
        ("", ""),
    ],
)
def test_a_credit_line_names_the_wire_and_a_quoted_source_does_not(summary: str, wire: str) -> None:
    assert credit(replace(ENTRY, summary=summary)) == wire


@pytest.mark.parametrize(
    ("author", "wire"),
    [
        ("Reuters", "Reuters"),
        ("By Jane Doe, AP", "AP"),
        ("dpa/afp", "dpa"),
        ("Pa Smith", ""),
        ("Aaron Aa", ""),
    ],
)
def test_an_agency_as_author_is_a_credit_and_a_name_like_one_is_not(author: str, wire: str) -> None:
    assert credit(replace(ENTRY, author=author)) == wire


def test_the_same_text_under_another_headline_is_a_copy() -> None:
    edited = TEXT.replace("Monday morning", "Monday")
    one, other = replace(ENTRY, summary=TEXT), replace(ENTRY, title="Army on the move", summary=edited)
    assert is_copy(one, other)


def test_two_desks_with_the_same_headline_are_two_voices() -> None:
    own = "Residents counted forty vehicles on the ring road before dawn; the ministry has not answered our questions"
    assert not is_copy(replace(ENTRY, summary=TEXT), replace(ENTRY, summary=own))
    assert not is_copy(ENTRY, ENTRY)
