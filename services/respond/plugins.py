"""Finds the plug-ins of respond."""

from collections.abc import Mapping
from types import ModuleType

from runtime.plugins import load_plugins
from services.respond import connectors, guards
from services.respond.ports.connectors import Connector
from services.respond.ports.guards import Guard


def load_guards(package: ModuleType = guards) -> Mapping[str, Guard]:
    """Return the guards by name.

    Raises:
        PluginError: a file breaks the contract.
    """
    return load_plugins(package, "GUARD", Guard)


def load_connectors(package: ModuleType = connectors) -> Mapping[str, Connector]:
    """Return the connectors by name, which is the ``kind`` of a tenant's connector.

    Raises:
        PluginError: a file breaks the contract.
    """
    return load_plugins(package, "CONNECTOR", Connector)
