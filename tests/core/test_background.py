"""How common words are: what an archive says, mixed with what is shipped."""

from __future__ import annotations

from collections import Counter

import pytest

from bot.core.background import LEAST_SHARE, SHIPPED_WORDS, ArchiveWords, learned
from bot.core.matching import headline

SHIPPED = {"the": 0.05, "truce": 1e-5, "glazier": 1e-6}


@pytest.mark.parametrize(
    ("counts", "stem", "share"),
    [
        ({}, "truce", 1e-5),  # nothing read: as shipped
        (
            {"truce": SHIPPED_WORDS},
            "truce",
            (1 + 1e-5) / 2,
        ),  # an archive as large as what is shipped: half of each
        ({"the": 3 * SHIPPED_WORDS}, "truce", 1e-5 / 4),  # never met: rarer, but not unheard of
        (
            {"wafer": 20, "the": SHIPPED_WORDS - 20},
            "wafer",
            10 / SHIPPED_WORDS,
        ),  # nobody had it: from the archive
    ],
)
def test_what_is_read_is_mixed_with_what_is_shipped(counts: dict[str, int], stem: str, share: float) -> None:
    assert learned(Counter(counts), SHIPPED)[stem] == pytest.approx(share)


def test_the_most_common_come_first_and_the_rarest_are_left_out() -> None:
    shares = learned(Counter({"the": 30 * SHIPPED_WORDS, "once": 1}), SHIPPED)
    assert list(shares) == ["the", "truce"]
    assert min(shares.values()) >= LEAST_SHARE


def test_words_are_counted_by_language_in_headline_and_summary() -> None:
    read = ArchiveWords()
    for title, lang in [("Truce holds", "en"), ("Truces hold", "en"), ("Waffenruhe hält", "de")]:
        read.add(headline(title, lang))
    assert read.languages == ["en", "de"]
    assert read.counts["en"]["truce"] == 2
    assert (read.words("en"), read.words("de"), read.articles["en"]) == (4, 2, 2)
