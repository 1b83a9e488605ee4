"""Text tools every notifier shares: feed text is hostile until it has passed here. Pure.

*Cleaning* removes what no reader should get: control characters, direction overrides, floods of invisible and combining
marks. *Defanging* puts a word joiner (U+2060, invisible) after the sign or before the dot that would make a chat
platform turn a publisher's words into a mention, a command, a hashtag, a link or an address; escaping mark-up does not
do that. *Shortening* cuts between graphemes (UAX 29), never inside a family of emoji or between a letter and its
accent.

A link is only ever http(s), without a name and password before the host, its host in ASCII, so that a look-alike letter
shows as ``xn--…``; what is printed beside it is our rendering of that very host.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from urllib.parse import quote, urlsplit, urlunsplit

import idna
import regex

from bot.core.lint import LANGUAGE_NAMES
from bot.core.model import Alert, Evidence, Link, Stance

JOINER = "\u2060"
READ = 8
"""So many times its limit is read of a text: a flood of what is removed may hide the rest, but costs us little."""
LONGEST_LINK = 2_000
OWNER_LENGTH = 60
LONGEST_PIECE = 1_000  # characters of one piece of the sum

_LINE_BREAKS = regex.compile(r"[\s\u2028\u2029\u0085]+")
_REMOVED = regex.compile(
    # controls, formats (direction, invisible), surrogates, private use, unassigned; not the joiners of emoji
    r"(?![\u200d\u200c])[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\u115f\u1160\u3164\uffa0\u034f]"
)
_LONE_JOINERS = regex.compile(
    r"[\u200c\u200d](?=[\u200c\u200d]|\s|$)|^[\u200c\u200d]+|(?<=\s)[\u200c\u200d]+"
)
_FLAG_TAGS = regex.compile(r"[\U000E0020-\U000E007F]+")
_UNSENT = regex.compile(r"[\u030a\u0333\u033f]")  # Telegram drops these, then looks at what has come together
_PILED = regex.compile(r"(\p{M}{4})\p{M}+")
_GRAPHEME = regex.compile(r"\X")

_DOT = r"[.\u3002\uff0e\uff61]"
_GAP = r"[-. ()/\u2009\u00a0\u202f]"
_LONG_NUMBER = regex.compile(rf"\p{{Nd}}(?:{_GAP}{{0,2}}\p{{Nd}}){{6,}}")
_THREE_DIGITS = regex.compile(rf"(?:\p{{Nd}}{_GAP}*){{2}}\p{{Nd}}(?=.)")
_DEFANGED = regex.compile(
    r"(?<=[@#$\uff20\uff03\uff04])(?=\S)"  # @name, #tag, $TAG
    r"|(?<=(?<![\p{L}\p{N}_])/)(?=\S)"  # /command; not and/or
    rf"|(?<=\S)(?={_DOT}\p{{L}})"  # a host, an e-mail address, a file
    rf"|(?<=\p{{Nd}})(?={_DOT}\p{{Nd}}{{1,3}}{_DOT}\p{{Nd}})"  # an IP address
    r"|(?<=:)(?=/)|(?i:(?<=\b(?:tg|ton|tonsite|mailto|tel))(?=:))"  # any scheme
)


def clean(text: str) -> str:
    """One line of plain text without anything that moves, hides or recolours its surroundings."""
    flat = _LINE_BREAKS.sub(" ", text)
    flat = _REMOVED.sub("", _FLAG_TAGS.sub("", flat))
    flat = _LONE_JOINERS.sub("", flat)
    flat = _UNSENT.sub("", unicodedata.normalize("NFC", flat))
    return str(_PILED.sub(r"\1", flat)).strip()


def defang(text: str) -> str:
    """Text in which no platform finds a mention, a command, a tag, a link, an address or a number to call.

    Words stay searchable: years, sums of money and ``and/or`` are left alone; of seven digits and more (telephone and
    card numbers), each three get a joiner behind them.
    """
    return str(_DEFANGED.sub(JOINER, _LONG_NUMBER.sub(_broken, text)))


def _broken(number: regex.Match[str]) -> str:
    return str(_THREE_DIGITS.sub(lambda digits: digits[0] + JOINER, number[0]))


def graphemes(text: str) -> list[str]:
    """What a reader takes for one character each."""
    return list(_GRAPHEME.findall(text))


def shorten(text: str, limit: int) -> str:
    """At most ``limit`` UTF-16 units (and so code points), cut between graphemes, with an ellipsis where cut."""
    if units(text) <= limit:
        return text
    kept: list[str] = []
    left = limit - 1
    for each in graphemes(text[: limit + 1]):
        left -= units(each)
        if left < 0:
            break
        kept.append(each)
    return "".join(kept).rstrip() + "…"


def brief(text: str, limit: int) -> str:
    """Feed text for where no mark-up is read: cleaned, at most ``limit`` UTF-16 units."""
    return shorten(clean(text[: READ * limit]), limit)


def defanged(text: str, limit: int) -> str:
    """Feed text for where a platform looks for mentions and links: the same, defanged before it is shortened."""
    return shorten(defang(clean(text[: READ * limit])), limit)


def units(text: str) -> int:
    """Length as chat platforms count it: UTF-16 code units."""
    return len(text) + sum(character > "\uffff" for character in text)


# ── links ────────────────────────────────────────────────────────────────────────────────────────────
def safe_link(url: str) -> str | None:
    """The address as it may be clicked: http(s), no credentials, host in ASCII. None for anything else."""
    if len(url) > 2 * LONGEST_LINK:
        return None
    try:
        parts = urlsplit(clean(url).replace(" ", "%20"))
        host, port = _ascii_host(parts.hostname or ""), parts.port
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not host or port == 0:
        return None
    place = f"[{host}]" if ":" in host else host
    if port is not None:
        place = f"{place}:{port}"
    path = quote(parts.path, safe="/%:@!$&'()*+,;=~-._")
    query = quote(parts.query, safe="/%:@!$&'()*+,;=~-._?")
    made = urlunsplit((parts.scheme, place, path, query, quote(parts.fragment, safe="/%:@!$&'()*+,;=~-._?")))
    return made if len(made) <= LONGEST_LINK else None


def _ascii_host(host: str) -> str:
    """Raises ValueError for a host that is none."""
    if host.isascii():
        return host if regex.fullmatch(r"[a-z0-9._:-]+", host) else ""
    return idna.encode(host, uts46=True).decode()


def shown_host(url: str) -> str:
    """Where a link leads, as it is printed beside it: the ASCII host without ``www.``; "" where it leads nowhere."""
    link = safe_link(url)
    return (urlsplit(link).hostname or "").removeprefix("www.") if link else ""


def elsewhere(link: Link) -> str:
    """Who tells it in another language, in English, to be cleaned like all feed text."""
    owner = brief(link.owner, OWNER_LENGTH)
    return f"also reported in {LANGUAGE_NAMES.get(link.lang, link.lang)} by {owner}: “{link.title}”"


# ── the sum ──────────────────────────────────────────────────────────────────────────────────────────
def sum_lines(alert: Alert) -> Iterator[str]:
    """The sum line by line: ``+20  invasion  headline  “invasion fears”  ½ because feared``."""
    for line in alert.terms:
        yield "  ".join(filter(None, _pieces(line)))


_PLACES = {"title": "headline", "lead": "summary", "body": "text"}
_WEIGHED = {
    Stance.DENIED: "because denied",
    Stance.SIMULATED: "because simulated",
    Stance.FEARED: "because feared",
    Stance.CALLED_FOR: "because only called for",
    Stance.BACKGROUND: "because background",
}


def _pieces(line: Evidence) -> Iterator[str]:
    yield f"{line.points:+4d}"
    yield _piece(line.term)
    yield _PLACES[line.place.value]
    if words := _piece(line.words):
        yield f"“{words}”"
    if line.stance in _WEIGHED:
        cue = _piece(line.cue)
        yield _WEIGHED[line.stance] + (f" (“{cue}”)" if cue else "")
    if said_by := _piece(line.said_by):
        yield f"says {said_by}"


def _piece(text: str) -> str:
    return clean(text[:LONGEST_PIECE])
