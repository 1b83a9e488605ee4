"""Text as the engine reads it: folded letters, words with their places in the original, sentences, stems.

Publishers write one thing in many ways: no-break spaces, curly quotes, soft hyphens, decomposed accents, a Latin
``i`` inside an Ukrainian word. *Folding* takes all of that away; a map of offsets leads from the folded text back
to the original, so that evidence can be highlighted where the reader sees it.

Cutting is done in two steps that must agree. :data:`RAW` finds raw words in folded text (a hyphenated compound is
one raw word), and :func:`parts` takes a raw word apart. The index only needs the set of raw words of an article,
each looked up in a memo; the offsets of :class:`Passage` are worked out for the few articles that may match.

Roads not taken: a tokeniser library (ICU, spaCy) is slower by one to three orders of magnitude and knows nothing of
the rule that *de-escalation* is one word and *cease-fire* two; ``str.split`` is faster still but loses offsets
and glues punctuation to words.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, pairwise
from operator import not_
from typing import NamedTuple

from bot.core.wordforms import stem

_QUOTES = dict.fromkeys("‘’‚‛`´ʼʹ′ʻ＇", "'") | dict.fromkeys("“”„‟«»″‹›＂", '"')
_SPECIAL: dict[str, str] = {
    **_QUOTES,
    **dict.fromkeys("‐‑‒−﹣－⁃", "-"),
    **dict.fromkeys("\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff", ""),
    "ё": "е",
    "Ё": "е",
    "–": "–",
    "—": "—",
    "…": "…",
}
_VANISHING = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")
_CLUSTER = re.compile("(?s).[\u0300-\u036f\u0483-\u0487\u0653-\u0655\u3099\u309a]*")


def _fold_cluster(cluster: str) -> str:
    special = _SPECIAL.get(cluster)
    if special is not None:
        return special
    return "".join(_SPECIAL.get(letter, letter) for letter in unicodedata.normalize("NFKC", cluster).lower())


class _FoldTable(dict[int, str]):
    """``str.translate`` table that learns each character once."""

    def __missing__(self, code: int) -> str:
        folded = self[code] = _fold_cluster(chr(code))
        return folded


_TABLE = _FoldTable()


def _folded(text: str) -> tuple[str, list[int] | None]:
    """The folded text, and for each of its characters the offset in the original (None = the same offset)."""
    if text.isascii():
        return text.lower().replace("`", "'"), None
    if unicodedata.is_normalized("NFC", text) and not _VANISHING.search(text):
        folded = text.translate(_TABLE)
        if len(folded) == len(text):  # nothing vanishes here, so equal length means letter by letter
            return folded, None
    pieces: list[str] = []
    offsets: list[int] = []
    for found in _CLUSTER.finditer(text):
        piece = _fold_cluster(found.group())
        pieces.append(piece)
        offsets.extend([found.start()] * len(piece))
    offsets.append(len(text))
    return "".join(pieces), offsets


def fold(text: str) -> str:
    """Lower case, compatibility forms resolved, one kind of quote and hyphen, invisible characters gone, ё as е."""
    return _folded(_unglue(text))[0]


def _unglue(text: str) -> str:
    """``UN-backed`` is two words although *un-* is a prefix; the length stays."""
    return text.replace("UN-", "UN ") if "UN-" in text else text


# ── words ────────────────────────────────────────────────────────────────────────────────────────────
_HAN = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"


def _raw(letter: str, sign: str, other: str = "") -> re.Pattern[str]:
    """Nothing that was taken is given back (``++``): what follows a word cannot make it shorter."""
    return re.compile(rf"((?:{letter}\.){{2,}}+|{other}{sign}++(?:[-']{sign}++|[.,]\d++)*+)")


RAW = _raw(r"[^\W\d_]", rf"[^\W_{_HAN}]", f"[{_HAN}]|")
"""A raw word of folded text: ``u.s.``, one Chinese or Japanese character, or letters and digits joined by - and '."""
_ASCII_RAW = _raw("[a-z]", "[a-z0-9]")  # the same in half the time, where the text has no other letters

_JOINING_PREFIXES = frozenset({"de", "re", "pre", "anti", "co", "non", "un"})
_POSSESSIVE = re.compile(r"'s?$")
_ELISION = re.compile(r"^(?:[cdjlmnst]|qu|dell|all|nell|dall|sull|un)'(?=[^\W\d_]{3})")
_ELIDING = frozenset({"fr", "it", "ca"})
_LATIN = "aceiopxykmhtbn"
_CYRILLIC = "асеіорхукмнтвп"
_TO_CYRILLIC = str.maketrans(_LATIN[:-1], _CYRILLIC[:-1])
_TO_LATIN = str.maketrans(_CYRILLIC[:-1], _LATIN[:-1])
_LATIN_LETTERS = re.compile("[a-z]")
_CYRILLIC_LETTERS = re.compile("[а-яєіїґў]")
SPACELESS = frozenset({"zh", "ja"})
"""Languages without blanks: a character is a word there."""
CYRILLIC_LANGUAGES = frozenset({"ru", "uk", "be", "bg", "sr", "mk"})


