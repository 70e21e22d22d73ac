"""The lab of a replay: every host and account of the recording is enrolled, as a vendor's agent would have done."""

from collections.abc import Mapping
from typing import Final

import httpx
from pydantic import SecretStr

from lab.defender import defender
from lab.entra import entra
from lab.firewall import firewall
from lab.server import Doors
from lab.world import CLIENT_ID, DIRECTORY, SECRET, World
from runtime.clock import Clock
from runtime.errors import StartError
from schemas.entity import canonical_account, canonical_host
from schemas.tenant import ConnectorConfig, Tenant
from stanch.replay.recording import Recording

ADDRESS: Final = "http://lab"
_MICROSOFT: Final[Mapping[str, SecretStr]] = {
    "directory": SecretStr(DIRECTORY),
    "client_id": SecretStr(CLIENT_ID),
    "client_secret": SecretStr(SECRET),
}
CONNECTORS: Final = (
    ConnectorConfig(
        name="defender", kind="microsoft_defender", base_url=f"{ADDRESS}/defender", secrets=dict(_MICROSOFT)
    ),
    ConnectorConfig(name="entra", kind="microsoft_entra", base_url=f"{ADDRESS}/entra", secrets=dict(_MICROSOFT)),
    ConnectorConfig(
        name="firewall", kind="plain_firewall", base_url=f"{ADDRESS}/firewall", secrets={"token": SecretStr(SECRET)}
    ),
)


def open_lab(clock: Clock) -> World:
    """Return a company without anybody in it, on the responder's own virtual clock; without rate limits."""
    return World(clock.now, rate_limits=False)


def transport(world: World) -> httpx.AsyncBaseTransport:
    """Return the way to the lab's products; it leads nowhere else."""
    return httpx.ASGITransport(Doors({"defender": defender(world), "entra": entra(world), "firewall": firewall(world)}))


def enrol(world: World, recording: Recording, tenant: Tenant) -> None:
    """Enrol whom the recording or the tenant's configuration names, one object each."""
    for host in sorted(recording.hosts | {canonical_host(asset.name) for asset in tenant.assets}):
        world.enrol_host(host)
    for account in sorted(recording.accounts | {_account(one.name) for one in tenant.accounts}):
        world.enrol_account(account)


def armed_against_the_lab(tenant: Tenant) -> Tenant:
    """Return the tenant with the lab's products, armed unless its configuration says otherwise; nobody is really told.

    Raises:
        StartError: a connector points anywhere else.
    """
    strangers = [one.name for one in tenant.connectors if not one.base_url.startswith(f"{ADDRESS}/")]
    if strangers:
        raise StartError(
            f"tenant {tenant.slug}: a replay is armed against the lab only ({ADDRESS}/...), and these connectors lead "
            f"elsewhere: {', '.join(strangers)}. Leave them out of the configuration of the replay."
        )
    changes: dict[str, object] = {"contacts": [{"channel": "terminal", "address": "stdout"}]}
    if not tenant.connectors:
        changes["connectors"] = CONNECTORS
    if "mode" not in tenant.model_fields_set:
        changes["mode"] = "ARMED"
    return Tenant.model_validate(tenant.model_dump(by_alias=True, exclude_unset=True) | changes)


def _account(name: str) -> str:
    domain, _, account = name.rpartition("\\")
    return canonical_account(domain, account) if domain else name.lower()
