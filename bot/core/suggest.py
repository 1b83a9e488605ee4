"""Words a rule lacks: what stands in headlines of its stories that it did not see itself, and hardly anywhere else.

Nobody has labelled an editor's archive. But headlines that tell the same story as one the rule met are about its
topic, whatever their words, and so mostly are those in which the rule saw something but not enough. These say what
the rule misses, and the rest of the archive says how common a word is. A candidate is a word, or two words of one
headline, found in missed headlines of at least two stories, and in no fewer missed ones than others.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

from bot.core.lint import Lists, Shares, single_words
from bot.core.model import Entry
from bot.core.rules import Rule
from bot.core.text import words
from bot.core.wordforms import stems_of

LITTLE = 1e-3
"""A word with a larger share of running text carries no meaning of its own."""

LEAST_STORIES = 2
PRECISE = 0.5  # share of a candidate's headlines that must be on the topic
EXAMPLES = 2
MOST = 200_000
"""Headlines kept; of a longer archive the newest."""

Stems = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A term to consider. ``missed`` counts headlines of the topic it would add, ``elsewhere`` all others."""

    term: str
    lang: str
    missed: int
    elsewhere: int
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Headline:
    title: str
    lang: str
    stems: Stems
    story: str
    hit: bool
    near: bool


@dataclass(slots=True)
class _Candidate:
    stories: set[str] = field(default_factory=set)
    titles: list[str] = field(default_factory=list)


def content(title: str, lang: str, shares: Shares, names: Collection[str] = ()) -> dict[str, str]:
    """Stem → the word as it stands, for the words that carry meaning, in reading order; without ``names`` (stems)."""
    known = shares.get(lang, {})
    found: dict[str, str] = {}
    for word in words(title, lang):
        stem = stems_of(word, lang)[0]
        telling = len(word) > 2 and not word[0].isdigit() and known.get(stem, 0.0) < LITTLE
        if telling and stem not in names:
            found.setdefault(stem, word)
    return found


def stems_in(name: str, lists: Lists, lang: str) -> frozenset[str]:
    """The stems of a named list's single words, none if there is no such list."""
    if name not in lists:
        return frozenset()
    return frozenset(stems_of(word, lang)[0] for word in single_words(f"${name}", lists))


class Suggester:
    """Add the headlines of an archive in order, then ask."""

    def __init__(self, rule: Rule, lists: Lists, shares: Shares) -> None:
        self._rule = rule
        self._lists = lists
        self._shares = shares
        self._places: dict[str, frozenset[str]] = {}
        self._headlines: list[_Headline] = []
        self._forms: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)

    def add(self, entry: Entry, *, hit: bool, near: bool, story: str) -> None:
        """One headline: whether the rule met it, or saw something in it, and which story it tells."""
        found = content(entry.title, entry.lang, self._shares, self._names(entry.lang))
        for stem, word in found.items():
            self._forms[entry.lang, stem][word] += 1
        self._headlines.append(_Headline(entry.title, entry.lang, tuple(found), story, hit, near))
        if len(self._headlines) > MOST:
            del self._headlines[: MOST // 10]

    def _names(self, lang: str) -> frozenset[str]:
        """Places: what a topic is about today, and not what it is about."""
        if lang not in self._places:
            self._places[lang] = stems_in("place", self._lists, lang)
        return self._places[lang]

    @property
    def missed(self) -> list[str]:
        """Headlines on the rule's topic that it did not tell."""
        return list(dict.fromkeys(each.title for each in self._on_topic()))

    def _on_topic(self) -> list[_Headline]:
        stories = {each.story for each in self._headlines if each.hit}
        return [each for each in self._headlines if not each.hit and (each.near or each.story in stories)]

    def suggestions(self, limit: int = 20) -> list[Suggestion]:
        """The best first: those that add most headlines of the topic and fewest others."""
        missed = self._on_topic()
        candidates = self._candidates(missed)
        elsewhere = self._elsewhere(candidates, {each.story for each in missed})
        found = [self._suggestion(key, each, elsewhere[key]) for key, each in candidates.items()]
        precise = [each for each in found if each.missed / (each.missed + each.elsewhere) >= PRECISE]
        precise.sort(key=lambda each: (-(each.missed - each.elsewhere), len(each.term.split()), each.term))
        return list(_without_longer(precise))[:limit]

    def _candidates(self, missed: Sequence[_Headline]) -> Mapping[tuple[str, Stems], _Candidate]:
        found: dict[tuple[str, Stems], _Candidate] = defaultdict(_Candidate)
        for each in missed:
            for stems in _ones_and_twos(each.stems):
                candidate = found[each.lang, stems]
                candidate.stories.add(each.story)
                if each.title not in candidate.titles:
                    candidate.titles.append(each.title)
        known = self._known()
        return {
            key: each
            for key, each in found.items()
            if len(each.stories) >= LEAST_STORIES and len(each.titles) >= LEAST_STORIES and key not in known
        }

    def _known(self) -> set[tuple[str, Stems]]:
        """Words the rule rings on already."""
        terms = [term for term in self._rule.terms if term.strength in ("strong", "keywords")]
        singles = {word for term in terms for word in single_words(term.text, self._lists)}
        langs = {each.lang for each in self._headlines}
        return {(lang, (stems_of(word, lang)[0],)) for lang in langs for word in singles}

    def _elsewhere(
        self, candidates: Mapping[tuple[str, Stems], _Candidate], topic: set[str]
    ) -> Counter[tuple[str, Stems]]:
        counts: Counter[tuple[str, Stems]] = Counter()
        words_of_interest = {stem for _, stems in candidates for stem in stems}
        for each in self._headlines:
            if each.hit or each.story in topic:
                continue
            stems = tuple(stem for stem in each.stems if stem in words_of_interest)
            counts.update(key for pair in _ones_and_twos(stems) if (key := (each.lang, pair)) in candidates)
        return counts

    def _suggestion(self, key: tuple[str, Stems], candidate: _Candidate, elsewhere: int) -> Suggestion:
        lang, stems = key
        forms = [self._forms[lang, stem].most_common(1)[0][0] for stem in stems]
        titles = candidate.titles
        return Suggestion(" + ".join(forms), lang, len(titles), elsewhere, tuple(titles[:EXAMPLES]))


def _ones_and_twos(stems: Stems) -> Iterator[Stems]:
    yield from ((stem,) for stem in stems)
    yield from combinations(sorted(stems), 2)


def _without_longer(found: Iterable[Suggestion]) -> Iterator[Suggestion]:
    """A pair says nothing new where one of its words is suggested by itself and adds as much."""
    single: dict[str, int] = {}
    for each in found:
        parts = each.term.split(" + ")
        if len(parts) == 1:
            single[each.term] = each.missed
            yield each
        elif all(single.get(part, 0) < each.missed for part in parts):
            yield each
