"""Who is said to have said it: shown beside the evidence, never a reason to demote.

"Russia says troops leave" and "troops leave, according to the mayor" are how news is told; an editor wants to see
whose word it is. The name is the words right before a verb of saying, or right behind *according to*.
"""

from __future__ import annotations

from bot.core.cues import CueBook
from bot.core.text import Passage
from bot.core.wordforms import stems_of

LONGEST_NAME = 4  # words
LONGEST_SOURCE = 3  # words behind "according to"


def speaker(passage: Passage, occurrence: tuple[int, ...], book: CueBook) -> str:
    """The name as it stands in the text, "" if nobody is named in the sentence."""
    first, last = passage.stretch(occurrence[0], passage.segments)
    says = book.by_lemma or not book.says.isdisjoint(passage.words[first:last])
    for at in range(first + 1, last) if says else ():
        if not _is_saying(passage, at, book) or at in occurrence:
            continue
        least = first if at < occurrence[-1] else occurrence[-1] + 1
        if name := _name_before(passage, at, least, book):
            return name
    for words in book.according:
        if words[0] not in passage.words:
            continue
        for at in range(first, last - len(words)):
            if tuple(passage.words[at : at + len(words)]) == words:
                start = at + len(words)
                return passage.surface(start, min(start + LONGEST_SOURCE, last) - 1)
    return ""


def _is_saying(passage: Passage, at: int, book: CueBook) -> bool:
    if passage.words[at] in book.says:
        return True
    return book.by_lemma and not book.says.isdisjoint(stems_of(passage.words[at], passage.lang))


def _name_before(passage: Passage, at: int, least: int, book: CueBook) -> str:
    """The name that ends before word ``at``: little words between ("has", "also") are left out, a comma begins it."""
    little = book.joints.function_words
    end = at - 1
    while end >= least and passage.words[end] in little and "," not in passage.between[end + 1]:
        end -= 1
    if end >= least and (passage.words[end] in book.joints.cuts or passage.words[end] in little):
        return ""  # "…, but also said": whoever was named before
    start = end
    while (
        start > least and end - start + 1 < LONGEST_NAME and passage.between[start].strip() in {"", "-", "."}
    ):
        if passage.words[start - 1] in book.joints.cuts:
            break
        start -= 1
    while start < end and passage.words[start] in little:
        start += 1
    return passage.surface(start, end) if least <= start <= end else ""
