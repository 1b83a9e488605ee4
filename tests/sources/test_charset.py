"""Whatever set a document is in and whatever it says of itself, its words come out. All sentences are our own."""

from __future__ import annotations

import codecs

import pytest

from bot.sources.charset import declared, decode
from bot.sources.mojibake import score
from bot.sources.reading import read_feed

SENTENCES = {
    "ru": "Российские войска возвращаются в места дислокации после учений. Премьер-министр прибыл в столицу.",
    "uk": "Українські військові повідомили про обстріли на сході країни, а міністр їде до Європи.",
    "zh": "外交部发言人表示，双方将继续通过对话解决分歧。地震发生在当地时间上午九点，目前没有伤亡报告。",
    "zh-tw": "總統府發言人今天表示，地震造成多處停電，救援人員已經抵達現場，目前沒有傷亡報告。",
    "ja": "政府は今日、地震の被害状況を発表した。首相は記者会見で、避難所への支援を強化すると述べた。",
    "ko": "정부는 오늘 지진 피해 상황을 발표했다. 대통령은 기자회견에서 지원을 강화하겠다고 말했다.",
    "de": "Die Bundesregierung prüft neue Maßnahmen gegen Überschwemmungen, heißt es aus München und Köln.",
    "fr": "Le président a été reçu à l’Élysée. La situation reste très préoccupante après les inondations.",
    "pl": "Premier ogłosił, że wojska wróciły z ćwiczeń. Zażądał też wyjaśnień od ambasadora w Łodzi.",
    "cs": "Předseda vlády řekl, že žádná vojska se nevrátila. Příští týden přijede do Prahy kancléř.",
    "el": "Η κυβέρνηση ανακοίνωσε νέα μέτρα για την ενέργεια. Ο πρωθυπουργός θα επισκεφθεί την Αθήνα.",
    "tr": "Başbakan, ülkenin doğusundaki depremin ardından yardım çağrısında bulundu.",
    "ar": "أعلنت الحكومة اليوم عن إجراءات جديدة بعد الزلزال. ووصل رئيس الوزراء إلى العاصمة.",
    "he": "הממשלה הודיעה היום על צעדים חדשים לאחר רעידת האדמה. ראש הממשלה הגיע לבירה לשיחות.",
    "th": "รัฐบาลประกาศมาตรการใหม่หลังเกิดแผ่นดินไหว นายกรัฐมนตรีเดินทางถึงเมืองหลวงเพื่อหารือ",
}
SETS = {
    "ru": "cp1251 koi8-r iso8859-5 cp866", "uk": "cp1251 koi8-u", "zh": "gb18030", "zh-tw": "big5",
    "ja": "shift_jis euc-jp iso2022_jp", "ko": "euc-kr", "de": "cp1252 iso8859-15", "fr": "cp1252",
    "pl": "iso8859-2 cp1250", "cs": "iso8859-2 cp1250", "el": "iso8859-7 cp1253", "tr": "iso8859-9 cp1254",
    "ar": "cp1256 iso8859-6", "he": "cp1255 iso8859-8", "th": "tis-620",
}  # fmt: skip
TRUE = [
    (language, charset)
    for language in SENTENCES
    for charset in f"{SETS[language]} utf-8 utf-16-le utf-16-be".split()
]
DECLARED = [
    "", "utf-8", "iso-8859-1", "windows-1252", "us-ascii", "windows-1251", "koi8-r", "gb2312", "shift_jis", "euc-jp",
    "big5", "euc-kr", "iso-8859-2", "utf-16", "no-such-set", "rot13", "hex",
]  # fmt: skip


def document(text: str, charset: str, says: str) -> bytes:
    declaration = f' encoding="{says}"' if says else ""
    item = f"<item><title>{text[:60]}</title><description>{text}</description></item>"
    return f'<?xml version="1.0"{declaration}?><rss version="2.0"><channel>{item}</channel></rss>'.encode(
        charset, "ignore"
    )


