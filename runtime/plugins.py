"""Plug-ins: one public module of a package is one plug-in, named as its file. Nothing is registered anywhere."""

import pkgutil
from collections.abc import Callable, Mapping
from functools import partial
from importlib import import_module
from types import ModuleType
from typing import Protocol, TypeVar, cast

from runtime.dead_letters import Failure
from runtime.delivery import attempt_now
from runtime.errors import PluginError


class Plugin(Protocol):
    """What every plug-in has."""

    @property
    def name(self) -> str:
        """The name of its file."""
        ...


PluginT = TypeVar("PluginT", bound=Plugin)


def load_plugins(package: ModuleType, attribute: str, contract: Callable[..., PluginT]) -> Mapping[str, PluginT]:
    """Return what each public module of ``package`` binds to ``attribute``, by name and in the order of the names.

    ``contract`` is a class, or a Protocol made ``runtime_checkable`` (mypy takes a Protocol for a callable, not for a type).

    Raises:
        PluginError: a module cannot be imported or breaks the contract; names the module.
    """
    found = sorted(module.name for module in pkgutil.iter_modules(package.__path__) if not module.name.startswith("_"))
    return {name: _load(f"{package.__name__}.{name}", attribute, contract) for name in found}


def _load(module: str, attribute: str, contract: Callable[..., PluginT]) -> PluginT:
    kind = cast("type[PluginT]", contract)
    loaded = attempt_now(partial(import_module, module))
    if isinstance(loaded, Failure):
        raise PluginError(f"{module}: it cannot be imported: {loaded.reason}\n{loaded.traceback}")
    plugin = getattr(loaded, attribute, None)
    if plugin is None:
        raise PluginError(f"{module}: it binds no {attribute}; write `{attribute}: Final[{kind.__name__}] = ...`")
    if not isinstance(plugin, kind):
        raise PluginError(f"{module}: {attribute} is no {kind.__name__}{_missing(plugin, kind)}")
    if plugin.name != module.rpartition(".")[2]:
        raise PluginError(f"{module}: its plug-in is named {plugin.name!r}; a plug-in is named as its file")
    return plugin


def _missing(plugin: object, contract: type) -> str:
    wanted = getattr(contract, "__protocol_attrs__", None) or {
        name for name in dir(contract) if not name.startswith("_")
    }
    missing = sorted(name for name in wanted if not hasattr(plugin, name))
    return f"; it lacks {', '.join(missing)}" if missing else ""
