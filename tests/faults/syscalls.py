"""Kills at the n-th write, sync or send, by a small library loaded before libc (``kill_at.c``), built on the spot."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path

SOURCE = Path(__file__).with_name("kill_at.c")
KINDS = ("sync", "write", "send")
HOWS = ("before", "torn", "after", "fail")


def why_not() -> str:
    """Why calls cannot be struck on this machine; "" = they can."""
    if not sys.platform.startswith("linux"):
        return "calls are struck by LD_PRELOAD, which is Linux's"
    return "" if shutil.which("cc") else "there is no C compiler (cc) to build tests/faults/kill_at.c"


def environment(folder: Path) -> Mapping[str, str]:
    """The environment of a process whose calls can be struck; the library is built in ``folder``."""
    if why_not():
        return os.environ
    library = folder / "kill_at.so"
    command = ["cc", "-shared", "-fPIC", "-O1", "-o", str(library), str(SOURCE), "-ldl"]
    subprocess.run(command, check=True)  # noqa: S603 — our own words
    return {**os.environ, "LD_PRELOAD": str(library)}


@cache
def _library() -> ctypes.CDLL | None:
    here = ctypes.CDLL(None)
    return here if hasattr(here, "newsalert_arm") else None


def arm(kind: str, at: int, how: str) -> None:
    """Die at the ``at``-th call of this kind from now on: before it, in the middle of it, or when it is done.

    With ``fail`` a sync fails as on a broken disk instead, and nobody dies.
    """
    if (library := _library()) is not None:
        library.newsalert_arm(
            KINDS.index(kind) if kind else -1, ctypes.c_long(at), HOWS.index(how or "before")
        )


def seen() -> dict[str, int]:
    """How many calls of each kind there were since :func:`arm`."""
    library = _library()
    return {kind: library.newsalert_seen(number) if library else 0 for number, kind in enumerate(KINDS)}
