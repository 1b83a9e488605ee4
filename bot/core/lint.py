"""What is allowed and probably not meant: words too common to be strong, terms written twice, rules that are one rule.

Vocabulary makes more false alarms than any engine: four careless words made 16 of 34 on a blind set. Some of it
shows before any news is read (:func:`hints`), the rest on an archive (:func:`archive_hints`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from bot.core.rules import Rule, TermSpec
from bot.core.text import words
from bot.core.wordforms import stems_of

COMMON = 5e-5
"""A word with a larger share of running text (one in 20,000) is too common to be strong by itself …"""

VERY_COMMON = 1e-4
"""… and with a larger one than this to be a keyword."""

ALIKE = 0.8
"""Two rules that share this much of their terms, or of their hits, are probably one."""

LEAST_TERMS = 3  # rules with fewer terms may be alike by chance
LEAST_HITS = 20  # hits in an archive before a share of them means anything
LEANS = 0.25
"""A term that is alone behind a larger share of a rule's hits decides for the rule."""

LANGUAGE_NAMES = {"en": "English", "de": "German", "ru": "Russian", "uk": "Ukrainian"}
POSITIVE = ("strong", "keywords", "weak")

Shares = Mapping[str, Mapping[str, float]]
Lists = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Hint:
    """Something to look at. ``strength`` and ``line`` say where in the rule; "" and 0 mean the rule as a whole."""

    rule: str
    message: str
    remedy: str = ""
    strength: str = ""
    line: int = 0


def hints(rules: Sequence[Rule], lists: Lists, shares: Shares) -> Iterator[Hint]:
    """Everything that shows without news. ``shares``: language → stem → its share of running text."""
    for rule in rules:
        yield from _common_words(rule, lists, shares)
        yield from _written_twice(rule)
        yield from _cut(rule)
    yield from _same_rules(rules)


# ── words too common ─────────────────────────────────────────────────────────────────────────────────
def _common_words(rule: Rule, lists: Lists, shares: Shares) -> Iterator[Hint]:
    for term in rule.terms:
        if term.strength not in ("strong", "keywords") or (term.points is not None and term.points <= 20):
            continue
        for word in dict.fromkeys(single_words(term.text, lists)):
            for lang in _read_in(rule, term, shares):
                share = max((shares[lang].get(stem, 0.0) for stem in stems_of(word, lang)), default=0.0)
                if share > (COMMON if term.strength == "strong" else VERY_COMMON):
                    message = f"'{word}' is a very common word in {LANGUAGE_NAMES.get(lang, lang)}"
                    yield _at(rule, term, message, _remedy_for_common(lang, term))


def _remedy_for_common(lang: str, term: TermSpec) -> str:
    if lang == "en" or term.languages:
        return "put it under weak:, or give it company: word + other words"
    return f"say which language it is of (en: [...]), or exclude {lang} with languages:"


def _read_in(rule: Rule, term: TermSpec, shares: Shares) -> Iterator[str]:
    """The languages in which a term is tried, as far as their words are known."""
    for lang in shares:
        spoken = not rule.languages or lang in rule.languages
        if spoken and (not term.languages or lang in term.languages):
            yield lang


def single_words(term: str, lists: Lists, trail: tuple[str, ...] = ()) -> Iterator[str]:
    """The words that ring by themselves: alternatives of one word each, those of lists included."""
    if _linked(term):
        return
    for item in term.split(","):
        word = item.strip()
        if re.fullmatch(r"\$\w+", word) and word not in trail:
            for inner in lists.get(word[1:], ()):
                yield from single_words(inner, lists, (*trail, word))
        elif word and re.fullmatch(r"\w+", word):
            yield words(word)[0]


def _linked(term: str) -> bool:
    """Does it join groups, or is it a regular expression?"""
    return bool(re.search(r"(^|\s)(\+\d*|~\d+)(\s|$)|\.\.\.|…", term)) or term.strip().startswith("/")


