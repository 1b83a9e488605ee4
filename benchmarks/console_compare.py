"""How long an editor waits for the seven-day comparison, against reading every stored article under both texts.

    python -m benchmarks.console_compare [--items 50000] [--plain]

A database in a file holds a week of invented articles in four languages: the shipped rules' own examples among words
drawn as often as they stand in running text. The edit adds a term to the largest shipped file and takes one
away. Timed as the console waits for it, through the process that looks back, with its processor seconds: the
first question ever (nothing read yet), the first after the editor's page has got ready, and further edits; with the
longest time the asking loop stood still meanwhile. ``--plain`` times reading everything, too, and says whether the
answers are the same.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from pathlib import Path

import psutil
from sqlalchemy import insert

import bot.store.codec as codec
import bot.store.tables as tables
from benchmarks._loop import watched
from benchmarks._phases import processor_seconds
from bot.app_past import PastProcess
from bot.config.drafts import load_draft
from bot.config.lint import word_shares
from bot.config.load import load_desk
from bot.core.matching import headline
from bot.core.model import Decision, Entry, Outcome
from bot.demo.desk import shipped_rules
from bot.service_drafts import rules_of, side_of
from bot.service_lookback import Comparison, counted, fired
from bot.store import Store, open_store

FILE = "conflict.yaml"
NOW = datetime(2026, 3, 1, tzinfo=UTC)
SINCE = NOW - timedelta(days=7)
LANGUAGES = {"en": 60, "ru": 20, "de": 10, "uk": 10}
"""Shares of the articles, of a hundred."""


class Writer:
    """Invents articles; the same for the same seed."""

    def __init__(self, rules: Path) -> None:
        self._chance = random.Random(11)
        shares = word_shares()
        self._words = {lang: list(shares[lang]) for lang in LANGUAGES}
        self._weights = {lang: list(accumulate(shares[lang].values())) for lang in LANGUAGES}
        examples = [each for rule in load_desk(rules).rules for each in rule.examples]
        self._said = {
            lang: [each.text for each in examples if (each.lang or "en") == lang] for lang in LANGUAGES
        }

    def _some(self, lang: str, count: int) -> str:
        return " ".join(self._chance.choices(self._words[lang], cum_weights=self._weights[lang], k=count))

    def article(self, number: int, items: int) -> Entry:
        """One in six speaks of something a rule is about, one in three mentions words of such a thing."""
        lang = self._chance.choices(list(LANGUAGES), list(LANGUAGES.values()))[0]
        title, summary = self._some(lang, 9).capitalize(), self._some(lang, 35).capitalize()
        said = self._chance.choice(self._said[lang] or [title])
        if self._chance.random() < 1 / 6:
            title = said
        elif self._chance.random() < 1 / 3:
            summary += f" {' '.join(said.split()[:3])}, {self._some(lang, 4)}"
        seen = SINCE + (NOW - SINCE) * ((number + 1) / (items + 2))
        key = f"item{number}"
        return replace(
            headline(title, lang), key=key, aliases=(key,), feed="wire", owner="wire", summary=summary,
            published=seen, first_seen=seen, fingerprint=key, lang=lang, link=f"https://wire.example/{number}",
        )  # fmt: skip


async def fill(store: Store, writer: Writer, items: int) -> None:
    """The week."""
    nothing = codec.dump(Decision("", Outcome.NO_MATCH, ()))
    for start in range(0, items, 1000):
        rows = [_row(writer.article(number, items), nothing) for number in range(start, start + 1000)]
        async with store.database.write() as connection:
            await connection.execute(insert(tables.entries), rows)


def _row(entry: Entry, decision: str) -> dict[str, object]:
    return {
        "key": entry.key, "feed": entry.feed, "link": entry.link, "story": "", "outcome": "no match",
        "fingerprint": entry.fingerprint, "published": entry.published, "dated": True,
        "first_seen": entry.first_seen, "decided": entry.first_seen, "doc": codec.dump(entry), "decision": decision,
    }  # fmt: skip


def edits(text: str) -> Iterator[tuple[str, str]]:
    """What an editor may do to the largest file, by name."""
    rare = "    strong:\n      - garrison mutinies + $country\n"
    broad = "    strong:\n      - statement + $country\n"
    yield "a rare term more", text.replace("    strong:\n", rare, 1)
    yield "a broad term more", text.replace("    strong:\n", broad, 1)
    first = text.index("    strong:\n") + len("    strong:\n")
    yield "a term less", text[:first] + text[text.index("\n", first) + 1 :]
    yield "another level", text.replace("    strong:\n", "    levels: {low: 25}\n    strong:\n", 1)


async def timed(name: str, work: Callable[[], Awaitable[Comparison | None]]) -> Comparison | None:
    """A line of the table."""
    async with watched() as seen:
        before, spent = time.perf_counter(), processor_seconds()
        found = await work()
        took, spent = time.perf_counter() - before, processor_seconds() - spent
    said = f"{name:36} {took:6.2f} s (processor {spent:5.2f})   loop stood still {seen.longest:4.0f} ms"
    if found is not None:
        said += f"   {found.entries} articles, {found.gained_count} gained, {found.lost_count} lost"
    print(said, flush=True)
    return found


async def plainly(store: Store, rules: Path, text: str) -> Comparison:
    """Every article under both texts."""
    saved = load_draft(rules, FILE, (rules / FILE).read_text("utf-8"))
    before, after = (side_of(each, rules_of(each, FILE)) for each in (saved, load_draft(rules, FILE, text)))
    names, found = counted(before, after), Comparison(7)
    async for entry in store.views.archive(SINCE):
        found.entries += 1
        old, new = (
            [each for each in fired(side.book.match(entry)) if each.rule in names] for side in (before, after)
        )
        found.add(entry.title, old, new)
    return found


async def compare(items: int, *, plain: bool) -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as made:
        rules = Path(made) / "rules"
        rules.mkdir()
        for path in shipped_rules().glob("*.yaml"):
            (rules / path.name).write_bytes(path.read_bytes())
        address = f"sqlite+aiosqlite:///{made}/bench.sqlite3"
        store = await open_store(address, durable=False)
        await fill(store, Writer(rules), items)
        text = (rules / FILE).read_text("utf-8")
        listed = list(edits(text))
        cold, past = PastProcess(address, rules), PastProcess(address, rules)
        try:
            name, edited = listed[0]
            await timed(f"{name}, nothing read yet", lambda: cold.compare(FILE, edited, SINCE, 7))
            await cold.stop()
            await timed("getting ready", lambda: past.get_ready(FILE, SINCE))
            for name, edited in listed:
                found = await timed(name, lambda edited=edited: past.compare(FILE, edited, SINCE, 7))  # type: ignore[misc]
                if plain:
                    same = await timed("  by reading everything", lambda edited=edited: plainly(store, rules, edited))  # type: ignore[misc]  # fmt: skip
                    print(f"  {'the same' if same == found else 'NOT THE SAME'}")
            print(f"the process holds {psutil.Process(past.pid).memory_info().rss / 1e6:.0f} MB")
        finally:
            await past.stop()
            await store.close()


def main(arguments: Sequence[str] = ()) -> None:
    """Fill a database and ask."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--items", type=int, default=50_000)
    parser.add_argument("--plain", action="store_true")
    given = parser.parse_args(arguments)
    asyncio.run(compare(given.items, plain=given.plain))


if __name__ == "__main__":
    main(sys.argv[1:])
