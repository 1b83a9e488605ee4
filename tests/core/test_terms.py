"""The keyword grammar: what an editor types, and what they are told when it cannot be meant."""

from __future__ import annotations

import time

import pytest

from bot.core.terms import LARGEST_LIST, TermProblem, parse_term, term_warnings

LISTS = {
    "military": ["troops", "armed forces", "$navy"],
    "navy": ["warships", "navy"],
    "round": ["$about"],
    "about": ["about $round"],
    "bad": ["a + b"],
}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "empty term"),
        ("+ troops", "nothing before"),
        ("troops +", "nothing after"),
        ("troops + + leave", "nothing after"),
        ("troops,, tanks", "empty alternative"),
        ("$militry", "did you mean $military?"),
        ("$zzz", "define it under lists:"),
        ("$round", "contains itself"),
        ("$bad", "links belong into terms"),
        ("$navy - $military", "leaves nothing"),
        ("**", "a * stands only at the end"),
        ("=Fed*", "both exact and open-ended"),
        ("s*", "almost everything"),
        ("!!!", "no letters"),
        ("the", None),
        ("troops +0 leave", "1 to 100"),
        ("troops +999 leave", "1 to 100"),
        ("/(?=x)y/", "look-ahead"),
        ("/(?<!x)y/", "look-behind"),
        (r"/(a)\1/", "back-references"),
        ("/(a/", "bad regular expression"),
        ("/a*/", "matches nothing at all"),
        ("x" * 3000, "3000 characters"),
    ],
)
def test_a_term_that_cannot_be_meant_is_refused_with_a_remedy(text: str, said: str | None) -> None:
    if said is None:
        assert parse_term(text, lists=LISTS).conjunctions
        return
    with pytest.raises(TermProblem, match=r".") as caught:
        parse_term(text, lists=LISTS)
    assert said in str(caught.value)
    assert caught.value.message


def test_fault_093_a_hostile_regular_expression_is_linear() -> None:
    term = parse_term("/(a+)+$/", lists={})
    import re2

    start = time.process_time()
    re2.compile(term.pattern).search("a" * 20_000 + "b")
    assert time.process_time() - start < 1


def test_lists_that_multiply_are_cut_off() -> None:
    lists = {"l0": [f"w{n}" for n in range(50)]}
    lists |= {f"l{depth}": [f"$l{depth - 1}"] * 50 for depth in range(1, 6)}
    with pytest.raises(TermProblem, match=str(LARGEST_LIST)):
        parse_term("$l5", lists=lists)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Bosnia and, Herzegovina", "cut at a comma"),
        ("troops, tanks, troops", "stands twice"),
        ("troops AND tanks", "write + for and"),
        ('"exact words"', "quotes mean nothing"),
        ("military + navy", "$military + $navy"),
    ],
)
def test_what_is_probably_not_meant_is_told(text: str, said: str) -> None:
    assert said in " ".join(term_warnings(text, lists=LISTS))


@pytest.mark.parametrize(
    "text", ["ceasefire, truce + begins, holds", "$military + leave", "/a,b/", "troops returning"]
)
def test_sound_terms_raise_no_warning(text: str) -> None:
    assert term_warnings(text, lists=LISTS) == []
