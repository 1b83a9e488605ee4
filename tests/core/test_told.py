"""What the story index keeps of an entry survives as bytes, and no other bytes are taken for it."""

from __future__ import annotations

import json
import random
from array import array
from dataclasses import replace
from zlib import crc32

import pytest

from bot.core.model import Direction, Stance
from bot.core.polarity import Signs
from bot.core.told import STAMP, Told, packed, unpacked

OURS, THEIRS = b"our code", b"old code"


def told(**changes: object) -> Told:
    signs = Signs(
        frozenset({("withdrawal", Stance.ASSERTED), ("threat", Stance.DENIED)}),
        frozenset({Direction.ESCALATION}),
    )
    plain = Told(
        1_700_000_000.25, "st-1", "Верфь \ud83d «тиха»\x00", "ru", "Herald", brief=True, series=False,
        terms=array("I", [7, 2**32 - 1, 9]), weights=array("f", [0.5, 0.25, 0.125]), words=2,
        title_terms=array("I", [7]), title_weights=array("f", [1.0]), signs=signs,
        identities=array("Q", [2**64 - 1, 1]), sketch=array("I", [3, 4, 5]), places=frozenset({"@UA", "@US/TX"}),
    )  # fmt: skip
    return replace(plain, **changes)  # type: ignore[arg-type]


def bare() -> Told:
    nothing = {"terms": array("I"), "weights": array("f"), "words": 0}
    title = {"title_terms": array("I"), "title_weights": array("f"), "sketch": array("I")}
    return told(
        **nothing, **title, signs=Signs(), places=frozenset(), title="", identities=array("Q"), brief=False
    )


@pytest.mark.parametrize("kept", [told(), bare(), told(series=True)], ids=["full", "bare", "series"])
def test_what_is_kept_comes_back_as_it_was(kept: Told) -> None:
    assert unpacked(packed(kept, OURS), "st-1", OURS) == kept


def test_it_comes_back_under_the_story_it_is_filed_under() -> None:
    assert unpacked(packed(told(), OURS), "st-2", OURS) == told(story="st-2")


def test_what_other_code_or_other_tables_read_is_no_reading() -> None:
    assert unpacked(packed(told(), THEIRS), "st-1", OURS) is None


def test_damaged_bytes_are_no_reading() -> None:
    whole = packed(told(), OURS)
    for at in range(len(whole)):
        damaged = bytearray(whole)
        damaged[at] ^= 0x10
        assert unpacked(bytes(damaged), "st-1", OURS) is None
        assert unpacked(whole[:at], "st-1", OURS) is None
    assert unpacked(whole + b"]", "st-1", OURS) is None
    assert unpacked(b"", "st-1", OURS) is None


def _sealed(body: bytes) -> bytes:
    return OURS + crc32(body).to_bytes(4, "little") + body


def test_bytes_that_carry_a_true_checksum_are_looked_at_all_the_same() -> None:
    whole = packed(told(), OURS)[STAMP + 4 :]
    draw = random.Random(4)
    for _ in range(3_000):
        damaged = bytearray(whole)
        for _ in range(draw.randint(1, 4)):
            damaged[draw.randrange(len(damaged))] = draw.randrange(256)
        found = unpacked(_sealed(bytes(damaged)), "st-1", OURS)
        assert found is None or isinstance(found.title, str)
    assert unpacked(_sealed(whole), "st-1", OURS) == told()


@pytest.mark.parametrize(
    "words",
    [
        7, [], ["t"], [1, "en", "Herald", [], [], []], ["t", ["en"], "Herald", [], [], []],
        ["t", "en", {}, [], [], []], ["t", "en", "Herald", [["rule", "no stance"]], [], []],
        ["t", "en", "Herald", [[[], "asserted"]], [], []], ["t", "en", "Herald", 5, [], []],
        ["t", "en", "Herald", [], ["sideways"], []], ["t", "en", "Herald", [], [], [7]],
    ],
)  # fmt: skip
def test_words_of_another_shape_are_no_reading(words: object) -> None:
    whole = packed(bare(), OURS)
    end = whole.rindex(b'["')
    assert unpacked(_sealed(whole[STAMP + 4 : end] + json.dumps(words).encode()), "st-1", OURS) is None


def test_no_time_is_so_late_that_nothing_is_ever_forgotten() -> None:
    for time in (float("inf"), float("nan"), 1e18, -1.0):
        assert unpacked(packed(told(time=time), OURS), "st-1", OURS) is None
