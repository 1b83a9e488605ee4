"""Builds the word table behind similarity from public word frequencies.

Run it after a change to :func:`bot.core.text.stems`::

    python -m benchmarks.build_background

Input: the frequencies of the ``wordfreq`` package (R. Speer, CC BY-SA 4.0) and, to tell ordinary words from
names, a word list in its usual spelling (Debian's ``wamerican``) for English and the grammatical tags of
pymorphy3 for Russian and Ukrainian. Output: ``bot/data/words.<lang>.tsv.gz``, one stem a line: the stem, its
share of running text in hundredths of a natural logarithm, and ``c`` where it is an ordinary word. News texts
play no part in it.
"""

from __future__ import annotations

import gzip
import math
import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path

import pymorphy3
import wordfreq

from bot.core.wordforms import stem

DATA = Path(__file__).resolve().parent.parent / "bot" / "data"
ENGLISH_WORDS = Path("/usr/share/dict/american-english")
LANGUAGES = ("en", "de", "ru", "uk")
LEAST_SHARE = 2e-7
COMMON_SHARE = 2e-6  # German: a noun that frequent is taken for an ordinary word
NAME_TAGS = frozenset({"Geox", "Surn", "Name", "Patr", "Orgn"})


def main() -> None:
    """Write one table per language."""
    for lang in LANGUAGES:
        lines = table(lang, ordinary(lang))
        path = DATA / f"words.{lang}.tsv.gz"
        with gzip.GzipFile(path, "wb", compresslevel=9, mtime=0) as file:
            file.write("".join(lines).encode())
        print(f"{path.name}: {len(lines)} stems, {path.stat().st_size // 1024} KB")


def table(lang: str, is_ordinary: Callable[[str], bool]) -> list[str]:
    """The lines for a language: shares of all words with one stem added up, most frequent first."""
    share: dict[str, float] = defaultdict(float)
    common: set[str] = set()
    for word, frequency in wordfreq.get_frequency_dict(lang).items():
        if not re.fullmatch(r"[^\W_]+(?:['’][^\W_]+)?", word):
            continue
        stemmed = stem(word, lang)
        share[stemmed] += frequency
        if is_ordinary(word):
            common.add(stemmed)
    ranked = sorted(((value, stem) for stem, value in share.items() if value >= LEAST_SHARE), reverse=True)
    return [
        f"{stem}\t{round(100 * math.log(value))}\t{'c' if stem in common else ''}\n" for value, stem in ranked
    ]


def ordinary(lang: str) -> Callable[[str], bool]:
    """The test for an ordinary word of a language."""
    if lang == "en":
        words = {word for word in lines_of(ENGLISH_WORDS) if word.islower()}
        return lambda word: word in words
    if lang == "de":
        shares = wordfreq.get_frequency_dict(lang)
        names = {word.lower() for word in lines_of(ENGLISH_WORDS) if not word.islower()}
        return lambda word: shares[word] >= COMMON_SHARE and word not in names
    analyser = pymorphy3.MorphAnalyzer(lang=lang)

    @cache
    def is_ordinary(word: str) -> bool:
        parses = analyser.parse(word)
        return not any(NAME_TAGS & set(parse.tag.grammemes) for parse in parses[:2]) and parses[0].is_known

    return is_ordinary


def lines_of(path: Path) -> Iterable[str]:
    """The words of a word list."""
    return path.read_text(encoding="utf-8").split()


if __name__ == "__main__":
    main()
