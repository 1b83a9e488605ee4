"""A rule to start from, made of one headline an editor wishes to be told of.

The two most telling words together are strong, the most telling one beside each further word is a keyword. Places
and armed forces become ``$place`` and ``$armed``, so that the rule is about the kind of event and not about this one.
A draft is meant to be read and changed; what it rings on is shown by ``backtest``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from bot.core.cues import CueBook
from bot.core.lint import COMMON, Lists, Shares
from bot.core.model import Stance
from bot.core.rules import Example, Rule, TermSpec
from bot.core.suggest import content, stems_in
from bot.core.text import Passage, fold

NAMED = ("place", "armed")
LONGEST_ID = 40
MOST_KEYWORDS = 3


@dataclass(frozen=True, slots=True)
class Draft:
    """Terms as an editor would type them, the most telling first."""

    id: str
    headline: str
    lang: str
    strong: tuple[str, ...]
    keywords: tuple[str, ...]

    def rule(self) -> Rule:
        """The rule the text means, to be tried at once."""
        specs = [TermSpec(term, "strong") for term in self.strong]
        specs += [TermSpec(term, "keywords") for term in self.keywords]
        return Rule(self.id, self.headline, tuple(specs), examples=(Example(self.headline, True, self.lang),))

    def yaml(self) -> str:
        """The text of a topic file."""
        return "\n".join(self._lines()) + "\n"

    def _lines(self) -> Iterator[str]:
        yield "# yaml-language-server: $schema=rules.schema.json"
        yield "# A draft from one headline. Would these words stand in headlines you do not want, too?"
        yield "rules:"
        yield f"  - id: {self.id}"
        yield f"    title: {_quoted(self.headline)}"
        for key, terms in (("strong", self.strong), ("keywords", self.keywords)):
            if terms:
                yield f"    {key}:"
                yield from (f"      - {term}" for term in terms)
        yield "    examples:"
        yield "      match:"
        yield f"        - {{text: {_quoted(self.headline)}, lang: {self.lang}}}"
        yield "      no_match: []                     # headlines with these words that must stay silent"


def draft(headline: str, lang: str, lists: Lists, shares: Shares, book: CueBook) -> Draft | None:
    """A rule for this headline; None if no word of it carries meaning."""
    named = {name: stems_in(name, lists, lang) for name in NAMED}
    known = shares.get(lang, {})
    found = _main_clause(headline, lang, shares, book)
    ordinary = {
        stem: word for stem, word in found.items() if not any(stem in each for each in named.values())
    }
    names = proper_names(headline, lang)
    telling = sorted(ordinary, key=lambda stem: (ordinary[stem] in names, known.get(stem, 0.0)))
    company = [f"${name}" for name in reversed(NAMED) if not named[name].isdisjoint(found)]
    terms = [ordinary[stem] for stem in telling]
    if not terms:
        return None
    first, others = terms[0], [*terms[1:], *company]
    strong = (f"{first} + {others[0]}",) if others else ()
    keywords = [f"{first} + {other}" for other in others[1 : 1 + MOST_KEYWORDS]]
    if known.get(telling[0], 0.0) <= COMMON and not (strong and keywords):
        keywords.append(first)
    return Draft(_id(terms), headline, lang, strong, tuple(keywords))


def _main_clause(headline: str, lang: str, shares: Shares, book: CueBook) -> dict[str, str]:
    """Stem → word of the clause that says most, since the words of a term must stand in one clause."""
    passage = Passage(headline, lang, book.joints)
    little = dull_words(book)
    told = {stem: word for stem, word in content(headline, lang, shares).items() if word not in little}
    clauses: dict[int, dict[str, str]] = {}
    for stem, word in told.items():
        if word in passage.words:
            clauses.setdefault(passage.clauses[passage.words.index(word)], {})[stem] = word
    return max(clauses.values(), key=len, default={})


def dull_words(book: CueBook) -> frozenset[str]:
    """Words that say how something is meant and not what: function words, cuts, cues of one word."""
    cues = {
        word
        for table in (book.before, book.after, book.beside)
        for word, each in table.items()
        if _alone(each)
    }
    return frozenset(cues | book.joints.function_words | book.joints.cuts | book.prepositions | book.says)


def _alone(cues: tuple[tuple[tuple[str, ...], Stance], ...]) -> bool:
    return any(len(words) == 1 for words, _ in cues)


def proper_names(headline: str, lang: str) -> frozenset[str]:
    """Capitalised words, where capitals mean something: not at the beginning, not In A Headline Like This, not in
    German."""
    written = re.findall(r"\w+", headline)
    capital = [word for word in written[1:] if word[0].isupper()]
    if lang == "de" or len(capital) > len(written) / 2:
        return frozenset()
    return frozenset(fold(word) for word in capital)


def _id(terms: list[str]) -> str:
    return "-".join(terms[:2])[:LONGEST_ID].strip("-")


def _quoted(text: str) -> str:
    """Double quotes hold every headline, whatever colons and quotes it has itself."""
    return json.dumps(text, ensure_ascii=False)
