"""Whatever a feed says, Telegram reads our mark-up and nothing else in it: judged by Telegram's own parser.

``FUZZ_ITEMS=200000`` renders that many items instead of the daily 10,000.
"""

from __future__ import annotations

import html
import os
from typing import cast

import pytest
from telegram import Bot

from bot.core.model import Message, Place
from bot.notify.markup import JOINER, clean, defang, graphemes, safe_link, shorten, shown_host, units
from bot.notify.telegram import Telegram
from bot.notify.telegram_text import PAGE, link, quoted, safe
from tests.fakes.alerts import alert, evidence, joined, message, raised, receiver, report
from tests.fakes.feedtext import LINKS, Feed
from tests.fakes.tdlib import formatted

TELEGRAM = Telegram(cast(Bot, None))
DESK = receiver(kind="telegram", address="1001")
OURS = {"bold", "blockquote", "expandable_blockquote", "text_link"}
ITEMS = int(os.environ.get("FUZZ_ITEMS", "10000"))


def telegrams_reading(told: Message) -> list[tuple[str, list[dict[str, object]]]]:
    """Every part as Telegram reads it."""
    return [formatted(str(part["html"])) for part in TELEGRAM.render(told, DESK)]


def told_links(text: str, entities: list[dict[str, object]]) -> list[tuple[str, str]]:
    found = []
    for each in entities:
        if each["type"] == "text_link":
            start, length = cast(int, each["offset"]), cast(int, each["length"])
            words = text.encode("utf-16-le")[2 * start : 2 * (start + length)].decode("utf-16-le")
            found.append((words, str(each["url"])))
    return found


# ── what feeds try ───────────────────────────────────────────────────────────────────────────────────
SCRIPT = '<script>alert(1)</script><img src=x onerror="alert(1)"><svg/onload=alert(1)><style>*{display:none}</style>'


def test_fault_083_tags_of_a_feed_are_letters() -> None:
    [(text, entities)] = telegrams_reading(message(alert(title=SCRIPT, summary=SCRIPT)))
    assert text.count("onerror") == 2
    assert {each["type"] for each in entities} <= OURS


HOSTILE = (
    "@durov", "hello @name_x", "/start", "see /start@bot", "#tag", "#тег", "$TSLA", "evil.com", "EVIL.COM", "evil.com.",
    "http://evil.com/x", "www.bbc.co.uk", "t.me/evil", "tg://user?id=1", "tg://resolve?domain=evil", "ton://x",
    "javascript:alert(1)//evil.com", "a@b.com", "user:pw@evil.com", "+1 202 555 0173", "4111 1111 1111 1111",
    "4111111111111111", "5500-0000-0000-0004", "1.1.1.1", "xn--e1afmkfd.xn--p1ai", "пример.рф", "evil。com",
    "evil\u200b.com", "@\u200bname", "evil.\u0333com", "evil.\u030acom", "4111\u033f 1111\u0333 1111 1111",
    "<b>@name", "</b></blockquote>/cmd", "&lt;b&gt;", "&#64;name", "24/7/cmd",
    "<a href='tg://user?id=1'>x</a>", '<a href="https://evil.com">bank.com</a>', "<tg-emoji emoji-id='1'>x</tg-emoji>",
    "<pre>", "<blockquote>", "<unknown>", "<", "&", "a < b && c > d",
)  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_fault_084_nothing_in_feed_text_is_a_mention_a_command_a_tag_or_a_link(text: str) -> None:
    line = evidence(term=text, words=text, cue=text, said_by=text)
    told = report(text, title=text, link="tg://user?id=1")
    hostile = raised(
        title=text, summary=text, owner=text, reason=text, rule_title=text, differs_from=text, also=((text, 3),),
        terms=(line, evidence(place=Place.LEAD, span=(1, 3))), reports=(told, told),
        link="javascript:alert(1)",
    )  # fmt: skip
    for kind in (message(hostile), message(hostile, hostile), Message("n", message().kind, (), text)):
        for _, entities in telegrams_reading(kind):
            assert {each["type"] for each in entities} <= OURS - {"text_link"}


def test_fault_084_bold_words_in_a_quote_cannot_complete_a_mention() -> None:
    for text, span in (("by @durov", (4, 9)), ("at evil.com", (7, 11)), ("4111 1111 1111 1111", (5, 9))):
        shown = quoted(text, [span], 600)
        _, entities = formatted(shown.markup)
        assert {each["type"] for each in entities} == {"bold"}


@pytest.mark.parametrize(
    "text",
    [
        "x" * 100_000,
        "y" * 4_097,
        "👨‍👩‍👧‍👦" * 4_000,
        "e\u0301" * 9_000,
        "слово " * 20_000,
        "a.b" * 9_000,
        "1" * 9_000,
        "#" * 9_000,
        "&<>" * 9_000,
        "",
        "\u200b",
    ],
)
def test_fault_086_no_length_makes_a_message_telegram_refuses(text: str) -> None:
    line = evidence(term=text, words=text, cue=text, said_by=text)
    long = raised(
        title=text, summary=text, owner=text, reason=text, rule_title=text, differs_from=text, also=((text, 3),) * 9,
        terms=(line, evidence(place=Place.LEAD, span=(5, 9))) * 30, reports=(report(text, title=text),) * 200,
    )  # fmt: skip
    for told in (message(long), message(*[long] * 30), Message("n", message().kind, (), text)):
        for shown, entities in telegrams_reading(told):
            assert 0 < units(shown) <= PAGE < 4_096
            assert shown.strip()
            assert len(entities) <= 100


