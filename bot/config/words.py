"""The languages people are spoken to: message catalogues in ``bot/locale``, one a language, read once.

Texts in the code are English and are their own keys; a catalogue (``ru.po``) gives them in another language. Babel
reads the catalogues as they lie in the repository, so there is no build step to forget; what a catalogue lacks is said
in English. Placeholders are filled after translation, by name, so a language may order them as it likes.
"""

from __future__ import annotations

import gettext
from functools import lru_cache
from io import BytesIO
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

FOLDER = Path(__file__).resolve().parent.parent / "locale"
LANGUAGES = {"en": "English", "ru": "Русский", "uk": "Українська", "de": "Deutsch"}
"""Code → the language's own name, in the order people choose from."""


class Words:
    """One language's words. ``words("{n} stories", n=3)`` translates, then fills; :meth:`many` minds the number."""

    def __init__(self, language: str, catalogue: gettext.NullTranslations) -> None:
        self.language = language
        self._catalogue = catalogue

    def __call__(self, text: str, **values: object) -> str:
        """The text in this language, its placeholders filled."""
        said = self._catalogue.gettext(text)
        return said.format(**values) if values else said

    def many(self, one: str, more: str, count: int, **values: object) -> str:
        """The form that fits ``count``, which is also the placeholder ``{count}``."""
        return self._catalogue.ngettext(one, more, count).format(count=count, **values)


@lru_cache
def words(language: str) -> Words:
    """The words of a language code such as ``ru`` or ``de-AT``; English for one we do not speak."""
    code = spoken(language)
    file = FOLDER / f"{code}.po"
    if not file.is_file():
        return Words("en", gettext.NullTranslations())
    compiled = BytesIO()
    with file.open("rb") as text:
        write_mo(compiled, read_po(text, locale=code))
    compiled.seek(0)
    return Words(code, gettext.GNUTranslations(compiled))


def spoken(language: str) -> str:
    """The code of the language we would speak to someone whose client says this."""
    code = language.lower().partition("-")[0].partition("_")[0]
    return code if code in LANGUAGES else "en"
