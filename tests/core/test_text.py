"""Publishers write one thing in many ways; the engine reads it as one, and can still point at the original."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.text import Joints, Passage, fold, parts, raw_words, stems, words


@pytest.mark.parametrize(
    ("written", "lang", "read"),
    [
        ("Russia’s troops’ “exit”", "en", ["russia", "troops", "exit"]),
        ("cease\u00adfire\u00a0holds", "en", ["ceasefire", "holds"]),
        ("de-escalation and Re-election", "en", ["deescalation", "and", "reelection"]),
        ("UN-backed pull-out", "en", ["un", "backed", "pull", "out"]),
        ("U.S. sends 1,500 men, 6.4 tonnes", "en", ["us", "sends", "1,500", "men", "6.4", "tonnes"]),
        ("don’t", "en", ["don't"]),
        ("перемир’я", "uk", ["перемир'я"]),
        ("пoчaтoк вiдвeдeння", "uk", ["початок", "відведення"]),  # Latin o, a, i, e inside
        ("Кoвeл", "uk", ["ковел"]),
        ("Всё ещё", "ru", ["все", "еще"]),
        ("l’invasion d’Irak", "fr", ["invasion", "irak"]),
        ("撤军了", "zh", ["撤", "军", "了"]),
        ("ﬁne ½", "en", ["fine", "1", "2"]),
        ("cafe\u0301", "fr", ["café"]),
    ],
)
def test_one_word_however_it_is_written(written: str, lang: str, read: list[str]) -> None:
    assert words(written, lang) == read


def test_deescalation_is_never_escalation() -> None:
    assert "escal" not in stems("De-escalation on the border", "en")
    assert stems("de-escalation", "en") == stems("deescalation", "en")


def test_a_compound_is_its_parts_and_the_whole() -> None:
    assert parts("cease-fire", "en")[0].joined == "ceasefire"


def test_words_point_at_the_original() -> None:
    text = "ﬁghting – Russia’s “cease\u00adfire” e\u0301té ё"
    passage = Passage(text, "en")
    assert [passage.surface(at, at) for at in range(len(passage))] == [
        "ﬁghting", "Russia’s", "cease\u00adfire", "e\u0301té", "ё",
    ]  # fmt: skip
    assert passage.possessive[1]


JOINTS = Joints(frozenset({"the", "of", "from"}), frozenset({"as", "but"}), frozenset({("as", "many")}))


@pytest.mark.parametrize(
    ("text", "clauses"),
    [
        ("Label: troops leave", [0, 1, 1]),
        ("Troops leave. Tanks stay", [0, 0, 1, 1]),
        ("Mr. Smith leaves", [0, 0, 0]),
        ("troops leave, tanks stay", [0, 0, 0, 0]),
        ("troops leave but tanks stay", [0, 0, 1, 1, 1]),
        ("as many as nine", [0, 0, 1, 1]),
        ("10–20 tanks – and men", [0, 0, 0, 1, 1]),
    ],
)
def test_clauses_end_where_a_reader_pauses(text: str, clauses: list[int]) -> None:
    passage = Passage(text, "en", JOINTS)
    assert [each - passage.clauses[0] for each in passage.clauses] == clauses


def test_distance_counts_content_words_only() -> None:
    assert Passage("troops from the edge of town", "en", JOINTS).gap(0, 5) == 1


@given(st.text(max_size=80))
def test_every_text_can_be_read_and_its_words_are_inside_it(text: str) -> None:
    passage = Passage(text, "en")
    assert passage.words == words(text, "en")
    for start, end in zip(passage.starts, passage.ends, strict=True):
        assert 0 <= start < end <= len(text)


@given(st.text(max_size=80))
def test_blanks_cut_a_text_where_its_words_end(text: str) -> None:
    """The index looks chunks between blanks up; that must find the very words the passage has."""
    assert sorted(raw_words(text)) == sorted(raw for chunk in text.split() for raw in raw_words(chunk))


@given(st.text(max_size=60))
def test_folding_twice_is_folding_once(text: str) -> None:
    assert words(fold(text)) == words(text)
