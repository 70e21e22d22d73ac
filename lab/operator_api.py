"""``/lab``: how a test in another process enrols, seeds faults, reads the counters and moves the clock."""

from typing import Annotated

from fastapi import Body, FastAPI, HTTPException
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from lab.clock import LabClock
from lab.faults import Fault, FaultKind
from lab.times import to_text
from lab.world import World


class _Order(BaseModel):
    model_config = ConfigDict(extra="forbid")


class HostOrder(_Order):
    """One machine to enrol."""

    name: str = Field(min_length=1)
    domain: str = ""
    addresses: tuple[str, ...] = ()
    machine_id: str = ""
    os: str = "Windows10"


class AccountOrder(_Order):
    """One account to enrol."""

    name: str = Field(min_length=1)
    dns_domain: str = ""
    upn: str = ""
    sid: str = ""
    privileged: bool = False


class FaultOrder(_Order):
    """One fault to seed."""

    kind: FaultKind
    product: str = "*"
    operation: str = "*"
    target: str = "*"
    seconds: int = Field(60, ge=0)
    sticky: bool = False
    hidden: bool = False


class ClockOrder(_Order):
    """Where a virtual clock is to stand, or how far it is to go on."""

    now: int | None = None
    advance: int = 0


class LimitsOrder(_Order):
    """Whether the rate limits hold."""

    enabled: bool


class Desk:
    """The operator's routes."""

    def __init__(self, world: World, clock: LabClock) -> None:
        self._world = world
        self._clock = clock

    def open_door(self) -> FastAPI:
        """Return the application, its paths without the prefix."""
        app = FastAPI(title="lab", openapi_url=None)
        app.add_api_route("/hosts", self.enrol_hosts, methods=["POST"], status_code=201)
        app.add_api_route("/hosts", self.hosts, methods=["GET"])
        app.add_api_route("/accounts", self.enrol_accounts, methods=["POST"], status_code=201)
        app.add_api_route("/accounts", self.accounts, methods=["GET"])
        app.add_api_route("/transitions", self.transitions, methods=["GET"])
        app.add_api_route("/faults", self.seed, methods=["POST"], status_code=201)
        app.add_api_route("/faults", self.faults, methods=["GET"])
        app.add_api_route("/faults", self.heal, methods=["DELETE"], status_code=204)
        app.add_api_route("/clock", self.now, methods=["GET"])
        app.add_api_route("/clock", self.move, methods=["POST"])
        app.add_api_route("/limits", self.limit, methods=["POST"], status_code=204)
        return app

    async def enrol_hosts(self, orders: Annotated[list[HostOrder], Body()]) -> list[dict[str, object]]:
        """Enrol machines; one that is enrolled stays as it is."""
        for one in orders:
            self._world.enrol_host(one.name, one.domain, one.addresses, one.machine_id, one.os)
        return await self.hosts()

    async def hosts(self) -> list[dict[str, object]]:
        """Return every machine, with whether it is isolated in truth."""
        now = self._world.clock()
        return [
            {
                "name": host.name,
                "dns_name": host.dns_name,
                "machine_id": host.machine_id,
                "addresses": host.addresses,
                "isolated": host.isolated.value(now),
            }
            for host in self._world.hosts.values()
        ]

    async def enrol_accounts(self, orders: Annotated[list[AccountOrder], Body()]) -> list[dict[str, object]]:
        """Enrol accounts; one that is enrolled stays as it is."""
        for one in orders:
            self._world.enrol_account(one.name, one.dns_domain, upn=one.upn, sid=one.sid, privileged=one.privileged)
        return await self.accounts()

    async def accounts(self) -> list[dict[str, object]]:
        """Return every account, with whether it can sign in in truth."""
        now = self._world.clock()
        return [
            {
                "name": one.name,
                "id": one.object_id,
                "upn": one.upn,
                "admitted": one.admitted.value(now),
                "sessions_valid_from": to_text(one.sessions_valid_from(now)),
            }
            for one in self._world.accounts.values()
        ]

    async def transitions(self) -> list[dict[str, object]]:
        """Return the oracle: accepted changes per product, target and operation."""
        return self._world.transitions.summary()

    async def seed(self, orders: Annotated[list[FaultOrder], Body()]) -> list[FaultOrder]:
        """Seed faults."""
        for one in orders:
            self._world.faults.seed(Fault(**one.model_dump()))
        return await self.faults()

    async def faults(self) -> list[FaultOrder]:
        """Return the faults that may still strike."""
        return [FaultOrder.model_validate(fault, from_attributes=True) for fault in self._world.faults.seeded]

    async def heal(self) -> Response:
        """Forget every fault."""
        self._world.faults.clear()
        return Response(status_code=204)

    async def now(self) -> dict[str, int]:
        """Return the present instant."""
        return {"now": self._world.clock()}

    async def move(self, order: Annotated[ClockOrder, Body()]) -> dict[str, int]:
        """Move a virtual clock; a real one refuses."""
        if not self._clock.virtual:
            raise HTTPException(409, "the clock is the machine's; start with --virtual-from")
        self._clock.move((order.now if order.now is not None else self._clock()) + order.advance)
        return await self.now()

    async def limit(self, order: Annotated[LimitsOrder, Body()]) -> Response:
        """Switch the rate limits on or off."""
        self._world.limits.enabled = order.enabled
        return Response(status_code=204)
