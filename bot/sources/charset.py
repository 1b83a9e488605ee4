"""In which character set is this document? Decided before parsing, from the strongest evidence to the weakest. Pure.

==========================  ====================================================================================
a byte order mark           it is that
zero bytes around ``<``     UTF-16 or UTF-32 without a mark; ``Lo§”`` is ``<?xm`` in EBCDIC
escape sequences            ISO-2022, which is all ASCII otherwise
valid UTF-8, not all ASCII  it is UTF-8: hardly any text in another set is valid UTF-8 by chance
almost valid UTF-8          it is UTF-8 with a few broken characters
what it declares            in HTTP, then in the document, if the result reads like text
the best reading            :mod:`bot.sources.mojibake`
==========================  ====================================================================================

A publisher who declares UTF-8 and sends windows-1251 loses nothing here; believed, he would lose every alert,
silently, since mojibake matches no rule.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from bot.sources.mojibake import READS_WELL, best_reading

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_OPENINGS = (
    (b"<\0\0\0", "utf-32-le"),
    (b"\0\0\0<", "utf-32-be"),
    (b"<\0", "utf-16-le"),
    (b"\0<", "utf-16-be"),
    (b"\x4c\x6f\xa7\x94", "cp037"),
)
_IN_XML = re.compile(rb"\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z][\w.:-]{0,40})[\"']")
_IN_HTML = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([A-Za-z][\w.:-]{0,40})", re.IGNORECASE)
_IN_HTTP = re.compile(r"charset\s*=\s*[\"']?\s*([A-Za-z][\w.:-]{0,40})", re.IGNORECASE)
_HEAD = 1_024  # bytes in which a declaration is looked for
_SAMPLE = 6_000  # bytes whose look is judged; more is slow and tells no more

_WIDER = {
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "iso8859-1": "cp1252",
    "ascii": "cp1252",
    "shift_jis": "cp932",
}
"""What publishers mean by a name, as browsers have learned; each is a superset of what was written."""
_SEVEN_BITS = ("iso2022", "hz", "utf-7", "utf7")
_WIDE = ("utf-16", "utf-32")  # declared without a mark or zero bytes to be seen, they are a mistake
_BROKEN = 20  # valid characters for each broken one make UTF-8 believable


@dataclass(frozen=True, slots=True)
class Decoded:
    """A document in UTF-8, without its byte order mark; ``overridden`` when it was not what the publisher declared."""

    utf8: bytes
    charset: str
    overridden: bool = False
    unsure: bool = False  # characters were lost, or the set is a guess

    @property
    def text(self) -> str:
        """The same as text."""
        return self.utf8.decode("utf-8")


def decode(body: bytes, content_type: str = "") -> Decoded:
    """The text of a document. Never raises; what cannot be read becomes U+FFFD and is ``unsure``."""
    for mark, charset in _MARKS:
        if body.startswith(mark):
            return _lossy(body[len(mark) :], charset, declared(body, content_type))
    for opening, charset in _OPENINGS:
        if body.startswith(opening):
            return _lossy(body, charset, declared(body, content_type))
    names = declared(body, content_type)
    return (
        _escaped(body, names)
        or as_utf8(body, names)
        or _nearly_utf8(body, names)
        or _as_it_reads(body, names)
    )


def declared(body: bytes, content_type: str = "") -> list[str]:
    """The sets the publisher names, as Python calls them, the one in HTTP first."""
    found = [match[1] for match in [_IN_HTTP.search(content_type)] if match]
    head = body[:_HEAD]
    inside = _IN_XML.match(head) or _IN_HTML.search(head)
    if inside:
        found.append(inside[1].decode("ascii"))
    return [name for name in map(_python_name, found) if name and not name.startswith(_WIDE)]


def _python_name(name: str) -> str:
    try:
        info = codecs.lookup(name)
    except (LookupError, ValueError):
        return ""
    # Codecs such as "rot13" or "zlib" turn text into text or bytes into bytes: they are no character sets.
    return _WIDER.get(info.name, info.name) if getattr(info, "_is_text_encoding", True) else ""


def _lossy(body: bytes, charset: str, names: list[str]) -> Decoded:
    text = body.decode(charset, "replace")
    agrees = not names or any(name.startswith(charset[:6]) for name in names)
    return _made(text, charset, overridden=not agrees, unsure="\ufffd" in text)


def as_utf8(body: bytes, names: list[str]) -> Decoded | None:
    """The document where it is valid UTF-8, whatever is declared; ``names`` are from :func:`declared`."""
    if any(name.startswith(_SEVEN_BITS) for name in names) and body.isascii():
        return None
    if _strict(body, "utf-8") is None:
        return None
    overridden = bool(names) and "utf-8" not in names and not body.isascii()
    return Decoded(body, "utf-8", overridden)


def _escaped(body: bytes, names: list[str]) -> Decoded | None:
    """ISO-2022-JP and -KR, declared or not."""
    if b"\x1b$" not in body or not body.isascii():
        return None
    charset = "iso2022_kr" if b"\x1b$)C" in body else "iso2022_jp_2"
    text = _strict(body, charset)
    agrees = any(name.startswith("iso2022") for name in names)
    return None if text is None else _made(text, charset, overridden=bool(names) and not agrees)


def _nearly_utf8(body: bytes, names: list[str]) -> Decoded | None:
    """A body cut in the middle of a character, or with a quotation pasted from elsewhere."""
    text = body.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    valid = sum(character > "\x7f" for character in text[: _SAMPLE * 4]) - broken
    if valid < broken * _BROKEN:
        return None
    return _made(text, "utf-8", overridden=bool(names) and "utf-8" not in names, unsure=True)


def _as_it_reads(body: bytes, names: list[str]) -> Decoded:
    best = best_reading(_telling(body), names)
    charset = best.charset if best is not None else "cp1252"
    text = body.decode(charset, "replace")
    unsure = best is None or best.score < READS_WELL or "\ufffd" in text
    return _made(text, charset, overridden=bool(names) and charset != names[0], unsure=unsure)


def _telling(body: bytes) -> bytes:
    """Some of the body: its lines with most to tell, those that are not ASCII."""
    lines = (line for line in re.split(rb"[<>\n]", body) if not line.isascii())
    telling = b""
    for line in lines:
        telling += b" " + line
        if len(telling) >= _SAMPLE:
            break
    return telling


def _made(text: str, charset: str, *, overridden: bool, unsure: bool = False) -> Decoded:
    # A lone surrogate, which some codecs let pass, cannot be written in UTF-8.
    return Decoded(text.encode("utf-8", "replace"), charset, overridden, unsure)


def _strict(body: bytes, charset: str) -> str | None:
    try:
        return body.decode(charset)
    except (UnicodeError, LookupError, ValueError):
        return None
