"""The keyword grammar: one line an editor typed → :class:`Term`.

::

    term        = "/" RE2 "/" | group (link group)*
    link        = "+" | "+" number | "~" number | "..." | "..." number    near each other | within | in this order
    group       = alternative ("," alternative)*                 either
    alternative = word+ | "$list" | "$list - $other"
    word        = "=Exact" | "prefix*" | "$list" | "$list-word" | "#" (a number in digits) | word

A term without links means, for each alternative, *all its words near each other, any order, any form*. A group
beside a link may hold phrases; the words of a phrase stand in order, at most :data:`PHRASE_GAP` words apart
("pulls *some troops* back"); a hyphen holds them side by side (``$country-forces``). There are no brackets, no
AND/OR/NOT and no escaping on purpose: editors are not programmers, and every mark can be written in YAML without
quotes.

Terms know nothing of languages or stems; :mod:`bot.core.index` compiles them for each language.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache

import re2

from bot.core.text import words

PHRASE_GAP = 3
ANY_NUMBER = "#"
"""A number in digits, for lists: YAML takes a # behind a blank for a comment, so editors write $number."""
DEFAULT_NEAR = 6
LONGEST_TERM = 2000  # characters
LONGEST_GAP = 100
DEEPEST_LIST = 10
LARGEST_LIST = 20_000  # items, those of lists it names included


class TermProblem(ValueError):  # noqa: N818 - the word editors are told
    """A term that cannot be understood; ``remedy`` says what to write instead, "" if we do not know."""

    def __init__(self, message: str, remedy: str = "") -> None:
        self.message = message
        self.remedy = remedy
        super().__init__(f"{message} ({remedy})" if remedy else message)


@dataclass(frozen=True, slots=True)
class Word:
    """One word to be found. ``text`` is folded; ``cased`` holds the spelling if a capital was typed after ``=``."""

    text: str
    mode: str = "form"  # form: any form of the word | exact | prefix | number
    cased: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """Alternatives, each a phrase. Compared by identity, so that a list used by a thousand terms is one object."""

    phrases: tuple[Phrase, ...]
    name: str = ""  # of the list it came from


Atom = Word | Choice


@dataclass(frozen=True, slots=True, eq=False)
class Phrase:
    """Words in order, at most ``gap`` content words apart."""

    atoms: tuple[Atom, ...]
    gap: int = PHRASE_GAP


