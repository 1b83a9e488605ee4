"""The message catalogues hold every text the fronts say, in every language, with the same placeholders."""

from __future__ import annotations

import string

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from bot.config.words import FOLDER, LANGUAGES, spoken, words
from tests.catalogue import plurals, texts

TRANSLATED = [language for language in LANGUAGES if language != "en"]


def catalogue(language: str) -> Catalog:
    with (FOLDER / f"{language}.po").open("rb") as file:
        return read_po(file, locale=language)


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_catalogue_holds_exactly_what_is_said(language: str) -> None:
    said = {message.id for message in catalogue(language) if message.id}
    assert said == texts() | plurals()


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_text_is_translated_in_every_form_with_its_placeholders(language: str) -> None:
    book = catalogue(language)
    for message in book:
        if not message.id:
            continue
        one = message.id[0] if isinstance(message.id, tuple) else message.id
        forms = message.string if isinstance(message.string, tuple) else (message.string,)
        assert len(forms) == (book.num_plurals if isinstance(message.id, tuple) else 1), one
        for form in forms:
            assert form, one
            expected = placeholders(str(message.id[1] if isinstance(message.id, tuple) else one))
            assert placeholders(str(form)) in (expected, expected - {"count"}), form
        assert not message.fuzzy, one


@pytest.mark.parametrize("language", LANGUAGES)
def test_our_own_texts_hold_nothing_that_telegram_would_read_as_markup(language: str) -> None:
    say = words(language)
    assert not [text for text in texts() if set("<>&") & set(say(text))]


@pytest.mark.parametrize(
    ("language", "count", "said"),
    [
        ("en", 1, "every hour"),
        ("en", 5, "every 5 hours"),
        ("ru", 1, "каждый 1 час"),
        ("ru", 3, "каждые 3 часа"),
        ("ru", 5, "каждые 5 часов"),
        ("uk", 2, "кожні 2 години"),
        ("uk", 11, "кожні 11 годин"),
        ("de", 1, "jede Stunde"),
        ("de", 2, "alle 2 Stunden"),
    ],
)
def test_numbers_take_their_form(language: str, count: int, said: str) -> None:
    assert words(language).many("every hour", "every {count} hours", count) == said


@pytest.mark.parametrize(
    ("client", "spoken_to"),
    [
        ("ru", "ru"),
        ("de-AT", "de"),
        ("uk_UA", "uk"),
        ("EN-us", "en"),
        ("pt-br", "en"),
        ("", "en"),
        ("../x", "en"),
    ],
)
def test_people_are_spoken_to_in_their_clients_language_or_in_english(client: str, spoken_to: str) -> None:
    assert spoken(client) == spoken_to
    assert words(client).language == spoken_to


def test_a_text_without_translation_is_said_in_english() -> None:
    assert words("de")("nobody translated {this}", this="that") == "nobody translated that"
