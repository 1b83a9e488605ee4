"""Rules against entries: the whole way from an editor's words to the sum."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.config.languages import load_languages
from bot.core.matching import RuleBook, headline
from bot.core.model import Level, Match, Place, Stance
from bot.core.rules import Rule, TermSpec
from bot.core.terms import TermParser, TermProblem
from bot.core.text import Passage
from tests.core.reference import occurs

SEED = "Russia returns some troops from Ukraine border amid invasion fears"


def rule(*keywords: str, **more: object) -> Rule:
    """A rule of keywords, and whatever else a test is about."""
    strengths = ("strong", "weak", "against", "ignore", "never")
    terms = [TermSpec(text, "keywords") for text in keywords]
    for strength in strengths:
        terms += [TermSpec(text, strength) for text in more.pop(strength, ())]  # type: ignore[attr-defined]
    return Rule("r", "R", tuple(terms), **more)  # type: ignore[arg-type]


def book(*rules: Rule, lists: Mapping[str, Sequence[str]] | None = None) -> RuleBook:
    return RuleBook(rules, lists or {}, load_languages())


def sheet(one: Rule, text: str, lang: str = "en", **places: str) -> Match | None:
    """What one rule makes of a headline, with a summary or a body if given."""
    found = book(one).sheet(replace(headline(text, lang), **places))  # type: ignore[arg-type]
    return found[0] if found else None


def score(one: Rule, text: str, lang: str = "en", **places: str) -> int:
    found = sheet(one, text, lang, **places)
    return found.score if found else 0


def test_the_founding_headline_with_the_smallest_rule() -> None:
    [match] = book(rule("troops returning", "invasion")).match(headline(SEED))
    assert (match.score, match.level) == (60, Level.HIGH)
    troops, invasion = match.terms
    assert (troops.points, troops.place, troops.words, troops.stance) == (
        40, Place.TITLE, "returns some troops", Stance.ASSERTED,
    )  # fmt: skip
    assert (invasion.points, invasion.words, invasion.stance, invasion.cue) == (
        20, "invasion fears", Stance.FEARED, "fears",
    )  # fmt: skip
    assert SEED[slice(*troops.span)] == troops.words
    assert SEED[slice(*invasion.span)] == invasion.words


@pytest.mark.parametrize(
    ("term", "text", "found"),
    [
        ("troops returning", "Returned to barracks: the troops", False),  # another clause
        ("troops returning", "The general's troops have quietly returned", True),
        ("troops returning", "Troops one two three four five six seven return", False),
        ("troops +12 return", "Troops one two three four five six seven return", True),
        ("troops ~12 return", "Troops one two three four five six seven return", True),
        ("return ... troops", "Ministry returns troops", True),
        ("return ... troops", "Troops return", False),
        ("ceasefire, truce", "A truce at last", True),
        ("ceasefire, truce + begins, holds", "Truce holds", True),
        ("ceasefire, truce + begins, holds", "Truce wanted", False),
        ("pull back + army", "Army pulls its men back", True),
        ("=US", "US sends ships", True),
        ("=US", "U.S. sends ships", True),
        ("=US", "Join us for the show", False),
        ("=fed", "FED acts", True),
        ("=Fed", "fed up", False),
        ("sanction*", "New sanctions package", True),
        ("sanction*", "Sanctity of life", False),
        ("cyber-attack", "Cyberattack on port", True),
        ("cyberattack", "Cyber-attack on port", True),
        ("cyber-attack", "Attack by a cyber gang", False),
        ("build-up", "Buildup seen", True),
        ("escalation", "De-escalation seen", False),
        ("/M[5-9]\\.\\d/", "M6.4 quake", True),
        ("/M[5-9]\\.\\d/", "M4.9 quake", False),
        ("$country - $mine + wins", "France wins", True),
        ("$country - $mine + wins", "Chad wins", False),
        ("battle for $mine", "Battle for Chad", True),
        ("troop", "Trooper tells all", False),
        ("pull some back + army", "Pull some low some old new red back army", True),  # the second "some"
        ("troops + $mine", "Chad: troops out", True),
        ("troops + $mine", "News from Chad: troops out", False),
        ("troops ...2 leave", "Troops quietly leave", True),
        ("troops ...2 leave", "Troops of the first old army leave", False),
        ("$mine-forces + advance", "Chad forces advance", True),
        ("$mine-forces + advance", "Chad storm forces all to advance", False),
    ],
)
def test_what_a_term_means(term: str, text: str, found: bool) -> None:
    lists = {"country": ["France", "Chad"], "mine": ["Chad"]}
    assert bool(book(rule(term), lists=lists).sheet(headline(text, "en"))) is found


@pytest.mark.parametrize(
    ("lang", "term", "text"),
    [
        ("de", "Truppen + abziehen", "Moskau zieht nach eigenen Angaben Truppen ab"),
        ("de", "Truppen + abziehen", "Truppen werden abgezogen"),
        ("de", "Angriff", "Raketenangriff auf Hafen"),
        ("ru", "вывод войск", "О выводе войск объявлено"),
        ("uk", "відводити + військо", "Сусід відводить війська"),
        ("zh", "撤军", "俄罗斯宣布撤军"),
        ("fr", "invasion", "Crainte d’invasion"),
        ("ar", "انسحاب", "بدأ انسحاب القوات"),
    ],
)
def test_any_form_in_any_language(lang: str, term: str, text: str) -> None:
    assert book(rule(term)).sheet(headline(text, lang))


def test_terms_of_another_language_are_not_tried() -> None:
    one = Rule("r", "R", (TermSpec("gift", "keywords", languages=("de",)),))
    assert book(one).sheet(headline("Gift im Fluss", "de"))
    assert not book(one).sheet(headline("A gift for you", "en"))


def test_a_rule_of_other_languages_stays_out() -> None:
    assert not book(rule("truce", languages=("de",))).sheet(headline("Truce holds", "en"))


def test_a_rule_at_rest_says_nothing() -> None:
    assert not book(rule("truce", enabled=False)).sheet(headline("Truce holds", "en"))


@pytest.mark.parametrize(
    ("places", "points"),
    [
        ({"summary": "The truce holds."}, 24),
        ({"body": "The truce holds."}, 24),  # the first paragraph is the lead where there is no summary
        ({"summary": "Nothing.", "body": "The truce holds."}, 14),
        ({"summary": "Nothing.", "body": "One.\n\nThe truce holds."}, 12),
        ({"summary": "Nothing.", "body": "\n\n".join([*["One."] * 12, "The truce holds."])}, 6),
    ],
)
def test_later_places_count_less(places: dict[str, str], points: int) -> None:
    found = sheet(rule("truce holds"), "Morning briefing", **places)
    assert found is not None
    assert found.terms[0].points == points


def test_a_strong_term_of_few_points_still_rings_in_a_headline() -> None:
    modest = Rule("r", "", (TermSpec("truce", "strong", points=5),))
    assert [match.score for match in book(modest).match(headline("Truce declared", "en"))] == [20]


def test_evidence_stands_in_the_order_of_the_rules_terms() -> None:
    one = rule("truce", against=("cricket", "tennis", "golf"))
    shown = sheet(one, "Truce declared, golf and tennis and cricket go on")
    assert shown is not None
    assert [each.term for each in shown.terms] == ["truce", "cricket", "tennis", "golf"]


def test_only_the_places_asked_for_are_read() -> None:
    assert score(rule("truce", where=(Place.TITLE,)), "Briefing", summary="Truce holds") == 0


def test_weak_words_count_only_beside_others() -> None:
    one = rule("truce", weak=("drills",))
    assert score(one, "Drills over") == 0
    assert score(one, "Truce holds, drills over") == 55
    alone = sheet(one, "Drills over")
    assert alone is not None  # on the sheet, for whoever asks why it was silent
    assert (alone.level, alone.terms[0].points) == (Level.NONE, 0)


def test_against_subtracts_and_ignored_words_do_not_count() -> None:
    one = rule("invasion", against=("stadium",), ignore=("pitch invasion",))
    assert score(one, "Invasion launched") == 40
    assert score(one, "Invasion launched near stadium") == 0
    assert sheet(one, "Pitch invasion at final") is None


def test_never_and_needs_silence_and_say_so() -> None:
    never = sheet(rule("truce", never=("price war",)), "Truce declared in price war")
    assert never is not None
    assert (never.score, never.level, never.vetoed_by) == (0, Level.NONE, "never: price war")
    one = rule("truce", needs=(("Sudan", "Chad"), ("army",)))
    assert score(one, "Truce declared by army in Sudan") == 40
    missing = sheet(one, "Truce declared in Sudan")
    assert missing is not None
    assert missing.vetoed_by == "needs: army"
    assert not book(one).match(headline("Truce declared in Sudan", "en"))


def test_the_loudest_comes_first_and_trust_multiplies() -> None:
    loud, quiet = replace(rule(strong=("truce",)), id="loud"), replace(rule("truce"), id="quiet")
    entry = headline("Truce declared", "en")
    both = book(quiet, loud)
    assert [match.rule for match in both.match(entry)] == ["loud", "quiet"]
    assert [match.score for match in both.match(replace(entry, trust=0.5))] == [30, 20]


def test_a_lists_word_used_by_two_rules_is_one_list() -> None:
    lists = {"military": ["troops", "$navy"], "navy": ["warships"]}
    one, two = replace(rule("$military + leave"), id="a"), replace(rule("$military + arrive"), id="b")
    both = RuleBook([one, two], lists, load_languages())
    assert {match.rule for match in both.match(headline("Warships arrive, troops leave", "en"))} == {"a", "b"}


def test_a_bad_term_is_refused_at_the_door() -> None:
    with pytest.raises(TermProblem):
        book(rule("troops +"))


def test_look_alike_letters_hide_nothing() -> None:
    assert book(rule("відведення військ")).sheet(headline("Пoчaтoк вiдвeдeння вiйськ", "uk"))


def test_fault_094_a_rule_that_matches_everything_leaves_the_others_alone() -> None:
    wide, narrow = (
        replace(rule("er*, tr*"), id="wide"),
        replace(rule("truce"), id="narrow"),
    )
    found = {match.rule for match in book(wide, narrow).match(headline("Truce error", "en"))}
    assert found == {"wide", "narrow"}


# ── the index finds what the slow reading finds ──────────────────────────────────────────────────────
WORDS = (
    "troops",
    "leave",
    "return",
    "army",
    "border",
    "truce",
    "hold",
    "the",
    "of",
    "as",
    "cease-fire",
    "de-mine",
)
LISTS = {"forces": ["troops", "army", "border guards"], "calm": ["truce", "cease-fire"]}
word = st.sampled_from(WORDS)
terms = st.one_of(
    word,
    st.builds("{} {}".format, word, word),
    st.builds("{}, {} + {}".format, word, word, word),
    st.builds("{} {}, {} {} + {}".format, *[word] * 5),
    st.builds("{} {} {} + {}".format, *[word] * 4),
    st.builds("{} ... {} +2 {}".format, word, word, word),
    st.builds("{} ...1 {} ~1 {}".format, word, word, word),
    st.builds("$forces + {}".format, word),
    st.builds("$forces ...2 $calm, {}".format, word),
    st.builds("{} $calm".format, word),
    st.builds("{}*".format, st.sampled_from(("tr", "re", "bord"))),
    st.builds("={}".format, word),
)
texts = st.lists(
    st.sampled_from(
        (
            *WORDS,
            "Troops,",
            "returned.",
            "left;",
            "armies",
            "– but",
            "guards",
            "Ceasefire",
            "quietly",
            "Border:",
        )
    ),
    max_size=14,
).map(" ".join)
RULES, TEXTS = 5, 5  # in each example


@settings(max_examples=400, deadline=None)  # 400 × 5 × 5 = 10,000 pairs of a rule and a text
@given(
    st.lists(terms, min_size=RULES, max_size=RULES, unique=True),
    st.lists(texts, min_size=TEXTS, max_size=TEXTS),
)
def test_the_index_finds_what_the_slow_reading_finds(drawn: list[str], headlines: list[str]) -> None:
    languages = load_languages()
    drawn = [term for term in drawn if _sound(term)]
    rules = [Rule(str(at), "", (TermSpec(term, "keywords"),)) for at, term in enumerate(drawn)]
    fast = RuleBook(rules, LISTS, languages)
    for text in headlines:
        found = {drawn[int(match.rule)] for match in fast.sheet(headline(text, "en"))}
        passage = Passage(text, "en", languages.cues_of("en").joints)
        assert found == {term for term in drawn if occurs(term, passage, LISTS)}, text


def _sound(term: str) -> bool:
    try:
        TermParser(LISTS).parse(term)
    except TermProblem:
        return False
    return True


@settings(max_examples=150, deadline=None)
@given(
    st.lists(terms, min_size=1, max_size=5, unique=True),
    st.lists(texts, min_size=1, max_size=5),
    st.booleans(),
)
def test_what_is_skipped_for_speed_could_not_have_fired(
    drawn: list[str], paragraphs: list[str], split: bool
) -> None:
    """``match`` is ``sheet`` without the rules that stayed silent."""
    specs = [TermSpec(term, "keywords" if at % 2 else "strong") for at, term in enumerate(drawn)]
    rules = (
        [Rule(str(at), "", (spec,)) for at, spec in enumerate(specs)]
        if split
        else [Rule("r", "", tuple(specs))]
    )
    try:
        every = RuleBook(rules, {}, load_languages())
    except TermProblem:
        return
    title, *rest = paragraphs
    entry = replace(headline(title, "en"), summary="".join(rest[:1]), body="\n\n".join(rest[1:]))
    assert every.match(entry) == tuple(match for match in every.sheet(entry) if match.level > Level.NONE)
