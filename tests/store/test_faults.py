"""What storage does to us, row by row: full, failing, locked, read-only, damaged, newer disks and files."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text

import bot.store.engine as engine
import bot.store.store as opening
from bot.errors import StoreError, StoreLocked
from bot.store import Store, open_store, reading_store
from bot.store.address import parsed
from tests.fakes.alerts import AT, owed
from tests.store.samples import entry, record, state, write

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "news.sqlite3"


def address(file: Path) -> str:
    return f"sqlite+aiosqlite:///{file}"


def command(file: Path, *words: str) -> list[str]:
    return [sys.executable, "-m", "tests.store.child", address(file), *words]


def run(words: list[str]) -> list[str]:
    """The lines a process wrote."""
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)  # noqa: S603
    return done.stdout.splitlines()


@contextmanager
def another_instance(file: Path) -> Iterator[list[str]]:
    """A bot that runs on this file; gives its process and host."""
    words = command(file, "hold")
    with subprocess.Popen(  # noqa: S603
        words, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        yield process.stdout.readline().split()
        process.communicate()


# ── the disk ─────────────────────────────────────────────────────────────────────────────────────────
def strace(inject: str, file: Path, words: list[str]) -> list[str]:
    """The process with its system calls tampered with, those on this file and its log only."""
    tool = shutil.which("strace")
    if tool is None or run([tool, "-qqq", "-o", os.devnull, "echo", "traced"]) != ["traced"]:
        pytest.skip("strace is not here, or may not trace")
    paths = [part for each in ("", "-wal") for part in ("-P", f"{file}{each}")]
    return run([tool, "-f", "-qqq", "-o", os.devnull, *paths, "-e", inject, *words])


async def test_fault_015_a_full_disk_refuses_polls_and_goes_on_by_itself(file: Path) -> None:
    await (await open_store(address(file))).close()
    said = await asyncio.to_thread(
        strace, "inject=pwrite64:error=ENOSPC:when=10..40", file, command(file, "polls", "60")
    )
    refused = [line for line in said if line.startswith("refused")]
    assert refused
    assert all("disk is full" in line and "make room" in line for line in refused), refused
    assert said[-2].startswith("ok")
    assert said[-1] == "trouble "
    await everything_said_ok_is_there(file, said)


async def test_fault_016_after_a_failed_fsync_nothing_is_written_until_the_next_start(file: Path) -> None:
    await (await open_store(address(file))).close()
    said = await asyncio.to_thread(
        strace, "inject=fdatasync,fsync:error=EIO:when=6", file, command(file, "polls", "30")
    )
    outcome = [line.split()[0] for line in said if line.split()[0] in {"ok", "refused"}]
    first = outcome.index("refused")
    assert first > 0
    assert set(outcome[first:]) == {"refused"}
    assert "nothing more is written" in said[-1]
    await everything_said_ok_is_there(file, said)


@pytest.mark.parametrize(
    "call",
    [
        "pwrite64:signal=KILL:when=9",
        "pwrite64:signal=KILL:when=31",
        "pwrite64:signal=KILL:when=64",
        "fdatasync:signal=KILL:when=4",
    ],
)
async def test_fault_004_killed_while_it_commits_a_poll_is_there_whole_or_not_at_all(
    file: Path, call: str
) -> None:
    await (await open_store(address(file))).close()
    said = await asyncio.to_thread(strace, f"inject={call}", file, command(file, "polls", "60"))
    assert said[-1] != "trouble "  # it died on the way
    await everything_said_ok_is_there(file, said)


async def everything_said_ok_is_there(file: Path, said: list[str]) -> None:
    """And whole: no poll without its delivery, no page damaged."""
    told = {f"wire:{line.split()[1]}" for line in said if line.startswith("ok")}
    with closing(sqlite3.connect(file)) as plain:
        assert plain.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        keys = {key for (key,) in plain.execute("SELECT key FROM entries")}
        assert told <= keys
        assert plain.execute("SELECT count(*) FROM deliveries").fetchone() == (len(keys),)
    await (await open_store(address(file))).close()


async def test_fault_017_a_database_held_by_another_program_is_waited_for(file: Path) -> None:
    store = await open_store(address(file))
    with closing(sqlite3.connect(file, isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN EXCLUSIVE")
        writing = asyncio.create_task(write(store, record(entry(), owed=[owed()])))
        assert not (await asyncio.wait([writing], timeout=0.3))[0]
        other.execute("ROLLBACK")
        assert await writing == 1
    await store.close()


async def test_fault_017_held_too_long_the_poll_is_refused_and_nothing_is_lost(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "BUSY_TIMEOUT", 50)
    store = await open_store(address(file))
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StoreError, match="locked: another program"):
            await write(store, record(entry(), owed=[owed()]))
        with pytest.raises(StoreError, match="locked"):
            await store.feeds.save_state(state())
        assert await store.outbox.claim(AT) == []
    assert await write(store, record(entry(), owed=[owed()])) == 1
    await store.close()


# ── other instances ──────────────────────────────────────────────────────────────────────────────────
async def test_fault_018_a_second_instance_is_refused_by_process_and_host(file: Path) -> None:
    with another_instance(file) as (_, process, host):
        with pytest.raises(StoreLocked) as refused:
            await open_store(address(file))
        assert f"process {process} on {host}" in str(refused.value)
        async with reading_store(address(file)) as beside:
            assert (await beside.views.counts()).entries == 0
    await (await open_store(address(file))).close()


async def test_fault_018_and_leaves_with_an_error(file: Path) -> None:
    store = await open_store(address(file))
    process = await asyncio.create_subprocess_exec(
        *command(file, "open"), cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    said, _ = await process.communicate()
    assert said.decode().startswith(
        f"StoreLocked another instance holds news.sqlite3: process {os.getpid()} on "
    )
    assert process.returncode == 6
    await store.close()


async def test_fault_019_a_lock_file_left_behind_locks_nothing(file: Path) -> None:
    file.with_name(f"{file.name}.lock").write_text("process 1 on a host that is gone\n")
    store = await open_store(address(file))
    with pytest.raises(StoreLocked, match=f"process {os.getpid()} on"):
        await open_store(address(file))
    await store.close()
    await (await open_store(address(file))).close()


async def test_fault_019_the_lock_dies_with_its_process(file: Path) -> None:
    words = command(file, "hold")
    process = await asyncio.create_subprocess_exec(
        *words, cwd=ROOT, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    await process.stdout.readline()
    process.kill()
    await process.wait()
    await (await open_store(address(file))).close()


# ── files that cannot be used ────────────────────────────────────────────────────────────────────────
@contextmanager
def ordinary_user() -> Iterator[Path]:
    """A folder, and nobody special in it: who may do everything would be stopped by nothing."""
    folder = Path(tempfile.mkdtemp(prefix="newsalert-"))
    folder.chmod(0o777)
    special = os.geteuid() == 0
    if special:
        os.seteuid(65534)
    try:
        yield folder
    finally:
        if special:
            os.seteuid(0)
        for path in (folder, *folder.rglob("*")):
            path.chmod(0o777)
        shutil.rmtree(folder)


async def test_fault_020_a_folder_that_cannot_be_written_is_named() -> None:
    with ordinary_user() as folder:
        locked = folder / "var"
        locked.mkdir(mode=0o555)
        with pytest.raises(StoreError, match=r"cannot write .*var/news.sqlite3.lock: permission denied"):
            await open_store(address(locked / "news.sqlite3"))
        with pytest.raises(StoreError, match=r"cannot make the folder .*var/deeper: permission denied"):
            await open_store(address(locked / "deeper" / "news.sqlite3"))


async def test_fault_020_a_file_that_cannot_be_written_comes_with_the_remedy() -> None:
    with ordinary_user() as folder:
        file = folder / "news.sqlite3"
        await (await open_store(address(file))).close()
        file.chmod(0o444)
        with pytest.raises(
            StoreError, match=r"readonly database: make the file and its folder belong to the user"
        ):
            await open_store(address(file))
        file.chmod(0o000)
        with pytest.raises(
            StoreError, match=r"unable to open database file: make the file and its folder belong"
        ):
            await open_store(address(file))


async def test_fault_020_a_refusal_lets_go_of_the_lock(file: Path) -> None:
    spoil(file, 0, b"no database at all, but a letter to one" * 99)
    for _ in range(2):
        with pytest.raises(StoreError, match="not a database"):
            await open_store(address(file))
    spoil(file, 0, b"")
    await (await open_store(address(file))).close()


def content(file: Path) -> bytes:
    return file.read_bytes()


def spoil(file: Path, place: int, what: bytes, *, keep: bool = False) -> None:
    """Write this at that place of the file, and cut off what follows unless it is kept."""
    before = file.read_bytes() if file.exists() else b""
    file.write_bytes(before[:place] + what + (before[place + len(what) :] if keep else b""))


async def fill(file: Path) -> None:
    store = await open_store(address(file))
    await write(store, record(*(entry(f"wire:{number}", body="word " * 200) for number in range(200))))
    await store.close()


@pytest.mark.parametrize("page", [1, 2, 9])
async def test_fault_021_a_damaged_page_is_found_at_the_start(file: Path, page: int) -> None:
    await fill(file)
    spoil(file, (page - 1) * 4096, b"\xa5" * 4096, keep=True)
    damaged = content(file)
    with pytest.raises(StoreError, match="restore the last backup"):
        await open_store(address(file))
    assert content(file) == damaged


async def test_fault_021_a_file_cut_short_is_found_at_the_start(file: Path) -> None:
    await fill(file)
    spoil(file, len(content(file)) // 2 // 4096 * 4096, b"")
    with pytest.raises(StoreError, match="restore the last backup"):
        await open_store(address(file))


async def grow(store: Store, rounds: range) -> None:
    for number in rounds:
        await write(store, record(entry(f"wire:{number}", body="word " * 20_000)))


async def test_fault_023_a_log_that_grows_is_told_and_shrinks_when_the_reader_goes(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "WAL_ALARM", 4 << 20)
    monkeypatch.setattr(engine, "WAL_KEPT", 1 << 20)
    store = await open_store(address(file))
    log = file.with_name(f"{file.name}-wal")
    with closing(sqlite3.connect(file, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM entries").fetchone()
        assert store.trouble() == ""
        await grow(store, range(80))
        assert "news.sqlite3-wal has grown to" in store.trouble()
        assert log.stat().st_size > 4 << 20
    await grow(store, range(80, 84))
    assert store.trouble() == ""
    assert log.stat().st_size <= 2 << 20
    await store.close()


# ── addresses ────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("written", "answer"),
    [
        ("nonsense", "cannot be read"),
        ("mysql://bot:secret@db.example/news", "mysql is no database we can use"),
        ("sqlite+aiosqlite://", "names no file"),
        ("postgresql+asyncpg://bot:secret@127.0.0.1:1/news", "no connection"),
    ],
)
async def test_an_address_that_leads_nowhere_is_refused_in_plain_words(written: str, answer: str) -> None:
    with pytest.raises(StoreError, match=answer) as refused:
        await open_store(written)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("name", ["with space.db", "100%25.db", "нові.db", "a#b.db", "it's.db"])
async def test_a_files_name_may_hold_anything(tmp_path: Path, name: str) -> None:
    url = f"sqlite:///{tmp_path}/{name}"
    store = await open_store(url)
    await write(store, record(entry()))
    async with reading_store(url) as beside:
        assert (await beside.views.counts()).entries == 1
    await store.close()
    async with reading_store(url) as beside:
        assert (await beside.views.counts()).entries == 1
        with pytest.raises(StoreError, match="readonly"):
            await beside.feeds.save_state(state())


async def test_a_connection_that_is_closed_lets_go_of_the_file_though_a_statement_of_it_lives(
    file: Path,
) -> None:
    """As a cancelled task's does, as long as anybody looks at its traceback."""
    opened = engine.connected(parsed(address(file)))
    async with opened.write() as connection:
        await connection.execute(text("CREATE TABLE news (title)"))
    async with opened.engine.connect() as connection:
        line = (await connection.get_raw_connection()).driver_connection
        assert line is not None
        await line.execute("BEGIN IMMEDIATE")
        unread = await line.execute("INSERT INTO news VALUES (1), (2) RETURNING title")
        await connection.invalidate()
        with closing(sqlite3.connect(file, timeout=0)) as other:
            other.execute("INSERT INTO news VALUES (3)")
            assert other.execute("SELECT title FROM news").fetchall() == [(3,)]
        del unread
    await opened.close()
