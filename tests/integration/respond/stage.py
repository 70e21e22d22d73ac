"""Respond on a log in memory and on the lab's products, in virtual time, all in one process."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import orjson
from pydantic import BaseModel, SecretStr

from lab.clock import LabClock
from lab.faults import Fault
from lab.server import doors
from lab.world import CLIENT_ID, DIRECTORY, SECRET, World
from runtime.clock import NOW_HEADER, VirtualClock
from runtime.deployment import Deployment
from runtime.embedded.log import EmbeddedLog
from runtime.log import Message
from runtime.worker import Worker
from schemas.hold import Hold
from schemas.identity import compose as key_of
from schemas.mode import Mode
from schemas.tenant import ConnectorConfig, Tenant
from services.respond.__main__ import compose
from services.respond.settings import Settings
from tests.unit.respond.incidents import START, TENANT

LAB = "http://lab"
_MICROSOFT = {"directory": DIRECTORY, "client_id": CLIENT_ID, "client_secret": SECRET}


def connectors(base: str = LAB) -> tuple[ConnectorConfig, ...]:
    """The lab's three products as a tenant configures them."""
    return (
        _config("defender", "microsoft_defender", base, **_MICROSOFT),
        _config("entra", "microsoft_entra", base, **_MICROSOFT),
        _config("firewall", "plain_firewall", base, token=SECRET),
    )


def _config(name: str, kind: str, base: str, **secrets: str) -> ConnectorConfig:
    given = {key: SecretStr(value) for key, value in secrets.items()}
    return ConnectorConfig(name=name, kind=kind, base_url=f"{base}/{name}", secrets=given)


def company(base: str = LAB, **changes: Any) -> Tenant:
    """An armed tenant with those products."""
    return Tenant.model_validate({"slug": TENANT, "mode": Mode.ARMED, "connectors": connectors(base)} | changes)


@dataclass
class Stage:
    """Respond at work, its world, and what it has published."""

    log: EmbeddedLog
    worker: Worker
    clock: VirtualClock
    world: World
    transport: httpx.ASGITransport

    async def say(self, topic: str, model: BaseModel, key: str = "x") -> None:
        """Publish an input and let respond handle it."""
        headers = {NOW_HEADER: str(self.clock.now())}
        await self.log.append([Message(topic, TENANT, key_of(TENANT, key), model.model_dump_json().encode(), headers)])
        await self.settle()

    async def settle(self) -> None:
        """Step until nothing is left to do at this instant."""
        while await self.worker.step(0):
            pass

    async def run(self, until: int | None = None) -> None:
        """Go from deadline to deadline, not beyond ``until``."""
        await self.settle()
        while (due := self.worker.deadline()) is not None and (until is None or due <= until):
            self.clock.advance(due)
            await self.worker.advance(due)
            await self.settle()

    async def published(self, topic: str) -> list[dict[str, Any]]:
        """Everything on a topic."""
        return [orjson.loads(one.value) async for one in self.log.read(topic, 0)]

    async def holds(self) -> dict[str, Hold]:
        """The newest state of each hold, by its target's id."""
        newest = {one["uid"]: Hold.model_validate(one) for one in await self.published("holds")}
        return {hold.target.id: hold for hold in newest.values()}

    async def hold(self) -> Hold:
        """The only hold."""
        (hold,) = (await self.holds()).values()
        return hold

    async def isolate_by_hand(self, machine_id: str) -> None:
        """An operator isolates a machine in the product's portal."""
        async with httpx.AsyncClient(transport=self.transport, base_url=f"{LAB}/defender") as client:
            form = {"grant_type": "client_credentials", "client_id": "someone", "client_secret": SECRET}
            token = (await client.post(f"/{DIRECTORY}/oauth2/v2.0/token", data=form)).json()["access_token"]
            answer = await client.post(
                f"/api/machines/{machine_id}/isolate",
                json={"Comment": "by hand"},
                headers={"Authorization": f"Bearer {token}"},
            )
            assert answer.status_code == 201

    def counted(self, direction: str) -> int:
        """How many transitions the lab has counted."""
        return self.world.transitions.count(direction=direction)

    def seed(self, *faults: Fault) -> None:
        """Seed faults at the lab."""
        for fault in faults:
            self.world.faults.seed(fault)


@asynccontextmanager
async def stage(home: Path, tenant: Tenant | None = None, settings: Settings | None = None) -> AsyncIterator[Stage]:
    """Respond, started; its clock is the lab's clock too."""
    clock = VirtualClock(START)
    world = World(clock.now, rate_limits=True)
    log = EmbeddedLog(None, clock)
    transport = httpx.ASGITransport(doors(world, LabClock(START)))
    deployment = Deployment(log, {TENANT: tenant or company()}, clock, home, virtual=True)
    worker = compose(deployment, settings, transport)
    await worker.start()
    try:
        yield Stage(log, worker, clock, world, transport)
    finally:
        await worker.stop()
        await log.close()
