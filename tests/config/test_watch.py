"""Hot reload: a save takes effect whole, a mistake is told once and costs nothing, and the loop is never held up."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

from bot.config import watch
from bot.config.desk import Desk
from bot.config.load import load_desk, rulebook_of
from bot.config.watch import EVERY, LONGEST, QUIET, Watcher
from bot.core.matching import RuleBook, headline
from bot.core.model import Entry, Match
from tests.config.folders import FEEDS, write
from tests.fakes.clock import FakeClock

T = TypeVar("T")
SAVED = EVERY + 2 * QUIET
"""Seconds in which a single save must have taken effect."""


async def at_once(work: Callable[[], T], /) -> T:
    """Instead of a thread, where time stands still anyway."""
    return work()


class Room:
    """A folder being watched on a clock of its own, and what the bot was told."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        write(folder, topic="id: rule\nkeywords: invasion", feeds=FEEDS)
        self.clock = FakeClock()
        self.desks: list[Desk] = []
        self.books: list[RuleBook] = []
        self.notices: list[str] = []
        self.watcher = Watcher(
            folder, load_desk(folder), self._changed, self._problem, self.clock, aside=at_once
        )

    async def _changed(self, desk: Desk, rulebook: RuleBook) -> None:
        self.desks.append(desk)
        self.books.append(rulebook)

    async def _problem(self, text: str) -> None:
        self.notices.append(text)

    def words(self) -> list[str]:
        return [term.text for rule in self.desks[-1].rules for term in rule.terms]


@pytest.fixture
async def room(tmp_path: Path) -> Room:
    return Room(tmp_path)


class Running:
    """``async with Running(room)``: the watcher runs meanwhile."""

    def __init__(self, room: Room) -> None:
        self._room = room

    async def __aenter__(self) -> None:
        self._task = asyncio.create_task(self._room.watcher.run())
        await asyncio.sleep(0)

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await self._task


async def test_nothing_is_read_while_nothing_changes(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "load_live", lambda *_: pytest.fail("read without need"))
    async with Running(room):
        await room.clock.advance(60)
    assert (room.desks, room.notices) == ([], [])


async def test_a_save_is_in_force_two_seconds_later(room: Room) -> None:
    async with Running(room):
        write(room.folder, topic="id: rule\nkeywords: incursion")
        await room.clock.advance(SAVED)
    assert room.words() == ["incursion"]
    assert [match.rule for match in room.books[-1].match(headline("Incursion begins", "en"))] == ["rule"]
    assert room.notices == []


async def test_a_save_that_changes_nothing_is_no_news(room: Room) -> None:
    async with Running(room):
        write(room.folder, topic="id: rule\nkeywords: invasion")
        await room.clock.advance(SAVED)
    assert (room.desks, room.notices) == ([], [])


async def test_fault_089_a_mistake_is_told_once_and_its_mending_too(room: Room) -> None:
    async with Running(room):
        for text in (
            "id: rule\nkeywords: invasion\nseverity: loud",
            "# a word\nid: rule\nkeywords: invasion\nseverity: loud",
        ):
            write(room.folder, topic=text)
            await room.clock.advance(60)
        assert len(room.notices) == 1
        assert "topic.yaml:3:severity: 'loud' is no level" in room.notices[0]
        assert "last good version" in room.notices[0]
        assert len(room.watcher.problems) == 1
        write(room.folder, topic="id: rule\nkeywords: invasion\nseverity: high")
        await room.clock.advance(60)
    assert len(room.notices) == 2
    assert "in order again" in room.notices[1]
    assert not room.watcher.problems


async def test_a_second_mistake_is_told_and_the_first_not_again(room: Room) -> None:
    async with Running(room):
        write(room.folder, topic="keywords: invasion\nseverity: loud")
        await room.clock.advance(60)
        write(room.folder, other="keywrods: truce")
        await room.clock.advance(60)
        write(room.folder, topic="id: rule\nkeywords: invasion")  # one of two mended: nothing to tell yet
        await room.clock.advance(60)
    assert len(room.notices) == 2
    assert "keywrods" in room.notices[1]
    assert "severity" not in room.notices[1]
    assert "2 mistakes in all" in room.notices[1]


async def test_fault_090_a_file_being_written_is_not_read_in_halves(room: Room) -> None:
    path = room.folder / "topic.yaml"
    async with Running(room):
        for half in ("", "id: ru", "id: rule\nkeyw", "id: rule\nkeywords: incursion\n"):
            path.write_text(half)
            await room.clock.advance(QUIET * 0.9)
        await room.clock.advance(SAVED)
    assert room.words() == ["incursion"]
    assert len(room.desks) == 1
    assert room.notices == []


