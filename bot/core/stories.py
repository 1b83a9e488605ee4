"""Same news or not, decided the moment an entry arrives.

A false merge hides news, and is worst when the two are opposites; a missed merge sends a second alert. So two
thresholds and a veto::

    identity (a key or link known in the window)            → the same story, an update of the same item
    one of an endless series ("day 484")                    → its own story, which nothing joins
    same headline                                           → the same story, unless the rules turned
    similarity ≥ SAME                                       → the same story: silent
    FOLLOW + CROWDING × the third story's ≤ it < SAME       → a follow-up: part of the story, under its own headline
    vetoed (opposites, other particulars, rules turned)     → its own story, which says whom it differs from
    below                                                   → new

*Similarity* is TF-IDF over stems (:mod:`bot.core.vectors`), found through an inverted index over the heaviest
terms. A text that is but a headline is compared by its headline, in which words of one class meet. The similarity to
a story is the mean over its members, of a long one over its first and its latest: the best alone chains one event to
the next (single-link drift). A text that resembles three stories at once shares their *topic*, not their event, so
the third one's similarity raises the bar (the second may be a part of the same story); on round-ups that takes a
quarter of the false merges away at the same recall. Where the same rule fired on both within hours and their places
agree, the bar is lower.
A term is as common as the *stories* it opened are, not the articles: twelve reports of one fight do not make its
boxers common.
*Vetoes* come from :mod:`bot.core.polarity` and :mod:`bot.core.particulars`, and are asked against the story's nearest
member and its first; a veto by opposition is a contradiction and is named with its story. Entries in different
languages never meet here: what one rule found in two languages at the same places is *linked*, not merged.

The index holds only what lies in the window (72 h), as packed arrays, and is a function of the entries absorbed:
rebuilt from the store, by :meth:`StoryIndex.recall` of what was read then or by :meth:`StoryIndex.absorb_filed` where
nothing was kept, it decides the same, but for the counts of terms, which outlive the window and start anew
(:data:`COUNTED` bounds them). Nothing is random, no clock is read.

Roads not taken, all measured on news round-ups and look-alike sets: shared-word ratios (Jaccard ≥ .5, overlap
≥ .6) miss four paraphrases in five and merge opposites; SimHash and MinHash find copies only; sentence embeddings
equal TF-IDF at forty times the time and cannot see opposites either; a learned combination of cosine, coverage, name
and class features gained under two points on its own data and lost them elsewhere; weighting names up hurts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import blake2b
from statistics import fmean

from bot.core.credits import alike, credit
from bot.core.model import Entry, Link, Match
from bot.core.particulars import apart, told_in, within
from bot.core.polarity import (
    NONE,
    Contrast,
    mood_turned,
    of_one_kind,
    opposed,
    places_only,
    swapped,
    turned,
)
from bot.core.postings import Postings
from bot.core.reading import read_headline
from bot.core.storydata import StoryData
from bot.core.storyreading import Reading, read_entry
from bot.core.told import Told, kept, packed, unpacked
from bot.core.vectors import Counts, cosine

WINDOW = timedelta(hours=72)
SAME = 0.40
FOLLOW = 0.19
CROWDING = 0.45  # of the third story's similarity is added to it
LEAST_CROWD = 0.1  # where there are no three
KINDRED = 0.15  # the bar where the rules and the places agree …
KINDRED_WITHIN = 12 * 3600.0  # … within so many seconds
HEAVY_TERMS = 12  # by which candidates are found
HEAVY_CLASSES = 6  # and by which headlines of other words are
CANDIDATES = 30  # whose cosine is worked out
POSTINGS_READ = 4_000  # per entry, rarest terms first: bounds the worst case
MEMBERS_ASKED = 8  # of a story, its first one and the latest
YOUNG = 200  # stories the counts are diluted by, so that three are no statistics
COUNTED = 50_000  # stories after which all counts are halved: what was hot last month cools
SHOWN_TERMS = 5
LINKS_READ = 60  # entries of one rule looked at for its story in other languages
LINKED_WITHIN = 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Placement:
    """Where an entry belongs, and why."""

    story: str  # id of the joined story, or of the new one, made from the entry's key
    is_new: bool
    how: str  # identity | same title | similar | follow-up | new | vetoed | series
    similarity: float
    shared: tuple[str, ...]  # the heaviest shared terms
    differs_from: str = ""  # headline of the story a veto kept it from
    veto: str = ""  # why, in words
    contradicts: str = ""  # id of that story, where the veto is a contradiction and not a look-alike
    speaks_against: str = ""  # then how: ``denies`` | ``reverses``
    voice: str = (
        ""  # whose word the entry is, where that is not its owner's: the wire or the text it is copied from
    )
    linked: tuple[Link, ...] = ()  # "also reported in Russian by …"


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A story that may be the one: its similarity, and its nearest member."""

    story: str
    similarity: float
    nearest: int


