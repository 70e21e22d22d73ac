"""Machines: what is enrolled, and how a caller finds it."""

from collections.abc import Mapping

from fastapi import APIRouter, Request

from lab import odata
from lab.limits import DEFENDER
from lab.product import Product, Refusal
from lab.times import to_text
from lab.world import Host

FILTERABLE = frozenset({"id", "computerDnsName", "lastIpAddress", "healthStatus", "osPlatform", "onboardingStatus"})
_HEARTBEAT = 60_000


class Machines:
    """``/api/machines``."""

    def __init__(self, product: Product) -> None:
        self._product = product
        self._world = product.world

    def routes(self) -> APIRouter:
        """Return the room's routes."""
        router = APIRouter()
        router.add_api_route("/api/machines", self.search, methods=["GET"])
        router.add_api_route("/api/machines/{machine_id}", self.one, methods=["GET"])
        return router

    async def search(self, request: Request) -> dict[str, object]:
        """Return the machines that the filter selects."""
        self._admit(request)
        clauses = filter_of(request.query_params, FILTERABLE)
        rows = [self._view(host) for host in self._world.hosts.values()]
        found = page(request.query_params, [row for row in rows if odata.matches(clauses, row)])
        return {"@odata.context": "https://api.security.microsoft.com/api/$metadata#Machines", "value": found}

    async def one(self, machine_id: str, request: Request) -> dict[str, object]:
        """Return one machine by its id."""
        self._admit(request)
        return self._view(find_host(self._product, machine_id))

    def _admit(self, request: Request) -> None:
        self._product.demand_token(request)
        self._product.demand_right("Machine.Read.All")
        self._product.demand_quota("machines", DEFENDER)
        self._product.meet("read", ())

    def _view(self, host: Host) -> dict[str, object]:
        now = self._world.clock()
        first = host.addresses[0] if host.addresses else None
        return {
            "id": host.machine_id,
            "computerDnsName": host.dns_name,
            "firstSeen": to_text(host.enrolled_at),
            "lastSeen": to_text(max(host.enrolled_at, now - now % _HEARTBEAT)),
            "osPlatform": host.os_platform,
            "lastIpAddress": first,
            "healthStatus": "Active",
            "onboardingStatus": "Onboarded",
            "riskScore": "None",
            "machineTags": [],
            "ipAddresses": [{"ipAddress": address, "operationalStatus": "Up"} for address in host.addresses],
        }


def find_host(product: Product, machine_id: str) -> Host:
    """Return the machine, or refuse as the vendor does."""
    host = product.world.hosts.get(machine_id)
    if host is None:
        raise Refusal(404, "ResourceNotFound", f"Machine {machine_id} was not found")
    return host


def filter_of(query: Mapping[str, str], allowed: frozenset[str]) -> tuple[odata.Clause, ...]:
    """Return the clauses of ``$filter``; refuse one that is malformed or names another field."""
    try:
        clauses = odata.parse(query.get("$filter", ""))
    except ValueError as error:
        raise Refusal(400, "BadRequest", str(error)) from error
    for clause in clauses:
        if clause.field not in allowed:
            raise Refusal(400, "BadRequest", f"Could not find a property named '{clause.field}'.")
    return clauses


def page(query: Mapping[str, str], rows: list[dict[str, object]]) -> list[dict[str, object]]:
    """Return what ``$skip`` and ``$top`` leave."""
    try:
        skip, top = int(query.get("$skip", "0")), int(query.get("$top", "10000"))
    except ValueError as error:
        raise Refusal(400, "BadRequest", "$top and $skip take a number.") from error
    return rows[skip : skip + top]
