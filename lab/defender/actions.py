"""Machine actions: isolate and unisolate, asynchronous, one open per machine, and not idempotent."""

from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import APIRouter, Body, Request
from pydantic import BaseModel, Field

from lab import odata
from lab.defender.machines import filter_of, find_host, page
from lab.faults import Misfortune
from lab.limits import DEFENDER
from lab.product import Product, Refusal
from lab.times import to_text
from lab.world import CLIENT_ID, Host, Timings

FILTERABLE = frozenset(
    {"id", "machineId", "type", "status", "requestor", "externalID", "creationDateTimeUtc", "lastUpdateDateTimeUtc"}
)
_NEVER = 1 << 62


class Order(BaseModel):
    """Body of ``isolate`` and ``unisolate``."""

    comment: str = Field(alias="Comment", min_length=1)
    isolation_type: Literal["Full", "Selective"] = Field("Full", alias="IsolationType")
    external_id: str = Field("", alias="ExternalId")


class Withdrawal(BaseModel):
    """Body of ``cancel``."""

    comment: str = Field(alias="Comment", min_length=1)


@dataclass(slots=True)
class MachineAction:
    """One order, with the instants at which its status moves."""

    action_id: str
    operation: str
    host: Host
    order: Order
    created: int
    visible: int
    starts: int
    ends: int
    before: bool
    cancelled: int | None = None

    def status(self, now: int) -> str:
        """Return the status at ``now``."""
        if self.cancelled is not None:
            return "Cancelled"
        return "Pending" if now < self.starts else "InProgress" if now < self.ends else "Succeeded"

    def is_open(self, now: int) -> bool:
        """Say whether it may still change."""
        return self.status(now) in ("Pending", "InProgress")

    def updated(self, now: int) -> int:
        """Return when the status moved last."""
        if self.cancelled is not None:
            return self.cancelled
        return max(at for at in (self.created, self.starts, self.ends) if at <= max(now, self.created))


class MachineActions:
    """``/api/machineactions``, and the orders under ``/api/machines/{id}``."""

    def __init__(self, product: Product) -> None:
        self._product = product
        self._world = product.world
        self._actions: dict[str, MachineAction] = {}

    def routes(self) -> APIRouter:
        """Return the room's routes."""
        router = APIRouter()
        machine, actions = "/api/machines/{machine_id}", "/api/machineactions"
        router.add_api_route(f"{machine}/isolate", self.isolate, methods=["POST"], status_code=201)
        router.add_api_route(f"{machine}/unisolate", self.unisolate, methods=["POST"], status_code=201)
        router.add_api_route(actions, self.search, methods=["GET"])
        router.add_api_route(f"{actions}/{{action_id}}", self.one, methods=["GET"])
        router.add_api_route(f"{actions}/{{action_id}}/cancel", self.cancel, methods=["POST"])
        return router

    async def isolate(self, machine_id: str, order: Annotated[Order, Body()], request: Request) -> dict[str, object]:
        """Order the isolation of a machine."""
        return self._order("isolate", machine_id, order, request)

    async def unisolate(self, machine_id: str, order: Annotated[Order, Body()], request: Request) -> dict[str, object]:
        """Order the release of a machine."""
        return self._order("unisolate", machine_id, order, request)

    async def search(self, request: Request) -> dict[str, object]:
        """Return the actions that the filter selects, the newest first."""
        self._admit(request, "machineactions", "Machine.Read.All")
        clauses, now = filter_of(request.query_params, FILTERABLE), self._world.clock()
        shown = [action for action in reversed(self._actions.values()) if action.visible <= now]
        rows = [row for row in map(self._view, shown) if odata.matches(clauses, row)]
        found = page(request.query_params, rows)
        return {"@odata.context": "https://api.security.microsoft.com/api/$metadata#MachineActions", "value": found}

    async def one(self, action_id: str, request: Request) -> dict[str, object]:
        """Return one action by its id."""
        self._admit(request, "machineactions", "Machine.Read.All")
        return self._view(self._find(action_id))

    async def cancel(
        self, action_id: str, withdrawal: Annotated[Withdrawal, Body()], request: Request
    ) -> dict[str, object]:
        """Withdraw an action that has not ended; what it would have changed stays as it was."""
        self._admit(request, "cancel", "Machine.Isolate")
        action, now = self._find(action_id), self._world.clock()
        if not action.is_open(now):
            raise Refusal(400, "InvalidInput", f"Action is already {action.status(now)}: {withdrawal.comment}")
        action.cancelled = now
        action.host.isolated.turn(now, action.before)
        return self._view(action)

    def _order(self, operation: str, machine_id: str, order: Order, request: Request) -> dict[str, object]:
        self._admit(request, operation, "Machine.Isolate")
        host = find_host(self._product, machine_id)
        self._product.meet(operation, host.names())
        now = self._world.clock()
        if any(action.host is host and action.is_open(now) for action in self._actions.values()):
            raise Refusal(400, "ActiveRequestAlreadyExists", "Action is already in progress")
        action = self._accept(operation, host, order, self._product.strike(request, operation, host.names()))
        self._world.transitions.add(self._product.name, host.name, operation, order.external_id or order.comment, now)
        return self._view(action)

    def _accept(self, operation: str, host: Host, order: Order, struck: Misfortune) -> MachineAction:
        now, before = self._world.clock(), host.isolated.wanted()
        starts, ends = _course(self._world.timings, now, struck)
        visible = starts if struck.hidden else now
        action_id = str(self._world.new_id())
        action = MachineAction(action_id, operation, host, order, now, visible, starts, ends, before)
        self._actions[action_id] = action
        if not (struck.ineffective or struck.stuck):
            host.isolated.turn(ends, operation == "isolate")
        return action

    def _find(self, action_id: str) -> MachineAction:
        action = self._actions.get(action_id)
        if action is None or action.visible > self._world.clock():
            raise Refusal(404, "ResourceNotFound", f"Machine action {action_id} was not found")
        return action

    def _admit(self, request: Request, key: str, right: str) -> None:
        self._product.demand_token(request)
        self._product.demand_right(right)
        self._product.demand_quota(key, DEFENDER)
        self._product.meet("read" if key == "machineactions" else "", ())

    def _view(self, action: MachineAction) -> dict[str, object]:
        now = self._world.clock()
        return {
            "id": action.action_id,
            "type": action.operation.capitalize(),
            "title": None,
            "requestor": CLIENT_ID,
            "requestorComment": action.order.comment,
            "status": action.status(now),
            "machineId": action.host.machine_id,
            "computerDnsName": action.host.dns_name,
            "creationDateTimeUtc": to_text(action.created),
            "lastUpdateDateTimeUtc": to_text(action.updated(now)),
            "externalID": action.order.external_id or None,
            "requestSource": "PublicApi",
        }


def _course(timings: Timings, now: int, struck: Misfortune) -> tuple[int, int]:
    if struck.stuck:
        return _NEVER, _NEVER
    starts = now + timings.action_pending + struck.delay
    return starts, starts + timings.action_in_progress
