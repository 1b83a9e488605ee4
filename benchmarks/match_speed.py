"""How fast rules meet texts, against a loop of compiled ``re`` patterns of the same terms, in one run.

    python benchmarks/match_speed.py [--rules 100 1000 10000] [--seconds 2]

Texts and rules are drawn from one invented vocabulary whose frequencies fall as in real text (Zipf), with a fixed
seed. *mixed*: 45 % of the terms are two words near each other, 35 % one word, 20 % a phrase; *near*: all are two words
near each other, so that hardly any rule fires and the index is all there is to see. The peers get the easier task: no
stems, no stance, no sum, only "does it occur". Processor time, so that a busy machine does not speak.
"""

from __future__ import annotations

import argparse
import gc
import random
import re
import sqlite3
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from itertools import accumulate

from bot.config.languages import load_languages
from bot.core.matching import RuleBook, headline
from bot.core.model import Entry
from bot.core.rules import Rule, TermSpec

VOCABULARY = 30_000
SYLLABLES = [consonant + vowel for consonant in "bdfgklmnprstv" for vowel in "aeio"]


def vocabulary(chance: random.Random) -> list[str]:
    """Invented words, the commonest first and shortest."""
    words: dict[str, None] = {}
    while len(words) < VOCABULARY:
        length = 2 + (len(words) > 300) + (len(words) > 8000)
        words["".join(chance.choices(SYLLABLES, k=length)) + chance.choice(("", "n", "r", "t", "sk"))] = None
    return list(words)


class Drawing:
    """Draws texts and terms."""

    def __init__(self, seed: int = 7) -> None:
        self.chance = random.Random(seed)
        self.words = vocabulary(self.chance)
        self._weights = list(accumulate(1 / (rank + 3) for rank in range(len(self.words))))

    def text(self, length: int) -> str:
        """Sentences of fifteen words."""
        drawn = self.chance.choices(self.words, cum_weights=self._weights, k=length)
        sentences = (" ".join(drawn[at : at + 15]).capitalize() for at in range(0, length, 15))
        return ". ".join(sentences) + "."

    def article(self, length: int) -> Entry:
        """A headline, a summary, paragraphs of sixty words."""
        body = "\n\n".join(self.text(60) for _ in range(max(0, length - 60) // 60))
        return replace(headline(self.text(10), "en"), summary=self.text(min(50, length)), body=body)

    def term(self, *, near: bool = False) -> str:
        """A term of content words: none of the thousand commonest."""
        kind = 0.0 if near else self.chance.random()
        pick = [self.words[self.chance.randrange(1000, len(self.words))] for _ in range(2)]
        if kind < 0.45:
            return f"{pick[0]} + {pick[1]}"
        return pick[0] if kind < 0.8 else " ".join(pick)


def patterns(terms: Sequence[str]) -> list[re.Pattern[str]]:
    """The same terms as regular expressions."""
    found = []
    for term in terms:
        words = [rf"\b{word}\w*" for word in term.replace("+", " ").split()]
        near = r"(?:\W+\w+){0,6}?\W+"
        either = "|".join(near.join(order) for order in ([words, words[::-1]] if "+" in term else [words]))
        found.append(re.compile(either, re.IGNORECASE))
    return found


def rate(work: Callable[[Entry], object], entries: Sequence[Entry], seconds: float) -> float:
    """Entries a second."""
    done = 0
    start = time.process_time()
    while (spent := time.process_time() - start) < seconds:
        work(entries[done % len(entries)])
        done += 1
    return done / spent


def text_of(entry: Entry) -> str:
    """All of it."""
    return f"{entry.title}\n{entry.summary}\n{entry.body}"


def search_all(expressions: Sequence[re.Pattern[str]], entry: Entry) -> list[re.Match[str] | None]:
    """The loop of compiled patterns."""
    text = text_of(entry)
    return [expression.search(text) for expression in expressions]


def full_text_search(terms: Sequence[str]) -> Callable[[Entry], object]:
    """SQLite FTS5 with porter stems, one article at a time, every term a query."""
    base = sqlite3.connect(":memory:")
    base.execute("create virtual table texts using fts5(body, tokenize='porter unicode61')")
    queries = [f"NEAR({' '.join(t.split(' + '))}, 6)" if "+" in t else f'"{t}"' for t in terms]

    def search(entry: Entry) -> None:
        base.execute("delete from texts")
        base.execute("insert into texts values (?)", (text_of(entry),))
        for query in queries:
            base.execute("select 1 from texts where texts match ?", (query,)).fetchall()

    return search


def main(arguments: Sequence[str] = ()) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rules", type=int, nargs="+", default=[100, 1000, 10_000])
    parser.add_argument("--seconds", type=float, default=2.0)
    given = parser.parse_args(arguments)
    print(" rules  terms  words  load s   ours /s    re /s      ×  fts5 /s      ×")
    for number in given.rules:
        for kind in ("near", "mixed"):
            compare(number, kind, given.seconds)


def compare(number: int, kind: str, seconds: float) -> None:
    """The lines of so many rules of a kind."""
    drawing = Drawing()
    terms = [drawing.term(near=kind == "near") for _ in range(number)]
    rules = [Rule(f"r{at}", "", (TermSpec(term, "keywords"),)) for at, term in enumerate(terms)]
    start = time.process_time()
    book = RuleBook(rules, {}, load_languages())
    book.match(headline("warm", "en"))
    loaded = time.process_time() - start
    gc.collect()
    gc.freeze()  # as the bot does
    expressions, search = patterns(terms), full_text_search(terms)
    for length in (60, 750):
        entries = [drawing.article(length) for _ in range(300)]
        for entry in entries:  # memos are warm in a running bot
            book.match(entry)
        ours = rate(book.match, entries, seconds)
        theirs = rate(partial(search_all, expressions), entries, seconds)
        fts = rate(search, entries, seconds)
        print(
            f"{number:6} {kind:>6} {length:6} {loaded:7.2f} {ours:9.0f} {theirs:8.1f} {ours / theirs:6.0f}"
            f" {fts:8.1f} {ours / fts:6.0f}",
            flush=True,
        )


if __name__ == "__main__":
    main(sys.argv[1:])
