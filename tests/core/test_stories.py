"""Same news or not: identity, similarity, vetoes, what the rules know, links, and the window."""

from __future__ import annotations

import csv
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest

from bot.config.storydata import load_story_data
from bot.core.matching import headline
from bot.core.model import Direction, Entry, Evidence, Level, Match, Stance
from bot.core.stories import Placement, StoryIndex
from bot.core.storydata import StoryData
from bot.core.words import Place

NOW = datetime(2024, 5, 6, 12, 0, tzinfo=UTC)
PAIRS = Path(__file__).resolve().parent.parent / "data" / "stories" / "pairs.tsv"


@cache
def data() -> StoryData:
    return load_story_data()


def entry(
    title: str,
    *,
    lang: str = "en",
    key: str = "",
    at: datetime = NOW,
    owner: str = "Herald",
    summary: str = "",
) -> Entry:
    key = key or f"{owner} {title}"
    return replace(
        headline(title, lang), key=key, aliases=(key,), link="", owner=owner, first_seen=at, published=at,
        summary=summary,
    )  # fmt: skip


def told(index: StoryIndex, item: Entry, matches: tuple[Match, ...] = ()) -> Placement:
    placement = index.place(item, matches, item.first_seen)
    index.absorb(item, matches, placement)
    return placement


def fired(
    rule: str, direction: Direction = Direction.NONE, stance: Stance = Stance.ASSERTED
) -> tuple[Match, ...]:
    line = Evidence("troops + leave", "strong", Place.TITLE, 0, stance, 60, "troops leave", (0, 12))
    return (Match(rule, 60, Level.MEDIUM, direction, (line,)),)


OUT, IN = Direction.DEESCALATION, Direction.ESCALATION


# ── identity ─────────────────────────────────────────────────────────────────────────────────────────
def test_the_same_item_under_another_headline_is_the_same_story() -> None:
    index = StoryIndex(data())
    first = told(index, entry("Dam bursts above Orvalla", key="item 7"))
    again = index.place(entry("Mudslide: what we know so far about the tragedy", key="item 7"), (), NOW)
    assert (again.story, again.how) == (first.story, "identity")


def test_the_same_headline_in_two_outlets_is_one_story_within_the_window_only() -> None:
    index = StoryIndex(data())
    first = told(index, entry("Dam bursts above Orvalla after storm"))
    copy = entry("DAM BURSTS ABOVE ORVALLA AFTER STORM", owner="Gazette", at=NOW + timedelta(hours=5))
    assert index.place(copy, (), copy.first_seen).story == first.story
    late = replace(copy, first_seen=NOW + timedelta(hours=73))
    assert index.place(late, (), late.first_seen).is_new


def test_short_headlines_that_merely_repeat_identify_nothing() -> None:
    index = StoryIndex(data())
    told(index, entry("Election results"))
    assert index.place(entry("Election results", owner="Gazette"), (), NOW).how != "same title"


# ── similarity ───────────────────────────────────────────────────────────────────────────────────────
def test_a_report_says_which_story_it_joined_how_near_it_is_and_by_what_words() -> None:
    index = StoryIndex(data())
    first = told(index, entry("Ferry with 200 aboard sinks off Cebu"))
    joined = index.place(entry("Dozens missing after ferry sinks off Cebu", owner="Gazette"), (), NOW)
    assert joined.story == first.story
    assert joined.similarity > 0.4
    assert {"cebu", "ferri"} <= set(joined.shared)


def test_reports_in_two_languages_never_meet_by_their_words() -> None:
    index = StoryIndex(data())
    told(index, entry("NATO: Leopard 2 in Bakhmut"))
    assert index.place(entry("NATO: Leopard 2 in Bakhmut", lang="de", owner="Blatt"), (), NOW).is_new


def test_the_place_of_an_entry_does_not_depend_on_being_asked_twice() -> None:
    index = StoryIndex(data())
    told(index, entry("Ferry with 200 aboard sinks off Cebu"))
    item = entry("Dozens missing after ferry sinks off Cebu", owner="Gazette")
    assert index.place(item, (), NOW) == index.place(item, (), NOW)
    assert len(index) == 1


