"""Cue lists and built-in lists, one YAML file a language, read once: ``cues/en.yaml``, ``lists/en.yaml``.

``$country`` and the regions (``$europe``, ``$africa``, ``$middle_east`` …) take the countries' names from CLDR; what
CLDR does not have, adjectives, peoples, capitals, stands in ``lists/countries.psv``.

They ship with the package and are meant to be read and improved by people who know the language; a mistake in one
is a mistake of ours, so it is raised as it is and not gathered with the editor's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable

import yaml
from babel import Locale

from bot.core.cues import MARKS, CueBook, Languages
from bot.core.model import Stance
from bot.core.text import Joints, words
from bot.core.wordforms import stems_of

_STANCES = {
    "denied": Stance.DENIED,
    "simulated": Stance.SIMULATED,
    "feared": Stance.FEARED,
    "called_for": Stance.CALLED_FOR,
    "background": Stance.BACKGROUND,
    "in_passing": Stance.BACKGROUND,
}


@lru_cache(maxsize=1)
def load_languages() -> Languages:
    """Everything known of languages."""
    here = files("bot.config")
    cues = {path.name[:-5]: _cue_book(_read(path), path.name[:-5]) for path in _yaml_files(here / "cues")}
    lists = {path.name[:-5]: _lists(_read(path), path.name[:-5]) for path in _yaml_files(here / "lists")}
    return Languages(cues, lists)


def builtin_lists() -> Mapping[str, tuple[str, ...]]:
    """The built-in lists of all languages poured together: what a term may name besides the editor's own."""
    found: dict[str, dict[str, None]] = {}
    for lists in load_languages().lists.values():
        for name, items in lists.items():
            found.setdefault(name, {}).update(dict.fromkeys(items))
    return {name: tuple(items) for name, items in found.items()}


def _yaml_files(folder: Traversable) -> list[Traversable]:
    if not folder.is_dir():
        return []
    return sorted(
        (path for path in folder.iterdir() if path.name.endswith(".yaml")), key=lambda path: path.name
    )


def _read(path: Traversable) -> dict[str, object]:
    loaded = yaml.load(path.read_text("utf-8"), Loader=yaml.CBaseLoader)  # noqa: S506 - text scalars only, no tags
    if not isinstance(loaded, dict):
        raise TypeError(f"{path.name}: a table of lists is wanted")
    return loaded


def _items(value: object) -> list[str]:
    """A YAML list, or one text with commas."""
    if value is None:
        return []
    listed = value if isinstance(value, list) else str(value).split(",")
    return [item for each in listed for item in (str(part).strip() for part in str(each).split(",")) if item]


def _lists(table: Mapping[str, object], lang: str) -> dict[str, tuple[str, ...]]:
    lists = {name: tuple(dict.fromkeys(_items(value))) for name, value in table.items()}
    regions = _regions(lang)
    everywhere = (item for items in regions.values() for item in items)
    country = tuple(dict.fromkeys((*lists["country"], *country_names(lang), *everywhere)))
    return {**regions, **lists, "country": country}


def _regions(lang: str) -> dict[str, tuple[str, ...]]:
    """Region → how its countries are called: names, adjectives, capitals."""
    found: dict[str, dict[str, None]] = {}
    column = COLUMNS.index(lang) if lang in COLUMNS else 0
    for line in (files("bot.config") / "lists" / "countries.psv").read_text("utf-8").splitlines():
        if line.startswith("#"):
            continue
        code, regions, *columns = (cell.strip() for cell in line.split("|"))
        names = [*country_names(lang, code), *_items(columns[column])]
        for region in regions.split():
            found.setdefault(region.replace("-", "_"), {}).update(dict.fromkeys(names))
    return {region: tuple(names) for region, names in found.items()}


COLUMNS = ("en", "de", "ru", "uk")
"""The languages of countries.psv, in order."""

