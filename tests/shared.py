"""Where the shared measuring data lies, beside the project; tests that need it are skipped without it."""

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def shared_data(*parts: str) -> Path:
    """The file or folder below ``../shared/data``; skips the calling test where it is absent."""
    path = ROOT.parent.joinpath("shared", "data", *parts)
    if not path.exists():
        pytest.skip(f"shared data {'/'.join(parts)} is not here")
    return path
