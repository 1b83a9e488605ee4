"""A matcher written straight from the definition, with no index, no keys and no care for speed.

It shares with the engine only how a text is cut into words and clauses (:class:`bot.core.text.Passage`) and what
the stem of a word is. Every way to choose a word of the text for every word of the term is tried.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise, product

from bot.core.text import Passage, words
from bot.core.wordforms import stems_of

PHRASE_GAP = 3
LINK = re.compile(r"\s*(?:\+(?P<near>\d*)|~(?P<within>\d+)|\.\.\.(?P<order>\d*))(?:\s+|$)")
ARTICLES = ("the", "a", "an")
Spot = tuple[int, ...]


def occurs(term: str, passage: Passage, lists: Mapping[str, Sequence[str]], near: int = 6) -> bool:
    """Does the term stand in the passage?"""
    groups, links = _cut(term, near)
    if not links:
        return any(_loose(each.strip(), passage, lists, near) for each in groups[0].split(","))
    found = [list(_either(group, passage, lists)) for group in groups]
    return any(_near(chosen, links, passage) for chosen in product(*found))


def _cut(term: str, near: int) -> tuple[list[str], list[tuple[int, bool, bool]]]:
    """The groups; and between them how far apart they may be, whether a number was typed, whether in order."""
    groups, links, start = [], [], 0
    for found in LINK.finditer(term):
        groups.append(term[start : found.start()].strip())
        number = found["near"] or found["within"] or found["order"]
        links.append((int(number or near), bool(number), found["order"] is not None))
        start = found.end()
    return [*groups, term[start:].strip()], links


def _loose(item: str, passage: Passage, lists: Mapping[str, Sequence[str]], near: int) -> bool:
    """Words without a link: all of them near each other, in any order."""
    found = [list(_either(piece, passage, lists)) for piece in _pieces(item)]
    links = [(near, False, False)] * (len(found) - 1)
    return any(_near(chosen, links, passage) for chosen in product(*found))


def _either(group: str, passage: Passage, lists: Mapping[str, Sequence[str]]) -> Iterator[Spot]:
    for item in group.split(","):
        yield from _phrase(_pieces(item), passage, lists)


def _pieces(item: str) -> list[str]:
    """The words of an alternative; an article beside another word says nothing."""
    pieces = item.split()
    return [piece for piece in pieces if piece not in ARTICLES] if len(pieces) > 1 else pieces


def _phrase(pieces: Sequence[str], passage: Passage, lists: Mapping[str, Sequence[str]]) -> Iterator[Spot]:
    """The words in this order, a few words apart at most."""
    found = [list(_word(piece, passage, lists)) for piece in pieces]
    for chosen in product(*found):
        if all(
            left[-1] < right[0]
            and passage.clauses[left[-1]] == passage.clauses[right[0]]
            and passage.gap(left[-1], right[0]) <= PHRASE_GAP
            for left, right in pairwise(chosen)
        ):
            yield tuple(at for each in chosen for at in each)


def _word(piece: str, passage: Passage, lists: Mapping[str, Sequence[str]]) -> Iterator[Spot]:
    if piece.startswith("$"):
        for item in lists[piece[1:]]:
            yield from _phrase(item.split(), passage, lists)
        return
    parts = words(piece.strip("=*"))
    for first in range(len(passage)):
        if all(_same(piece, part, passage, first + at) for at, part in enumerate(parts)):
            yield tuple(range(first, first + len(parts)))
    if len(parts) > 1:  # cease-fire, written ceasefire
        yield from ((at,) for at in range(len(passage)) if _same(piece, "".join(parts), passage, at))
    else:  # ceasefire, written cease-fire
        yield from (
            spot for spot, joined in _compounds(passage) if _alike(piece, parts[0], joined, passage.lang)
        )


def _compounds(passage: Passage) -> Iterator[tuple[Spot, str]]:
    for _, first, length in passage.raws:
        if length > 1:
            spot = tuple(range(first, first + length))
            yield spot, "".join(passage.words[at] for at in spot)


def _same(piece: str, part: str, passage: Passage, at: int) -> bool:
    return at < len(passage) and _alike(piece, part, passage.words[at], passage.lang)


def _alike(piece: str, part: str, word: str, lang: str) -> bool:
    if piece.startswith("="):
        return word == part
    if piece.endswith("*"):
        return word.startswith(part)
    return bool(set(stems_of(part, lang)) & set(stems_of(word, lang)))


def _near(chosen: Sequence[Spot], links: Sequence[tuple[int, bool, bool]], passage: Passage) -> bool:
    """No word twice, all of one clause, neighbours within the widest link, each numbered or ordered link kept."""
    everywhere = [at for each in chosen for at in each]
    shared = set.intersection(*(_clauses(each, passage) for each in chosen))
    if len(set(everywhere)) < len(everywhere) or not shared:
        return False
    for (limit, typed, in_order), left, right in zip(links, chosen, chosen[1:], strict=False):
        if in_order and left[-1] >= right[0]:
            return False
        if (typed or in_order) and _apart(left, right, passage) > limit:
            return False
    widest = max((limit for limit, _, _ in links), default=0)
    return all(_apart(one, other, passage) <= widest for one, other in pairwise(sorted(chosen)))


def _clauses(spot: Spot, passage: Passage) -> set[int]:
    """The clause a spot stands in; a label of a word or two in front of a colon belongs to what follows, too."""
    label = passage.label
    return {passage.clauses[spot[0]]} | ({passage.clauses[label]} if spot[-1] < label else set())


def _apart(one: Spot, other: Spot, passage: Passage) -> int:
    left, right = sorted((one, other))
    return passage.gap(left[-1], right[0]) if left[-1] < right[0] else 0
