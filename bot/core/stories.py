"""Same news or not, decided the moment an entry arrives.

A false merge hides news, and is worst when the two are opposites; a missed merge sends a second alert. So two
thresholds and a veto::

    identity (a key or link known in the window)            → the same story, an update of the same item
    same headline                                           → the same story, unless the rules turned
    similarity ≥ SAME                                       → the same story: silent
    FOLLOW ≤ similarity < SAME                              → a follow-up: part of the story, under its own headline
    vetoed (opposites, other particulars, rules turned)     → its own story, which says whom it differs from
    below                                                   → new

*Similarity* is TF-IDF over stems (:mod:`bot.core.vectors`), found through an inverted index over the heaviest
terms. The similarity to a story is the mean of its best and its average member: the average alone splits long
stories of short headlines, the best alone chains one event to the next (single-link drift). *Vetoes* come from
:mod:`bot.core.polarity` and :mod:`bot.core.particulars`, and are asked against the story's nearest member and its
first. Entries in different languages never meet here: their shared rules do that, not their words.

The index holds only what lies in the window (72 h), as slots of packed arrays, and is a function of the entries
absorbed: rebuilt from the store by :meth:`StoryIndex.absorb_filed` it decides the same. Nothing is random, no
clock is read.

Roads not taken, all measured on news round-ups and look-alike sets: shared-word ratios (Jaccard ≥ .5, overlap
≥ .6) miss four paraphrases in five and merge opposites; SimHash and MinHash find copies only; sentence embeddings
equal TF-IDF at forty times the time and cannot see opposites either; a learned combination of cosine, name and
number features gained under two points on its own data and lost them elsewhere; weighting names up hurts.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b

from bot.core.model import Entry, Match
from bot.core.particulars import apart, told_in
from bot.core.polarity import Signs, opposed, signs_of, swapped, turned
from bot.core.reading import Headline, headline_of, read_headline, read_words
from bot.core.storydata import StoryData
from bot.core.vectors import SUMMARY_LENGTH, Vector, cosine, vector_of

SAME = 0.40
FOLLOW = 0.28
HEAVY_TERMS = 12  # by which candidates are found
CANDIDATES = 40  # whose cosine is worked out
POSTINGS_READ = 6_000  # per entry, rarest terms first: bounds the worst case
YOUNG_WINDOW = (
    300  # articles the window's word counts are diluted by, so that three articles are no statistics
)
TITLE_WORDS = 4  # content words a headline needs before its mere repetition is identity
SHOWN_TERMS = 5


@dataclass(frozen=True, slots=True)
class Placement:
    """Where an entry belongs, and why."""

    story: str  # id of the joined story, or of the new one, made from the entry's key
    is_new: bool
    how: str  # identity | same title | similar | follow-up | new | vetoed
    similarity: float
    shared: tuple[str, ...]  # the heaviest shared terms
    differs_from: str = ""  # headline of the story a veto kept it from
    veto: str = ""  # why, in words
    contradicts: str = ""  # id of that story, where the veto is a contradiction and not a look-alike
    speaks_against: str = ""  # then how: ``denies`` | ``reverses``
    voice: str = ""  # whose word the entry is, where that is not its owner's: the wire it is copied from


@dataclass(slots=True)
class _Told:
    """One entry in the window, packed."""

    time: float
    story: str
    title: str
    lang: str
    terms: array[int]
    weights: array[float]
    posted: int
    signs: Signs
    identities: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Read:
    """An entry as read once for placing and absorbing it."""

    entry: Entry
    headline: Headline
    vector: Vector
    signs: Signs
    identities: tuple[int, ...]
    title_identity: int  # 0 where the headline is too short to identify anything


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A story that may be the one: its similarity, and its nearest member."""

    story: str
    similarity: float
    nearest: int


def story_id(entry: Entry) -> str:
    """The id of the story an entry opens, from its key alone."""
    return "st-" + blake2b(entry.key.encode(), digest_size=8).hexdigest()


