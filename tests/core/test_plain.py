"""Text that needs no cleaning takes a short way; it must lead where the long one does."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from bot.core import plain, urls

PIECES = st.sampled_from(
    (
        "<p>", "</p>", "<br/>", " ", "\n\n", "\r\n", "\t", "\x85", "\u200b", "\u200d", "e\u0301",
        "a\u0300\u0301\u0302\u0303",
        "&amp;", "&lt;p&gt;", "…", "[…]", " more…", "(more…)", "Read more", "Continue reading", "[link] [comments]",
        "The post this appeared first on that", "Читать далее", "Слово", "word.", "\u3164", "\ufeff",
        "\x1c", "\xa0", "\x07",
        "&#8203;", "ﬁ", "ß", "İ", "_", "\u00ad", "Leer más", "Weiterlesen",
    )
)  # fmt: skip
TEXTS = st.lists(PIECES | st.text(max_size=5), max_size=12).map("".join)


def the_long_way(text: str) -> str:
    """A character that is never seen makes the text one that must be cleaned."""
    return plain._visible("\u200b" + text)


@given(TEXTS)
def test_text_that_is_left_as_it_stands_needed_no_cleaning(text: str) -> None:
    assert plain._visible(text) == the_long_way(text)
    assert unicodedata.is_normalized("NFC", plain._visible(text))


@given(TEXTS)
def test_a_text_without_the_signs_of_a_tail_has_none(text: str) -> None:
    if plain.without_tail(text) == text:
        assert plain._TAILS.sub("", text[-500:]) == text[-500:]


@given(st.text(st.characters(max_codepoint=0x17F)))
def test_ascii_is_folded_as_other_text_is(text: str) -> None:
    assert plain.folded(text + " ж") == f"{plain.folded(text)} ж".strip()


HOSTS = st.sampled_from(("a.example", "www.b.example", "m.b.example", "1.2.3.4", "-a.b", "a..b", "xn--a.b"))
PATHS = st.lists(st.sampled_from(("/", "a", "B", ".", "..", "-", "~", "_", "7", "//")), max_size=7).map(
    lambda parts: "/" + "".join(parts)
)


@given(st.sampled_from(("http", "https")), HOSTS, PATHS)
def test_a_plain_address_is_what_it_would_be_with_its_port_spelled_out(
    scheme: str, host: str, path: str
) -> None:
    address, spelled = (f"{scheme}://{host}{port}{path}" for port in ("", f":{urls.DEFAULT_PORTS[scheme]}"))
    assert urls.clean(address) == urls.clean(spelled)
    assert urls.canonical(address) == urls.canonical(spelled)
    assert urls.absolute("https://other.example/feed", address) == address
