"""Where the recordings lie that are not part of the repository."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def data_root() -> Path:
    """STANCH_DATA, else the folder beside the project's own."""
    return Path(os.environ.get("STANCH_DATA", ROOT.parent / "shared" / "data"))


def real_data(*parts: str) -> Path:
    """The path of a recording; skips the test where it is absent."""
    path = data_root().joinpath(*parts)
    if not path.exists():
        pytest.skip(f"real data absent: {'/'.join(parts)} (set STANCH_DATA)")
    return path