def test_an_endless_series_is_joined_by_nothing() -> None:
    index = StoryIndex(data())
    told(index, entry("Orvalla siege: day 41"))
    next_day = told(index, entry("Orvalla siege: day 42"))
    assert (next_day.is_new, next_day.how) == (True, "series")
    assert index.place(entry("Siege of Orvalla", owner="Gazette"), (), NOW).is_new


# ── vetoes ───────────────────────────────────────────────────────────────────────────────────────────
def test_the_opposite_is_another_story_and_names_the_one_it_reverses() -> None:
    index = StoryIndex(data())
    first = told(index, entry("Airline resumes flights to Beirut"))
    other = index.place(entry("Airline suspends flights to Beirut", owner="Gazette"), (), NOW)
    assert (other.is_new, other.how) == (True, "vetoed")
    assert (other.contradicts, other.speaks_against) == (first.story, "reverses")
    assert other.differs_from == "Airline resumes flights to Beirut"
    assert "access" in other.veto


def test_a_denial_is_another_story_and_names_the_one_it_denies() -> None:
    index = StoryIndex(data())
    first = told(index, entry("Drone shot down a helicopter near Orvalla"))
    other = index.place(entry("General denies drone shot down helicopter near Orvalla", owner="B"), (), NOW)
    assert (other.contradicts, other.speaks_against) == (first.story, "denies")


def test_a_look_alike_differs_but_contradicts_nothing() -> None:
    index = StoryIndex(data())
    told(index, entry("Gunman opens fire at Oslo nightclub"))
    other = index.place(entry("Gunman opens fire at Prague nightclub", owner="Gazette"), (), NOW)
    assert other.is_new
    assert other.veto
    assert other.contradicts == ""


def test_once_both_sides_are_told_each_report_finds_its_own() -> None:
    index = StoryIndex(data())
    opened = told(index, entry("Airline resumes flights to Beirut"))
    shut = told(index, entry("Airline suspends flights to Beirut", owner="Gazette"))
    third = index.place(entry("Airline suspends all its flights to Beirut", owner="Courier"), (), NOW)
    assert opened.story != shut.story == third.story


# ── what the rules know ──────────────────────────────────────────────────────────────────────────────
def test_rules_of_opposite_directions_keep_apart_what_words_confuse() -> None:
    index = StoryIndex(data())
    first = told(index, entry("Convoys on the move near Orvalla again"), fired("withdrawal", OUT))
    other = index.place(
        entry("Convoys on the move near Orvalla again", owner="Gazette"), fired("invasion", IN), NOW
    )
    assert (other.is_new, other.contradicts, other.speaks_against) == (True, first.story, "reverses")


def test_one_rule_asserted_and_denied_is_a_denial_whatever_the_words() -> None:
    index = StoryIndex(data())
    first = told(index, entry("Troops leave Kharkiv, mayor tells reporters"), fired("withdrawal", OUT))
    denied = index.place(
        entry("Troops leave Kharkiv? Mayor's words a misunderstanding", owner="Gazette"),
        fired("withdrawal", OUT, Stance.DENIED),
        NOW,
    )
    assert (denied.contradicts, denied.speaks_against) == (first.story, "denies")


def test_one_rule_at_one_place_within_hours_brings_together_what_words_miss() -> None:
    first = entry("Soldiers abandon positions around Kharkiv overnight")
    other = entry("Kharkiv: tanks and guns gone, villagers say", owner="Gazette", at=NOW + timedelta(hours=2))
    late = replace(other, first_seen=NOW + timedelta(hours=30))
    index = StoryIndex(data())
    told(index, first, fired("withdrawal", OUT))
    assert index.place(other, (), other.first_seen).is_new
    assert not index.place(replace(other), fired("withdrawal", OUT), other.first_seen).is_new
    assert index.place(late, fired("withdrawal", OUT), late.first_seen).is_new


