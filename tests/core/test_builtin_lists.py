"""The lists every editor has: who, where, when and how many, in four languages."""

from __future__ import annotations

import pytest

from bot.config.languages import load_languages
from bot.core.matching import RuleBook, headline
from bot.core.rules import Rule, TermSpec

LANGUAGES = ("en", "de", "ru", "uk")
NAMES = (
    "country",
    "armed",
    "militia",
    "leader",
    "territory",
    "place",
    "month",
    "number",
    "europe",
    "africa",
    "middle_east",
)


def occurs(term: str, text: str, lang: str) -> bool:
    book = RuleBook([Rule("r", "R", (TermSpec(term, "keywords"),))], {}, load_languages())
    return bool(book.sheet(headline(text, lang)))


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("name", NAMES)
def test_every_language_has_every_list(lang: str, name: str) -> None:
    assert load_languages().lists[lang][name]


@pytest.mark.parametrize(
    ("term", "lang", "text", "found"),
    [
        ("$country + truce", "en", "Chad agrees to truce", True),
        ("$country + truce", "en", "Nigerien generals accept truce", True),
        ("$country + truce", "en", "Truce signed in Khartoum", True),
        ("$country + truce", "en", "We can turkey-shoot after the truce", False),
        ("$country + Waffenruhe", "de", "Waffenruhe in der Türkei", True),
        ("$country + Waffenruhe", "de", "Äthiopische Rebellen bieten Waffenruhe an", True),
        ("$country + перемирие", "ru", "Перемирие в Судане", True),
        ("$country + перемирие", "ru", "Суданская армия объявила перемирие", True),
        ("$country + перемир'я", "uk", "Перемир'я в Сирії", True),
        ("$armed + leave", "en", "Last legionnaires leave", True),
        ("$armed + leave", "en", "Malian forces leave", True),
        ("$armed + leave", "en", "Haftar's forces leave", True),
        ("$leader + order", "en", "Putin orders forces in", True),
        ("$militia + seize", "en", "M23 seizes mine", True),
        ("$country + truce", "en", "Truce signed in Bangui", True),
        ("$territory + shell", "en", "Guns shell Kupiansk", True),
        ("$leader + приказать", "ru", "Путин приказал отступить", True),
        ("$territory + залишити", "uk", "Військо залишило Ізюм", True),
        ("$armed + leave", "en", "Storm forces families to leave", False),
        ("$armed + abziehen", "de", "Blauhelme ziehen ab", True),
        ("$armed + уйти", "ru", "Миротворцы ушли", True),
        ("$armed + піти", "uk", "Найманці пішли", True),
        ("$month + offensive", "en", "An offensive planned for March", True),
        ("$number + dead", "en", "At least 1,200 dead", True),
        ("$number + dead", "en", "Dozens dead", True),
        ("$number + dead", "en", "Presumed dead", False),
        ("$number + Tote", "de", "Mehr als 40 Tote", True),
        ("$country - $europe + truce", "en", "French truce", False),
        ("$country - $europe + truce", "en", "Russians accept truce", False),
        ("$country - $europe + truce", "en", "Israelis accept truce", True),
        ("$africa + перемирие", "ru", "Перемирие в Мали", True),
        ("$balkans + truce", "en", "Truce in Bosnia", True),
        ("$middle_east + truce", "en", "Truce in Norway", False),
    ],
)
def test_a_list_is_meant_in_the_texts_own_language(term: str, lang: str, text: str, found: bool) -> None:
    assert occurs(term, text, lang) is found


def test_an_editors_list_of_the_same_name_goes_first() -> None:
    book = RuleBook(
        [Rule("r", "R", (TermSpec("$armed + leave", "keywords"),))], {"armed": ["knights"]}, load_languages()
    )
    assert book.sheet(headline("Knights leave", "en"))
    assert not book.sheet(headline("Soldiers leave", "en"))