def _identity(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")


class StoryIndex:
    """The stories of the window. Ask with :meth:`place`, then tell it with :meth:`absorb`."""

    def __init__(self, data: StoryData, *, window: timedelta = timedelta(hours=72)) -> None:
        self._data = data
        self._window = window
        self._told: dict[int, _Told] = {}  # serial → entry, oldest first
        self._next = 0
        self._postings: dict[int, array[int]] = {}  # term → serials, ascending
        self._members: dict[str, list[int]] = {}  # story → serials, ascending
        self._known: dict[int, int] = {}  # identity → newest serial
        self._last_read: _Read | None = None

    def __len__(self) -> int:
        return len(self._told)

    # ── asking ───────────────────────────────────────────────────────────────────────────────────────
    def place(self, entry: Entry, matches: Sequence[Match], now: datetime) -> Placement:
        """Where ``entry`` belongs among what was absorbed within the window before ``now``. Changes nothing."""
        read = self._read(entry, matches)
        since = (now - self._window).timestamp()
        return self._by_identity(read, since) or self._by_similarity(read, since)

    def _by_identity(self, read: _Read, since: float) -> Placement | None:
        for identity in read.identities:
            told = self._live(self._known.get(identity), since)
            if told:
                return Placement(told.story, False, "identity", 1.0, ())
        told = self._live(self._known.get(read.title_identity), since) if read.title_identity else None
        if told is None or turned(read.signs, told.signs):
            return None
        return Placement(told.story, False, "same title", 1.0, ())

    def _live(self, serial: int | None, since: float) -> _Told | None:
        told = self._told.get(serial) if serial is not None else None
        return told if told and told.time >= since else None

    def _by_similarity(self, read: _Read, since: float) -> Placement:
        kept_from = ("", "")
        best = 0.0
        for candidate in self._candidates(read, since):
            best = max(best, candidate.similarity)
            if candidate.similarity < FOLLOW:
                break
            headline, why = self._veto(read, candidate)
            if not why:
                how = "similar" if candidate.similarity >= SAME else "follow-up"
                shared = self._shared(read, candidate.nearest)
                return Placement(candidate.story, False, how, candidate.similarity, shared, *kept_from)
            kept_from = kept_from if kept_from[1] else (headline, why)
        how = "vetoed" if kept_from[1] else "new"
        return Placement(story_id(read.entry), True, how, best, (), *kept_from)

    def _candidates(self, read: _Read, since: float) -> list[_Candidate]:
        """Stories that share heavy terms, most similar first."""
        query = read.vector.weights
        near: dict[str, list[tuple[float, int]]] = defaultdict(list)
        for serial in self._nearby(read.vector):
            told = self._told[serial]
            if told.time >= since and told.lang == read.entry.lang:
                near[told.story].append((cosine(query, told.terms, told.weights), serial))
        found = [self._candidate(read, story, max(hits), since) for story, hits in near.items()]
        return sorted(found, key=lambda candidate: (-candidate.similarity, candidate.story))

    def _candidate(self, read: _Read, story: str, best: tuple[float, int], since: float) -> _Candidate:
        members = [told for serial in self._members[story] if (told := self._told[serial]).time >= since]
        total = sum(cosine(read.vector.weights, told.terms, told.weights) for told in members)
        return _Candidate(story, (best[0] + total / len(members)) / 2, best[1])

    def _nearby(self, vector: Vector) -> list[int]:
        """Serials of the entries that share the heaviest terms, best first."""
        scores: dict[int, float] = defaultdict(float)
        budget = POSTINGS_READ
        for term in vector.heaviest(HEAVY_TERMS):
            postings = self._postings.get(term, ())[-budget:] if budget else ()
            budget -= len(postings)
            gain = vector.weights[term] ** 2
            for serial in postings:
                scores[serial] += gain
        return sorted(scores, key=lambda serial: (-scores[serial], -serial))[:CANDIDATES]

    def _shared(self, read: _Read, serial: int) -> tuple[str, ...]:
        told = self._told[serial]
        weight = {
            term: read.vector.weights[term] * theirs
            for term, theirs in zip(told.terms, told.weights, strict=True)
            if term in read.vector.words
        }
        heaviest = sorted(weight, key=lambda term: -weight[term])[:SHOWN_TERMS]
        return tuple(read.vector.words[term] for term in heaviest)

    def _veto(self, read: _Read, candidate: _Candidate) -> tuple[str, str]:
        """The headline that keeps the entry from the story, and why; two empty texts if none does."""
        for serial in dict.fromkeys((candidate.nearest, self._members[candidate.story][0])):
            told = self._told[serial]
            why = turned(read.signs, told.signs) or self._words_differ(read, told)
            if why:
                return told.title, why
        return "", ""

    def _words_differ(self, read: _Read, told: _Told) -> str:
        headline = read_headline(told.title, told.lang, self._data.of(told.lang))
        has = told_in(read.vector.weights)
        return (
            opposed(read.headline, headline)
            or apart(read.headline, has, headline, told_in(frozenset(told.terms)))
            or swapped(read.headline, headline)
        )

    # ── telling ──────────────────────────────────────────────────────────────────────────────────────
    def absorb(self, entry: Entry, matches: Sequence[Match], placement: Placement) -> None:
        """Remember an entry where it was placed."""
        self.absorb_filed(entry, matches, placement.story)

    def absorb_filed(self, entry: Entry, matches: Sequence[Match], story: str) -> None:
        """Remember an entry as filed under a story, and forget what has left the window."""
        self.forget_before(entry.first_seen - self._window)
        read = self._read(entry, matches)
        self._last_read = None
        serial, self._next = self._next, self._next + 1
        weights = read.vector.weights
        terms, packed = array("I", weights), array("f", weights.values())
        identities = tuple(filter(None, (*read.identities, read.title_identity)))
        self._told[serial] = _Told(
            entry.first_seen.timestamp(), story, entry.title, entry.lang, terms, packed, read.vector.posted,
            read.signs, identities,
        )  # fmt: skip
        for term in terms[: read.vector.posted]:
            self._postings.setdefault(term, array("I")).append(serial)
        self._members.setdefault(story, []).append(serial)
        self._known.update(dict.fromkeys(identities, serial))

    def forget_before(self, time: datetime) -> None:
        """Forget entries first seen before ``time``."""
        limit = time.timestamp()
        while self._told:
            serial, told = next(iter(self._told.items()))
            if told.time >= limit:
                return
            self._forget(serial, told)

    def _forget(self, serial: int, told: _Told) -> None:
        del self._told[serial]
        for term in told.terms[: told.posted]:
            postings = self._postings[term]
            postings.pop(0)  # serials leave in the order they came
            if not postings:
                del self._postings[term]
        self._members[told.story].pop(0)
        if not self._members[told.story]:
            del self._members[told.story]
        for identity in told.identities:
            if self._known.get(identity) == serial:
                del self._known[identity]

    # ── reading ──────────────────────────────────────────────────────────────────────────────────────
    def _read(self, entry: Entry, matches: Sequence[Match]) -> _Read:
        """The entry as read; remembered until it is absorbed, since placing and absorbing follow each other."""
        if self._last_read is not None and self._last_read.entry is entry:
            return self._last_read
        language = self._data.of(entry.lang)
        title = read_words(entry.title, entry.lang, language)
        summary = read_words(entry.summary[:SUMMARY_LENGTH], entry.lang, language)
        headline = headline_of(entry.title, title, language)
        self._last_read = _Read(
            entry,
            headline,
            vector_of(title, summary, language, self._seen),
            signs_of(matches),
            tuple(
                _identity(alias) for alias in dict.fromkeys((entry.key, *entry.aliases, entry.link)) if alias
            ),
            _title_identity(headline, entry.lang),
        )
        return self._last_read

    def _seen(self, term: int) -> float:
        return len(self._postings.get(term, ())) / (len(self._told) + YOUNG_WINDOW)


def _title_identity(headline: Headline, lang: str) -> int:
    if len(headline.content) < TITLE_WORDS:
        return 0
    return _identity(f"title {lang} " + " ".join(word.stem for word in headline.words))
