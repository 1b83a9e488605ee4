"""Whose word is it? A wire's text in twelve papers is one voice, not twelve.

Two signs, either of which is enough. The *credit line*: agencies are named where a text begins or ends ("MOSCOW
(Reuters) – …", "dpa/afp", "— Интерфакс"), or as its author; a name in running text ("Reuters reported") is a source
quoted, not a credit. The *words*: texts that share most of their word sequences are copies, credited or not; a sketch
of the twelve smallest four-word hashes (bottom-k MinHash) tells it without keeping the text.

Headlines alone are never copies: two desks write the same five words.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Sequence
from functools import lru_cache
from heapq import nsmallest

from bot.core.model import Entry
from bot.core.text import parts, raw_words
from bot.core.vectors import checksum
from bot.core.wordforms import stem

_WIRES = {
    "Reuters": r"Reuters|Рейтер\w?|Рейтерс",
    "AP": r"AP|Associated Press|The Associated Press",
    "AFP": r"AFP|Agence France-Presse|АФП",
    "dpa": r"dpa|dpa-infocom|ДПА",
    "UPI": r"UPI",
    "PA Media": r"PA Media|PA|Press Association",
    "EFE": r"EFE|Agencia EFE",
    "ANSA": r"ANSA",
    "APA": r"APA",
    "SDA": r"SDA|Keystone-SDA",
    "epd": r"epd",
    "KNA": r"KNA",
    "SID": r"SID",
    "Xinhua": r"Xinhua|Синьхуа",
    "Kyodo": r"Kyodo|Kyodo News",
    "Yonhap": r"Yonhap",
    "Anadolu": r"Anadolu|Anadolu Agency|AA",
    "Bloomberg": r"Bloomberg|Bloomberg News",
    "CNN Wire": r"CNN Newsource|CNN Wire",
    "PTI": r"PTI|Press Trust of India",
    "ANI": r"ANI",
    "CP": r"Canadian Press|The Canadian Press",
    "AAP": r"AAP|Australian Associated Press",
    "Interfax": r"Interfax|Интерфакс",
    "Interfax-Ukraine": r"Interfax-Ukraine|Интерфакс-Украина|Інтерфакс-Україна",
    "TASS": r"TASS|ТАСС|ИТАР-ТАСС",
    "RIA Novosti": r"RIA Novosti|RIA|РИА Новости|РИА",
    "Ukrinform": r"Ukrinform|Укринформ|Укрінформ",
    "UNIAN": r"UNIAN|УНИАН|УНІАН",
    "RBC-Ukraine": r"RBC-Ukraine|РБК-Украина|РБК-Україна",
    "BelTA": r"BelTA|БЕЛТА|БелТА",
}
_SPELLED = {name for names in _WIRES.values() for name in names.split("|")}
_ANY = "|".join(
    sorted(_SPELLED | {name.upper() for name in _SPELLED if "\\" not in name}, key=len, reverse=True)
)
_MORE = rf"(?:\s*[/,+]\s*(?:{_ANY}|\w{{2,4}}))*"  # dpa/afp, dpa/tmn/bb
_FIRST = (
    re.compile(  # a dateline, at most six words, then the credit in brackets, before a dash, or behind one
        rf"^\W*(?:[\w.'’-]+[,.]?\s+){{0,6}}?"
        rf"(?:\(\s*({_ANY}){_MORE}\s*\)|({_ANY}){_MORE}\s*[–—:-]\s|[–—-]\s({_ANY}){_MORE}\.\s)"
    )
)
_LAST = re.compile(
    rf"(?:\(\s*({_ANY}){_MORE}\s*\)|"
    rf"(?:^|[.!?…»”\"]\s*|\s[–—-]\s)(?:©\s*|Source:\s*|Quelle:\s*|Источник:\s*|Джерело:\s*)?({_ANY}){_MORE})\W*$",
    re.MULTILINE,
)
_AUTHOR = re.compile(
    rf"(?:^|\b(?:by|von|with|mit|and|und)\s+|[/,(]\s*)({_ANY})\s*(?:$|[/,)]|and\b|und\b)", re.IGNORECASE
)
_WIRE_OF = {re.compile(names, re.IGNORECASE): wire for wire, names in _WIRES.items()}

LEAD = 300  # characters of a text that are looked at
SKETCH = 12  # hashes kept
LEAST_WORDS = 14  # of a text beyond its headline, before it can be called a copy
COPIED = 0.6  # share of the smallest hashes of both that both have


def credit(entry: Entry) -> str:
    """The wire an entry is credited to ("Reuters"), "" if it claims to be the outlet's own."""
    for text in (entry.summary, entry.body):
        if text and (found := _FIRST.match(text[:160]) or _LAST.search(text[-80:])):
            return _wire(next(filter(None, found.groups())))
    found = _AUTHOR.search(entry.author)
    return _wire(found[1]) if found else ""


def _wire(written: str) -> str:
    return next(wire for pattern, wire in _WIRE_OF.items() if pattern.fullmatch(written))


# ── copies ───────────────────────────────────────────────────────────────────────────────────────────
def sketch(lead: Sequence[str]) -> array[int]:
    """What tells a copy: the smallest hashes of a text's word sequences; empty where there is too little text."""
    if len(lead) < LEAST_WORDS:
        return array("I")
    numbers = [checksum(root) for root in lead]
    sequences = zip(numbers, numbers[1:], numbers[2:], numbers[3:], strict=False)
    return array("I", sorted({hash(each) & 0xFFFFFFFF for each in sequences})[:SKETCH])


def alike(one: array[int], other: array[int]) -> bool:
    """Are two sketches those of copies?"""
    if not one or not other:
        return False
    smallest = nsmallest(SKETCH, {*one, *other})
    both = set(one) & set(other)
    return sum(each in both for each in smallest) >= COPIED * len(smallest)


def is_copy(one: Entry, other: Entry) -> bool:
    """Do two entries carry (nearly) the same text?"""
    return alike(sketch(lead_of(one)), sketch(lead_of(other)))


def lead_of(entry: Entry) -> list[str]:
    """The stems of the beginning of an entry's text, its headline left out."""
    return [
        root for raw in raw_words((entry.summary or entry.body)[:LEAD]) for root in _stems(raw, entry.lang)
    ]


@lru_cache(maxsize=1 << 16)
def _stems(raw: str, lang: str) -> tuple[str, ...]:
    return tuple(stem(part.text, lang) for part in parts(raw, lang))
