"""The pure parts are pure: time is an argument, and nothing in them can reach the world."""

import ast
import sys
from pathlib import Path

import pytest

from tests.architecture.tree import PROCESSES, ROOT, below, imported, name_of, parsed

PURE_ROOMS = ("core", "sources", "mapping", "windows", "linux", "evidence", "detectors", "guards", "roles")
PURE_MODULES = ("core.py", "plain.py", "text.py")
PURE_LIBRARIES = {"schemas", "orjson", "msgspec", "re2", "evtx", "sigma", "pydantic", "yaml"}
PURE_PLUMBING = ("runtime.errors", "runtime.machine", "runtime.log")
IMPURE_STANDARD = {
    "asyncio", "concurrent", "ftplib", "getpass", "glob", "http", "io", "logging", "multiprocessing", "os", "platform",
    "random", "secrets", "select", "selectors", "shutil", "signal", "smtplib", "socket", "socketserver", "sqlite3", "ssl", "subprocess",
    "sys", "tempfile", "threading", "time", "urllib.request", "webbrowser",
}  # fmt: skip
IMPURE_CALLS = {
    "open", "input", "print", "now", "utcnow", "today", "uuid1", "uuid4", "read_text", "read_bytes", "write_text", "iterdir", "mkdir",
    "unlink", "getenv", "sleep",
}  # fmt: skip

PURE = [
    path
    for folder in PROCESSES.values()
    for path in below(folder)
    if path.relative_to(ROOT / folder).parts[0] in PURE_ROOMS
    or path.relative_to(ROOT / folder).as_posix() in PURE_MODULES
]


def test_there_are_pure_parts_in_every_service() -> None:
    assert [
        name for name, folder in PROCESSES.items() if not any(path.is_relative_to(ROOT / folder) for path in PURE)
    ] == []


@pytest.mark.parametrize("path", PURE, ids=name_of)
def test_it_imports_nothing_that_reaches_the_world(path: Path) -> None:
    own = next(folder for folder in PROCESSES.values() if path.is_relative_to(ROOT / folder)).replace("/", ".")
    assert [name for name in imported(parsed(path)) if not is_pure(name, own)] == []


def is_pure(name: str, own: str) -> bool:
    root = name.partition(".")[0]
    if root in sys.stdlib_module_names:
        return root not in IMPURE_STANDARD and not name.startswith("urllib.request")
    return root in PURE_LIBRARIES or name.startswith((*PURE_PLUMBING, f"{own}."))


@pytest.mark.parametrize("path", PURE, ids=name_of)
def test_it_asks_no_clock_and_opens_no_file(path: Path) -> None:
    assert [
        f"{called(node)} in line {node.lineno}"
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Call) and called(node) in IMPURE_CALLS
    ] == []


@pytest.mark.parametrize("path", PURE, ids=name_of)
def test_what_it_imports_of_its_own_service_is_pure_too(path: Path) -> None:
    folder = next(folder for folder in PROCESSES.values() if path.is_relative_to(ROOT / folder))
    own = folder.replace("/", ".")
    shell = {
        f"{own}.{name}" for name in ("adapters", "stream", "api", "__main__", "receivers", "connectors", "channels")
    }
    reached = [
        name for name in imported(parsed(path)) if any(name == one or name.startswith(f"{one}.") for one in shell)
    ]
    assert reached == []


def called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
