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
from functools import lru_cache
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
RAW = re.compile(rf"(?:[^\W\d_]\.){{2,}}|[{_HAN}]|[^\W_{_HAN}]+(?:[-'][^\W_{_HAN}]+|[.,]\d+)*")
"""A raw word of folded text: ``u.s.``, one Chinese or Japanese character, or letters and digits joined by - and '."""

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
    folded: list[str] = RAW.findall(fold(text))
    return folded


def words(text: str, lang: str = "") -> list[str]:
    """The words of a text in order, folded, compounds taken apart."""
    return [part.text for raw in raw_words(text) for part in parts(raw, lang)]


def stems(text: str, lang: str) -> list[str]:
    """The stems of a text's words in order, one a word."""
    return [stem(word, lang) for word in words(text, lang)]


# ── a text with its places ───────────────────────────────────────────────────────────────────────────
_CUT = re.compile(r"[;:!?…—\n]|\.(?!\w)| [–-]|[–-] ")
_TITLES = frozenset(
    {"mr", "mrs", "ms", "dr", "gen", "lt", "col", "sgt", "capt", "sen", "rep", "gov", "st", "prof"}
)


class Passage:
    """One place's text with its words: parallel lists, indexed by the word's number.

    ``raws`` are (raw word, number of its first word, how many words it has); ``starts``/``ends`` are offsets into
    the original ``text``; ``joints[i]`` is the folded text before word *i* (one more at the end); ``clauses[i]``
    counts up at ``; : . ! ? —`` and spaced dashes; ``content[i]`` is the number of content words before word *i*.
    """

    __slots__ = (
        "clauses",
        "content",
        "ends",
        "joints",
        "lang",
        "possessive",
        "raws",
        "starts",
        "text",
        "words",
    )

    def __init__(self, text: str, lang: str, function_words: frozenset[str] = frozenset()) -> None:
        self.text = text
        self.lang = lang
        self.words: list[str] = []
        self.raws: list[tuple[str, int, int]] = []
        self.starts: list[int] = []
        self.ends: list[int] = []
        self.joints: list[str] = []
        self.possessive: list[bool] = []
        folded, offsets = _folded(_unglue(text))
        reached = 0
        for found in RAW.finditer(folded):
            raw, at = found.group(), found.start()
            pieces = parts(raw, lang)
            self.raws.append((raw, len(self.words), len(pieces)))
            for part in pieces:
                start, end = at + part.start, at + part.end
                self.words.append(part.text)
                self.joints.append(folded[reached:start])
                self.starts.append(offsets[start] if offsets else start)
                self.ends.append(max(offsets[end], offsets[start] + 1) if offsets else end)
                self.possessive.append(part.possessive)
                reached = end
        self.joints.append(folded[reached:])
        self.clauses = self._count_clauses()
        self.content = self._count_content(function_words)

    def __len__(self) -> int:
        return len(self.words)

    def _count_clauses(self) -> list[int]:
        clauses: list[int] = []
        number = 0
        previous = ""
        for word, joint in zip(self.words, self.joints, strict=False):
            if clauses and joint not in (" ", "-", ", ") and _CUT.search(joint):
                number += not (joint == ". " and previous in _TITLES)
            clauses.append(number)
            previous = word
        return clauses

    def _count_content(self, function_words: frozenset[str]) -> list[int]:
        content = [0]
        for word in self.words:
            content.append(content[-1] + (word not in function_words))
        return content

    def gap(self, left: int, right: int) -> int:
        """How many content words stand between word ``left`` and a later word ``right``."""
        return self.content[right] - self.content[left + 1]

    def surface(self, first: int, last: int) -> str:
        """The original text from word ``first`` to word ``last``."""
        return self.text[self.starts[first] : self.ends[last]]

    def clause(self, at: int) -> tuple[int, int]:
        """First and one-past-last word of the clause that word ``at`` stands in."""
        number = self.clauses[at]
        first = last = at
        while first and self.clauses[first - 1] == number:
            first -= 1
        while last < len(self.words) and self.clauses[last] == number:
            last += 1
        return first, last