def test_fault_086_a_text_is_cut_between_what_readers_take_for_characters() -> None:
    family = "👨‍👩‍👧‍👦"
    for limit in range(1, 60):
        cut = shorten(family * 9, limit)
        assert units(cut) <= limit
        assert cut.removesuffix("…").replace(family, "") == ""
    assert shorten("нет́", 4) == "нет́"
    assert graphemes("e\u0301🇺🇦") == ["e\u0301", "🇺🇦"]


def test_fault_072_what_hides_or_turns_text_is_gone() -> None:
    assert clean("a\x00b\x1b[2Jc\x85d\u202eexe.gpj\u2066") == "ab[2Jc dexe.gpj"
    assert clean("pass\u200bword\ufeff\u00ad\u2060\u180e") == "password"
    assert clean("\ud800x\U000e0041\uf8ff") == "x"
    assert clean("z" + "\u0301" * 500) == "ź" + "\u0301" * 4
    assert clean("a" + "\u200d" * 500 + " b") == "a b"
    assert clean(" one\r\n\u2028two\t\tthree ") == "one two three"
    assert clean("👨‍👩‍👧‍👦 🇺🇦 नमस्ते می‌خواهم") == "👨‍👩‍👧‍👦 🇺🇦 नमस्ते می‌خواهم"


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://www.northern-wire.example/a?b=c#d", "northern-wire.example"),
        ("http://bank.example@evil.example/login", "evil.example"),
        ("https://user:pass@evil.example/", "evil.example"),
        ("https://аррӏе.example/", "xn--80ak6aa92e.example"),
        ("https://BANK.example/", "bank.example"),
        ("https://bаnk.example\u202e/", "xn--bnk-6cd.example"),
        ("https://[::1]:8080/x", "::1"),
        ("javascript:alert(1)", ""),
        ("data:text/html,<b>", ""),
        ("tg://user?id=1", ""),
        ("ftp://evil.example/", ""),
        ("//evil.example/", ""),
        ("https:///nowhere", ""),
        ("https://[::1", ""),
        ("https://a b.example/", ""),
        ("https://evil.example:99999/", ""),
        ("https://evil.example:0/", ""),
        ("https://evil.example/" + "x" * 3_000, ""),
    ],
)
def test_fault_088_a_link_shows_the_very_host_it_leads_to(url: str, host: str) -> None:
    assert shown_host(url) == host
    address = safe_link(url)
    assert bool(address) == bool(host)
    if address:
        assert "@" not in address.partition("://")[2].partition("/")[0]
        assert address.isascii()
        assert link(url).plain == host


def test_fault_088_of_a_long_host_the_end_is_shown() -> None:
    shown = link("https://bank.example." + "a" * 60 + "." + "b" * 60 + ".evil.example/").plain
    assert shown.startswith("…")
    assert shown.endswith(".evil.example")


# ── what readers keep ────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    "text",
    [
        "24/7 and/or 3.14 in 2022, at 08:00, 100,000 troops, 1 000 km/h",
        "U.S. and Ukraine: talks, he said.",
        "C# 9; a & b; 50 % off",
        "Ceasefire… now?",
    ],
)
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    plain = defang(clean(text)).replace(JOINER, "")
    assert plain == text
    assert defang("24/7 and/or 3.14 in 2022, 100,000 troops") == "24/7 and/or 3.14 in 2022, 100,000 troops"


def test_the_words_that_fired_are_bold_in_the_quote_wherever_the_defanging_moved_them() -> None:
    text = "See evil.com @name: the <b>troops</b> withdraw, \x00all of them"
    spans = [(text.index(word), text.index(word) + len(word)) for word in ("troops", "withdraw")]
    shown = quoted(text, spans, 600)
    plain, entities = formatted(shown.markup)
    assert plain == shown.plain
    assert plain.replace(JOINER, "") == "See evil.com @name: the <b>troops</b> withdraw, all of them"
    bold = [plain[cast(int, each["offset"]) :][: cast(int, each["length"])] for each in entities]
    assert [word.strip(JOINER) for word in bold] == ["troops", "withdraw"]


def test_spans_that_overlap_or_stand_nowhere_mark_what_they_can() -> None:
    shown = quoted("one two three", [(-3, 2), (4, 7), (5, 9), (90, 99), (8, 8), (8, 13)], 600)
    assert shown.markup == "one <b>two</b> <b>three</b>"


def test_one_page_shows_as_many_sources_as_fit() -> None:
    many = tuple(report(f"Paper {number}") for number in range(40))
    [(text, _)] = telegrams_reading(message(joined(reports=many)))
    assert text.count("\n• Paper") == 10
    assert text.rstrip().endswith("+ 30")


def test_safe_text_is_escaped_once() -> None:
    assert safe("a < b &amp; c").markup == "a &lt; b &amp;amp; c"
    assert html.unescape(safe("a < b &amp; c").markup) == "a < b &amp; c"


# ── fuzz ─────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("tenth", range(10))
def test_fault_084_fuzzed_items_hold_no_entity_but_ours_and_are_never_too_long(tenth: int) -> None:
    feed, items = Feed(tenth), 0
    while items < ITEMS // 10:
        told = feed.message()
        items += max(len(told.alerts), 1)
        for text, entities in telegrams_reading(told):
            assert 0 < units(text) <= PAGE
            assert {each["type"] for each in entities} <= OURS, told
            assert len(entities) <= 100
            for words, url in told_links(text, entities):
                assert words == link(url).plain
                assert words.lstrip("…") in url


def test_every_odd_link_is_met_by_the_fuzzer() -> None:
    feed = Feed(0)
    met = {feed.link() for _ in range(2_000)}
    assert set(LINKS) <= met