def story_id(entry: Entry) -> str:
    """The id of the story an entry opens, from its key alone."""
    return "st-" + blake2b(entry.key.encode(), digest_size=8).hexdigest()


class StoryIndex:
    """The stories of the window. Ask with :meth:`place`, then tell it with :meth:`absorb`."""

    def __init__(self, data: StoryData, *, window: timedelta = WINDOW) -> None:
        self._data = data
        self._window = window
        self._told: dict[int, Told] = {}  # serial → entry, oldest first
        self._first = self._next = 0
        self._postings = Postings[int]()  # by term
        self._members: dict[str, list[int]] = {}  # story → serials, ascending
        self._known: dict[int, int] = {}  # identity → newest serial
        self._by_rule = Postings[str]()
        self._opened: dict[int, int] = {}  # term → stories whose first entry has it
        self._stories = 0  # counted in it
        self._last_read: Reading | None = None

    def __len__(self) -> int:
        return len(self._told)

    # ── asking ───────────────────────────────────────────────────────────────────────────────────────
    def place(self, entry: Entry, matches: Sequence[Match], now: datetime) -> Placement:
        """Where ``entry`` belongs among what was absorbed within the window before ``now``. Changes nothing."""
        read = self._read(entry, matches)
        since = (now - self._window).timestamp()
        placement = self._by_identity(read, since) or self._by_similarity(read, since)
        return replace(
            placement,
            voice=credit(entry) or self._copied_from(read, placement.story),
            linked=self._links(read, since),
        )

    def _by_identity(self, read: Reading, since: float) -> Placement | None:
        for identity in read.identities:
            told = self._live(self._known.get(identity), since)
            if told:
                return Placement(told.story, False, "identity", 1.0, ())
        if read.series:
            return Placement(story_id(read.entry), True, "series", 0.0, ())
        told = self._live(self._known.get(read.title_identity), since) if read.title_identity else None
        if told is None or turned(read.signs, told.signs).why:
            return None
        return Placement(told.story, False, "same title", 1.0, ())

    def _live(self, serial: int | None, since: float) -> Told | None:
        told = self._told.get(serial) if serial is not None else None
        return told if told and told.time >= since else None

    def _by_similarity(self, read: Reading, since: float) -> Placement:
        against: _Against | None = None
        best = 0.0
        candidates = self._candidates(read, since)
        follow = FOLLOW + CROWDING * _crowd(candidates)
        for candidate in candidates:
            best = max(best, candidate.similarity)
            if candidate.similarity < self._least(read, candidate, follow):
                continue
            told, contrast = self._veto(read, candidate)
            if not contrast.why:
                how = "similar" if candidate.similarity >= SAME else "follow-up"
                shared = self._shared(read, candidate.nearest)
                joined = Placement(candidate.story, False, how, candidate.similarity, shared)
                return against.noted(joined) if against else joined
            against = against or _Against(told, contrast)
        new = Placement(story_id(read.entry), True, "vetoed" if against else "new", best, ())
        return against.noted(new) if against else new

    def _least(self, read: Reading, candidate: _Candidate, follow: float) -> float:
        """The similarity that makes an entry part of a story."""
        told = self._told[candidate.nearest]
        if read.signs.rules and told.signs.rules and not read.signs.rules & told.signs.rules:
            return SAME  # what different rules found is different news, unless the words leave no doubt
        return KINDRED if _kindred(read, told) else follow

    def _candidates(self, read: Reading, since: float) -> list[_Candidate]:
        """Stories that share heavy terms, most similar first."""
        near: dict[str, dict[int, float]] = defaultdict(dict)
        for serial in self._nearby(read):
            told = self._told[serial]
            if told.time >= since and told.lang == read.entry.lang:
                near[told.story][serial] = _similarity(read, told)
        found = [self._candidate(read, story, hits, since) for story, hits in near.items()]
        return sorted(found, key=lambda candidate: (-candidate.similarity, candidate.story))

    def _candidate(self, read: Reading, story: str, hits: Mapping[int, float], since: float) -> _Candidate:
        best, nearest = max((similarity, serial) for serial, similarity in hits.items())
        if best < KINDRED:  # no mean is above its best
            return _Candidate(story, best, nearest)
        members = [
            hits[serial] if serial in hits else _similarity(read, told)
            for serial in self._asked(story)
            if (told := self._told[serial]).time >= since
        ]
        return _Candidate(story, fmean(members), nearest)

    def _asked(self, story: str) -> Sequence[int]:
        serials = self._members[story]
        return serials if len(serials) <= MEMBERS_ASKED else (serials[0], *serials[1 - MEMBERS_ASKED :])

    def _nearby(self, read: Reading) -> list[int]:
        """Serials of the entries that share the heaviest terms, best first."""
        scores: dict[int, float] = {}
        budget = POSTINGS_READ
        for term, gain in _heaviest(read):
            postings = self._postings.newest(term, budget, self._first)
            budget -= len(postings)
            here = dict.fromkeys(postings, gain)
            for serial in here.keys() & scores.keys():
                here[serial] += scores[serial]
            scores.update(here)
        if len(scores) > CANDIDATES:  # most stand below the last of them
            least = sorted(scores.values(), reverse=True)[CANDIDATES - 1]
            scores = {serial: score for serial, score in scores.items() if score >= least}
        return sorted(scores, key=scores.__getitem__, reverse=True)[:CANDIDATES]

    def _shared(self, read: Reading, serial: int) -> tuple[str, ...]:
        told = self._told[serial]
        weight = {
            read.article.words[term]: read.article.weights[term] * theirs
            for term, theirs in zip(told.terms, told.weights, strict=True)
            if term in read.article.words
        }
        for term, theirs in zip(told.title_terms, told.title_weights, strict=True):
            if (read.brief or told.brief) and term in read.title.words:
                weight.setdefault(read.title.words[term], read.title.weights[term] * theirs)
        return tuple(sorted(weight, key=lambda word: -weight[word])[:SHOWN_TERMS])

    # ── vetoes ───────────────────────────────────────────────────────────────────────────────────────
    def _veto(self, read: Reading, candidate: _Candidate) -> tuple[Told, Contrast]:
        """What keeps the entry from the story, and the entry of it that shows it."""
        for serial in dict.fromkeys((candidate.nearest, self._members[candidate.story][0])):
            told = self._told[serial]
            contrast = turned(read.signs, told.signs)
            contrast = contrast if contrast.why else self._words_differ(read, told)
            if contrast.why:
                return told, contrast
        return told, NONE

    def _words_differ(self, read: Reading, told: Told) -> Contrast:
        headline = read_headline(told.title, told.lang, self._data.of(told.lang))
        brief = read.brief or told.brief
        contrast = opposed(read.headline, headline, brief=brief)
        if not contrast.why and brief:
            contrast = mood_turned(read.headline, headline)
        if contrast.why:
            return contrast
        ours = told_in(read.article.weights.keys() | read.title.weights.keys())
        theirs = told_in({*told.terms, *told.title_terms})
        why = apart(read.headline, ours, headline, theirs, brief=brief) or swapped(
            read.headline, headline, brief=brief
        )
        if not why and brief and places_only(read.headline, headline) and not _kindred(read, told):
            why = "nothing in common but the place"
        return Contrast(why)

    # ── whose word, and who else ─────────────────────────────────────────────────────────────────────
    def _copied_from(self, read: Reading, story: str) -> str:
        """The voice of the earliest report in the story whose text the entry repeats."""
        if not read.sketch:
            return ""
        for serial in self._members.get(story, ()):
            told = self._told[serial]
            if alike(read.sketch, told.sketch):
                return told.voice if told.voice != read.entry.owner else ""
        return ""

    def _links(self, read: Reading, since: float) -> tuple[Link, ...]:
        """Who tells it in other languages: the newest of each that the same rule found at the same places."""
        if not read.places:
            return ()
        found: dict[str, Link] = {}
        for rule in read.signs.rules:
            for serial in reversed(self._by_rule.newest(rule, LINKS_READ, self._first)):
                told = self._told[serial]
                recent = read.entry.first_seen.timestamp() - told.time <= LINKED_WITHIN and told.time >= since
                other = told.lang != read.entry.lang and told.lang not in found
                agree = recent and other and not turned(read.signs, told.signs).why
                if agree and _same_ground(read.places, told.places):
                    found[told.lang] = Link(told.story, told.lang, told.voice, told.title)
        return tuple(found[lang] for lang in sorted(found))

    # ── telling ──────────────────────────────────────────────────────────────────────────────────────
    def absorb(self, entry: Entry, matches: Sequence[Match], placement: Placement) -> bytes:
        """Remember an entry where it was placed; returns what :meth:`unpacked` makes it of again."""
        return packed(self._absorb(entry, matches, placement.story, placement.voice), self._data.stamp)

    def unpacked(self, reading: bytes, story: str) -> Told | None:
        """An entry for :meth:`recall`, as :meth:`absorb` had it; None if the bytes are none of ours: read it anew."""
        return unpacked(reading, story, self._data.stamp)

    def absorb_filed(self, entry: Entry, matches: Sequence[Match], story: str) -> None:
        """Remember an entry as filed under a story, and forget what has left the window."""
        read = self._read(entry, matches)
        self._absorb(entry, matches, story, credit(entry) or self._copied_from(read, story))

    def _absorb(self, entry: Entry, matches: Sequence[Match], story: str, voice: str) -> Told:
        told = kept(self._read(entry, matches), story, voice or entry.owner)
        self._last_read = None
        self.recall(told)
        return told

    def recall(self, told: Told) -> None:
        """Remember an entry as it was, and forget what has left the window."""
        self._forget_before(told.time - self._window.total_seconds())
        serial, self._next = self._next, self._next + 1
        if told.story not in self._members:
            self._count(told.terms[: told.words])
        self._told[serial] = told
        self._postings.add(serial, told.listed)
        self._by_rule.add(serial, told.signs.rules)
        self._members.setdefault(told.story, []).append(serial)
        self._known.update(dict.fromkeys(told.identities, serial))

    def _count(self, opener: Iterable[int]) -> None:
        self._stories += 1
        for term in opener:
            self._opened[term] = self._opened.get(term, 0) + 1
        if self._stories >= COUNTED:
            self._stories //= 2
            self._opened = {term: count // 2 for term, count in self._opened.items() if count > 1}

    def forget_before(self, time: datetime) -> None:
        """Forget entries first seen before ``time``."""
        self._forget_before(time.timestamp())

    def _forget_before(self, limit: float) -> None:
        while (told := self._told.get(self._first)) is not None and told.time < limit:
            self._forget(self._first, told)
            self._first += 1

    def _forget(self, serial: int, told: Told) -> None:
        del self._told[serial]
        self._postings.drop(serial, told.listed)
        self._by_rule.drop(serial, told.signs.rules)
        self._members[told.story].pop(0)
        if not self._members[told.story]:
            del self._members[told.story]
        for identity in told.identities:
            if self._known.get(identity) == serial:
                del self._known[identity]

    # ── reading ──────────────────────────────────────────────────────────────────────────────────────
    def _read(self, entry: Entry, matches: Sequence[Match]) -> Reading:
        """The entry as read; remembered until it is absorbed, since placing and absorbing follow each other."""
        if self._last_read is None or self._last_read.entry is not entry:
            counts = Counts(self._opened, self._stories + YOUNG)
            self._last_read = read_entry(entry, matches, self._data, counts)
        return self._last_read


@dataclass(frozen=True, slots=True)
class _Against:
    """The told entry that a veto kept an entry from, and why."""

    told: Told
    contrast: Contrast

    def noted(self, placement: Placement) -> Placement:
        """The placement that says so."""
        return replace(
            placement,
            differs_from=self.told.title,
            veto=self.contrast.why,
            contradicts=self.told.story if self.contrast.how else "",
            speaks_against=self.contrast.how,
        )


def _crowd(candidates: Sequence[_Candidate]) -> float:
    """How much the third story is like the entry: what one topic has in common."""
    return max(LEAST_CROWD, candidates[2].similarity) if len(candidates) > 2 else LEAST_CROWD


def _kindred(read: Reading, told: Told) -> bool:
    """Did one rule find both within hours at the same places?"""
    if read.entry.first_seen.timestamp() - told.time > KINDRED_WITHIN or not of_one_kind(
        read.signs, told.signs
    ):
        return False
    return _same_ground(read.places, told.places)


def _similarity(read: Reading, told: Told) -> float:
    words = cosine(read.article.weights, told.terms, told.weights)
    if not read.brief and not told.brief:
        return words
    return max(words, cosine(read.title.weights, told.title_terms, told.title_weights))


def _heaviest(read: Reading) -> list[tuple[int, float]]:
    """The terms to look for candidates by, heaviest first, each with what it speaks for."""
    terms = {term: read.article.weights[term] ** 2 for term in read.article.heaviest(HEAVY_TERMS)}
    classes = [term for term in read.title.heaviest(HEAVY_TERMS) if term not in read.article.weights]
    terms.update((term, read.title.weights[term] ** 2) for term in classes[:HEAVY_CLASSES])
    return sorted(terms.items(), key=lambda each: -each[1])


def _same_ground(ours: Iterable[str], theirs: Iterable[str]) -> bool:
    """Do two sets of places meet?"""
    return any(within(one, other) for one in ours for other in theirs)
