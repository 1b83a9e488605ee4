"""A mark of all that decides how a text is read: another mark, and what was read before is read anew.

Better once too often than once too rarely: any change to the code of :mod:`bot.core` counts, whether it touches
reading or not. A new version costs one slower start; a stale reading would go unseen for the length of a window.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from hashlib import blake2b
from importlib.metadata import version
from pathlib import Path

from bot import __version__

CODE = Path(__file__).resolve().parent.parent / "core"
LIBRARIES = ("babel", "PyStemmer", "pymorphy3", "pymorphy3-dicts-ru", "pymorphy3-dicts-uk")
SIZE = 8  # bytes


def stamp_of(tables: Iterable[Path], code: Path = CODE) -> bytes:
    """The stamp of these files and of the code that reads by them. Raises OSError."""
    versions = (f"{name} {version(name)}" for name in LIBRARIES)
    found = blake2b(digest_size=SIZE)
    found.update("\n".join((__version__, sys.version, sys.byteorder, *versions)).encode())
    for path in (*sorted(code.glob("*.py")), *sorted(tables)):
        whole = path.read_bytes()
        found.update(f"\n{path.name} {len(whole)}\n".encode())
        found.update(whole)
    return found.digest()
