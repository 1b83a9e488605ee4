"""Does this decoding read like text? Tells windows-1251 from KOI8-R and GB18030 from Big5 by the letters that result.

A wrong character set rarely fails, it gives other letters: Cyrillic with its cases swapped, Latin words of nothing but
accents, rare ideographs. So a decoding is judged by the letters outside ASCII: how many of them are usual in one
language of that set, how many stand in a word with letters of another script, or as a capital after a small letter.
The best reading wins; what a publisher declares has the benefit of the doubt.

charset-normalizer is asked too, but not alone: it judges bytes without knowing what was declared, and of neighbouring
sets (Latin 1, 2, 5) it often picks the wrong one.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from charset_normalizer import from_bytes

READS_WELL = 0.5
"""A decoding with less of its letters usual in any of its languages is a guess."""
_BENEFIT = 0.03  # of the doubt, for what was declared

_CYRILLIC = "оеаинтсрвлкмдпу"
_LETTERS = {
    "de": "äöüß", "fr": "éèàêçùôîâûëïœ", "es": "áéíóúñü¿¡", "pt": "ãáçéêíóõâàúô", "it": "àèéìòù", "nordic": "åäöæøé",
    "is": "áðéíóúýþæö", "pl": "ąćęłńóśźż", "cs": "áčďéěíňóřšťúůýž", "sk": "áäčďéíľĺňóôŕšťúýž", "hu": "áéíóöőúüű",
    "ro": "ăâîşţșț", "hr": "čćđšž", "tr": "çğıöşüâî", "lt": "ąčęėįšųūž", "lv": "āčēģīķļņšūž", "et": "äöõüšž",
    "ru": _CYRILLIC, "uk": _CYRILLIC + "іїєґ", "bg": _CYRILLIC + "ъ", "sr": _CYRILLIC + "јљњћђџ",
    "be": _CYRILLIC + "ўі",
    "el": "αοιετσνηυρπκμλςάέήίόύώ", "he": "יוהלאתרשבמםנןחצץקעדפףסגטזכך", "ar": "اليمنوترتبدعسفهكحقةجشصطخءأإىآؤئ",
    "th": "านรอกเงมยลวดทสต่้ัิีึุะปคหแ",
    "ja": "のにはをたがでとしてれさいるもなすかりこまっくらあそけおきんせえだ、。ーンスルトラリアイクレシド"
    "マプタロフ日一大年国人本中会政震地首相今",
    "zh": "的一是在不了有和人这中大为上个国以要时来用们到作地于出就分对成会可主发年动同也能下过说产种面而方"
    "后多定行学法所民得经进着等部度家电里如高自理起现实加量都两体制机当使点从业本开合还因由其外天政日"
    "事平全表间与关各重新内数正利比第向军员今，。表示话双总统长战北京市报道救震",
    "zh-tw": "的一是在不了有和人這中大為上個國以要時來用們到作地於出就分對成會可主發年動同也能下過說產種面而方"
    "後多定行學法所民得經進著等部度家電裡如高自理起現實加量都兩體制機當使點從業本開合還因由其外天政日"
    "事平全表間與關各重新內數正利比第向軍員今，。總統府發",
    "ko": "이다의는을에가고하지한로은사를도인으리기대시어자나서해일정제수아과부전그라있보니상주원었여스만장"
    "공조비성들",
}  # fmt: skip
_PUNCTUATION = frozenset("«»„“”‘’‚–—…№€§°·©®™\u00a0、。，「」・：！？（）《》ʼ·، ؟")

_LATIN = ("de", "fr", "es", "pt", "it", "nordic", "is")
_CENTRAL = ("pl", "cs", "sk", "hu", "ro", "hr", "de")
_SLAVIC = ("ru", "uk", "bg", "sr", "be")
SETS: dict[str, Sequence[str]] = {
    "cp1252": _LATIN, "cp1251": _SLAVIC, "koi8_u": _SLAVIC, "koi8-r": _SLAVIC, "cp1250": _CENTRAL,
    "iso8859-2": _CENTRAL,
    "gb18030": ("zh",), "big5hkscs": ("zh-tw",), "cp932": ("ja",), "euc_jp": ("ja",), "cp949": ("ko",),
    "cp1254": ("tr", "de"), "cp1253": ("el",), "iso8859-7": ("el",), "cp1255": ("he",), "cp1256": ("ar",),
    "iso8859-6": ("ar",), "cp1257": ("lt", "lv", "et"), "cp874": ("th",), "iso8859-5": _SLAVIC, "cp866": _SLAVIC,
}  # fmt: skip
"""Character sets that are met, the likelier first, and the languages written in them."""
_EVERYDAY = {
    "zh": ("gb2312", 0xB0, 0xD7), "zh-tw": ("big5", 0xA4, 0xC6),
    "ja": ("euc_jp", 0xB0, 0xCF), "ko": ("euc_kr", 0xB0, 0xC8),
}  # fmt: skip
"""Where thousands of characters are possible: the lead bytes of the commoner ones."""
_SAME_AS = {
    "iso8859-1": "cp1252", "iso8859-15": "cp1252", "latin-1": "cp1252", "iso8859-9": "cp1254", "iso8859-8": "cp1255",
    "iso8859-11": "cp874", "tis-620": "cp874", "big5": "big5hkscs", "cp950": "big5hkscs", "euc_kr": "cp949",
    "shift_jis": "cp932", "gb2312": "gb18030", "gbk": "gb18030", "iso8859-13": "cp1257", "iso8859-4": "cp1257",
    "koi8-u": "koi8_u", "euc_jis_2004": "euc_jp", "euc_jisx0213": "euc_jp",
}  # fmt: skip


_OTHER = "\u0370-\u1fff\u3040-\ud7a3"  # scripts no word shares with Latin letters
_MIXED = re.compile(f"[A-Za-zÀ-ɏ][{_OTHER}]|[{_OTHER}][A-Za-zÀ-ɏ]")
_ACCENTS = re.compile("[À-ɏ](?=[À-ɏ]{2})")


@dataclass(frozen=True, slots=True)
class Verdict:
    """The best character set for a sample, and how much like text it reads, at most 1."""

    charset: str
    score: float


def best_reading(sample: bytes, declared: Sequence[str]) -> Verdict | None:
    """The set in which the sample reads best, the likelier of equals. None = none fits at all."""
    best, most = None, -1e9
    for charset in _candidates(sample, declared):
        text = _decoded(sample, charset)
        if text is None:
            continue
        found = score(text, _languages(charset))
        benefit = _BENEFIT if charset in declared else 0.0
        if found + benefit > most + 0.005:
            best, most = Verdict(charset, found), found + benefit
    return best


def score(text: str, languages: Sequence[str]) -> float:
    """How much of a text's letters outside ASCII is usual in the best of these languages; below 0 for nonsense."""
    counts = Counter(character for character in text if character > "\x7f")
    for mark in _PUNCTUATION:
        counts.pop(mark, None)
    total = sum(counts.values())
    if not total:
        return 1.0
    usual = max(_usual(counts, language) for language in languages)
    return usual / total - _strange(counts) / total - _breaks(text) / total