ORDINARY_WORDS = frozenset({"TR", "TD", "JO", "GE"})
"""Countries whose English name is a word or a first name as well; the list writes them with =."""
NO_COUNTRIES = frozenset({"EU", "EZ", "UN", "QO", "XA", "XB", "ZZ"})
ISLANDS = frozenset(
    {"JE", "GG", "IM", "CX", "NF", "HM", "BV", "CP", "AC", "DG", "TA", "UM", "IO", "TF", "AQ", "SJ", "PN"}
)
"""Places with hardly any news, among them Jersey, which is a shirt."""


def country_names(lang: str, only: str = "") -> list[str]:
    """The names of the world's countries, or of one, as CLDR has them; alternatives in brackets count too."""
    names: list[str] = []
    left_out = NO_COUNTRIES | ISLANDS | (ORDINARY_WORDS if lang == "en" else frozenset())
    for code, name in Locale(lang).territories.items():
        if only and code != only:
            continue
        if len(code) == 2 and code.isalpha() and code not in left_out:
            names += [part.strip() for part in re.split(r"[()]| [-–—] ", str(name)) if len(part.strip()) > 2]
    return [re.sub(r"\s*&\s*", " ", name).replace(",", "") for name in names]


def _cue_book(table: Mapping[str, object], lang: str) -> CueBook:
    def section(key: str) -> dict[str, object]:
        value = table.get(key)
        return value if isinstance(value, dict) else {}

    def word_set(key: str) -> frozenset[str]:
        return frozenset(word for item in _items(table.get(key)) for word in words(item, lang))

    def stem_set(key: str) -> frozenset[str]:
        return frozenset(stem for word in word_set(key) for stem in stems_of(word, lang))

    return CueBook(
        joints=Joints(word_set("function_words"), word_set("cuts"), _pairs(table.get("uncut"), lang)),
        before=_phrases(section("before"), lang),
        after=_phrases(section("after"), lang),
        beside=_phrases(section("beside"), lang),
        passing=frozenset(_cues(_items(section("before").get("in_passing")), lang)),
        pseudo=_by_first(_cues(_items(table.get("pseudo")), lang)),
        starts=stem_set("starts"),
        happens=stem_set("happens"),
        polar=word_set("polar"),
        open=word_set("open"),
        labels=word_set("labels"),
        definite=word_set("definite"),
        indefinite=word_set("indefinite"),
        prepositions=word_set("prepositions"),
        nouns=word_set("nouns"),
        noun_endings=tuple(_items(table.get("noun_endings"))),
        says=word_set("says"),
        according=frozenset(tuple(words(item, lang)) for item in _items(table.get("according"))),
        by_lemma=table.get("by_lemma") == "yes",
    )


def _phrases(table: Mapping[str, object], lang: str) -> dict[str, tuple[tuple[tuple[str, ...], Stance], ...]]:
    found: dict[str, list[tuple[tuple[str, ...], Stance]]] = {}
    for name, value in table.items():
        for cue in _cues(_items(value), lang):
            found.setdefault(cue[0], []).append((cue, _STANCES[name]))
    return {word: tuple(sorted(cues, key=lambda pair: -len(pair[0]))) for word, cues in found.items()}


def _by_first(cues: Iterable[tuple[str, ...]]) -> dict[str, tuple[tuple[str, ...], ...]]:
    found: dict[str, tuple[tuple[str, ...], ...]] = {}
    for cue in cues:
        found[cue[0]] = (*found.get(cue[0], ()), cue)
    return found


def _pairs(value: object, lang: str) -> frozenset[tuple[str, str]]:
    found = (words(item, lang) for item in _items(value))
    return frozenset((first, second) for first, second in found)


def _cues(items: Iterable[str], lang: str) -> list[tuple[str, ...]]:
    return [
        tuple(word for piece in item.split() for word in ([piece] if piece in MARKS else words(piece, lang)))
        for item in items
    ]
