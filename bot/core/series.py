"""Evergreens: items that come back every day under nearly the same headline and are no news of each other.

A puzzle's answer, a price list, a horoscope, "day 484 of the war", a live blog: their headlines differ in a number or
a date only, so similarity would file all of them under one endless story, and real news with them. They are kept out
of clustering: each is a story of its own that nothing joins. Whether one is worth an alert is for the rules to say.
"""

from __future__ import annotations

import re

_PATTERNS = (
    # puzzles, luck and stars
    r"\b(?:wordle|quordle|nerdle|connections|strands|crossword|sudoku|horoscopes?|lottery|powerball|mega\s?millions)\b",
    r"\b(?:lottozahlen|tageshoroskop|kreuzworträtsel|гороскоп|сканворд|кроссворд)\b",
    # live blogs
    r"\b(?:live\s?blog|live\s+(?:updates?|coverage|ticker)|as\s+it\s+happened|newsticker|live-?ticker)\b",
    r"^\W*(?:[\w'’-]+\s+){0,5}live\s*[:–—|-]",
    # the count of days
    r"(?:^|[:–—|(,-]\s*)(?:day|week|tag|woche|день|тиждень|неделя)\s+\#?\d+\b",
    (
        r"\b\d+(?:-?(?:й|я|ша|га|та|st|nd|rd|th))?\s+(?:день|доба|сутки|day)\s+"
        r"(?:войны|вторжения|війни|вторгнення|of\s+(?:the\s+)?(?:war|invasion))"
    ),
    r"\b(?:what\s+we\s+know\s+on\s+day|key\s+events\s+(?:from|of|on)|at\s+a\s+glance\s+on\s+day)\b",
    r"\bвтрати\s+ворога\s+на\b",
    # what is compiled every day
    r"^\W*(?:today\s+in\s+history|on\s+this\s+day|photos?\s+of\s+the\s+(?:day|week)|quiz\s+of\s+the)",
    r"^\W*(?:morning|evening|daily|weekly|news)\s+(?:briefing|brief|digest|round-?up|quiz|headlines|wrap|recap)\b",
    r"\b(?:головне\s+за\s+день|главное\s+за\s+день|der\s+tag\s+im\s+überblick)\b",
    # weather, programmes, prices
    r"\b(?:weather\s+forecast|tv\s+(?:guide|listings)|traffic\s+report|fixtures\s+and\s+results|tv-programm)\b",
    r"\b(?:wetterbericht|das\s+wetter\s+(?:heute|morgen|am)|прогноз\s+погод\w*)\b",
    (
        r"\b(?:gold|silver|petrol|diesel|fuel|gas|bitcoin|crypto|egg|onion|mortgage)\s+(?:prices?|rates?)\s+"
        r"(?:today|in\s+your|on\s+\w+\s+\d)"
    ),
    r"\b(?:benzinpreise\s+heute|курс\s+(?:валют|доллара|евро|долара|євро)\s+на)\b",
)
_SERIES = re.compile("|".join(_PATTERNS), re.IGNORECASE)
_HINTS = re.compile(
    r"\d|live|wordle|quordle|nerdle|connections|strands|crossword|sudoku|horoscope|lott|powerball|mega|happened|ticker"
    r"|today|this day|photo|quiz|brief|digest|round|headlines|wrap|recap|weather|wetter|погод|tv|traffic|fixtures"
    r"|price|preise|rates?|курс|гороскоп|кроссворд|сканворд|kreuz|за день|überblick|glance|втрати|we know|key events",
    re.IGNORECASE,
)
"""One of these stands in every headline of a series: looked for first, since it is quick."""


def is_series(title: str) -> bool:
    """Is this headline one of an endless series?"""
    return _HINTS.search(title) is not None and _SERIES.search(title) is not None