@pytest.mark.parametrize(("language", "charset"), TRUE, ids=lambda value: value)
def test_fault_071_words_come_out_whatever_is_declared(language: str, charset: str) -> None:
    """Seventeen declarations for each set, sixteen of them wrong."""
    for says in DECLARED:
        body = document(SENTENCES[language], charset, says)
        want = SENTENCES[language].encode(charset, "ignore").decode(charset)
        found = read_feed(body).entries
        assert [(entry.title, entry.summary) for entry in found] == [(want[:60].strip(), want)], says


@pytest.mark.parametrize(
    ("mark", "charset"),
    [
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (codecs.BOM_UTF32_LE, "utf-32-le"),
        (codecs.BOM_UTF32_BE, "utf-32-be"),
        (b"", "utf-32-le"),
        (b"", "utf-32-be"),
    ],
)
def test_a_byte_order_mark_or_zero_bytes_decide(mark: bytes, charset: str) -> None:
    found = decode(mark + document(SENTENCES["ru"], charset, "windows-1251"), "text/xml; charset=koi8-r")
    assert (found.charset, found.overridden) == (charset, True)
    assert SENTENCES["ru"] in found.text


def test_ebcdic_is_read() -> None:
    assert (
        "Headline" in decode('<?xml version="1.0"?><rss><title>Headline</title></rss>'.encode("cp037")).text
    )


@pytest.mark.parametrize(
    ("body", "content_type", "names"),
    [
        (b"<rss/>", "text/xml", []),
        (b'<?xml version="1.0" encoding="KOI8-R"?>', "text/xml; charset=utf-8", ["utf-8", "koi8-r"]),
        (b"<?xml version='1.0' encoding = 'latin1'?>", "", ["cp1252"]),
        (b"", 'text/xml;charset="GBK"', ["gb18030"]),
        (b"<html><meta charset=shift_jis>", "text/html", ["cp932"]),
        (b'<meta http-equiv="Content-Type" content="text/html; charset=koi8-u">', "", ["koi8-u"]),
        (b'<?xml encoding="zlib"?>', "text/xml; charset=unicode-rotten", []),
        (b'<?xml encoding="utf-16"?>', "", []),
    ],
)
def test_declarations_are_read_as_browsers_read_them(
    body: bytes, content_type: str, names: list[str]
) -> None:
    assert declared(body, content_type) == names


@pytest.mark.parametrize(
    ("body", "content_type", "overridden", "unsure"),
    [
        (document(SENTENCES["ru"], "utf-8", "utf-8"), "", False, False),
        (document(SENTENCES["ru"], "utf-8", ""), "", False, False),
        (document("plain words", "utf-8", "koi8-r"), "", False, False),
        (document(SENTENCES["ru"], "cp1251", "windows-1251"), "", False, False),
        (document(SENTENCES["ru"], "cp1251", "utf-8"), "", True, False),
        (document(SENTENCES["ru"], "cp1251", "windows-1251"), "text/xml; charset=utf-8", True, False),
        (document(SENTENCES["ru"] * 3, "utf-8", "utf-8")[:-70] + b"\xd0", "", False, True),
        (b"<rss>" + bytes(range(128, 256)) * 9, "", False, True),
    ],
    ids=["right", "undeclared", "ascii", "declared", "wrong", "wrong in http", "cut", "noise"],
)
def test_overrides_and_doubts_are_known(
    body: bytes, content_type: str, overridden: bool, unsure: bool
) -> None:
    found = decode(body, content_type)
    assert (found.overridden, found.unsure) == (overridden, unsure)


def test_a_few_broken_characters_do_not_cost_the_others() -> None:
    body = document(SENTENCES["ru"] * 5, "utf-8", "utf-8").replace("учений".encode(), b"\xd1\xd1\xd1", 1)
    found = decode(body)
    assert found.charset == "utf-8"
    assert "Премьер-министр прибыл в столицу" in found.text


@pytest.mark.parametrize("language", SENTENCES)
def test_text_reads_better_in_its_own_language_than_as_mojibake(language: str) -> None:
    text = SENTENCES[language]
    assert score(text, (language,)) > 0.5
    for charset in ("cp1252", "cp1251", "koi8-r"):
        wrong = text.encode("utf-8").decode(charset, "replace")
        assert score(wrong, ("fr", "ru", "de")) < 0.5