def test_one_rule_at_one_place_in_two_languages_is_a_link_and_no_merge() -> None:
    index = StoryIndex(data())
    russian = told(
        index, entry("Войска покидают Харьков", lang="ru", owner="Вестник"), fired("withdrawal", OUT)
    )
    english = index.place(entry("Troops are leaving Kharkiv"), fired("withdrawal", OUT), NOW)
    assert english.is_new
    assert [(link.story, link.lang, link.owner) for link in english.linked] == [
        (russian.story, "ru", "Вестник")
    ]
    elsewhere = index.place(entry("Troops are leaving Lviv"), fired("withdrawal", OUT), NOW)
    assert elsewhere.linked == ()
    reversed_ = index.place(entry("Troops are entering Kharkiv"), fired("invasion", IN), NOW)
    assert reversed_.linked == ()


# ── whose word ───────────────────────────────────────────────────────────────────────────────────────
WIRE = (
    "Columns of lorries left the training ground near the town on Monday morning and drove east along the ring "
    "road, villagers said, while officers declined to name their destination."
)


def test_a_credited_report_is_the_wires_word() -> None:
    index = StoryIndex(data())
    assert (
        told(index, entry("Lorries leave Orvalla", summary=f"ORVALLA (Reuters) - {WIRE}")).voice == "Reuters"
    )
    assert told(index, entry("Lorries leave Orvalla", owner="Gazette", summary=WIRE)).voice == "Reuters"


def test_an_uncredited_copy_is_the_word_of_who_had_it_first() -> None:
    index = StoryIndex(data())
    assert told(index, entry("Lorries leave Orvalla base", summary=WIRE)).voice == ""
    assert (
        told(index, entry("Army lorries leave Orvalla base", owner="Gazette", summary=WIRE)).voice == "Herald"
    )


# ── the window ───────────────────────────────────────────────────────────────────────────────────────
def test_what_has_left_the_window_is_forgotten_to_the_last_term() -> None:
    index = StoryIndex(data(), window=timedelta(hours=1))
    for minute in range(30):
        item = entry(
            f"Report number {minute} from Kharkiv", at=NOW + timedelta(minutes=minute), key=f"{minute}"
        )
        told(index, item, fired("withdrawal"))
    index.forget_before(NOW + timedelta(hours=2))
    assert len(index) == 0
    assert not index._postings
    assert not index._members
    assert not index._known
    assert not index._by_rule


def test_an_index_rebuilt_from_what_was_filed_decides_the_same() -> None:
    titles = [
        "Ferry sinks off Cebu",
        "Gunman opens fire at Oslo nightclub",
        "Dozens missing after ferry sinks off Cebu",
    ]
    index, rebuilt = StoryIndex(data()), StoryIndex(data())
    for number, title in enumerate(titles):
        item = entry(title, owner=f"outlet {number}", at=NOW + timedelta(minutes=number))
        rebuilt.absorb_filed(item, (), told(index, item).story)
    item = entry("Cebu ferry disaster: captain arrested", owner="Courier", at=NOW + timedelta(hours=1))
    assert index.place(item, (), item.first_seen) == rebuilt.place(item, (), item.first_seen)


# ── pairs in our own words ───────────────────────────────────────────────────────────────────────────
def merged_of(kind: str) -> tuple[int, int, list[str]]:
    """How many pairs of a kind are put into one story, of how many; and which ones."""
    with PAIRS.open(encoding="utf-8", newline="") as file:
        rows = [
            row for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE) if row["kind"] == kind
        ]
    found = []
    for row in rows:
        index = StoryIndex(data())
        told(index, entry(row["a"], lang=row["lang"]))
        if not index.place(entry(row["b"], lang=row["lang"], owner="Gazette"), (), NOW).is_new:
            found.append(f"{row['a']} ‖ {row['b']}")
    return len(found), len(rows), found


@pytest.mark.parametrize(("kind", "share"), [("opposite", 0.1), ("lookalike", 0.1)])
def test_at_most_one_in_ten_of_what_differs_is_merged(kind: str, share: float) -> None:
    merged, of, which = merged_of(kind)
    assert of >= 40
    assert merged <= share * of, which


@pytest.mark.parametrize(("kind", "share"), [("update", 0.9), ("paraphrase", 0.8), ("farphrase", 0.4)])
def test_most_of_what_is_the_same_is_merged(kind: str, share: float) -> None:
    merged, of, which = merged_of(kind)
    assert merged >= share * of, which
