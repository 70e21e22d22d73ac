"""Advanced hunting: a small family of queries that show which flows still leave a machine or reach an address."""

import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Annotated

from fastapi import APIRouter, Body, Request
from pydantic import BaseModel, Field

from lab.defender.indicators import Indicators
from lab.limits import HUNTING
from lab.product import Product, Refusal
from lab.timeline import Beat, Timeline
from lab.times import from_text, to_text
from lab.world import Host

_CLAUSES = {
    "device": re.compile(r"where\s+DeviceId\s*==\s*['\"]([0-9A-Za-z]+)['\"]"),
    "address": re.compile(r"where\s+RemoteIP\s*==\s*['\"]([0-9A-Fa-f.:]+)['\"]"),
    "action": re.compile(r"where\s+ActionType\s*==\s*['\"](ConnectionSuccess|ConnectionFailed)['\"]"),
    "since": re.compile(r"where\s+Timestamp\s*>=?\s*datetime\(\s*['\"]?([^)'\"]+?)['\"]?\s*\)"),
    "take": re.compile(r"(?:take|limit)\s+(\d+)"),
    "count": re.compile(r"(count)"),
}
_MOST = 10_000
_LOOK_BACK = 30 * 24 * 3_600_000


class Query(BaseModel):
    """Body of a hunting call."""

    text: str = Field(alias="Query")


@dataclass(frozen=True, slots=True)
class Hunt:
    """What a query asks: the truth behind the flows, the beat on which they are tried, and which of them."""

    device: Host | None
    remote: str
    prevented: Timeline
    beat: Beat
    after: int
    succeeded: bool


class Hunting:
    """``/api/advancedqueries/run``."""

    def __init__(self, product: Product, indicators: Indicators) -> None:
        self._product = product
        self._world = product.world
        self._indicators = indicators

    def routes(self) -> APIRouter:
        """Return the room's routes."""
        router = APIRouter()
        router.add_api_route("/api/advancedqueries/run", self.run, methods=["POST"])
        return router

    async def run(self, query: Annotated[Query, Body()], request: Request) -> dict[str, object]:
        """Return the rows of a query, or their count."""
        self._product.demand_token(request)
        self._product.demand_right("AdvancedQuery.Read.All")
        self._product.demand_quota("hunting", HUNTING)
        self._product.meet("hunt", ())
        clauses = _parse(query.text)
        hunt, now = self._hunt(clauses), self._world.clock()
        if "count" in clauses:
            return _answer([{"Count": hunt.prevented.count(hunt.beat, hunt.after, now, not hunt.succeeded)}])
        return _answer(list(islice(_rows(hunt, now), min(int(clauses.get("take", _MOST)), _MOST))))

    def _hunt(self, clauses: dict[str, str]) -> Hunt:
        after = max(_instant(clauses.get("since", "")), self._world.clock() - _LOOK_BACK)
        succeeded = clauses.get("action", "ConnectionSuccess") == "ConnectionSuccess"
        if "address" in clauses and "device" not in clauses:
            address = _address(clauses["address"])
            prevented, beat = self._indicators.blocked(address), self._world.traffic(address)
            return Hunt(None, address, prevented, beat, after, succeeded)
        host = self._world.hosts.get(clauses.get("device", ""))
        if host is None or "address" in clauses:
            raise Refusal(400, "BadRequest", "Name one known DeviceId, or one RemoteIP.")
        after = max(after, host.enrolled_at)
        return Hunt(host, "198.51.100.10", host.isolated, self._world.traffic(host.machine_id), after, succeeded)


def _parse(text: str) -> dict[str, str]:
    table, *steps = [step.strip() for step in text.strip().rstrip(";").split("|")]
    if table != "DeviceNetworkEvents":
        raise Refusal(400, "BadRequest", f"'{table}' is not a table of this lab.")
    found: dict[str, str] = {}
    for step in steps:
        name = next((name for name, clause in _CLAUSES.items() if clause.fullmatch(step)), None)
        if name is None:
            raise Refusal(400, "BadRequest", f"Query could not be parsed at '{step}'.")
        match = _CLAUSES[name].fullmatch(step)
        found[name] = match[1] if match else ""
    return found


def _instant(text: str) -> int:
    if not text:
        return 0
    try:
        return from_text(text)
    except ValueError as error:
        raise Refusal(400, "BadRequest", f"Query could not be parsed: {error}") from error


def _address(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError as error:
        raise Refusal(400, "BadRequest", f"Query could not be parsed: {error}") from error


def _rows(hunt: Hunt, now: int) -> Iterator[dict[str, object]]:
    for instant, prevented in hunt.prevented.newest(hunt.beat, hunt.after, now):
        if prevented is hunt.succeeded:
            continue
        yield {
            "Timestamp": to_text(instant),
            "DeviceId": hunt.device.machine_id if hunt.device else None,
            "DeviceName": hunt.device.dns_name if hunt.device else None,
            "ActionType": "ConnectionSuccess" if hunt.succeeded else "ConnectionFailed",
            "RemoteIP": hunt.remote,
            "RemotePort": 443,
            "InitiatingProcessFileName": "svchost.exe",
        }


def _answer(rows: list[dict[str, object]]) -> dict[str, object]:
    columns = list(rows[0]) if rows else ["Timestamp", "DeviceId", "ActionType", "RemoteIP"]
    kinds = {"Timestamp": "DateTime", "RemotePort": "Int32", "Count": "Int64"}
    schema = [{"Name": name, "Type": kinds.get(name, "String")} for name in columns]
    return {
        "Stats": {"ExecutionTime": 0.01, "dataset_statistics": [{"table_row_count": len(rows)}]},
        "Schema": schema,
        "Results": rows,
    }
