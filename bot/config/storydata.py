"""Loads what telling stories apart needs to know: word tables, places, countries and the editable phrases.

The tables lie in ``bot/data`` and are built by ``benchmarks/build_background.py`` and ``benchmarks/build_places.py``;
``polarity/<lang>.yaml`` beside this file is written by hand and may be edited. A word table in ``background/`` of the
editors' folder, learned from their own archive, takes the place of the shipped one of its language.
"""

from __future__ import annotations

import gzip
import math
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from pathlib import Path

from babel import Locale

from bot.config.stamp import stamp_of
from bot.config.yamlfile import Items, Node, Table, line_of, read_yaml
from bot.core.storydata import (
    BACKGROUND,
    BAD_NEWS,
    DENIAL,
    GAP,
    GOOD_NEWS,
    NEGATION,
    SAYING,
    UNDOING,
    Language,
    Phrase,
    StoryData,
    closest,
    turned_round,
)
from bot.core.text import stems
from bot.errors import ConfigError, Problem

DATA = Path(__file__).resolve().parent.parent / "data"
PHRASES = Path(__file__).resolve().parent / "polarity"
COUNTRIES = Path(__file__).resolve().parent / "lists" / "countries.psv"
LANGUAGES = ("en", "de", "ru", "uk")
SIDES = 2

Marked = tuple[str, str]  # a phrase as written, and one mark


def load_story_data(data: Path = DATA, phrases: Path = PHRASES, learned: Path | None = None) -> StoryData:
    """Read everything; ``learned`` is a folder of word tables that go before the shipped ones.

    Raises ConfigError with all mistakes of the hand-written files, and every table that cannot be read, at once.
    """
    problems: list[Problem] = []
    languages = {lang: _language(lang, data, phrases, learned, problems) for lang in LANGUAGES}
    if problems:
        raise ConfigError(problems)
    return StoryData(languages, stamp_of(_tables(data, phrases, learned)))


def _tables(data: Path, phrases: Path, learned: Path | None) -> Iterator[Path]:
    """Every file that was read."""
    yield COUNTRIES
    yield from data.glob("*.gz")
    yield from phrases.glob("*.yaml")
    if learned is not None:
        yield from learned.glob("*.gz")


def _language(
    lang: str, data: Path, phrases: Path, learned: Path | None, problems: list[Problem]
) -> Language:
    own = learned is not None and background_file(learned, lang).exists()
    try:
        share, ordinary = read_background(learned if learned and own else data, lang)
    except (OSError, EOFError, ValueError) as error:
        path = background_file(learned if learned and own else data, lang)
        problems.append(Problem(str(path), 0, "", f"is no word table: {error}", "learn it anew or remove it"))
        share, ordinary = {}, frozenset()
    phrases /= f"{lang}.yaml"
    marks: dict[tuple[str, ...], set[str]] = defaultdict(set)
    spelled: dict[tuple[str, ...], str] = {}
    for place, stemmed in _places(data, lang):
        marks[stemmed].add(f"@{place}")
    for written, mark in (*_countries(lang), *_phrases(phrases, problems)):
        key = _stemmed(written, lang)
        marks[key].add(mark)
        if written.startswith("="):
            spelled[key] = written[1:]
    return Language(share, ordinary, _by_first_stem(marks, spelled))


def _by_first_stem(
    marks: Mapping[tuple[str, ...], set[str]], spelled: Mapping[tuple[str, ...], str]
) -> dict[str, list[Phrase]]:
    book: dict[str, list[Phrase]] = defaultdict(list)
    for key, found in marks.items():
        if key:
            book[key[0]].append(Phrase(key, tuple(sorted(closest(found))), spelled.get(key, "")))
    for listed in book.values():
        listed.sort(key=lambda phrase: (-len(phrase.stems), phrase.stems))
    return dict(book)


def _stemmed(written: str, lang: str) -> tuple[str, ...]:
    parts = written.lstrip("=").split(GAP)
    stemmed = [stems(part, lang) for part in parts]
    joined = list(stemmed[0])
    for part in stemmed[1:]:
        joined += [GAP, *part]
    return tuple(joined)


# ── tables ───────────────────────────────────────────────────────────────────────────────────────────
def background_file(folder: Path, lang: str) -> Path:
    """The word table of a language."""
    return folder / f"words.{lang}.tsv.gz"