# ── written twice ────────────────────────────────────────────────────────────────────────────────────
def _written_twice(rule: Rule) -> Iterator[Hint]:
    seen: dict[tuple[str, tuple[str, ...]], TermSpec] = {}
    for term in rule.terms:
        if term.strength not in (*POSITIVE, "ignore"):
            continue
        for part in _parts(term):
            first = seen.setdefault((part, term.languages), term)
            if first is term:
                continue
            if term.strength == "ignore":
                yield _at(rule, term, f"'{part}' is ignored here and looked for under {first.strength}:")
            elif first.strength != term.strength:
                message = f"'{part}' stands under {first.strength}: and {term.strength}:"
                yield _at(rule, term, message, "the stronger one counts; remove the other")
            else:
                yield _at(
                    rule, term, f"'{part}' stands twice under {term.strength}:", "remove one of the two"
                )


def _parts(term: TermSpec) -> list[str]:
    """What can be the same in two terms: an alternative, or the whole of a term with links."""
    whole = " ".join(term.text.lower().split())
    return [whole] if _linked(whole) else [part.strip() for part in whole.split(",") if part.strip()]


# ── cut at a comma ───────────────────────────────────────────────────────────────────────────────────
_DANGLING = frozenset({"and", "or", "the", "a", "und", "oder", "der", "die", "das", "и", "или", "та", "або"})


def _cut(rule: Rule) -> Iterator[Hint]:
    """``[troops and, tanks]``: the comma stands where a word was meant to follow."""
    for term in rule.terms:
        last = term.text.lower().split()[-1:]
        if last and last[0] in _DANGLING and len(term.text.split()) > 1:
            yield _at(
                rule,
                term,
                f"'{term.text}' ends in '{last[0]}' and looks cut at a comma",
                "quote the whole term",
            )


# ── rules that are one rule ──────────────────────────────────────────────────────────────────────────
def _same_rules(rules: Sequence[Rule]) -> Iterator[Hint]:
    """Rules by their terms; only rules that share a term are compared, so that ten thousand are no trouble."""
    terms = {rule.id: frozenset(_rings(rule)) for rule in rules}
    holders: dict[str, list[str]] = {}
    for name, parts in terms.items():
        for part in parts:
            holders.setdefault(part, []).append(name)
    told: set[tuple[str, str]] = set()
    for names in holders.values():
        for one, other in combinations(names[:50], 2):
            if (one, other) not in told and _alike(terms[one], terms[other]):
                told.add((one, other))
                yield Hint(
                    other, f"has nearly the same terms as the rule '{one}'", "make one rule of the two"
                )


def _rings(rule: Rule) -> Iterator[str]:
    for term in rule.terms:
        if term.strength in ("strong", "keywords"):
            yield from (f"{part} {','.join(term.languages)}" for part in _parts(term))


def _alike(one: frozenset[str], other: frozenset[str]) -> bool:
    if one == other:
        return True
    return min(len(one), len(other)) >= LEAST_TERMS and len(one & other) / len(one | other) >= ALIKE


def _at(rule: Rule, term: TermSpec, message: str, remedy: str = "") -> Hint:
    return Hint(rule.id, message, remedy, term.strength, term.line)


# ── on an archive ────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True, slots=True)
class Fired:
    """What a rule did on an archive: hits, and for each term how often it was in one and how often all alone."""

    hits: int
    terms: Mapping[str, tuple[int, int]]


def archive_hints(fired: Mapping[str, Fired], together: Mapping[tuple[str, str], int]) -> Iterator[Hint]:
    """Terms that never fired, terms that decide alone, rules that always fire together."""
    for rule, each in fired.items():
        yield from _deciding(rule, each)
        idle = [term for term, (count, _) in each.terms.items() if not count]
        if idle and each.hits >= LEAST_HITS:
            yield Hint(rule, f"never fired: {'; '.join(idle)}", "is it spelled as the news spells it?")
    for (one, other), both in together.items():
        least = min(fired[one].hits, fired[other].hits)
        if least >= LEAST_HITS and both / least > ALIKE:
            share = f"{both} of {least} hits"
            yield Hint(
                one, f"fires together with '{other}' ({share})", "make one rule of the two, or part them"
            )


def _deciding(rule: str, fired: Fired) -> Iterator[Hint]:
    if fired.hits < LEAST_HITS:
        return
    for term, (_, alone) in fired.terms.items():
        if alone / fired.hits > LEANS:
            message = f"'{term}' is alone behind {alone} of {fired.hits} hits"
            yield Hint(rule, message, "look at its examples; is it too common to ring by itself?")
