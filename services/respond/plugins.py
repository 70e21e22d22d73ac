"""Finds the plug-ins of respond: one public module of a package is one plug-in, named as its file."""

from collections.abc import Mapping
from importlib import import_module
from pkgutil import iter_modules
from types import MappingProxyType, ModuleType
from typing import TypeVar

from runtime.errors import PluginError
from services.respond import connectors, guards
from services.respond.ports.connectors import Connector
from services.respond.ports.guards import Guard

Plugin = TypeVar("Plugin", Guard, Connector)


def load_guards(package: ModuleType = guards) -> Mapping[str, Guard]:
    """Return the guards by name.

    Raises:
        PluginError: a file breaks the contract.
    """
    return _load(package, "GUARD", Guard)  # type: ignore[type-abstract]


def load_connectors(package: ModuleType = connectors) -> Mapping[str, Connector]:
    """Return the connectors by name, which is the ``kind`` of a tenant's connector.

    Raises:
        PluginError: a file breaks the contract.
    """
    return _load(package, "CONNECTOR", Connector)  # type: ignore[type-abstract]


def _load(package: ModuleType, attribute: str, contract: type[Plugin]) -> Mapping[str, Plugin]:
    found: dict[str, Plugin] = {}
    for name in sorted(info.name for info in iter_modules(package.__path__) if not info.name.startswith("_")):
        plugin = getattr(import_module(f"{package.__name__}.{name}"), attribute, None)
        if not isinstance(plugin, contract):
            raise PluginError(f"{package.__name__}.{name}.{attribute} is no {contract.__name__}")
        if plugin.name != name:
            raise PluginError(f"{package.__name__}.{name}: the plug-in calls itself {plugin.name!r}")
        found[name] = plugin
    return MappingProxyType(found)