class Part(NamedTuple):
    """A word inside a raw word. ``start``/``end`` count from the raw word's beginning, in folded characters."""

    text: str
    start: int
    end: int
    joined: str = ""  # on the first part of a compound: the compound written as one word, "ceasefire"
    possessive: bool = False


@lru_cache(maxsize=1 << 16)
def parts(raw: str, lang: str) -> tuple[Part, ...]:
    """A raw word taken apart: hyphens split it, except after *de- re- pre- anti- co- non- un-*."""
    if raw[-1] == ".":
        return (Part(raw.replace(".", ""), 0, len(raw)),)
    found: list[Part] = []
    start = 0
    pieces = raw.split("-")
    if len(pieces) > 1 and pieces[0] in _JOINING_PREFIXES:
        pieces[:2] = [f"{pieces[0]}-{pieces[1]}"]
    for piece in pieces:
        text, begin, possessive = _plain(piece, lang)
        found.append(Part(text, start + begin, start + len(piece), possessive=possessive))
        start += len(piece) + 1
    if len(found) > 1:
        found[0] = found[0]._replace(joined="".join(part.text for part in found))
    return tuple(found)


def _plain(piece: str, lang: str) -> tuple[str, int, bool]:
    """A piece without its possessive, elided article and prefix hyphen; how much was cut off in front."""
    begin = 0
    possessive = False
    if "'" in piece:
        if lang in _ELIDING and (elision := _ELISION.match(piece)):
            begin = elision.end()
        shorn = _POSSESSIVE.sub("", piece)
        possessive = shorn != piece and shorn.isascii()
        piece = shorn if possessive else piece
    return _mend(piece[begin:].replace("-", ""), lang), begin, possessive


def _mend(word: str, lang: str) -> str:
    """Look-alike letters of the other script replaced where a word mixes Latin and Cyrillic."""
    if word.isascii():
        return word
    latin, cyrillic = _LATIN_LETTERS.findall(word), _CYRILLIC_LETTERS.findall(word)
    if not latin or not cyrillic:
        return word
    as_cyrillic = all(letter in _LATIN for letter in latin)
    as_latin = all(letter in _CYRILLIC for letter in cyrillic)
    if as_cyrillic and (not as_latin or lang in CYRILLIC_LANGUAGES):
        return word.translate(_TO_CYRILLIC)
    return word.translate(_TO_LATIN) if as_latin else word


def raw_words(text: str) -> list[str]:
    """The raw words of a text in order; what the index asks its memo about."""
    found: list[str] = _cut(fold(text))[1::2]
    return found


def _cut(folded: str) -> list[str]:
    """What stands between raw words, and raw words, in turn; the first and the last stand between."""
    return (_ASCII_RAW if folded.isascii() else RAW).split(folded)


def _is_plain(raw: str) -> bool:
    """Nine words in ten: one part, as it stands."""
    return raw.isalnum() and raw.isascii()


def words(text: str, lang: str = "") -> list[str]:
    """The words of a text in order, folded, compounds taken apart."""
    return [part.text for raw in raw_words(text) for part in parts(raw, lang)]


def stems(text: str, lang: str) -> list[str]:
    """The stems of a text's words in order, one a word."""
    return [stem(word, lang) for word in words(text, lang)]


# ── a text with its places ───────────────────────────────────────────────────────────────────────────
LABEL = 2  # words in front of a colon that say whom or where the rest is about
_STOP = re.compile(r"[;:!?…—\n]|\.(?!\w)| [–-]|[–-] ")
_NO_STOP = frozenset({" ", "-", ", ", "", "'"})
_TITLES = frozenset(
    {"mr", "mrs", "ms", "dr", "gen", "lt", "col", "sgt", "capt", "sen", "rep", "gov", "st", "prof"}
)


@dataclass(frozen=True, slots=True)
class Joints:
    """The little words of a language that hold a sentence together."""

    function_words: frozenset[str] = frozenset()  # count as no distance: of, the, in
    cuts: frozenset[str] = frozenset()  # begin another clause: but, while, after
    uncut: frozenset[tuple[str, str]] = (
        frozenset()
    )  # pairs in which a cut word cuts nothing: as many, such as


