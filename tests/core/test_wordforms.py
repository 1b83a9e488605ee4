"""One stem for all forms of a word, and never one for two words."""

from __future__ import annotations

import pytest

from bot.core.wordforms import separable, stem, stems_of


@pytest.mark.parametrize(
    ("lang", "forms"),
    [
        ("en", "withdraw withdraws withdrew withdrawn withdrawing"),
        ("en", "strike strikes struck"),
        ("en", "begin begins began begun"),
        ("de", "abziehen abgezogen abzuziehen"),
        ("de", "ziehen zieht zog zogen gezogen"),
        ("ru", "войска войск войскам войсками"),
        ("ru", "вывести вывели выведет"),
        ("uk", "відводити відводить відводила"),
        ("uk", "військо військ військам"),
        ("fr", "attaque attaques"),
    ],
)
def test_forms_of_a_word_share_a_stem(lang: str, forms: str) -> None:
    assert len({stem(form, lang) for form in forms.split()}) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [("invasion", "invasive"), ("base", "based"), ("force", "forced"), ("attack", "attacker"), ("unit", "united"),
     ("offend", "offensive"), ("increase", "increasingly"), ("police", "policy")],
)  # fmt: skip
def test_words_that_only_look_alike_stay_apart(one: str, other: str) -> None:
    assert stem(one, "en") != stem(other, "en")


def test_protected_words_keep_their_plural() -> None:
    assert stem("attackers", "en") == stem("attacker", "en")


def test_an_ambiguous_form_has_several_stems() -> None:
    assert set(stems_of("полка", "ru")) >= {"полк", "полка"}  # of the regiment; a shelf
    assert "сталь" not in stems_of("стали", "ru")  # far less likely than the verb


@pytest.mark.parametrize(
    ("verb", "halves"),
    [
        ("abziehen", ("ziehen", "ab")),
        ("zurückkehren", ("kehren", "zurück")),
        ("ziehen", None),
        ("abend", None),
    ],
)
def test_german_verbs_come_apart(verb: str, halves: tuple[str, str] | None) -> None:
    assert separable(verb) == halves