async def test_fault_091_a_hundred_saves_a_second_are_read_a_few_times(room: Room) -> None:
    async with Running(room):
        for number in range(1000):
            write(room.folder, topic=f"id: rule\nkeywords: word{number}")
            await room.clock.advance(0.01)
        await room.clock.advance(LONGEST + SAVED)
    assert room.words() == ["word999"]
    assert len(room.desks) <= 2


async def test_a_folder_that_never_keeps_still_is_read_all_the_same(room: Room) -> None:
    async with Running(room):
        for number in range(60):
            write(room.folder, topic=f"id: rule\nkeywords: word{number}")
            await room.clock.advance(QUIET / 2)
    assert room.desks


async def test_fault_091_a_folder_swapped_by_its_link_is_one_change(tmp_path: Path) -> None:
    for name, word in (("one", "invasion"), ("two", "truce")):
        (tmp_path / name).mkdir()
        write(tmp_path / name, topic=f"id: rule\nkeywords: {word}", feeds=FEEDS)
    link = tmp_path / "rules"
    link.symlink_to("one", target_is_directory=True)
    room = Room(link)
    async with Running(room):
        (tmp_path / "new").symlink_to("two", target_is_directory=True)
        (tmp_path / "new").replace(link)
        await room.clock.advance(SAVED)
    assert room.words() == ["truce"]
    assert room.notices == []


async def test_fault_091_a_folder_that_goes_away_and_comes_back_is_told_and_mended(room: Room) -> None:
    async with Running(room):
        room.folder.rename(room.folder.with_name("elsewhere"))
        await room.clock.advance(60)
        assert room.desks == []
        assert len(room.notices) == 1
        room.folder.with_name("elsewhere").rename(room.folder)
        await room.clock.advance(60)
    assert room.desks == []
    assert "in order again" in room.notices[1]


async def test_every_language_of_the_feeds_is_ready_before_the_swap(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    feeds = FEEDS + "  - {name: pravda, url: https://pravda.example/rss, lang: uk}\n"
    asked: list[str] = []
    match = RuleBook.match

    def noted(book: RuleBook, entry: Entry) -> tuple[Match, ...]:
        asked.append(entry.lang)
        return match(book, entry)

    monkeypatch.setattr(RuleBook, "match", noted)
    async with Running(room):
        write(room.folder, topic="id: rule\nkeywords: incursion", feeds=feeds)
        await room.clock.advance(SAVED)
    assert sorted(asked) == ["en", "uk"]


async def test_the_old_rules_are_forgotten_without_the_garbage_collector(room: Room) -> None:
    async with Running(room):
        write(room.folder, topic="id: rule\nkeywords: incursion")
        await room.clock.advance(SAVED)
        assert room.books.pop().match(headline("Incursion begins", "en"))
        first = weakref.ref(rulebook := rulebook_of(room.desks[-1]))
        rulebook.match(headline("Incursion begins", "en"))
        gc.disable()
        del rulebook
        gone = first() is None
        gc.enable()
    assert gone


# ── under load ───────────────────────────────────────────────────────────────────────────────────────
def many_rules(folder: Path, number: int, word: str) -> None:
    for first in range(0, number, 1000):
        rules = "".join(
            f"  - {{id: r{at}, keywords: [alpha{at} beta{at}]}}\n"
            for at in range(first, min(first + 1000, number))
        )
        (folder / f"t{first}.yaml").write_text(f"rules:\n{rules}")
    write(folder, topic=f"id: rule\nkeywords: {word}", feeds=FEEDS)


async def test_fault_095_ten_thousand_rules_reload_while_every_entry_sees_one_of_the_two(
    tmp_path: Path,
) -> None:
    many_rules(tmp_path, 10_000, "invasion")
    desk = load_desk(tmp_path)
    book = rulebook_of(desk)
    entry = headline("Invasion and truce announced", "en")
    book.match(entry)
    swapped = asyncio.Event()

    async def changed(_: Desk, rulebook: RuleBook) -> None:
        nonlocal book
        book = rulebook
        swapped.set()

    async def problem(text: str) -> None:
        pytest.fail(text)

    clock = FakeClock()
    watcher = Watcher(tmp_path, desk, changed, problem, clock)  # in a real thread
    write(tmp_path, topic="id: rule\nkeywords: truce")
    reading = asyncio.create_task(_with_time(watcher, clock))
    seen: list[str] = []
    while not swapped.is_set():
        (match,) = book.match(entry)
        seen.append(match.terms[0].term)
        await asyncio.sleep(0.001)
    assert await reading
    (match,) = book.match(entry)
    assert match.terms[0].term == "truce"
    assert len(seen) > 20, "the loop stood still while the rules were read"
    assert set(seen) == {"invasion"}
    assert gc.isenabled()


async def _with_time(watcher: Watcher, clock: FakeClock) -> bool:
    """One look, with the clock moving whenever something sleeps on it."""
    task = asyncio.create_task(watcher.once())
    while not task.done():
        await asyncio.sleep(0.005)
        await clock.advance(QUIET)
    return await task
