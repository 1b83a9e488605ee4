"""Markup in, plain text out: what a publisher wrote as people would read it, and nothing that could act.

Feed text is hostile until it has passed here. nh3 (html5ever underneath) reads markup as a browser does and gives
back well-formed HTML with block elements only; cutting *that* at its tags is safe, cutting the original would not
be. What remains is text: entities are resolved, control characters, direction overrides, zero-width padding and
lone surrogates are gone.
"""

from __future__ import annotations

import html
import re
import unicodedata

import nh3

BLOCKS = frozenset(
    (
        "p", "br", "div", "li", "ul", "ol", "dl", "dt", "dd", "h1", "h2", "h3", "h4", "h5", "h6",
        "blockquote", "pre", "hr", "table", "tr", "td", "th", "section", "article", "header",
    )
)  # fmt: skip
DROPPED = frozenset(
    (
        "script", "style", "noscript", "template", "svg", "math", "iframe", "object",
        "form", "button", "select", "textarea", "figcaption",
    )
)  # fmt: skip
"""Elements that go with all they contain; a picture's caption is not the news."""
_CLEANER = nh3.Cleaner(tags=set(BLOCKS), clean_content_tags=set(DROPPED), attributes={}, link_rel=None)

_TAG = re.compile(r"</?[a-z][a-z0-9]*(?: /)?>")
_MARKUP_LEFT = re.compile(
    r"</?(?:p|br|a|div|b|i|em|strong|span|img|ul|li|h[1-6])(?:\s[^<>]*)?/?>", re.IGNORECASE
)
_ENTITY_LEFT = re.compile(
    r"&(?:amp|lt|gt|quot|apos|nbsp|[lr][sd]quo|[mn]dash|hellip|#\d{2,6}|#x[0-9a-f]{2,6});"
)
_WORD = re.compile(r"\w+")
_BLANK_LINE = re.compile(r"\n\s*\n")
_NO_WORD = {code: " " for code in range(128) if not chr(code).isalnum() and chr(code) != "_"}
_INVISIBLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064"
    "\u2066-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb\ud800-\udfff\U000e0000-\U000e0fff]+"
)
_JOINERS = re.compile("[\u200c\u200d]{2,}|(?<=[A-Za-zÀ-ԯ])[\u200c\u200d](?=[A-Za-zÀ-ԯ])")
_PILED_MARKS = re.compile("([\u0300-\u036f\u0483-\u0489]{3})[\u0300-\u036f\u0483-\u0489]+")
# One look tells that there is nothing to do: it is the rule, and the four substitutions cost thirty times as much.
_NOT_AS_IT_STANDS = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u00ad\u0300-\u036f\u0483-\u0489\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f"
    "\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb\ud800-\udfff\U000e0000-\U000e0fff]"
)

_TAIL_LENGTH = 500  # characters at the end of a text in which a tail is looked for
_TAILS = re.compile(
    r"(?:"
    r"\s*The post .{1,300}? (?:first )?appeared (?:first )?on .{1,100}"
    r"|(?:^|(?<=[.!?…»”\"'’\])]))\s*(?:Continue [Rr]eading|Read [Mm]ore|Read the (?:full|rest of)|Read full"
    r"|Keep reading|Click here to read|Weiterlesen|Mehr lesen|Lire la suite|Leer más"
    r"|Читать (?:далее|дальше|полностью)|Читати далі)"
    r".{0,200}"
    r"|\s*\(?(?:more|mehr)…\)?"
    r"|\s*\[\s*(?:…|\.\.\.|&#8230;)\s*\]"
    r"|\s*(?:\[link\]\s*\[comments\])"
    r")\s*$"
)
_SIGNS_OF_A_TAIL = (
    "]", "re…", "hr…", "The post ", "ontinue ", "Read ", "Keep reading", "Click here", "Weiterlesen", "Mehr lesen",
    "Lire la", "Leer m", "Чита",
)  # fmt: skip
"""One of them stands in every tail; to look for them first is ten times cheaper than to look for tails."""


def paragraphs(markup: str, limit: int) -> list[str]:
    """The paragraphs of a piece of markup, or of plain text, in order; at most ``limit`` characters are read."""
    text = _visible(markup[:limit])
    if "<" not in text and "&" not in text:
        return _lines(_BLANK_LINE.split(text))
    pieces = _pieces(text)
    joined = "\n\n".join(pieces)
    if "<" in joined and _MARKUP_LEFT.search(joined):  # escaped twice by its publisher
        pieces = _pieces(joined)
    return _lines(
        [html.unescape(piece) if "&" in piece and _ENTITY_LEFT.search(piece) else piece for piece in pieces]
    )


def one_line(markup: str, limit: int) -> str:
    """The same as one line, as a headline is."""
    return " ".join(paragraphs(markup, limit))


def without_tail(text: str) -> str:
    """Without "Continue reading…", "[…]", "The post … appeared first on …" at its end."""
    head, end = text[:-_TAIL_LENGTH], text[-_TAIL_LENGTH:]
    if not any(sign in end for sign in _SIGNS_OF_A_TAIL):
        return text
    while (shorter := _TAILS.sub("", end)) != end:
        end = shorter
    return head + end


def shortened(text: str, limit: int) -> str:
    """At most ``limit`` characters, cut between words and marked with an ellipsis."""
    if len(text) <= limit:
        return text
    cut = text[: limit - 1]
    word_end = cut.rfind(" ")
    return (cut[:word_end] if word_end > limit // 2 else cut).rstrip(" ,;:-–—") + "…"


def folded(text: str) -> str:
    """For comparison only: letters and digits, one case, single spaces."""
    text = text.casefold()
    return " ".join(text.translate(_NO_WORD).split() if text.isascii() else _WORD.findall(text))


def _visible(text: str) -> str:
    """Without what cannot be seen; line ends stay, other white space is left to be collapsed."""
    if not _NOT_AS_IT_STANDS.search(text):
        return text if text.isascii() else unicodedata.normalize("NFC", text)
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x85", "\n").replace("\t", " ")
    text = "\n".join(_INVISIBLE.sub("", line) for line in text.split("\n"))
    text = _PILED_MARKS.sub(r"\1", _JOINERS.sub("", text))
    return unicodedata.normalize("NFC", text)


def _pieces(markup: str) -> list[str]:
    safe = _CLEANER.clean(markup)
    parts = _TAG.split(safe)
    if len(parts) == 1:  # inline markup only: plain text with some emphasis, where blank lines count
        parts = _BLANK_LINE.split(safe)
    return [html.unescape(part) if "&" in part else part for part in parts]


def _lines(pieces: list[str]) -> list[str]:
    """Entities may have brought back what cannot be seen, hence once more."""
    lines = (" ".join(_visible(piece).split()) for piece in pieces)
    return [line for line in lines if line]
