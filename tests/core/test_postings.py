"""Serials come at the end and leave at the front; those that left are never read, and take no more room than
the rest.
"""

from __future__ import annotations

import random

from bot.core.postings import Postings


def test_whoever_left_is_not_read_and_whoever_stays_is() -> None:
    draw = random.Random(7)
    postings, living = Postings[str](), dict[int, list[str]]()
    first = 0
    for serial in range(3_000):
        living[serial] = draw.sample("abcdefgh", draw.randint(0, 4))
        postings.add(serial, living[serial])
        while draw.random() < 0.49 and first < serial:
            postings.drop(first, living.pop(first))
            first += 1
        for key in "abcdefgh":
            has = [each for each, keys in living.items() if key in keys]
            most = draw.choice([0, 1, 5, 10_000])
            assert list(postings.newest(key, most, first)) == (has[-most:] if most else [])


def test_what_left_takes_no_more_room_than_what_stays() -> None:
    postings = Postings[int]()
    for serial in range(10_000):
        postings.add(serial, [1])
        if serial >= 100:
            postings.drop(serial - 100, [1])
        assert len(postings._lists[1]) <= 203


def test_a_key_nobody_has_any_more_is_forgotten() -> None:
    postings = Postings[str]()
    postings.add(1, ["a", "b"])
    postings.add(2, ["a"])
    postings.drop(1, ["a", "b"])
    assert len(postings) == 1
    postings.drop(2, ["a", "never seen"])
    assert len(postings) == 0
    assert list(postings.newest("a", 5, 3)) == []
