"""Text → values: numbers, times, levels, yes and no, and the term lists of a rule.

Each reader takes what stands in a file (:class:`~bot.config.yamlfile.Text`, list or table) and returns a value
or raises :class:`Slips`, which may hold several mistakes, each with its line. The same readers serve the settings,
so ``2h`` and ``yes`` mean the same everywhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from difflib import get_close_matches
from typing import TypeVar

from bot.config.yamlfile import Items, Table, Text, line_of

S = TypeVar("S")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Slip:
    """One mistake inside a value; line 0 means the line of the value itself."""

    message: str
    remedy: str = ""
    line: int = 0


class Slips(ValueError):  # noqa: N818 — it reads as what it holds
    """The mistakes of one value, all at once."""

    def __init__(self, *slips: Slip) -> None:
        self.slips = slips
        super().__init__("; ".join(slip.message for slip in slips))


def wrong(message: str, remedy: str = "", node: object = None) -> Slips:
    """One mistake, at the line of ``node`` if that is known."""
    return Slips(Slip(message, remedy, line_of(node)))


def gathered(values: Iterable[S], read: Callable[[S], T]) -> tuple[T, ...]:
    """Every value read; the mistakes of all of them are raised together."""
    good: list[T] = []
    bad: list[Slip] = []
    for value in values:
        try:
            good.append(read(value))
        except Slips as slips:
            bad.extend(slips.slips)
    if bad:
        raise Slips(*bad)
    return tuple(good)


def suggestion(word: str, known: Iterable[str]) -> str:
    """``did you mean 'keywords'?``, or "" when nothing known is near."""
    near = get_close_matches(word.lower(), sorted(known), n=1, cutoff=0.6)
    return f"did you mean '{near[0]}'?" if near else ""


# ── single values ────────────────────────────────────────────────────────────────────────────────────
def text(value: object) -> str:
    """A text that is not empty."""
    if isinstance(value, Table):
        raise looks_like_headline(next(iter(value), ""))
    if isinstance(value, Items) or not isinstance(value, str):
        raise wrong("one text is expected here, not a list", "write a single text", value)
    if not value.strip():
        raise nothing_here(value)
    return str(value).strip()


def nothing_here(value: object) -> Slips:
    """An empty item or value."""
    return wrong(
        "nothing stands here", "write a text or remove the line; after # everything is a comment", value
    )


def looks_like_headline(key: str) -> Slips:
    """A text with a colon became a table; ``key`` is what stands before the colon."""
    return wrong("this looks like a headline with a colon", f'put it in quotes: "{key}: …"', key)


def choice(known: Mapping[str, T], what: str) -> Callable[[object], T]:
    """A reader of one word out of ``known``."""

    def read(value: object) -> T:
        word = text(value)
        if word.lower() not in known:
            remedy = suggestion(word, known) or f"one of: {', '.join(known)}"
            raise wrong(f"'{word}' is no {what}", remedy, value)
        return known[word.lower()]

    return read


yes_or_no = choice(
    {"yes": True, "true": True, "on": True, "no": False, "false": False, "off": False}, "yes or no"
)
"""``yes``, ``true``, ``on``; ``no``, ``false``, ``off``."""


def number(least: float, most: float) -> Callable[[object], float]:
    """A reader of a number between ``least`` and ``most``, both allowed."""

    def read(value: object) -> float:
        word = text(value)
        try:
            found = float(word)
        except ValueError:
            raise wrong(f"'{word}' is not a number", f"a number from {least:g} to {most:g}", value) from None
        if not least <= found <= most:
            raise wrong(f"{word} is out of range", f"a number from {least:g} to {most:g}", value)
        return found

    return read


def whole(least: int, most: int) -> Callable[[object], int]:
    """A reader of a whole number between ``least`` and ``most``."""
    read_any = number(least, most)

    def read(value: object) -> int:
        found = read_any(value)
        if found != int(found):
            raise wrong(f"{found:g} is not a whole number", "", value)
        return int(found)

    return read


_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
DURATION_PATTERN = r"^(0|(\d{1,6}[smhd])+)$"


def duration(value: object) -> timedelta:
    """``90s``, ``30m``, ``2h``, ``1h30m``, ``7d``; ``0`` for none at all."""
    word = text(value).lower().replace(" ", "")
    if not re.match(DURATION_PATTERN, word):
        what = f"{word} of what?" if word.isdigit() else f"'{word}' is not a time"
        remedy = f"write {word}m for minutes" if word.isdigit() else "write 90s, 30m, 2h or 7d"
        raise wrong(what, remedy, value)
    parts = re.findall(r"(\d+)([smhd])", word)
    return timedelta(seconds=sum(int(count) * _UNITS[unit] for count, unit in parts))


_ISO_639_1 = (
    "aa ab af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el en eo "
    "es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv ka "
    "kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng "
    "nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st su "
    "sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu"
)
LANGUAGE_CODES = frozenset(_ISO_639_1.split())
"""ISO 639-1: what may stand as a language."""


def language(value: object) -> str:
    """A two-letter language code."""
    word = text(value).lower()
    if word in LANGUAGE_CODES:
        return word
    short = re.split(r"[-_]", word)[0]
    remedy = f"write {short}" if short in LANGUAGE_CODES else "a two-letter code such as en, de, ru, uk"
    raise wrong(f"'{word}' is not a language code", remedy, value)


# ── several values ───────────────────────────────────────────────────────────────────────────────────
def several(read: Callable[[object], T]) -> Callable[[object], tuple[T, ...]]:
    """A reader of a list; a single text is cut at its commas, nothing at all is an empty list."""

    def read_all(value: object) -> tuple[T, ...]:
        return gathered(pieces(value), read)

    return read_all


def pieces(value: object) -> Iterator[object]:
    """The items of a list, or of a text with commas."""
    if isinstance(value, str):
        yield from (Text.at(part.strip(), line_of(value)) for part in value.split(",") if part.strip())
    elif isinstance(value, (list, tuple)):
        yield from value
    else:
        yield value


def term_lines(value: object) -> Iterator[object]:
    """The terms of a list. ``troops returning, invasion`` behind the key itself is two terms; with a ``+`` in it,
    or as a regular expression, it is one."""
    if isinstance(value, str) and ("+" in value or value.startswith("/")):
        yield value
    else:
        yield from pieces(value)
