"""Text as a hostile feed would write it, by seed: pieces that platforms turn into something, and letters that hide."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from bot.core.model import (
    Alert,
    AlertKind,
    Contradiction,
    Direction,
    Evidence,
    Level,
    Message,
    MessageKind,
    Place,
    Report,
    Stance,
)
from tests.fakes.alerts import alert, evidence, report

PIECES = (
    "@", "/", "#", "$", ".", ":", "//", "://", "-", "_", "~", "+", "%40", "&", "<", ">", "\"", "'", "(", ")", "[",
    "]", "?", "=", "*", "`", "\\", ";", "&amp;", "&lt;b&gt;", "&#64;", "<b>", "</b>", "<a",
    "href='https://evil.example'>", "<script>alert(1)</script>", "<tg-spoiler>", "</pre>", "</blockquote>",
    "http", "https", "tg", "ton", "tonsite", "www", "evil", "com", "co.uk", "рф", "中国", "t.me", "telegram.me",
    "evil.com", "http://evil.com/x", "tg://user?id=1", "tg://resolve?domain=x", "javascript:alert(1)", "mailto:",
    "tel:", "a@b.com", "user:pw@evil.com", "xn--p1ai", "пример.рф", "مثال.إختبار", "1.2.3.4", "[::1]",
    "localhost", "/start", "/start@bot", "@name", "#tag", "#тег", "$TSLA", "$BTC", "4111", "1111",
    "4111111111111111", "5500-0000-0000-0004", "+44", "7946", "0958", "12345678", "IBAN", "24/7", "3.14",
    "10.12.2022", "v1.2.3", "U.S.", "e-mail", "a", "b", "Z", "0", "1", "9", "12", "123", "1234", "é", "ß", "ı",
    "İ", "K", "①", "²", "½", "٣", "Ⅷ", "日本", "한국", "א", "ก", "ำ", " ", "  ", "\n", "\xa0", "\u2060", "\u200b",
    "\u030a", "\u0333", "\u033f",
    "\u200d", "\u200c", "\u202e", "\u2066", "\ufe0f", "\u0301", "\u20e3", "\xad", "\u034f", "\u3164", "\u115f",
    "\ud800", "\U000e0041", "\x00", "\x1b[31m", "\x85", "\u2028", "·", "・", "\u2024", "\u2027", "\u3002",
    "\uff0e", "\uff61", "\ufe52", "\ufe6b", "\uff20", "\uff03", "\uff0f", "\uff04", "👨‍👩‍👧‍👦", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "🇺🇦",
    "\U0001d7ce", "e" + "\u0301" * 40, "z" + "\u200d" * 40,
)  # fmt: skip
LINKS = (
    "", "https://northern-wire.example/a?b=c&d=%20#e", "javascript:alert(1)", "data:text/html,x", "tg://user?id=1",
    "http://bank.example@evil.example/", "https://аррӏе.example/", "https://ü.example/ä ö?q=<b>\"'", "https://[::1]:8080/x",
    "https://1.2.3.4/", "//evil.example/", "https://", "https://[::1", "https://evil.example:99999/", "ftp://evil.example/",
    "https://" + "a" * 60 + "." + "b" * 60 + "." + "c" * 60 + ".example/", "https://evil.example/" + "x" * 5_000,
    "https://www.bbc.example/\u202e\x00\n", "https://t.me/evil", "HTTPS://EVIL.EXAMPLE/",
    "https://evil.com:0/", "https://evil.com/", "https://a_b.com/", "https://a..com/", "https://localhost/",
)  # fmt: skip


class Feed:
    """An endless supply, the same for the same seed."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)

    def text(self, pieces: int = 9) -> str:
        """A few pieces, mostly without blanks between them; now and then very many of one."""
        chance = self._random.random()
        if chance < 0.02:
            return self._piece() * 5_000
        if chance < 0.05:
            return ""
        return "".join(self._piece() for _ in range(self._random.randint(1, pieces)))

    def link(self) -> str:
        return self._random.choice(LINKS) if self._random.random() < 0.8 else self.text()

    def message(self) -> Message:
        """Of every kind."""
        kind = self._random.choice((MessageKind.ALERT,) * 8 + (MessageKind.DIGEST, MessageKind.NOTICE))
        count = {MessageKind.NOTICE: 0, MessageKind.ALERT: 1}.get(kind, self._random.randint(1, 30))
        alerts = tuple(self.alert() for _ in range(count))
        return Message("st-1/desk/1", kind, alerts, "" if count else self.text(30), self._chance(0.2))

    def alert(self) -> Alert:
        """With nothing but this text in it."""
        made = alert(
            kind=self._random.choice(list(AlertKind)),
            level=self._random.choice(list(Level)),
            direction=self._random.choice(list(Direction)),
            title=self.text(),
            summary=self.text(60),
            link=self.link(),
            owner=self.text(3),
            reason=self.text(4),
            rule_title=self.text(3),
            reports=tuple(self._report() for _ in range(self._random.choice((0, 1, 2, 3, 25)))),
            differs_from=self.text() if self._chance(0.3) else "",
            also=((self.text(2), 3),) * self._random.choice((0, 1, 9)),
            contradicts=Contradiction("st-9", self.text(), "denies") if self._chance(0.2) else None,
        )
        terms = tuple(self._evidence(len(made.summary)) for _ in range(self._random.choice((0, 1, 3, 30))))
        return replace(made, terms=terms)

    def _report(self) -> Report:
        return report(self.text(2), feed="gazette-world", title=self.text(), link=self.link())

    def _evidence(self, length: int) -> Evidence:
        start = self._random.randint(-2, max(length, 1))
        return evidence(
            term=self.text(3),
            words=self.text(3),
            cue=self.text(2),
            said_by=self.text(2),
            stance=self._random.choice(list(Stance)),
            place=self._random.choice((Place.LEAD, Place.LEAD, Place.TITLE, Place.BODY)),
            span=(start, start + self._random.randint(0, 12)),
        )

    def _piece(self) -> str:
        if self._random.random() < 0.9:
            return self._random.choice(PIECES)
        return chr(self._random.choice((32, 160, 0x2000, 0xF000, 0x10000)) + self._random.randrange(0x800))

    def _chance(self, share: float) -> bool:
        return self._random.random() < share
