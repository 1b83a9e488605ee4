"""Does the text say that it happens? Each row is a headline, the event's words, and the stance a reader hears."""

from __future__ import annotations

import pytest

from bot.config.languages import load_languages
from bot.core.matching import RuleBook, headline
from bot.core.model import Evidence, Stance
from bot.core.rules import Rule, TermSpec

A, D, F, C, S, B = (
    Stance.ASSERTED, Stance.DENIED, Stance.FEARED, Stance.CALLED_FOR, Stance.SIMULATED, Stance.BACKGROUND,
)  # fmt: skip


def evidence(term: str, text: str, lang: str = "en", summary: str = "") -> Evidence:
    from dataclasses import replace

    book = RuleBook([Rule("r", "R", (TermSpec(term, "strong"),))], {}, load_languages())
    [match] = book.sheet(replace(headline(text, lang), summary=summary))
    return match.terms[0]


@pytest.mark.parametrize(
    ("term", "text", "stance"),
    [
        # asserted
        ("troops + leave", "Troops leave the valley", A),
        ("invade + $country", "Tanks cross as Iraq invades Kuwait", A),
        ("invade + $country", "Oil soars after Iraq invades Kuwait", A),
        ("invasion", "Baghdad launches an invasion", A),
        ("earthquake", "A strong earthquake hits Chile", A),
        ("troops + leave", "Rebels deny talks, but troops leave", A),
        ("troops + leave", "Fears grow as troops leave", A),
        ("ceasefire + hold", "Not only the ceasefire holds", A),
        ("withdraw + troops", "Paris to withdraw troops", A),
        # denied
        ("invade + $country", "Baghdad denies plan to invade Kuwait", D),
        ("troop withdrawal", "Observers see no sign of troop withdrawal", D),
        ("ceasefire", "Ceasefire broken within hours", D),
        ("withdraw + troops", "Ex-president says he would have withdrawn troops sooner", D),
        ("troops + leave", "Troops won't leave, says general", D),
        # simulated
        ("invasion", "Island rehearses invasion with volunteers", S),
        ("invasion", "Fleet takes part in invasion drill", S),
        # feared, planned, possible
        ("invasion", "Invasion feared within weeks", F),
        ("invasion", "Markets fall on invasion fears", F),
        ("invade + $country", "Iraq could invade Kuwait, envoy says", F),
        ("invade + $country", "Will Iraq invade Kuwait?", F),
        ("invasion", "An invasion in spring", F),
        ("withdraw + troops", "President weighs withdrawing troops", F),
        # called for
        ("ceasefire", "Pope calls for ceasefire", C),
        ("withdraw + troops", "Parliament urges king to withdraw troops", C),
        ("ceasefire", "Ceasefire talks resume in Doha", C),
        ("withdraw + from", "UN tells Iraq to withdraw from Kuwait", C),
        ("withdraw + troops", "Lawmakers vote to withdraw troops", C),
        # May is a month
        ("invade + $country", "Iraq invaded Kuwait in May", A),
        ("attack + port", "Attack on port of May 29 widened", A),
        # what looks like a doubt and is none
        ("fighting", "Fighting breaks out in the capital", A),
        ("hackers + network", "Hackers break into bank's network", A),
        ("outbreak + declare", "WHO declares outbreak an emergency", A),
        ("plane crash", "No survivors in plane crash", A),
        ("rate hike", "Bank delivers third back-to-back rate hike", A),
        ("militants + kill", "Suspected militants kill twenty villagers", A),
        ("blocks + collapse", "Apartment blocks collapse in quake", A),
        # what is a doubt although no word says fear
        ("rate hike", "Bank tipped for rate hike", F),
        ("earthquake", "Coast overdue for large earthquake", F),
        ("raise rates", "Bank seen raising rates on Friday", F),
        ("rate cuts", "Traders bet on rate cuts", F),
        ("withdraw + troops", "Envoys press king to withdraw troops", C),
        ("gunfire", "Unconfirmed reports of gunfire at palace", F),
        ("ceasefire", "Ceasefire shattered by shelling", D),
        # background
        ("invasion", "Kuwait invasion: what neighbours said", B),
        ("invade + $country", "Why Iraq invaded Kuwait", B),
        ("invasion", "Bills rise after invasion", B),
        ("invasion", "Nation marks anniversary of invasion", B),
        ("invasion", "Iraq's invasion unites the region", B),
        ("invasion", "The 1990 invasion in pictures", B),
        ("invasion", "Ministers meet on Iraqi invasion", B),
    ],
)
def test_how_a_headline_means_it(term: str, text: str, stance: Stance) -> None:
    assert evidence(term, text).stance is stance


@pytest.mark.parametrize(
    ("lang", "term", "text", "stance"),
    [
        ("de", "Invasion", "Invasion befürchtet", F),
        ("de", "Waffenruhe", "Minister fordert Waffenruhe", C),
        ("de", "Truppen + abziehen", "Armee zieht Truppen ab", A),
        ("ru", "вторжение", "Соседи опасаются вторжения", F),
        ("ru", "войска + вывести", "Министерство вывело войска", A),
        ("ru", "наступление", "Генерал опроверг наступление", D),
        ("uk", "вторгнення", "Посол попереджає про вторгнення", F),
        ("uk", "припинення вогню", "Папа закликав до припинення вогню", C),
    ],
)
def test_other_languages_have_cues_of_their_own(lang: str, term: str, text: str, stance: Stance) -> None:
    assert evidence(term, text, lang).stance is stance


def test_a_backdrop_counts_less_than_a_topic() -> None:
    """*After* the invasion something else is told; "the invasion" itself may be what is told."""
    backdrop, topic = (
        evidence("invasion", "Bills rise after invasion"),
        evidence("invasion", "The invasion goes on"),
    )
    assert (backdrop.stance, topic.stance) == (B, B)
    assert (backdrop.points, topic.points) == (18, 30)


def test_a_cue_does_not_reach_over_a_clause_or_a_quotation() -> None:
    assert evidence("troops + leave", "No deal; troops leave").stance is A
    assert evidence("troops + leave", '"No deal" troops leave').stance is A


def test_a_cue_is_a_word_and_not_its_beginning() -> None:
    assert evidence("strike + $country", "Planters watch planes strike Chad").stance is A


def test_a_language_without_cues_asserts_everything() -> None:
    assert evidence("invasion", "Crainte d'invasion", "fr").stance is A


@pytest.mark.parametrize(
    ("text", "who"),
    [
        ("Russia says troops leave", "Russia"),
        ("Troops leave, ministry says", "ministry"),
        ("Troops leave according to the mayor", "the mayor"),
        ("Although Paris has said so, troops leave", "Paris"),
        ("Troops leave, the ministry was quoted as saying", "ministry"),
        ("Troops leave", ""),
    ],
)
def test_who_said_it_is_shown_and_demotes_nothing(text: str, who: str) -> None:
    found = evidence("troops + leave", text)
    assert (found.said_by, found.stance) == (who, A)
