"""The lab of a replay: every host and account of the recording is enrolled, as a vendor's agent would have done."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Final

import httpx
import uvicorn
from pydantic import SecretStr

from lab.clock import LabClock
from lab.defender import defender
from lab.entra import entra
from lab.firewall import firewall
from lab.server import Doors, doors
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


def connectors(address: str = ADDRESS) -> tuple[ConnectorConfig, ...]:
    """Return the configuration of the lab's products at ``address``."""
    token = {"token": SecretStr(SECRET)}
    return (
        _connector("defender", "microsoft_defender", f"{address}/defender", dict(_MICROSOFT)),
        _connector("entra", "microsoft_entra", f"{address}/entra", dict(_MICROSOFT)),
        _connector("firewall", "plain_firewall", f"{address}/firewall", token),
    )


def _connector(name: str, kind: str, base_url: str, secrets: dict[str, SecretStr]) -> ConnectorConfig:
    return ConnectorConfig(name=name, kind=kind, base_url=base_url, secrets=secrets)


@dataclass(frozen=True, slots=True)
class LabWorld:
    """A company that moves with the instants that its callers name."""

    world: World
    clock: LabClock


def open_moving_lab(start: int) -> LabWorld:
    """Return a company without anybody in it, whose clock is moved by the calls; without rate limits."""
    clock = LabClock(start)
    return LabWorld(World(clock, rate_limits=False), clock)


def open_lab(clock: Clock) -> World:
    """Return a company without anybody in it, on the responder's own virtual clock; without rate limits."""
    return World(clock.now, rate_limits=False)


@contextlib.asynccontextmanager
async def serve(worlds: Mapping[str, LabWorld]) -> AsyncIterator[str]:
    """Serve the worlds on the loopback, each under its name, and yield the address."""
    companies = Doors({name: doors(one.world, one.clock) for name, one in worlds.items()})
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(uvicorn.Config(companies, lifespan="off", access_log=False, log_config=None))
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            await serving


def transport(world: World) -> httpx.AsyncBaseTransport:
    """Return the way to the lab's products; it leads nowhere else."""
    return httpx.ASGITransport(Doors({"defender": defender(world), "entra": entra(world), "firewall": firewall(world)}))


def enrol(world: World, recording: Recording, tenant: Tenant) -> None:
    """Enrol whom the recording or the tenant's configuration names, one object each."""
    for host in sorted(recording.hosts | {canonical_host(asset.name) for asset in tenant.assets}):
        world.enrol_host(host)
    for account in sorted(recording.accounts | {_account(one.name) for one in tenant.accounts}):
        world.enrol_account(account)


def armed_against_the_lab(tenant: Tenant, address: str = ADDRESS) -> Tenant:
    """Return the tenant with the lab's products, armed unless its configuration says otherwise; nobody is really told.

    Raises:
        StartError: a connector points anywhere else.
    """
    strangers = [one.name for one in tenant.connectors if not one.base_url.startswith(f"{address}/")]
    if strangers:
        raise StartError(
            f"tenant {tenant.slug}: a replay is armed against the lab only ({address}/...), and these connectors lead "
            f"elsewhere: {', '.join(strangers)}. Leave them out of the configuration of the replay."
        )
    changes: dict[str, object] = {"contacts": [{"channel": "terminal", "address": "stdout"}]}
    if not tenant.connectors:
        changes["connectors"] = connectors(address)
    if "mode" not in tenant.model_fields_set:
        changes["mode"] = "ARMED"
    return Tenant.model_validate(tenant.model_dump(by_alias=True, exclude_unset=True) | changes)


def _account(name: str) -> str:
    domain, _, account = name.rpartition("\\")
    return canonical_account(domain, account) if domain else name.lower()
