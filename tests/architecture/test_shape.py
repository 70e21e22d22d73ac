"""Every service looks the same inside, and stays small enough to be read."""

import ast

import pytest

from tests.architecture.tree import PROCESSES, PRODUCT, ROOT, TOOLS, below, files, imported, name_of, parsed, sources

SHAPE = ("README.md", "__init__.py", "__main__.py", "settings.py", "core", "stream.py")
ACTS = ("ports", "adapters.py")
LONGEST_FUNCTION = 60
LONGEST_FILE = 300
LONGEST_TEST_FILE = 500
LONGEST_ROOT = 60
DRAWERS = {"utils", "util", "common", "shared", "helpers", "helper", "misc"}


@pytest.mark.parametrize("folder", PROCESSES.values())
def test_a_service_has_the_files_of_its_shape(folder: str) -> None:
    place = ROOT / folder
    there = {path.name for path in place.iterdir()} | {path.stem for path in place.iterdir()}
    wanted = SHAPE + (ACTS if acts(folder) else ())
    assert [name for name in wanted if name not in there] == []


def acts(folder: str) -> bool:
    """Whether the service reaches the world beside the log: then the core's needs are ports, and adapters meet them."""
    return any("runtime.machine.Outcome" in imported(parsed(path)) for path in below(folder))


@pytest.mark.parametrize(("name", "folder"), PROCESSES.items())
def test_a_service_says_in_one_sentence_what_it_is(name: str, folder: str) -> None:
    sentence = ast.get_docstring(parsed(ROOT / folder / "__init__.py"))
    assert sentence is not None
    assert "\n" not in sentence
    assert sentence.startswith(f"{name.rpartition('.')[2]}: ")


@pytest.mark.parametrize("folder", PROCESSES.values())
def test_the_composition_root_is_short(folder: str) -> None:
    assert len((ROOT / folder / "__main__.py").read_text().splitlines()) <= LONGEST_ROOT


def test_functions_are_short() -> None:
    long = [
        f"{name_of(path)}:{node.lineno} {node.name} has {lines} lines"
        for path in sources(*PRODUCT, *TOOLS, "tests")
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (lines := (node.end_lineno or node.lineno) - node.lineno + 1) > LONGEST_FUNCTION
    ]
    assert long == []


def test_files_are_short() -> None:
    long = [
        f"{name_of(path)} has {lines} lines"
        for path in sources(*PRODUCT, *TOOLS, "tests")
        if (lines := len(path.read_text().splitlines()))
        > (LONGEST_TEST_FILE if name_of(path).startswith("tests/") else LONGEST_FILE)
    ]
    assert long == []


def test_nine_functions_of_ten_have_at_most_thirty_lines() -> None:
    lengths = sorted(
        (node.end_lineno or node.lineno) - node.lineno + 1
        for path in sources(*PRODUCT)
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    assert lengths[int(len(lengths) * 0.9)] <= 30


def test_there_is_no_drawer() -> None:
    assert [name_of(path) for path in files() if DRAWERS & {*path.relative_to(ROOT).parts[:-1], path.stem}] == []
