"""The line filter: what stands around an article is not the article.

Extraction (:mod:`bot.sources.page`) takes away menus and markup, but appeals, subscription offers and comment
invitations written as plain paragraphs survive it, and they talk of elections and wars. Three filters, in order:

1. *Headings that end an article*: everything after a line that says only "Recommended", "Comments", … is dropped,
   once three paragraphs have been read; before that only the line itself is, for some publishers put a "Read more"
   link between the second and the third paragraph.
2. *Appeals*: paragraphs that ask the reader for money, an account or a comment, by a list of patterns a language.
3. *Learned lines*: a line seen in three articles of one publisher within seven days belongs to the page, not to the
   news (:class:`LineMemory`). This is the general one; the lists above serve the first three articles.

Road not taken: a classifier of boilerplate by text density. It needs the markup, which is gone here, and it keeps
well-written appeals, the ones that hurt.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import blake2b

ENDINGS = frozenset(
    (
        "recommended", "recommended for you", "read more", "read next", "comments", "related", "related articles",
        "related stories", "related topics", "more on this story", "more stories", "most read", "most popular",
        "most viewed", "you may also like", "join our commenting forum", "more from", "top stories", "trending",
        "mehr zum thema", "lesen sie auch", "kommentare", "meistgelesen", "das könnte sie auch interessieren",
        "читайте также", "комментарии", "по теме", "читайте також", "коментарі", "за темою",
    )
)  # fmt: skip

READ_BEFORE_AN_ENDING = 3  # paragraphs

APPEALS = (
    # money
    r"\b(?:your|readers['’]?|reader) (?:support|contribution|donation|generosity)s?\b",
    r"\b(?:support|fund|back|help) (?:us|our|independent|quality|free) .{0,40}\b(?:journalis|report|stor)",
    r"\b(?:quality|independent) journalism\b.{0,60}\b(?:paid|cost|fund|support|free)",
    r"\bbehind (?:a|the|our) paywall\b|\bpaywalls\b",
    r"\b(?:donate|contribute) (?:now|today|here|to (?:us|our))\b",
    # an account
    r"^(?:please )?(?:subscribe|sign up|register|log ?in|sign in)\b",
    r"\bstart your .{0,40}\bsubscription\b",
    r"\bsubscribe (?:to|for|now|today)\b.{0,60}\b(?:premium|newsletter|access|article|just|only)",
    r"\b(?:sign up|subscribe) (?:to|for) (?:our|the|free|a|daily)\b.{0,60}\b(?:newsletter|email|briefing)",
    r"\bbookmark (?:this|your)\b|\bdownload (?:our|the) (?:free )?app\b",
    # a word of one's own
    r"\bcommenting forum\b|\bjoin (?:the|thought-provoking) conversations?\b|\bsee their replies\b",
    r"^follow us on\b|^share (?:this|on)\b|^advertisement\b|\ball rights reserved\b|\bcookies? policy\b",
    # the other languages we read
    r"\b(?:jetzt|hier) (?:abonnieren|anmelden|registrieren|spenden)\b|\bunterstützen sie (?:uns|unser)",
    r"\babonnieren sie\b|\bnewsletter (?:abonnieren|anmelden)\b",
    r"\bподпи(?:шитесь|сывайтесь)\b|\bподдерж(?:ите|ать) (?:нас|нашу|редакцию|наш)\b",
    r"\bпідпи(?:шіться|суйтесь|суйтеся)\b|\bпідтрим(?:айте|ати) (?:нас|нашу|редакцію|наш)\b",
)
_APPEAL = re.compile("|".join(APPEALS), re.IGNORECASE)


def _plain(line: str) -> str:
    return re.sub(r"\W+", " ", line).strip().casefold()


def is_appeal(paragraph: str) -> bool:
    """Does this paragraph ask the reader for something?"""
    return _APPEAL.search(paragraph) is not None


def article_lines(paragraphs: Sequence[str]) -> list[str]:
    """The paragraphs that belong to the article, as far as one page alone can tell."""
    kept: list[str] = []
    for paragraph in paragraphs:
        if _plain(paragraph) in ENDINGS:
            if len(kept) >= READ_BEFORE_AN_ENDING:
                break
            continue
        if paragraph.strip() and not is_appeal(paragraph):
            kept.append(paragraph)
    return kept


# ── learned lines ────────────────────────────────────────────────────────────────────────────────────
SEEN_IN = 3  # articles of one publisher
WITHIN = timedelta(days=7)
LINES_A_PUBLISHER = 20_000  # the least recently seen are forgotten first
SHORTEST = 12  # characters: shorter lines ("He agreed.") repeat by chance


@dataclass(slots=True)
class LineMemory:
    """Which lines recur on a publisher's pages. Feed it every article, then ask it; ``now`` is an argument."""

    _lines: dict[str, OrderedDict[bytes, list[tuple[datetime, str]]]] = field(default_factory=dict)

    def filtered(self, owner: str, article: str, paragraphs: Sequence[str], now: datetime) -> list[str]:
        """Remember this article's lines, and return those that are not the page's own.

        ``article`` tells articles apart (a link): seeing one twice counts once.
        """
        lines = self._lines.setdefault(owner, OrderedDict())
        kept = [each for each in paragraphs if not self._recurs(lines, each, article, now)]
        while len(lines) > LINES_A_PUBLISHER:
            lines.popitem(last=False)
        return kept

    @staticmethod
    def _recurs(
        lines: OrderedDict[bytes, list[tuple[datetime, str]]], line: str, article: str, now: datetime
    ) -> bool:
        plain = _plain(line)
        if len(plain) < SHORTEST:
            return False
        key = blake2b(plain.encode(), digest_size=8).digest()
        seen = [
            (time, where) for time, where in lines.pop(key, []) if now - time <= WITHIN and where != article
        ]
        seen.append((now, article))
        lines[key] = seen[-SEEN_IN:]
        return len(lines[key]) >= SEEN_IN
