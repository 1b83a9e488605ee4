"""Rules against entries: which rules an entry meets, and the evidence for it.

For each language an entry may be in, the rules' terms are compiled and indexed once, on first use. An entry is then
taken in three steps, each of which most entries do not survive: the index says which rules *may* match
(:mod:`bot.core.index`), the words' places decide (:mod:`bot.core.occurrences`), and what stands is weighed with
its stance and its place (:mod:`bot.core.stance`, :mod:`bot.core.scoring`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from itertools import chain

from bot.core.attribution import speaker
from bot.core.cues import CueBook, Languages
from bot.core.index import Index, Slot
from bot.core.language import detect
from bot.core.lexicon import Lexicon
from bot.core.model import Entry, Evidence, Level, Match, Place, Stance
from bot.core.needles import Needle, NeedleMaker
from bot.core.occurrences import Occurrence, Searched
from bot.core.rules import Rule, TermSpec
from bot.core.scoring import Hit, Sum, add_up, place_factor, points_of, stance_factor
from bot.core.stance import ASSERTED, StanceReader, Verdict
from bot.core.terms import TermParser
from bot.core.text import SPACELESS, Passage, words
from bot.core.wordforms import stems_of

POSITIVE = ("strong", "keywords", "weak")
ENTITY_LISTS = ("country", "armed", "militia", "territory")
"""Built-in lists of who and where: their words are never the event a cue speaks of."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def headline(text: str, lang: str = "") -> Entry:
    """A minimal entry around a headline, for examples and questions; the language is detected where none is given."""
    return Entry(
        key=text, aliases=(text,), feed="", owner="", title=text, summary="", body="", link="",
        lang=detect(text, lang), published=EPOCH, first_seen=EPOCH, fingerprint="",
    )  # fmt: skip


@dataclass(frozen=True)
class _Compiled:
    """A rule's terms ready for one language."""

    rule: Rule
    terms: tuple[tuple[TermSpec, Needle], ...]  # all that can occur in the language
    needs: tuple[tuple[Needle, ...], ...]

    @cached_property
    def most(self) -> tuple[float, ...]:
        """What each term can add at most, before its place is considered."""
        return tuple(max(points_of(spec), 0.0) for spec, _ in self.terms)

    @cached_property
    def most_in_title(self) -> tuple[float, ...]:
        """The same with what a strong term rings for by itself, whatever its own points."""
        strong = self._of("strong")
        return tuple(
            max(most, self.least) if most and at in strong else most for at, most in enumerate(self.most)
        )

    @cached_property
    def counted(self) -> frozenset[int]:
        """The terms that carry points."""
        return self._of(*POSITIVE, "against")

    @cached_property
    def telling(self) -> frozenset[int]:
        """The terms without which no other is heard: weak words alone say nothing."""
        return self._of("strong", "keywords")

    @cached_property
    def ignored(self) -> frozenset[int]:
        """The terms whose words do not count."""
        return self._of("ignore")

    @cached_property
    def never(self) -> frozenset[int]:
        """The terms that silence."""
        return self._of("never")

    def _of(self, *strengths: str) -> frozenset[int]:
        return frozenset(at for at, (spec, _) in enumerate(self.terms) if spec.strength in strengths)

    @cached_property
    def least(self) -> int:
        """The score from which the rule is heard."""
        return min(self.rule.levels.values(), default=0)


