"""Asks each product something harmless: does it answer, does it know us, and is its clock ours? Changes nothing."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Final

import httpx

from schemas.control import VOCABULARY, Control
from schemas.entity import EntityType
from schemas.tenant import ConnectorConfig, Tenant
from services.respond.plugins import load_connectors
from services.respond.ports.aims import Aim, Enforcer
from services.respond.ports.connectors import CredentialsRefused, NotSent, OutcomeUnknown, Resolved, Session
from services.respond.products import Products, open_products
from services.respond.settings import Settings

NOBODY: Final[Mapping[EntityType, str]] = {
    EntityType.HOST: "STANCH-DOCTOR-NOBODY",
    EntityType.ACCOUNT: "INVALID\\stanch-doctor-nobody",
    EntityType.ADDRESS: "192.0.2.1",
}
"""What a product is asked for: nobody's name, and an address of the block that is kept for documentation (RFC 5737)."""
_LONG_AGO: Final = 0


@dataclass(frozen=True, slots=True)
class Probed:
    """What a connector said. ``failure`` is empty where all is well; ``skew`` is its clock minus ours, milliseconds."""

    tenant: str
    connector: str
    address: str
    rights: tuple[str, ...]
    failure: str = ""
    skew: int | None = None


@dataclass(slots=True)
class _Skews:
    """The clocks of those who answer, by host and port."""

    clock: Callable[[], int]
    seen: dict[tuple[str, int | None], int] = field(default_factory=dict)

    async def note(self, response: httpx.Response) -> None:
        """Compare the answer's date, which is in whole seconds, with our clock."""
        date = response.headers.get("date")
        if date is not None:
            theirs = int(parsedate_to_datetime(date).replace(tzinfo=UTC).timestamp() * 1000) + 500
            self.seen[response.url.host, response.url.port] = theirs - self.clock()

    def of(self, base_url: str) -> int | None:
        """Return the skew of whoever is there."""
        url = httpx.URL(base_url)
        return self.seen.get((url.host, url.port))


async def probe(tenants: Mapping[str, Tenant], settings: Settings, clock: Callable[[], int]) -> Sequence[Probed]:
    """Return what every connector of every tenant says.

    Raises:
        ConfigError: a connector's configuration is wrong; lists all.
    """
    skews = _Skews(clock)
    hooks = {"response": [skews.note]}
    async with httpx.AsyncClient(
        timeout=settings.http_timeout_ms / 1000, follow_redirects=False, event_hooks=hooks
    ) as client:
        products = open_products(tenants, load_connectors(), client, clock)
        return [
            await _probed(tenant.slug, config, products, enforcer, skews)
            for tenant in tenants.values()
            for config, enforcer in zip(tenant.connectors, products.enforcers[tenant.slug], strict=True)
        ]


async def _probed(
    tenant: str, config: ConnectorConfig, products: Products, enforcer: Enforcer, skews: _Skews
) -> Probed:
    session = products.sessions[tenant, config.name]
    failures = [await _failure(session, control) for control in enforcer.specs]
    rights = tuple(sorted({right for spec in enforcer.specs.values() for right in spec.rights}))
    failure = next(filter(None, failures), "")
    return Probed(tenant, config.name, config.base_url, rights, failure, skews.of(config.base_url))


async def _failure(session: Session, control: Control) -> str:
    """Look for nobody; where the product takes any name, look at the state of that one."""
    aim = Aim(VOCABULARY[control].target, NOBODY[VOCABULARY[control].target])
    try:
        found = await session.resolve(aim)
        if isinstance(found, Resolved):
            await session.observe(found, control, _LONG_AGO)
    except CredentialsRefused as error:
        return f"refuses our credentials: {error}"
    except NotSent as error:
        return f"cannot be reached: {error}"
    except OutcomeUnknown as error:
        return f"does not answer: {error}"
    return ""
