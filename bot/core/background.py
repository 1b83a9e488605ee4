"""How common words are in somebody's own archive: what a word weighs in telling stories apart.

A word that every article of a trade paper holds identifies nothing there, whatever the language at large thinks of it.
What an archive says is mixed with the shipped table as if that were an archive of :data:`SHIPPED_WORDS` words, so a
small archive moves little and a word it never held keeps a share. Counts are of running words in headlines and
summaries, since that is what similarity reads; the shipped table is made the same way from public word frequencies.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping

from bot.core.model import Entry
from bot.core.text import stems

SHIPPED_WORDS = 200_000
"""The weight of the shipped table, in words of an archive."""

FEWEST_WORDS = 20_000
"""Of a language: fewer say more of what happened that week than of how common words are."""

LEAST_SHARE = 2e-7


class ArchiveWords:
    """Counts of stems by language; grows with the vocabulary, not with the archive."""

    def __init__(self) -> None:
        self.counts: dict[str, Counter[str]] = defaultdict(Counter)
        self.articles: Counter[str] = Counter()

    def add(self, entry: Entry) -> None:
        """One article."""
        self.articles[entry.lang] += 1
        counts = self.counts[entry.lang]
        counts.update(stems(entry.title, entry.lang))
        counts.update(stems(entry.summary, entry.lang))

    def words(self, lang: str) -> int:
        """Running words read in a language."""
        return self.counts[lang].total()

    @property
    def languages(self) -> list[str]:
        """Those met, the most read first."""
        return [lang for lang, _ in self.articles.most_common()]


def learned(counts: Counter[str], shipped: Mapping[str, float]) -> dict[str, float]:
    """Stem → share of running text, most common first; what is rarer than :data:`LEAST_SHARE` is left out."""
    read = counts.total() + SHIPPED_WORDS
    shares = {
        stem: (counts[stem] + SHIPPED_WORDS * shipped.get(stem, 0.0)) / read for stem in {*counts, *shipped}
    }
    kept = ((stem, share) for stem, share in shares.items() if share >= LEAST_SHARE)
    return dict(sorted(kept, key=lambda pair: (-pair[1], pair[0])))