class RuleBook:
    """All rules, ready to match. Raises :class:`bot.core.terms.TermProblem` for a term that cannot be parsed.

    ``lists`` are the editors' own; a built-in list of the same name gives way to them.
    """

    def __init__(
        self, rules: Sequence[Rule], lists: Mapping[str, Sequence[str]], languages: Languages
    ) -> None:
        self.rules: Mapping[str, Rule] = {rule.id: rule for rule in rules}
        self._lists = lists
        self._languages = languages
        self._books: dict[str, _Book] = {}
        parser = TermParser(self.lists)
        for rule in rules:
            for text in (
                *(spec.text for spec in rule.terms),
                *(term for terms in rule.needs for term in terms),
            ):
                parser.parse(text, rule.near)

    @property
    def lists(self) -> Mapping[str, Sequence[str]]:
        """All word lists a term may name with ``$``."""
        return {**self._languages.lists_of("en"), **self._lists}

    def with_rules(self, rules: Sequence[Rule]) -> RuleBook:
        """A book of other rules over the same lists and languages. Raises TermProblem."""
        return RuleBook(rules, self._lists, self._languages)

    def match(self, entry: Entry) -> tuple[Match, ...]:
        """The rules that reached at least low, loudest first."""
        found = self._book(entry.lang).weigh_all(entry, hopeless=False)
        if not found:
            return ()
        return _loudest_first(match for match in found if match.level > Level.NONE and match.score > 0)

    def sheet(self, entry: Entry) -> tuple[Match, ...]:
        """Every enabled rule that had any evidence, fired or not, highest score first."""
        return _loudest_first(self._book(entry.lang).weigh_all(entry))

    def sums(self, entry: Entry) -> list[tuple[str, Sum]]:
        """What each rule's words come to that could ring under some levels; vetoed rules are left out."""
        return self._book(entry.lang).sums(entry)

    def terms_of(self, rule: str, lang: str) -> Sequence[tuple[TermSpec, Needle]]:
        """A rule's terms that can occur in a language, compiled; () where the rule does not ask for it."""
        return self._book(lang).terms_of(rule)

    def keys(self, lang: str) -> frozenset[str]:
        """Every key by which some term finds words of a language."""
        return self._book(lang).keys

    def _book(self, lang: str) -> _Book:
        if lang not in self._books:
            lists = {**self._languages.lists_of(lang), **self._lists}
            spoken = [rule for rule in self.rules.values() if rule.enabled]
            spoken = [rule for rule in spoken if not rule.languages or lang in rule.languages]
            self._books[lang] = _Book(lang, spoken, lists, self._languages)
        return self._books[lang]


def _naming(item: str) -> str:
    """Of a list's item the words that name: those with capitals, else the last ("attack *helicopters*")."""
    pieces = [piece.rpartition("-")[2] if piece.startswith("$") else piece for piece in item.split()]
    return " ".join([each for each in pieces if each.lstrip("=")[:1].isupper()] or pieces[-1:])


def _loudest_first(found: Iterable[Match]) -> tuple[Match, ...]:
    return tuple(sorted(found, key=lambda match: (-match.level, -match.score, match.rule)))


