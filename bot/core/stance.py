"""Does the text say that it happens? Asserted, or feared, denied, called for, simulated, background.

After NegEx (Chapman et al., 2001) and ConText (Harkema et al., 2009), which do this for medical reports with lists
of cue words and a window: a cue up to :data:`BEFORE` words in front of the event or :data:`AFTER` behind it decides,
unless something cuts the way (``; : — "``, *but*, *as*). Of several cues the strongest stance wins: denied, simulated,
feared, called for, background.

Headlines add rules of grammar that reports do not need: a yes-or-no question fears, an explanation ("Why …") and a
label in front of a colon look back, ``Russia's invasion`` is known already, ``an invasion`` may come. A verb of
beginning or announcing nearby makes the noun news again.

A parser would know more of "who does what"; the two tried cost 5 to 20 ms a headline, and a wrong parse
cannot be explained to an editor, while a cue word can be shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from typing import NamedTuple

from bot.core.cues import NUMBER, SKIP, CueBook, Phrases
from bot.core.model import Place, Stance
from bot.core.text import Passage
from bot.core.wordforms import stems_of

BEFORE = 7  # words
AFTER = 4
LONGEST_SKIP = 4  # words that "…" in a cue may stand for
LABEL = 4  # words a label has at most
PRIORITY = (
    Stance.DENIED,
    Stance.SIMULATED,
    Stance.FEARED,
    Stance.CALLED_FOR,
    Stance.BACKGROUND,
    Stance.ASSERTED,
)
_QUOTED = re.compile('["(]')
_PAUSE = re.compile('["(,]')
_YEAR = re.compile(r"1\d{3}|20\d\d")


class Verdict(NamedTuple):
    """A stance, the cue that decided it as it stands in the text, and the cue's first and last word (-1 = none).

    ``passing``: the event is only the backdrop of something else, "bills rise *after* the invasion".
    """

    stance: Stance
    cue: str = ""
    first: int = -1
    last: int = -1
    passing: bool = False


ASSERTED = Verdict(Stance.ASSERTED)


class StanceReader:
    """Judges occurrences in one passage."""

    def __init__(self, passage: Passage, place: Place, book: CueBook, entities: frozenset[str]) -> None:
        self._passage = passage
        self._title = place is Place.TITLE
        self._book = book
        self._entities = entities

    def judge(self, occurrence: tuple[int, ...]) -> Verdict:
        """The stance of the event whose words these are."""
        if not self._book.before:
            return ASSERTED
        heads = self._heads(occurrence)
        first, last = heads[0], heads[-1]
        left, right = self._reach(first, last)
        verdicts = [
            *self._in_front(range(left, last), occurrence, heads),
            *self._cues(self._book.after, range(first + 1, right), occurrence),
            *self._cues(self._book.beside, range(last + 1, min(right, last + 2)), occurrence),
            *self._grammar(occurrence, heads),
        ]
        return min(verdicts, key=lambda verdict: PRIORITY.index(verdict.stance), default=ASSERTED)

    # ── where the event is ───────────────────────────────────────────────────────────────────────────
    def _forms(self, at: int) -> tuple[str, ...]:
        return stems_of(self._passage.words[at], self._passage.lang)

    def _heads(self, occurrence: tuple[int, ...]) -> list[int]:
        """The words of the event itself: not who or where, if anything else is there."""
        little = self._book.joints.function_words
        heads = [at for at in occurrence if self._entities.isdisjoint(self._forms(at))]
        return [at for at in heads if self._passage.words[at] not in little] or heads or list(occurrence)

    def _is(self, at: int, words: frozenset[str]) -> bool:
        word = self._passage.words[at]
        if word in words or (NUMBER in words and word[0].isdigit()):
            return True
        return self._book.by_lemma and not words.isdisjoint(self._forms(at))

    def _reach(self, first: int, last: int) -> tuple[int, int]:
        """First and one-past-last word where a cue may stand: in the event's clause, on this side of a quotation."""
        passage = self._passage
        left, right = first, last + 1
        while left > max(first - BEFORE, 0) and passage.clauses[left - 1] == passage.clauses[first]:
            if passage.between[left] != " " and _QUOTED.search(passage.between[left]):
                break
            left -= 1
        while right < min(last + 1 + AFTER, len(passage)) and passage.clauses[right] == passage.clauses[last]:
            if passage.between[right] != " " and _PAUSE.search(passage.between[right]):
                break
            right += 1
        return left, right

    # ── cues ─────────────────────────────────────────────────────────────────────────────────────────
    def _cues(self, cues: Phrases, places: range, taken: tuple[int, ...]) -> Iterator[Verdict]:
        """Cues that lie inside ``places``; a word of the event is no cue to itself."""
        for at in places:
            for words, stance in self._starting(cues, at):
                last = self._end(words, at, places.stop) - 1
                if last >= at and at not in taken and last not in taken and at not in self._hidden:
                    shown = self._passage.surface(at, last)
                    yield Verdict(stance, shown, at, last, words in self._book.passing)
                    break

    def _in_front(self, places: range, taken: tuple[int, ...], heads: list[int]) -> Iterator[Verdict]:
        """Cues before the event. ``after the invasion`` looks back; a headline's
        ``after tanks invade`` may be the news itself."""
        for verdict in self._cues(self._book.before, places, taken):
            conjunction = self._passage.words[verdict.last] in self._book.joints.cuts
            if not conjunction or not self._title or all(self._is_noun(at) for at in heads):
                yield verdict

    def _is_noun(self, at: int) -> bool:
        return self._passage.words[at] in self._book.nouns or self._certainly_noun(at)

    def _certainly_noun(self, at: int) -> bool:
        endings = self._book.noun_endings
        return bool(endings) and self._passage.words[at].endswith(endings)

    def _starting(self, cues: Phrases, at: int) -> tuple[tuple[tuple[str, ...], Stance], ...]:
        word = self._passage.words[at]
        found = cues.get(word, ())
        if self._book.by_lemma:
            for form in self._forms(at):
                if form != word:
                    found += cues.get(form, ())
        return found

    def _end(self, words: tuple[str, ...], at: int, end: int) -> int:
        """One past the last word of a cue that begins at ``at`` and ends before ``end``; 0 if it does not stand there.

        A ``…`` in it skips words: ``tell … to``.
        """
        skip = 0
        for word in words:
            if word == SKIP:
                skip = LONGEST_SKIP
                continue
            while skip and at < end and not self._is(at, frozenset((word,))):
                at, skip = at + 1, skip - 1
            if at >= end or not self._is(at, frozenset((word,))):
                return 0
            at, skip = at + 1, 0
        return at

    @cached_property
    def _hidden(self) -> frozenset[int]:
        """The words of phrases that look like cues and are none."""
        found: set[int] = set()
        pseudo, end = self._book.pseudo, len(self._passage)
        for at, word in enumerate(self._passage.words):
            forms = {word, *self._forms(at)} if self._book.by_lemma else (word,)
            for form in forms:
                for words in pseudo.get(form, ()):
                    found.update(range(at, self._end(words, at, end)))
        return frozenset(found)

    # ── grammar ──────────────────────────────────────────────────────────────────────────────────────
    def _grammar(self, occurrence: tuple[int, ...], heads: list[int]) -> Iterator[Verdict]:
        passage = self._passage
        first, last = passage.stretch(heads[0], passage.segments)
        yield from self._question(first, last)
        if self._title:
            yield from self._label(occurrence, last)
        if all(self._is_noun(at) for at in heads) and not self._confirmed(heads):
            yield from self._known(heads, passage.stretch(heads[0], passage.clauses)[0])

    def _question(self, first: int, last: int) -> Iterator[Verdict]:
        """The sentence asks, or explains."""
        asked = "?" in self._passage.between[last]
        opening = "" if self._is_acronym(first, last) else self._passage.words[first]
        if opening in self._book.open and (asked or self._title):
            yield Verdict(Stance.BACKGROUND, self._passage.surface(first, first), first, first)
        elif asked or (self._title and opening in self._book.polar):
            yield Verdict(Stance.FEARED, "?")

    def _is_acronym(self, at: int, last: int) -> bool:
        """``WHO declares …`` asks nothing; where everything is in capitals, a capital says nothing."""
        surface = self._passage.surface(at, at)
        return len(surface) > 1 and surface.isupper() and not self._passage.surface(at, last - 1).isupper()

    def _label(self, occurrence: tuple[int, ...], end: int) -> Iterator[Verdict]:
        """``Ukraine invasion: …`` names the topic; ``Analysis: …`` says what kind of text follows."""
        between = self._passage.between
        colon = next((at for at in range(1, min(LABEL + 1, len(self._passage))) if ":" in between[at]), 0)
        if colon and occurrence[-1] < colon and end <= colon:
            yield Verdict(Stance.BACKGROUND, ":")
        for at in (0, len(self._passage) - 1):
            beside = between[1] if at == 0 else between[at]
            if self._passage.words[at] in self._book.labels and re.search(r"[:|–—-]", beside):
                yield Verdict(Stance.BACKGROUND, self._passage.surface(at, at), at, at)

    def _confirmed(self, heads: list[int]) -> bool:
        """A verb makes the noun news: "*launches* an invasion", "a quake *hits*"."""
        first, last = self._passage.stretch(heads[0], self._passage.clauses)
        before = range(max(heads[0] - AFTER - 1, first), heads[-1] + 1)
        behind = range(heads[0], min(heads[-1] + AFTER + 1, last))
        return any(not self._book.starts.isdisjoint(self._forms(at)) for at in before) or any(
            not self._book.happens.isdisjoint(self._forms(at)) for at in behind
        )

    def _known(self, heads: list[int], clause_start: int) -> Iterator[Verdict]:
        """An event noun by what stands before it: ``the``, ``Russia's``, ``2014`` and prepositions look back,
        ``an`` looks ahead."""
        head = heads[0]
        certain = self._certainly_noun(head)
        for at in range(head - 1, max(head - 5, clause_start - 1), -1):
            before = self._passage.words[at]
            shown = (self._passage.surface(at, at), at, at)
            if self._passage.possessive[at] or self._looks_back(before):
                yield Verdict(Stance.BACKGROUND, *shown)
                return
            if before in self._book.indefinite:
                yield Verdict(Stance.FEARED, *shown)
                return
            modifies = certain or self._entities.isdisjoint(self._forms(at))
            if before in self._book.joints.function_words or not modifies:
                return

    def _looks_back(self, word: str) -> bool:
        return word in self._book.definite or word in self._book.prepositions or bool(_YEAR.fullmatch(word))
