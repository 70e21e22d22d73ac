"""One public module is one plug-in, named as its file; a module that breaks the contract is named."""

import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Protocol, runtime_checkable

import pytest

from runtime.errors import PluginError
from runtime.plugins import load_plugins


@runtime_checkable
class Greeter(Protocol):
    name: str

    def greet(self) -> str: ...


GOOD = """
class _Greeter:
    name = {name!r}

    def greet(self):
        return {name!r}

GREETER = _Greeter()
"""

Package = Callable[..., ModuleType]


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Package]:
    monkeypatch.syspath_prepend(str(tmp_path))
    folder = tmp_path / "greeters_under_test"
    folder.mkdir()

    def make(**modules: str) -> ModuleType:
        (folder / "__init__.py").write_text("")
        for name, text in modules.items():
            (folder / f"{name}.py").write_text(text)
        return import_module(folder.name)

    yield make
    for name in [name for name in sys.modules if name.startswith(folder.name)]:
        del sys.modules[name]


def test_every_public_module_is_found_in_the_order_of_names(package: Package) -> None:
    greeters = package(b=GOOD.format(name="b"), a=GOOD.format(name="a"), _private="raise OSError")
    found = load_plugins(greeters, "GREETER", Greeter)
    assert [(name, plugin.greet()) for name, plugin in found.items()] == [("a", "a"), ("b", "b")]


def test_an_empty_package_has_none(package: Package) -> None:
    assert load_plugins(package(), "GREETER", Greeter) == {}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("1 / 0", "cannot be imported: ZeroDivisionError"),
        ("def", "cannot be imported: SyntaxError"),
        ("import no_such_module", "cannot be imported: ModuleNotFoundError"),
        ("x = 1", "binds no GREETER"),
        ("class G:\n    name = 'a'\nGREETER = G()", "is no Greeter; it lacks greet"),
        (GOOD.format(name="other"), "named 'other'; a plug-in is named as its file"),
    ],
)
def test_a_broken_one_is_named(package: Package, text: str, reason: str) -> None:
    with pytest.raises(PluginError, match=r"greeters_under_test\.a: ") as caught:
        load_plugins(package(a=text), "GREETER", Greeter)
    assert reason in str(caught.value)