@dataclass(frozen=True, slots=True)
class Link:
    """How a group stands to the one before it. ``limit`` counts content words; ``explicit`` if a number was typed."""

    limit: int
    ordered: bool = False
    explicit: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Conjunction:
    """All groups near each other. ``links[i]`` joins group *i* and *i + 1*."""

    groups: tuple[Choice, ...]
    links: tuple[Link, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Term:
    """Any of the conjunctions, or a regular expression."""

    source: str
    conjunctions: tuple[Conjunction, ...] = ()
    pattern: str = ""


_LINK = re.compile(r"\+(\d*)|~(\d+)|(\.\.\.|…)(\d*)")
_DOTS = re.compile(r"(?:\.\.\.|…)(\d*)")
_LIST = re.compile(r"\$(\w+)")
_LESS = re.compile(r"\$(\w+)\s+-\s+\$(\w+)")
_BESIDE = re.compile(r"-[^\W_][^$*=]*")
_ARTICLES = frozenset({"the", "a", "an"})


def parse_term(text: str, *, lists: Mapping[str, Sequence[str]], near: int = DEFAULT_NEAR) -> Term:
    """The term an editor typed. Raises :class:`TermProblem` with a remedy."""
    return TermParser(lists).parse(text, near)


def term_warnings(text: str, *, lists: Mapping[str, Sequence[str]] | None = None) -> list[str]:
    """What is probably not meant, in plain words; an empty list for a term that looks right."""
    if _is_pattern(text):
        return []
    found = []
    for group in _LINK.sub("\0", text).split("\0"):
        found += [
            f"{item.strip()!r} ends in {item.split()[-1]!r} and looks cut at a comma"
            for item in group.split(",")[:-1]
            if len(item.split()) > 1 and item.split()[-1].lower() in _DANGLING
        ]
        items = [" ".join(item.lower().split()) for item in group.split(",")]
        found += [f"{item!r} stands twice" for item in dict.fromkeys(items) if items.count(item) > 1 and item]
    for word in re.findall(r"\b(?:AND|OR|NOT)\b", text):
        found.append(f"{word} is read as a word; write + for and, a comma for or")
    if '"' in text:
        found.append("quotes mean nothing here; write =word for exactly this word")
    sides = [side.strip() for side in _LINK.sub("\0", text).split("\0")]
    if lists and len(sides) > 1 and all(side in lists for side in sides):
        meant = " + ".join(f"${side}" for side in sides)
        found.append(f"these words are names of lists too; write {meant} to mean the lists")
    return found


_DANGLING = frozenset({"and", "or", "the", "a", "an", "und", "oder", "и", "или", "та", "або"})


def _is_pattern(text: str) -> bool:
    stripped = text.strip()
    return len(stripped) > 1 and stripped.startswith("/") and stripped.endswith("/")


class TermParser:
    """Parses terms over one set of lists; a list is expanded once and shared by all terms that name it."""

    def __init__(self, lists: Mapping[str, Sequence[str]]) -> None:
        self._lists = lists
        self._choices: dict[str, Choice] = {}

    def parse(self, text: str, near: int = DEFAULT_NEAR) -> Term:
        """The term a line means. Raises :class:`TermProblem`."""
        stripped = text.strip()
        if not stripped:
            raise TermProblem("an empty term", "remove the line, or write the words to look for")
        if len(stripped) > LONGEST_TERM:
            raise TermProblem(f"a term of {len(stripped)} characters", f"at most {LONGEST_TERM}; use a $list")
        if _is_pattern(stripped):
            return Term(text, pattern=_checked_pattern(stripped[1:-1]))
        groups, links = self._split(stripped, near)
        if links:
            return Term(text, (Conjunction(tuple(self._group(group) for group in groups), tuple(links)),))
        return Term(text, tuple(self._loose(groups[0], near)))

    def _split(self, text: str, near: int) -> tuple[list[str], list[Link]]:
        groups: list[list[str]] = [[]]
        links: list[Link] = []
        for piece in _DOTS.sub(r" ...\1 ", text).split():
            mark = _LINK.fullmatch(piece)
            if not mark:
                groups[-1].append(piece)
                continue
            number = mark.group(1) or mark.group(2) or mark.group(4)
            if number and not 0 < int(number) <= LONGEST_GAP:
                raise TermProblem(f"{piece}: a distance of {number} words", f"write 1 to {LONGEST_GAP}")
            links.append(Link(int(number or near), bool(mark.group(3)), bool(number)))
            groups.append([])
        for number, group in enumerate(groups):
            if not group:
                side = "before" if number == 0 else "after"
                raise TermProblem(
                    f"nothing {side} a + or ... mark" if links else "an empty term",
                    "+ and ... need words on both sides, as in: ceasefire + holds",
                )
        return [" ".join(group) for group in groups], links

    def _alternatives(self, group: str) -> list[str]:
        items = [item.strip() for item in group.split(",")]
        if not all(items):
            raise TermProblem(f"an empty alternative in {group!r}", "remove the extra comma")
        return items

    def _group(self, group: str) -> Choice:
        """One side of a link: its alternatives are phrases."""
        phrases: list[Phrase] = []
        for item in self._alternatives(group):
            whole = self._whole_list(item)
            if whole and item == group:
                return whole
            phrases += whole.phrases if whole else [self._phrase(item)]
        return Choice(tuple(phrases))

    def _loose(self, group: str, near: int) -> list[Conjunction]:
        """A term without links: each alternative's words near each other; the one-worders share a group."""
        single: list[Phrase] = []
        found: list[Conjunction] = []
        for item in self._alternatives(group):
            whole = self._whole_list(item)
            phrase = Phrase((whole,)) if whole else self._phrase(item)
            if len(phrase.atoms) == 1:
                single.append(phrase)
                continue
            choices = tuple(
                atom if isinstance(atom, Choice) else Choice((Phrase((atom,)),)) for atom in phrase.atoms
            )
            found.append(Conjunction(choices, (Link(near),) * (len(choices) - 1)))
        if single:
            found.insert(0, Conjunction((Choice(tuple(single)),), ()))
        return found

    def _whole_list(self, item: str) -> Choice | None:
        if less := _LESS.fullmatch(item):
            return self._narrowed(less.group(1), less.group(2))
        name = _LIST.fullmatch(item)
        return self._list(name.group(1)) if name else None

    def _phrase(self, item: str, trail: tuple[str, ...] = ()) -> Phrase:
        atoms: list[Atom] = []
        for piece in item.split():
            if piece.startswith("$"):
                atoms.append(self._listed(piece, trail))
            elif piece.lower() not in _ARTICLES or item == piece:
                atoms.append(_atom(piece))
        if not atoms:
            raise TermProblem(
                f"{item!r} holds no word to look for", "write at least one word that carries meaning"
            )
        return Phrase(tuple(atoms))

    def _listed(self, piece: str, trail: tuple[str, ...]) -> Choice:
        """``$name``, or ``$name-word``: one of the list with the word right behind it."""
        name = _LIST.match(piece)
        rest = piece[name.end() :] if name else piece
        if not name or (rest and not _BESIDE.fullmatch(rest)):
            raise TermProblem(
                f"{piece!r} is no list name", "a list is written $name, letters and digits only"
            )
        choice = self._list(name.group(1), trail)
        if not rest:
            return choice
        return Choice((Phrase((choice, *_words(rest[1:])), 0),))

    def _list(self, name: str, trail: tuple[str, ...] = ()) -> Choice:
        if name in self._choices:
            return self._choices[name]
        if name not in self._lists:
            near = get_close_matches(name, self._lists, 1, 0.6)
            raise TermProblem(
                f"there is no list ${name}",
                f"did you mean ${near[0]}?" if near else "define it under lists:, or remove the $",
            )
        if name in trail or len(trail) >= DEEPEST_LIST:
            circle = " → ".join(f"${each}" for each in (*trail, name))
            raise TermProblem(f"the list ${name} contains itself: {circle}", "break the circle")
        phrases: list[Phrase] = []
        for item in self._lists[name]:
            phrases += self._item(item, (*trail, name))
            if len(phrases) > LARGEST_LIST:
                raise TermProblem(
                    f"the list ${name} grows past {LARGEST_LIST} items", "name fewer lists in it"
                )
        choice = self._choices[name] = Choice(tuple(phrases), name)
        return choice

    def _item(self, item: str, trail: tuple[str, ...]) -> Sequence[Phrase]:
        """One entry of a list: a phrase, or another list poured in."""
        stripped = item.strip()
        if not stripped:
            raise TermProblem(f"the list ${trail[-1]} holds an empty item", "remove the extra comma")
        if less := _LESS.fullmatch(stripped):
            return self._narrowed(*less.groups()).phrases
        name = _LIST.fullmatch(stripped)
        if name:
            return self._list(name.group(1), trail).phrases
        if any(_LINK.fullmatch(piece) for piece in stripped.split()):
            raise TermProblem(
                f"${trail[-1]}: {stripped!r} uses + or ...", "links belong into terms, not into lists"
            )
        return [self._phrase(each, trail) for each in stripped.split(",") if each.strip()]

    def _narrowed(self, name: str, other: str) -> Choice:
        """``$country - $europe``: the phrases of one list that are not in the other."""
        key = f"{name}-{other}"
        if key not in self._choices:
            gone = {_written(phrase) for phrase in self._list(other).phrases}
            kept = tuple(phrase for phrase in self._list(name).phrases if _written(phrase) not in gone)
            if not kept:
                raise TermProblem(f"${name} - ${other} leaves nothing", "narrow it less")
            self._choices[key] = Choice(kept, name)
        return self._choices[key]


def _written(phrase: Phrase) -> tuple[object, ...]:
    """What makes two phrases the same when one list is taken from another: words, be they plural or exact."""
    return tuple(atom.text.removesuffix("s") if isinstance(atom, Word) else atom for atom in phrase.atoms)


def _words(piece: str) -> tuple[Word, ...]:
    """One blank-separated piece: usually one word, more for ``cyber-attack`` or a Chinese word."""
    if piece == ANY_NUMBER:
        return (Word(ANY_NUMBER, "number"),)
    exact, prefix = piece.startswith("="), piece.endswith("*")
    bare = piece.removeprefix("=").removesuffix("*") if exact or prefix else piece
    if "*" in bare or bare.startswith("="):
        raise TermProblem(
            f"{piece!r}: a * stands only at the end, a = only at the front", "sanction*  or  =Fed"
        )
    if exact and prefix:
        raise TermProblem(f"{piece!r} is both exact and open-ended", "keep either the = or the *")
    found = words(bare)
    if not found:
        raise TermProblem(f"{piece!r} holds no letters or digits", "remove it, or write the word meant")
    if prefix and len(found[-1]) < 2:
        raise TermProblem(
            f"{piece!r} would match almost everything", "write at least two letters before the *"
        )
    if exact:
        cased = bare.replace(".", "") if bare != bare.lower() else ""
        return tuple(Word(text, "exact", cased if len(found) == 1 else "") for text in found)
    if prefix:
        return (*(Word(text) for text in found[:-1]), Word(found[-1], "prefix"))
    return tuple(Word(text) for text in found)


@lru_cache(maxsize=1 << 14)
def _atom(piece: str) -> Atom:
    """A piece as one thing to find. A compound is its parts side by side, or all of them written as one word."""
    found = _words(piece)
    if len(found) == 1:
        return found[0]
    together = Word("".join(word.text for word in found), found[-1].mode)
    return Choice((Phrase(found, 0), Phrase((together,))))


_LOOK_AROUND = re.compile(r"\(\?<?[=!]")
_BACK_REFERENCE = re.compile(r"\\[1-9]|\(\?P=")


def _checked_pattern(pattern: str) -> str:
    if not pattern:
        raise TermProblem("an empty regular expression", "write something between the slashes")
    options = re2.Options()
    options.log_errors = False
    try:
        compiled = re2.compile(pattern, options)
    except re2.error as error:
        raise TermProblem(
            f"a bad regular expression: {_reason(pattern, error)}", _regex_remedy(pattern)
        ) from None
    if compiled.search(""):
        raise TermProblem("a regular expression that matches nothing at all", "it would fire on every text")
    return pattern


def _reason(pattern: str, error: Exception) -> str:
    if _LOOK_AROUND.search(pattern):
        return "look-ahead and look-behind are not allowed, since they can take forever on hostile text"
    if _BACK_REFERENCE.search(pattern):
        return "back-references are not allowed, since they can take forever on hostile text"
    told = error.args[0] if error.args else error
    return told.decode() if isinstance(told, bytes) else str(told)


def _regex_remedy(pattern: str) -> str:
    if _LOOK_AROUND.search(pattern) or _BACK_REFERENCE.search(pattern):
        return "use ignore: or never: for what must not follow"
    return "RE2 syntax is wanted"
