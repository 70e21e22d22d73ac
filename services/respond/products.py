"""The tenants' products: connector instances made from the configuration, and refused where it is wrong."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address

import httpx

from runtime.errors import ConfigError
from schemas.control import Control
from schemas.entity import EntityType, canonical_address
from schemas.tenant import ConnectorConfig, Tenant
from services.respond.ports.aims import Aim, Enforcer
from services.respond.ports.connectors import Connector, Session


@dataclass(frozen=True, slots=True)
class Products:
    """Every connector instance, by tenant and name; and the same as the pure part sees them, in configured order."""

    sessions: Mapping[tuple[str, str], Session]
    enforcers: Mapping[str, tuple[Enforcer, ...]]


def open_products(
    tenants: Mapping[str, Tenant],
    connectors: Mapping[str, Connector],
    client: httpx.AsyncClient,
    clock: Callable[[], int],
    only_below: str | None = None,
) -> Products:
    """Return the instances of all tenants.

    Args:
        tenants: by slug.
        connectors: the plug-ins, by kind.
        client: with a time-out.
        clock: epoch milliseconds.
        only_below: refuse every base_url that does not lie below this one; None takes all.

    Raises:
        ConfigError: a connector is of no known kind, lacks a secret, or points elsewhere; lists all of them.
    """
    problems = [
        f"tenant {tenant.slug}: connectors.{number}: {config.name}: {problem}"
        for tenant in tenants.values()
        for number, config in enumerate(tenant.connectors)
        for problem in _problems(config, connectors, only_below)
    ]
    if problems:
        raise ConfigError(tuple(problems))
    sessions = {
        (tenant.slug, config.name): connectors[config.kind].open(config, client, clock)
        for tenant in tenants.values()
        for config in tenant.connectors
    }
    return Products(sessions, {slug: _enforcers(tenant, connectors) for slug, tenant in tenants.items()})


def _enforcers(tenant: Tenant, connectors: Mapping[str, Connector]) -> tuple[Enforcer, ...]:
    kinds = ((config, connectors[config.kind]) for config in tenant.connectors)
    return tuple(Enforcer(config.name, kind.name, kind.specs, _refusal(config, kind)) for config, kind in kinds)


def _refusal(config: ConnectorConfig, kind: Connector) -> Callable[[Control, Aim], str]:
    """Return why an aim is not taken: it is where the product is managed from, or the product does not take such."""

    def refuses(control: Control, aim: Aim) -> str:
        address = canonical_address(aim.id) if aim.type is EntityType.ADDRESS else ""
        network = next((one for one in config.management if address and ip_address(address) in one), None)
        if network is not None:
            return f"{aim.id} lies in its management network {network}, which is never cut off"
        return kind.refuses(control, aim)

    return refuses


def _problems(config: ConnectorConfig, connectors: Mapping[str, Connector], only_below: str | None) -> list[str]:
    kind = connectors.get(config.kind)
    if kind is None:
        return [f"there is no connector {config.kind!r}; there are {', '.join(sorted(connectors))}"]
    problems = [f"the secret {name!r} is missing" for name in kind.secrets if name not in config.secrets]
    problems += kind.problems(config)
    if only_below is not None and not _lies_below(config.base_url, only_below):
        problems.append(f"a replay talks to the lab alone ({only_below}), not to {config.base_url!r}")
    return problems


def _lies_below(url: str, base: str) -> bool:
    return url.rstrip("/") == base.rstrip("/") or url.startswith(base.rstrip("/") + "/")
