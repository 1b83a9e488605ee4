"""Clients of other people's making whose pins are not ours: ``python -m tests.judges.clients`` installs them.

They live in an environment of their own inside ours (``.venv/judges``), by the locked ``requirements/judges.txt``. A
test starts its Python as a child and lets it talk to a fake on loopback. Without it that one test is skipped.
"""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HOME = Path(sys.prefix) / "judges"
LOCK = ROOT / "requirements" / "judges.txt"
PYTHON = HOME / "bin" / "python"
INSTALLED = HOME / ".installed"  # stands there once everything is


def why_not() -> str:
    """Why they cannot judge; "" = they can."""
    return "" if INSTALLED.exists() else "the clients are not installed (python -m tests.judges.clients)"


needed = pytest.mark.skipif(bool(why_not()), reason=why_not())
"""For a test that is one of theirs."""


def run(module: str, *arguments: str) -> str:
    """What this module of ours says when their Python runs it; AssertionError with its complaint if it fails."""
    path = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [str(PYTHON), "-m", module, *arguments]
    done = subprocess.run(command, cwd=ROOT, env=path, capture_output=True, text=True, check=False)  # noqa: S603
    assert done.returncode == 0, done.stderr
    return done.stdout


def install() -> int:
    """Says what is missing and does not fail: the rest can be tested."""
    venv.create(HOME, clear=True, with_pip=False)
    pip = [sys.executable, "-m", "pip", "--python", str(PYTHON), "--disable-pip-version-check", "install"]
    options = ["--quiet", "--no-input", "--require-hashes", "--only-binary", ":all:", "-r", str(LOCK)]
    done = subprocess.run([*pip, *options], check=False)  # noqa: S603
    if done.returncode:
        print(
            "The clients of requirements/judges.txt could not be installed; what they judge will be skipped."
        )
    else:
        INSTALLED.touch()
    return 0


if __name__ == "__main__":
    sys.exit(install())
