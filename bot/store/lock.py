"""One instance a database file: an exclusive lock the system lets go of when the process dies, however it dies."""

from __future__ import annotations

import fcntl
import os
import socket
from pathlib import Path
from typing import IO

from bot.errors import StoreError, StoreLocked


class InstanceLock:
    """Holds ``<database>.lock``. A file left behind by a crash locks nothing: the lock is on it, not in it."""

    def __init__(self, database: Path) -> None:
        self._path = database.with_name(f"{database.name}.lock")
        self._file: IO[str] | None = None

    def take(self) -> None:
        """Raises StoreLocked naming the process that has it, StoreError where the file cannot be written."""
        try:
            file = self._path.open("a+", encoding="utf-8")
        except OSError as error:
            raise StoreError(f"cannot write {self._path}: {(error.strerror or str(error)).lower()}") from None
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.seek(0)
            holder = file.read(200).strip() or "another process"
            file.close()
            raise StoreLocked(
                f"another instance holds {self._path.name.removesuffix('.lock')}: {holder}; stop it first"
            ) from None
        file.truncate(0)
        file.write(f"process {os.getpid()} on {socket.gethostname()}\n")
        file.flush()
        self._file = file

    def release(self) -> None:
        """Let go; safe to call twice."""
        if self._file is not None:
            self._file.close()
            self._file = None