class _Book:
    """The rules of one language."""

    def __init__(
        self, lang: str, rules: Sequence[Rule], lists: Mapping[str, Sequence[str]], languages: Languages
    ) -> None:
        self._lang = lang
        self._cues = languages.cues_of(lang)
        self._lexicon = Lexicon(lang)
        self._parser = TermParser(lists)
        self._maker = NeedleMaker(self._lexicon)
        self._rules = [self._compile(rule) for rule in rules]
        self._entities = frozenset(
            stem
            for name in ENTITY_LISTS
            for item in languages.lists_of(lang).get(name, ())
            for word in words(_naming(item), lang)
            for stem in stems_of(word, lang)
        )
        self._index = Index(
            self._lexicon,
            (
                ((rule, term), needle)
                for rule, one in enumerate(self._rules)
                for term, (_, needle) in enumerate(one.terms)
            ),
        )

    def _compile(self, rule: Rule) -> _Compiled:
        near = rule.near * (2 if self._lang in SPACELESS else 1)  # a character is half a word
        terms = [
            (spec, needle)
            for spec in rule.terms
            if (not spec.languages or self._lang in spec.languages)
            and (needle := self._maker.needle(self._parser.parse(spec.text, near))).possible
        ]
        needs = (
            tuple(self._maker.needle(self._parser.parse(text, near)) for text in one) for one in rule.needs
        )
        return _Compiled(
            rule,
            tuple(terms),
            tuple(needs),
        )

    def terms_of(self, rule: str) -> Sequence[tuple[TermSpec, Needle]]:
        return next((one.terms for one in self._rules if one.rule.id == rule), ())

    @property
    def keys(self) -> frozenset[str]:
        return self._lexicon.registered

    def weigh_all(self, entry: Entry, *, hopeless: bool = True) -> list[Match]:
        """A match for every rule of which some positive term stands in the entry.

        Without ``hopeless`` ones, rules are left out that could not reach low if every word counted in full.
        """
        found: list[Match] = []
        for one, reading, terms in self._speaking(entry, hopeless=hopeless):
            if (summed := _sum(one, reading, terms)) is not None:
                match, veto = summed.under(one.rule, entry.trust), reading.veto(one, terms)
                found.append(
                    Match(match.rule, 0, Level.NONE, match.direction, match.terms, veto) if veto else match
                )
        return found

    def sums(self, entry: Entry) -> list[tuple[str, Sum]]:
        """See :meth:`RuleBook.sums`."""
        return [
            (one.rule.id, summed)
            for one, reading, terms in self._speaking(entry, hopeless=True)
            if (summed := _sum(one, reading, terms)) is not None
            and summed.counted
            and not reading.veto(one, terms)
        ]

    def _speaking(
        self, entry: Entry, *, hopeless: bool
    ) -> Iterator[tuple[_Compiled, _Reading, Sequence[Sequence[int]]]]:
        """The rules of which terms may stand in the entry, each with those terms, place by place."""
        texts = _places(entry)
        found = [self._index.candidates(text) for _, _, text in texts]
        if not any(found):
            return
        wanted = None if hopeless else self._hopeful(texts, found)
        terms: dict[int, list[list[int]]] = {}  # rule → for each place the terms that may stand there
        for place, slots in enumerate(found):
            for rule, term in slots:
                if wanted is None or rule in wanted:
                    terms.setdefault(rule, [[] for _ in texts])[place].append(term)
        if terms:
            reading = _Reading(texts, self._lexicon, self._cues, self._entities)
            for rule in sorted(terms):
                yield self._rules[rule], reading, terms[rule]

    def _hopeful(self, texts: Sequence[tuple[Place, int, str]], found: Sequence[set[Slot]]) -> set[int]:
        """The rules that would be heard if every word that may stand somewhere stood there, asserted.

        A term counts once, where it counts most, and earlier places count more than later ones. Half a point a line is
        the most that rounding can add.
        """
        sums: dict[int, float] = {}
        told: set[int] = set()
        seen: set[Slot] = set()
        for (place, paragraph, _), slots in zip(texts, found, strict=True):
            factor = place_factor(place, paragraph)
            for slot in slots - seen:
                rule, term = slot
                one = self._rules[rule]
                most = (one.most_in_title if place is Place.TITLE else one.most)[term]
                if most and place in one.rule.where:
                    seen.add(slot)
                    sums[rule] = sums.get(rule, 0.0) + factor * most + 0.5
                    if term in one.telling:
                        told.add(rule)
        return {rule for rule in told if sums[rule] >= self._rules[rule].least}


def _sum(one: _Compiled, reading: _Reading, terms: Sequence[Sequence[int]]) -> Sum | None:
    hits = reading.hits(one, terms)
    return add_up(one.rule, hits) if any(hit.exact > 0 for hit in hits) else None


def _places(entry: Entry) -> list[tuple[Place, int, str]]:
    """The places of an entry that hold text: the first paragraph is the lead where there is no summary."""
    paragraphs = [each for each in entry.body.split("\n\n") if each.strip()]
    lead = entry.summary
    if not lead.strip() and paragraphs:
        lead, *paragraphs = paragraphs
    found = [(Place.TITLE, 0, entry.title), (Place.LEAD, 0, lead)]
    found += [(Place.BODY, number, text) for number, text in enumerate(paragraphs, 1)]
    return [each for each in found if each[2].strip()]


