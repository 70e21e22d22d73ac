"""The source tree as the architecture tests read it: git's view of it, so that caches and builds do not count."""

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = ("schemas", "runtime", "services", "stanch", "lab")
TOOLS = ("scripts", "benchmarks")
PROCESSES = {
    "ingest": "services/ingest",
    "detect.match": "services/detect/match",
    "detect.context": "services/detect/context",
    "detect.correlate": "services/detect/correlate",
    "detect.pulse": "services/detect/pulse",
    "respond": "services/respond",
    "notify": "services/notify",
}


@cache
def files() -> tuple[Path, ...]:
    """Every file that is, or would be, part of the repository."""
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    names = (name for name in listing.stdout.decode().split("\0") if name)
    return tuple(sorted(path for name in set(names) if (path := ROOT / name).is_file()))


def sources(*folders: str) -> list[Path]:
    """The Python files below ``folders``."""
    return [path for path in files() if path.suffix == ".py" and path.relative_to(ROOT).parts[0] in folders]


def below(folder: str) -> list[Path]:
    """The Python files below one folder, given from the root."""
    return [path for path in files() if path.suffix == ".py" and path.is_relative_to(ROOT / folder)]


@cache
def parsed(path: Path) -> ast.Module:
    """The syntax tree of a file."""
    return ast.parse(path.read_text(), filename=str(path))


def name_of(path: Path) -> str:
    """The path from the root, to be shown."""
    return path.relative_to(ROOT).as_posix()


def imported(tree: ast.Module) -> Iterator[str]:
    """Every imported module; ``from a import b`` yields ``a.b``, which may be a name in it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
