"""The conflict pack on wars it was not written from, on the founding article, and on a month as it was published.

``unseen_wars.tsv`` and the *kept* half of ``labels_of_shared.tsv`` were written before the pack and are only counted.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from html import unescape

import pytest

from benchmarks.rules_accuracy import OWN, Tally, by_rules, case, measure, rows, shared_cases
from bot.config.languages import load_languages
from bot.config.load import load_desk, rulebook_of
from bot.core.cleaning import article_lines
from bot.core.matching import RuleBook, headline
from bot.core.model import Entry, Level, Stance
from bot.core.rules import Rule, TermSpec
from tests.shared import ROOT, shared_data

DAYS_OF_THE_REPLAY = 33


@lru_cache(maxsize=1)
def the_rules() -> RuleBook:
    return rulebook_of(load_desk(ROOT / "rules"))


def f_measure(tally: Tally) -> float:
    return 2 * tally.tp / (2 * tally.tp + tally.fp + tally.fn)


def test_wars_nobody_looked_at_while_the_rules_were_written() -> None:
    any_alert, loud, _ = measure([case(row) for row in rows(OWN / "unseen_wars.tsv")], by_rules(the_rules()))
    assert f_measure(any_alert) >= 0.82, any_alert
    assert f_measure(loud) >= 0.85, loud


@pytest.mark.parametrize("half", ["tune", "kept"])
def test_real_headlines_of_other_years(half: str) -> None:
    data = shared_data("traces").parent
    any_alert, loud, _ = measure(
        shared_cases(OWN / "labels_of_shared.tsv", data, half), by_rules(the_rules())
    )
    assert f_measure(any_alert) >= 0.75, any_alert
    assert f_measure(loud) >= 0.70, loud


# ── the founding article ─────────────────────────────────────────────────────────────────────────────
def founding(*, cleaned: bool) -> Entry:
    title, *paragraphs = shared_data("seed", "article.txt").read_text(encoding="utf-8").strip().split("\n")
    lines = article_lines(paragraphs) if cleaned else paragraphs
    return replace(headline(title, "en"), body="\n\n".join(lines))


def test_the_founding_article_is_a_withdrawal_and_hardly_an_invasion() -> None:
    found = {match.rule: match for match in the_rules().match(founding(cleaned=True))}
    withdrawal, invasion = found["troop-withdrawal"], found["invasion"]
    assert withdrawal.level is Level.HIGH
    assert withdrawal.terms[0].words == "returns some troops"
    assert invasion.level <= Level.MEDIUM
    assert invasion.terms[0].stance is Stance.FEARED
    assert withdrawal.score > invasion.score


def test_an_appeal_around_the_article_is_no_news_of_an_election() -> None:
    terms = tuple(TermSpec(word, "keywords") for word in ("election", "Trump", "Harris"))
    book = RuleBook([Rule("election", "Election", terms)], {}, load_languages())
    assert book.sheet(founding(cleaned=False))[0].score > 0
    assert book.sheet(founding(cleaned=True)) == ()


# ── a month as it was published ──────────────────────────────────────────────────────────────────────
def published() -> Iterator[tuple[str, Entry]]:
    """Time and entry, in the order of publication."""
    with shared_data("replay", "2022-02-01_to_03-05.jsonl").open(encoding="utf-8") as file:
        for line in file:
            row = json.loads(line)
            summary = unescape(re.sub("<[^>]+>", " ", row["summary"] or ""))
            yield row["published"], replace(headline(row["title"], row["lang"]), summary=summary)


def test_a_month_of_news_rings_seldom_and_in_time() -> None:
    rung: Counter[str] = Counter()
    first: dict[tuple[str, str], str] = {}
    for time, entry in published():
        for match in the_rules().match(entry):
            if match.level >= Level.MEDIUM:
                rung[match.rule] += 1
                first.setdefault((match.rule, time[:10]), time[11:16])
    assert first["troop-withdrawal", "2022-02-15"] == "11:55"
    assert first["invasion", "2022-02-24"] <= "06:07"
    # entries, not alerts: many tell one story, and a story is told once
    assert rung["invasion"] / DAYS_OF_THE_REPLAY <= 3
    assert rung["troop-withdrawal"] / DAYS_OF_THE_REPLAY <= 0.3