class _Spot:
    """One place of an entry, searched when something asks for it."""

    def __init__(
        self,
        number: int,
        where: tuple[Place, int, str],
        lexicon: Lexicon,
        book: CueBook,
        entities: frozenset[str],
    ) -> None:
        self.number = number
        self.place, self.paragraph, self._text = where
        self._lexicon, self._book, self._entities = lexicon, book, entities
        self._verdicts: dict[Occurrence, Verdict] = {}

    @cached_property
    def searched(self) -> Searched:
        passage = Passage(self._text, self._lexicon.lang, self._book.joints)
        return Searched(passage, self._lexicon)

    @cached_property
    def _stances(self) -> StanceReader:
        return StanceReader(self.searched.passage, self.place, self._book, self._entities)

    def find(self, one: _Compiled, terms: Iterable[int]) -> list[tuple[int, Occurrence]]:
        """Where these of the rule's terms stand, each with its number."""
        return [
            (number, each) for number in sorted(terms) for each in self.searched.find(one.terms[number][1])
        ]

    def verdict(self, occurrence: Occurrence) -> Verdict:
        if occurrence not in self._verdicts:
            self._verdicts[occurrence] = self._stances.judge(occurrence)
        return self._verdicts[occurrence]

    def speaker(self, occurrence: Occurrence) -> str:
        return speaker(self.searched.passage, occurrence, self._book)


class _Reading:
    """An entry being read by several rules: each place is cut into words once."""

    def __init__(
        self,
        texts: Sequence[tuple[Place, int, str]],
        lexicon: Lexicon,
        book: CueBook,
        entities: frozenset[str],
    ) -> None:
        self._spots = [_Spot(number, where, lexicon, book, entities) for number, where in enumerate(texts)]
        self._lang = lexicon.lang

    def hits(self, one: _Compiled, terms: Sequence[Sequence[int]]) -> list[Hit]:
        """What the rule finds of ``terms`` (for each place), weighed, but for words it ignores."""
        found: list[Hit] = []
        for spot, numbers in zip(self._spots, terms, strict=True):
            if not numbers or spot.place not in one.rule.where:
                continue
            there = spot.find(one, one.counted.intersection(numbers))
            if there:
                without = one.ignored.intersection(numbers)
                ignored = {at for _, each in spot.find(one, without) for at in each}
                found += [
                    self._hit(one, spot, number, each) for number, each in there if ignored.isdisjoint(each)
                ]
        return found

    def veto(self, one: _Compiled, terms: Sequence[Sequence[int]]) -> str:
        """The ``never`` term that stands somewhere, or the ``needs`` list of which nothing does."""
        for number in sorted(one.never.intersection(chain.from_iterable(terms))):
            spec, needle = one.terms[number]
            if self._occurs(needle, one.rule):
                return f"never: {spec.text}"
        for texts, needles in zip(one.rule.needs, one.needs, strict=True):
            if not any(self._occurs(needle, one.rule) for needle in needles):
                return f"needs: {', '.join(texts)}"
        return ""

    def _occurs(self, needle: Needle, rule: Rule) -> bool:
        return any(spot.searched.find(needle) for spot in self._spots if spot.place in rule.where)

    def _hit(self, one: _Compiled, spot: _Spot, number: int, occurrence: Occurrence) -> Hit:
        rule, (spec, _) = one.rule, one.terms[number]
        points = points_of(spec) * place_factor(spot.place, spot.paragraph)
        verdict = spot.verdict(occurrence) if points > 0 else ASSERTED
        factor = stance_factor(rule, verdict.stance, passing=verdict.passing) if points > 0 else 1.0
        exact = points * factor
        passage = spot.searched.passage
        first, last = _with_cue(occurrence, verdict)
        evidence = Evidence(
            term=spec.text,
            strength=spec.strength,
            place=spot.place,
            paragraph=spot.paragraph,
            stance=verdict.stance if points > 0 else Stance.ASSERTED,
            points=round(exact),
            words=passage.surface(first, last),
            span=(passage.starts[first], passage.ends[last]),
            cue=verdict.cue,
            said_by=spot.speaker(occurrence) if points > 0 else "",
        )
        stems = frozenset(passage.words[at] for at in occurrence)
        stems = frozenset(stems_of(word, self._lang)[0] for word in stems)
        return Hit(number, evidence, spot.number, occurrence, stems, exact)


def _with_cue(occurrence: Occurrence, verdict: Verdict) -> tuple[int, int]:
    """First and last word to show: a cue right beside the words is shown with them ("invasion *fears*")."""
    first, last = occurrence[0], occurrence[-1]
    if verdict.first >= 0 and verdict.last == first - 1:
        return verdict.first, last
    if verdict.first == last + 1:
        return first, verdict.last
    return first, last