def write_background(folder: Path, lang: str, share: Mapping[str, float], ordinary: Collection[str]) -> Path:
    """Write a word table whole or not at all. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    path = background_file(folder, lang)
    lines = (
        f"{stem}\t{round(100 * math.log(value))}\t{'c' if stem in ordinary else ''}\n"
        for stem, value in share.items()
    )
    new = path.with_suffix(".new")
    with gzip.GzipFile(new, "wb", compresslevel=9, mtime=0) as file:
        file.write("".join(lines).encode())
    return new.replace(path)


def read_background(data: Path, lang: str) -> tuple[dict[str, float], frozenset[str]]:
    """Stem → its share of running text, and the stems that are ordinary words."""
    share: dict[str, float] = {}
    ordinary: set[str] = set()
    for stem, logarithm, mark in _rows(background_file(data, lang)):
        share[stem] = math.exp(int(logarithm) / 100)
        if mark:
            ordinary.add(stem)
    return share, frozenset(ordinary)


def _places(data: Path, lang: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    for name, place in _rows(data / f"places.{lang}.tsv.gz"):
        yield place, tuple(name.split())


def _rows(path: Path) -> Iterator[list[str]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield line.rstrip("\n").split("\t")


def _countries(lang: str) -> Iterator[Marked]:
    """Names, adjectives and capitals of every country."""
    column = LANGUAGES.index(lang) + 2
    for line in COUNTRIES.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.split("|")]
        if not line.startswith("#") and len(cells) > column:
            yield from ((name.strip(), f"@{cells[0]}") for name in cells[column].split(",") if name.strip())
    for code, name in Locale(lang).territories.items():
        if len(code) == SIDES and code.isalpha():
            yield name, f"@{code}"


# ── phrases written by hand ──────────────────────────────────────────────────────────────────────────
def _phrases(path: Path, problems: list[Problem]) -> list[Marked]:
    try:
        root = read_yaml(path)
    except ConfigError as error:
        problems += error.problems
        return []
    found: list[Marked] = []
    good: set[str] = set()
    for key, node in root.items() if isinstance(root, Table) else ():
        try:
            if key == "good":
                good.update(_listed(node))
            else:
                found += _READERS[str(key)](node)
        except KeyError:
            remedy = f"one of {', '.join(('good', *_READERS))}"
            problems.append(Problem(str(path), line_of(key), str(key), "is not known here", remedy))
        except (TypeError, ValueError) as error:
            problems.append(Problem(str(path), line_of(key), str(key), str(error)))
    return [*found, *_moods(found, good)]


def _moods(marked: Iterable[Marked], good: Collection[str]) -> Iterator[Marked]:
    """Whether a side is good or bad news, for the axes of which one side is called good."""
    for phrase, mark in marked:
        if mark in good:
            yield phrase, GOOD_NEWS
        elif mark[0] in "+-" and turned_round(mark) in good:
            yield phrase, BAD_NEWS


def _listed(node: Node) -> list[str]:
    if not isinstance(node, str):
        raise TypeError("phrases stand in one line, separated by commas")
    return [phrase.strip() for phrase in node.split(",") if phrase.strip()]


def _table(node: Node) -> Iterable[tuple[str, Node]]:
    if not isinstance(node, Table):
        raise TypeError("must be a table of names and phrases")
    return node.items()


def _opposites(node: Node) -> Iterator[Marked]:
    for axis, sides in _table(node):
        if not isinstance(sides, Items) or len(sides) != SIDES:
            raise ValueError(f"{axis} needs two lists, one for each side")
        for sign, side in zip("+-", sides, strict=True):
            yield from ((phrase, f"{sign}{axis}") for phrase in _listed(side))


def _same(node: Node) -> Iterator[Marked]:
    if not isinstance(node, Items):
        raise TypeError("must be a list, one line for each thing")
    for each in node:
        first, *others = _listed(each)
        yield from ((phrase, f"={first.lstrip('=')}") for phrase in (first, *others))


def _named(sign: str, node: Node) -> Iterator[Marked]:
    for name, phrases in _table(node):
        yield from ((phrase, f"{sign}{name}") for phrase in _listed(phrases))


_READERS: Mapping[str, Callable[[Node], Iterable[Marked]]] = {
    "opposites": _opposites,
    "same": _same,
    "negation": lambda node: ((phrase, NEGATION) for phrase in _listed(node)),
    "denial": lambda node: ((phrase, DENIAL) for phrase in _listed(node)),
    "undoing": lambda node: ((phrase, UNDOING) for phrase in _listed(node)),
    "background": lambda node: ((phrase, BACKGROUND) for phrase in _listed(node)),
    "saying": lambda node: ((phrase, SAYING) for phrase in _listed(node)),
    "ordinals": lambda node: ((phrase, f"{at}.") for at, phrase in enumerate(_listed(node), 1)),
    "days": lambda node: _named("#", node),
    "units": lambda node: _named("%", node),
    "countries": lambda node: _named("@", node),
}