def _usual(counts: Counter[str], language: str) -> float:
    """Letters of this language: usual ones in full, their capitals in half, others as they are possible."""
    letters = _LETTERS[language]
    capitals = letters.upper()
    return sum(
        count * (1.0 if each in letters else 0.5 if each in capitals else _possible(each, language))
        for each, count in counts.items()
    )


def _possible(letter: str, language: str) -> float:
    """What a letter counts that is in none of the lists: the everyday half of a large set, the rest of an alphabet."""
    if language in _SLAVIC:
        return 0.4 if letter in "бгжзйцчшщъыьэюяфхё" else 0.0
    charset, first, last = _EVERYDAY.get(language, ("", 0, 0))
    try:
        return 0.7 * (first <= letter.encode(charset)[0] <= last) if charset else 0.0
    except UnicodeEncodeError:
        return 0.0


def _strange(counts: Counter[str]) -> int:
    """Characters that no text has: control characters, private use, box drawings, unassigned ones."""
    return sum(
        count
        for character, count in counts.items()
        if unicodedata.category(character) in ("Cc", "Cn", "Co", "Cs", "So", "Sm", "Sk", "No", "Sc")
    )


def _breaks(text: str) -> float:
    """Places inside words where no word has them: a capital after a small letter, a letter of another script beside a
    Latin one, three accented Latin letters in a row."""
    breaks = 3 * len(_MIXED.findall(text)) + len(_ACCENTS.findall(text))
    return breaks + sum(b.isupper() and a.islower() for a, b in pairwise(text) if b > "\x7f" or a > "\x7f")


def _candidates(sample: bytes, declared: Sequence[str]) -> Iterator[str]:
    tried = set()
    for charset in (*declared, *SETS):
        if charset not in tried:
            tried.add(charset)
            yield charset
    guess = from_bytes(sample).best()
    if guess is not None and guess.encoding not in tried and not guess.encoding.startswith("mac"):
        yield guess.encoding


def _languages(charset: str) -> Sequence[str]:
    return SETS.get(_SAME_AS.get(charset, charset)) or tuple(_LETTERS)


def _decoded(sample: bytes, charset: str) -> str | None:
    """The sample may be cut in the middle of a character."""
    for cut in range(4):
        try:
            return sample[: len(sample) - cut].decode(charset)
        except (UnicodeError, LookupError, ValueError):
            continue
    return None
