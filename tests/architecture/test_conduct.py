"""What no file of the product does."""

import ast
import re
from pathlib import Path

from tests.architecture.tree import PRODUCT, TOOLS, files, imported, name_of, parsed, sources

TEXT = {".py", ".md", ".yml", ".yaml", ".toml", ".txt", ".json", ".cfg", ".sh", ".html", ""}
ADDRESSES = re.compile(
    "|".join(
        [
            "/" + "work/",
            "/" + r"root/(?!\.)",
            "py" + r"pi\.org",
            "python" + "hosted",
            r"registry\." + "npmjs",
            "--" + "index-url",
            "--extra" + "-index",
        ]
    )
)
UNFINISHED = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|X" + r"XX)\b")
BROAD = {"Exception", "BaseException"}


def test_there_is_exactly_one_broad_except() -> None:
    found = [
        f"{name_of(path)}:{node.lineno}"
        for path in sources(*PRODUCT, *TOOLS)
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.ExceptHandler) and is_broad(node) and not only_cleans_up(node)
    ]
    assert [place.partition(":")[0] for place in found] == ["runtime/delivery.py"], found


def is_broad(handler: ast.ExceptHandler) -> bool:
    if handler.type is None:
        return True
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(isinstance(one, ast.Name) and one.id in BROAD for one in caught)


def only_cleans_up(handler: ast.ExceptHandler) -> bool:
    """Whether it is ``except BaseException`` that puts something in order and raises the same error on."""
    last = handler.body[-1]
    names_base = isinstance(handler.type, ast.Name) and handler.type.id == "BaseException"
    return names_base and isinstance(last, ast.Raise) and last.exc is None


def test_no_error_is_swallowed() -> None:
    assert [
        f"{name_of(path)}:{node.lineno}"
        for path in sources(*PRODUCT, *TOOLS)
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.ExceptHandler) and all(isinstance(inner, ast.Pass) for inner in node.body)
    ] == []


def test_only_the_door_and_the_tools_print() -> None:
    assert [
        f"{name_of(path)}:{node.lineno}"
        for path in sources("schemas", "runtime", "services", "lab")
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ] == []


def test_nothing_is_left_for_later() -> None:
    assert [f"{name_of(path)}: {found[0]}" for path in files() if (found := UNFINISHED.search(text_of(path)))] == []
    assert [
        f"{name_of(path)}:{node.lineno}"
        for path in sources(*PRODUCT)
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Raise) and node.exc and "NotImplemented" in ast.unparse(node.exc)
    ] == []


def test_no_file_names_a_place_of_one_machine_or_a_package_registry() -> None:
    assert [f"{name_of(path)}: {found[0]}" for path in files() if (found := ADDRESSES.search(text_of(path)))] == []


def test_no_test_replaces_our_own_code() -> None:
    wanted = ("unittest.mock", "mock", "pytest_mock")
    assert [
        name_of(path) for path in sources("tests") if any(name.startswith(wanted) for name in imported(parsed(path)))
    ] == []


def test_the_environment_is_not_read_where_modules_are_imported() -> None:
    found = [
        f"{name_of(path)}:{node.lineno}"
        for path in sources(*PRODUCT)
        for statement in parsed(path).body
        if not isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        for node in ast.walk(statement)
        if isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv"}
    ]
    assert found == []


def text_of(path: Path) -> str:
    return path.read_text(errors="replace") if path.suffix in TEXT else ""
