"""What one headline says against another: sides, denials, swapped words, good and bad news; and endless series."""

from __future__ import annotations

import pytest

from bot.config.storydata import load_story_data
from bot.core.particulars import Told, apart, told_in
from bot.core.polarity import Contrast, mood_turned, opposed, swapped
from bot.core.reading import Headline, read_headline
from bot.core.series import is_series
from bot.core.vectors import checksum

DATA = load_story_data()


def read(title: str, lang: str) -> Headline:
    """A headline as the story index reads it."""
    return read_headline(title, lang, DATA.of(lang))


def contrast(new: str, old: str, lang: str) -> Contrast:
    """What the table of opposites says."""
    return opposed(read(new, lang), read(old, lang))


@pytest.mark.parametrize(
    ("lang", "old", "new", "how"),
    [
        ("en", "Miners at Ostrava begin strike", "Miners at Ostrava end strike", "reverses"),
        ("en", "Border at Narva reopens", "Border at Narva closes", "reverses"),
        (
            "en",
            "Mayor of Genoa resigns over bridge",
            "Mayor of Genoa denies he resigns over bridge",
            "denies",
        ),
        ("de", "Werk in Bremen stellt 300 Leute ein", "Werk in Bremen streicht 300 Stellen", "reverses"),
        ("ru", "Банк Норвегии повысил ставку", "Банк Норвегии снизил ставку", "reverses"),
        ("uk", "Рада ухвалила закон про землю", "Рада не ухвалила закон про землю", "reverses"),
    ],
)
def test_opposite_sides_of_one_thing_are_a_contradiction(lang: str, old: str, new: str, how: str) -> None:
    found = contrast(new, old, lang)
    assert (bool(found.why), found.how) == (True, how)


@pytest.mark.parametrize(
    ("lang", "old", "new"),
    [
        ("en", "Ferry sinks off Split", "Ferry that sank off Split is found"),
        ("en", "Storm nears Haiti", "Storm nears Haiti, schools prepare"),
        ("de", "Feuer in Hafen von Kiel", "Nach Feuer in Hafen von Kiel: Ursache gesucht"),
    ],
)
def test_a_report_that_goes_on_is_none(lang: str, old: str, new: str) -> None:
    assert contrast(new, old, lang) == Contrast("")
    assert mood_turned(read(new, lang), read(old, lang)) == Contrast("")


def test_good_news_and_bad_need_no_list_that_pairs_them() -> None:
    freed, killed = (
        read("Aid workers held in Mali walk free", "en"),
        read("Aid workers held in Mali killed", "en"),
    )
    assert mood_turned(killed, freed) == Contrast("bad news against good", "reverses")
    assert mood_turned(freed, killed) == Contrast("good news against bad", "reverses")


def test_what_both_tell_is_no_mood() -> None:
    """The rescue is news of the deaths that both tell, not news against them."""
    assert mood_turned(
        read("Two dead in Alps, three rescued", "en"), read("Two dead in Alps", "en")
    ) == Contrast("")


@pytest.mark.parametrize(
    ("lang", "one", "other"),
    [
        (
            "en",
            "Oil firm Petrolux buys refinery near Gdansk",
            "Oil firm Petrolux inspects refinery near Gdansk",
        ),
        ("de", "Reederei Nordlicht baut Flotte auf", "Reederei Nordlicht baut Flotte ab"),
    ],
)
def test_one_word_swapped_in_the_same_template_tells_two_apart(lang: str, one: str, other: str) -> None:
    assert swapped(read(one, lang), read(other, lang), brief=True) or contrast(one, other, lang).why


def test_a_grown_count_is_not_a_swapped_word() -> None:
    assert not swapped(
        read("Quake near Izmir kills 12 people", "en"),
        read("Quake near Izmir kills 31 people", "en"),
        brief=True,
    )


@pytest.mark.parametrize(
    ("title", "series"),
    [
        ("Wordle today: the answer for 4 May", True),
        ("Ukraine war live: shelling near Kharkiv", True),
        ("Gold prices today in your city", True),
        ("Тайный гороскоп на пятницу", True),
        ("День 484: что известно", True),
        ("War enters its second year", False),
        ("Three killed as bridge falls in Lima", False),
        ("Live ammunition found in school", False),
    ],
)
def test_endless_series_are_known_by_their_headline(title: str, series: bool) -> None:
    assert is_series(title) is series


@pytest.mark.parametrize(
    ("lang", "old", "new"),
    [
        ("en", "Orvalla harbour reopens after closure", "Orvalla harbour stays shut"),
        ("en", "Tram drivers in Orvalla call off walkout", "Tram drivers in Orvalla go ahead with walkout"),
        ("en", "Council cancels closure of Orvalla bridge", "Orvalla bridge closed to traffic"),
        ("de", "Stadt bläst Sperrung der Orvallabrücke ab", "Orvallabrücke gesperrt"),
        ("de", "Rücktritt der Ministerin Halvorn kommt nicht infrage", "Ministerin Halvorn tritt zurück"),
    ],
)
def test_the_news_is_what_the_verb_says_not_what_was_before_or_is_undone(
    lang: str, old: str, new: str
) -> None:
    assert contrast(new, old, lang).why
    assert contrast(old, new, lang).why


def test_what_was_before_counts_where_the_news_says_nothing_of_it() -> None:
    assert contrast("Mayor speaks after Orvalla bridge reopens", "Orvalla bridge closes", "en").why


def test_an_undoing_is_no_denial() -> None:
    headline = read("Council cancels closure of Orvalla bridge", "en")
    assert not headline.negated
    assert not headline.denied


@pytest.mark.parametrize(
    ("lang", "one", "other"),
    [
        (
            "en",
            "Landslide kills seven in Peru's Arequipa region",
            "Landslide kills seven in Peru's Ayacucho region",
        ),
        ("en", "Orbital lofts Corvid group 11-4", "Orbital lofts Corvid group 11-7"),
        ("de", "Stau auf der A7 nach Unfall", "Stau auf der A9 nach Unfall"),
        ("en", "Halvorn out of cup in third round", "Halvorn out of cup in fourth round"),
    ],
)
def test_places_codes_and_ordinals_name_the_event(lang: str, one: str, other: str) -> None:
    assert not_the_same(one, other, lang)


def test_a_score_is_no_code() -> None:
    assert not not_the_same("Halvorn lead Orvalla 2-0", "Halvorn beat Orvalla 3-1", "en")


def not_the_same(one: str, other: str, lang: str) -> str:
    ours, theirs = read(one, lang), read(other, lang)
    return apart(ours, says(ours), theirs, says(theirs), brief=True)


def says(headline: Headline) -> Told:
    return told_in({checksum(word.stem) for word in headline.words})