NO_JOINTS = Joints()


class Passage:
    """One place's text with its words: parallel lists, indexed by the word's number.

    ``raws`` are (raw word, number of its first word, how many words it has); ``starts``/``ends`` are offsets into
    the original ``text``; ``between[i]`` is the folded text before word *i* (one more at the end). ``segments[i]``
    counts up at ``; : . ! ? —`` and spaced dashes, ``clauses[i]`` at words such as *but* and *after* too;
    ``content[i]`` is the number of content words before word *i*. ``label`` words stand in front of a colon at the
    beginning ("Kherson: …"), 0 if more than two.
    """

    __slots__ = (
        "between", "clauses", "content", "ends", "label", "lang", "possessive", "raws", "segments", "starts", "text",
        "words",
    )  # fmt: skip

    def __init__(self, text: str, lang: str, joints: Joints = NO_JOINTS) -> None:
        self.text = text
        self.lang = lang
        folded, offsets = _folded(_unglue(text))
        pieces = _cut(folded)
        edges = list(accumulate(map(len, pieces)))
        self.between, self.words = pieces[::2], pieces[1::2]
        self.starts, self.ends = edges[:-1:2], edges[1::2]
        self.possessive = [False] * len(self.words)
        self.raws = self._take_apart(folded)
        if offsets:
            self.ends = [max(offsets[end], offsets[end - 1] + 1) for end in self.ends]
            self.starts = [offsets[start] for start in self.starts]
        self.label = self._label()
        self._count(joints)

    def __len__(self) -> int:
        return len(self.words)

    def _take_apart(self, folded: str) -> list[tuple[str, int, int]]:
        """The raw words; from the last to the first, those that are more or less than one word are replaced."""
        raws = self.words[:]
        sizes = [1] * len(raws)
        plain = map(str.isalnum if folded.isascii() else _is_plain, raws)
        for at in [at for at, one in enumerate(plain) if not one][::-1]:
            found, here = parts(raws[at], self.lang), self.starts[at]
            sizes[at] = len(found)
            self.words[at : at + 1] = [part.text for part in found]
            self.starts[at : at + 1] = [here + part.start for part in found]
            self.ends[at : at + 1] = [here + part.end for part in found]
            self.possessive[at : at + 1] = [part.possessive for part in found]
            self.between[at] += folded[here : self.starts[at]]
            self.between[at + 1 : at + 1] = [
                folded[here + left.end : here + right.start] for left, right in pairwise(found)
            ]
        return list(zip(raws, accumulate(sizes, initial=0), sizes, strict=False))

    def _label(self) -> int:
        return next((at for at in range(1, min(LABEL + 1, len(self))) if ":" in self.between[at]), 0)

    def _count(self, joints: Joints) -> None:
        words = self.words
        stops = [at for at, gap in enumerate(self.between[:-1]) if gap not in _NO_STOP and self._stops(at)]
        cuts: list[int] = []
        if not joints.cuts.isdisjoint(words):
            cuts = [at for at, word in enumerate(words) if word in joints.cuts and self._cuts(at, joints)]
        self.segments = _numbered(stops, len(words))
        self.clauses = _numbered(sorted({*stops, *cuts}), len(words)) if cuts else self.segments
        little = map(joints.function_words.__contains__, words)
        self.content = list(accumulate(map(not_, little), initial=0))

    def _stops(self, at: int) -> bool:
        gap = self.between[at]
        return at > 0 and bool(_STOP.search(gap)) and not (gap == ". " and self.words[at - 1] in _TITLES)

    def _cuts(self, at: int, joints: Joints) -> bool:
        around = self.words[max(at - 1, 0) : at + 2]
        return joints.uncut.isdisjoint(pairwise(around))

    def gap(self, left: int, right: int) -> int:
        """How many content words stand between word ``left`` and a later word ``right``."""
        return self.content[right] - self.content[left + 1]

    def surface(self, first: int, last: int) -> str:
        """The original text from word ``first`` to word ``last``."""
        return self.text[self.starts[first] : self.ends[last]]

    def stretch(self, at: int, numbers: Sequence[int]) -> tuple[int, int]:
        """First and one-past-last word of the clause (or segment) that word ``at`` stands in."""
        return bisect_left(numbers, numbers[at]), bisect_right(numbers, numbers[at])


def _numbered(begins: Sequence[int], length: int) -> list[int]:
    """For each of so many words the number of the stretch it stands in; a new one begins at each of ``begins``."""
    numbers: list[int] = []
    for number, (begin, end) in enumerate(pairwise((0, *begins, length))):
        numbers += [number] * (end - begin)
    return numbers
