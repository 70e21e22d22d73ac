"""Microsoft Defender for Endpoint: machines isolated, public addresses blocked on every enrolled machine.

learn.microsoft.com/defender-endpoint/api: get-machines, isolate-machine, unisolate-machine, get-machineactions-collection,
post-ti-indicator, run-advanced-query-api.
"""

from collections.abc import Callable, Mapping
from ipaddress import ip_address
from typing import Any, Final, Literal

import httpx

from schemas.address import is_private_use
from schemas.control import Control
from schemas.entity import EntityType, canonical_address, canonical_host
from schemas.tenant import ConnectorConfig
from schemas.times import MINUTE, SECOND, from_text, to_text
from services.respond import microsoft
from services.respond.gateway import Gateway, JsonObject, address_problems, code, json_object, rows
from services.respond.ports.aims import Aim, ControlSpec
from services.respond.ports.connectors import (
    Absent,
    Accepted,
    Ambiguous,
    Connector,
    ConnectorExample,
    Evidence,
    Observed,
    Order,
    OutcomeUnknown,
    Pending,
    Progress,
    Refused,
    Resolved,
    Session,
)

_SPECS = {
    Control.NETWORK_ISOLATION: ControlSpec(
        read_lag=15 * SECOND,
        effect_lag=10 * MINUTE,
        pending_limit=15 * MINUTE,
        rights=("Machine.Read.All", "Machine.Isolate", "AdvancedQuery.Read.All"),
    ),
    Control.IP_BLOCK: ControlSpec(
        native_ttl=True, read_lag=30 * SECOND, effect_lag=10 * MINUTE, rights=("Ti.ReadWrite", "AdvancedQuery.Read.All")
    ),
}
_OPEN = frozenset({"Pending", "InProgress"})
_BUSY = frozenset({"ActiveRequestAlreadyExists"})
_HUNT = "/api/advancedqueries/run"


class _Machines:
    """Isolation. Its state is what the newest finished action of the machine says, for no other field tells."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    async def resolve(self, aim: Aim) -> Resolved | Ambiguous | Absent:
        """Return the one enrolled machine of the aim's name; a full name decides between several."""
        short = canonical_host(aim.id)
        full = {name.lower() for name in (aim.id, *aim.aliases) if canonical_host(name) == short and "." in name}
        clause = f"startswith(computerDnsName,{microsoft.quoted(short.lower())})"
        found = rows(await self._gateway.read("GET", "/api/machines", params={"$filter": clause}))
        named = [one for one in found if canonical_host(_dns_name(one)) == short]
        exact = [one for one in named if _dns_name(one) in full]
        machines = {str(one["id"]): _dns_name(one) for one in exact or named}
        if not machines:
            return Absent(f"Defender knows no machine {aim.id}")
        if len(machines) > 1:
            return Ambiguous(tuple(sorted(f"{name} ({key})" for key, name in machines.items())))
        (key, name), *_ = machines.items()
        return Resolved(key, name)

    async def observe(self, resolved: Resolved) -> Observed:
        """Return the state that the machine's actions tell, and the one under way."""
        clause = f"machineId eq {microsoft.quoted(resolved.id)}"
        found = rows(await self._gateway.read("GET", "/api/machineactions", params={"$filter": clause}))
        ours = [one for one in found if one.get("type") in ("Isolate", "Unisolate")]
        ours.sort(key=lambda one: str(one.get("creationDateTimeUtc", "")), reverse=True)
        under_way = next((one for one in ours if one.get("status") in _OPEN), None)
        done = next((one for one in ours if one.get("status") == "Succeeded"), None)
        pending = None
        if under_way is not None:
            pending = Pending(str(under_way["id"]), _direction(under_way), _owner(under_way))
        applied = done is not None and _direction(done) == "apply"
        owner = _owner(done) if done is not None and applied else None
        return Observed(applied, owner, pending=pending, pre_image={"isolated": applied})

    async def act(self, order: Order, verb: Literal["isolate", "unisolate"]) -> Accepted | Refused:
        """Order the isolation or its end."""
        body: JsonObject = {"Comment": order.key, "ExternalId": order.key}
        if verb == "isolate":
            body["IsolationType"] = "Full"
        answer = await self._gateway.order("POST", f"/api/machines/{order.resolved.id}/{verb}", body=body)
        if isinstance(answer, Refused):
            return Refused("conflict", answer.why) if code(answer) in _BUSY else answer
        return Accepted(str(json_object(answer)["id"]))

    async def poll(self, handle: str) -> Progress:
        """Return the status of a machine action."""
        answer = await self._gateway.read("GET", f"/api/machineactions/{handle}")
        status = "unknown" if answer.status_code == 404 else str(json_object(answer).get("status"))
        if status in _OPEN:
            return Progress("pending", status)
        if status == "Succeeded":
            return Progress("succeeded")
        return Progress("unknown" if status == "unknown" else "failed", f"machine action {handle}: {status}")


class _Indicators:
    """Blocks of public addresses."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    async def observe(self, resolved: Resolved) -> Observed:
        """Return the indicator of the address."""
        one = await self._find(resolved.id)
        if one is None:
            return Observed(applied=False)
        owner = one.get("externalId") or one.get("description")
        text = one.get("expirationTime")
        return Observed(applied=True, owner=str(owner or ""), until=_instant(text) if text else None)

    async def apply(self, order: Order) -> Accepted | Refused:
        """Submit the indicator, to expire by itself."""
        body = {
            "indicatorValue": order.resolved.id,
            "indicatorType": "IpAddress",
            "action": "Block",
            "title": "Stanch: address of an intruder",
            "description": order.key,
            "externalId": order.key,
            "severity": "High",
            "expirationTime": to_text(order.until),
        }
        answer = await self._gateway.order("POST", "/api/indicators", body=body)
        return answer if isinstance(answer, Refused) else Accepted()

    async def release(self, order: Order) -> Accepted | Refused:
        """Delete the indicator; one that is gone is deleted."""
        one = await self._find(order.resolved.id)
        if one is None:
            return Accepted()
        answer = await self._gateway.order("DELETE", f"/api/indicators/{one['id']}")
        if isinstance(answer, Refused) and not answer.why.startswith("HTTP 404"):
            return answer
        return Accepted()

    async def _find(self, address: str) -> JsonObject | None:
        clause = f"indicatorValue eq {microsoft.quoted(address)}"
        found = rows(await self._gateway.read("GET", "/api/indicators", params={"$filter": clause}))
        return next((one for one in found if one.get("action") == "Block"), None)


class _Defender:
    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._machines = _Machines(gateway)
        self._indicators = _Indicators(gateway)

    async def resolve(self, aim: Aim) -> Resolved | Ambiguous | Absent:
        """A machine is looked up; an address is its own object."""
        return Resolved(aim.id, aim.id) if aim.type is EntityType.ADDRESS else await self._machines.resolve(aim)

    async def observe(self, resolved: Resolved, control: Control, since: int) -> Observed:  # noqa: ARG002 levels only
        """Return the product's state."""
        room = self._indicators if control is Control.IP_BLOCK else self._machines
        return await room.observe(resolved)

    async def apply(self, order: Order) -> Accepted | Refused:
        """Isolate the machine, or submit the indicator."""
        if order.control is Control.IP_BLOCK:
            return await self._indicators.apply(order)
        return await self._machines.act(order, "isolate")

    async def poll(self, control: Control, handle: str) -> Progress:  # noqa: ARG002 indicators give no handle
        """Return how far a machine action has come."""
        return await self._machines.poll(handle)

    async def release(self, order: Order, pre_image: Mapping[str, Any]) -> Accepted | Refused:  # noqa: ARG002 absence
        """Release the machine, or delete the indicator."""
        if order.control is Control.IP_BLOCK:
            return await self._indicators.release(order)
        return await self._machines.act(order, "unisolate")

    async def verify(self, resolved: Resolved, control: Control, since: int) -> Evidence:
        """Return what the machines' own network events say."""
        what = "RemoteIP" if control is Control.IP_BLOCK else "DeviceId"
        passed = await self._flows(what, resolved.id, since, "ConnectionSuccess")
        failed = await self._flows(what, resolved.id, since, "ConnectionFailed")
        verdict: Literal["holds", "contradicts", "inconclusive"] = "inconclusive"
        if passed or failed:
            verdict = "contradicts" if passed else "holds"
        return Evidence(verdict, f"POST {_HUNT}: DeviceNetworkEvents", {"passed": passed, "failed": failed})

    async def _flows(self, what: str, value: str, since: int, kind: str) -> int:
        query = (
            f"DeviceNetworkEvents | where {what} == '{value}' | where Timestamp > datetime({to_text(since)}) "
            f"| where ActionType == '{kind}' | count"
        )
        (row, *_) = rows(await self._gateway.read("POST", _HUNT, body={"Query": query}), "Results") or [{}]
        return int(row.get("Count", 0))


class _MicrosoftDefender:
    name = "microsoft_defender"
    secrets = microsoft.SECRETS

    @property
    def specs(self) -> Mapping[Control, ControlSpec]:
        """Isolation by machine actions; blocks by indicators, which the product itself ends."""
        return _SPECS

    @property
    def examples(self) -> tuple[ConnectorExample, ...]:
        """Machines and public addresses; never a private one, never a machine that has no name."""
        return _EXAMPLES

    def problems(self, config: ConnectorConfig) -> tuple[str, ...]:
        """It speaks HTTP."""
        return address_problems(config.base_url)

    def refuses(self, control: Control, aim: Aim) -> str:
        """Indicators take single public addresses; machines are found by their names."""
        if control is Control.NETWORK_ISOLATION:
            named = aim.type is EntityType.HOST and not canonical_address(aim.id)
            return "" if named else "Defender finds machines by their names"
        if aim.type is not EntityType.ADDRESS or not canonical_address(aim.id):
            return f"an indicator takes one address, no {aim.type}"
        address = ip_address(aim.id)
        special = address.is_loopback or address.is_link_local or address.is_multicast or address.is_unspecified
        if special or is_private_use(aim.id):
            return "Defender takes public addresses only"
        return ""

    def open(self, config: ConnectorConfig, client: httpx.AsyncClient, clock: Callable[[], int]) -> Session:
        """Return the product that ``config`` describes."""
        return _Defender(microsoft.gateway(config, client, clock))


def _dns_name(machine: JsonObject) -> str:
    return str(machine.get("computerDnsName") or "").lower()


def _direction(action: JsonObject) -> Literal["apply", "release"]:
    return "apply" if action.get("type") == "Isolate" else "release"


def _owner(action: JsonObject) -> str:
    return str(action.get("externalID") or action.get("requestorComment") or "")


def _instant(text: object) -> int:
    try:
        return from_text(str(text))
    except ValueError as error:
        raise OutcomeUnknown(f"Defender says an instant that is none: {text!r}") from error


_EXAMPLES = (
    ConnectorExample("a machine", Control.NETWORK_ISOLATION, Aim(EntityType.HOST, "WKS01"), taken=True),
    ConnectorExample(
        "a machine without a name", Control.NETWORK_ISOLATION, Aim(EntityType.HOST, "10.9.9.9"), taken=False
    ),
    ConnectorExample("a public address", Control.IP_BLOCK, Aim(EntityType.ADDRESS, "203.0.113.7"), taken=True),
    ConnectorExample("a private address", Control.IP_BLOCK, Aim(EntityType.ADDRESS, "192.168.7.7"), taken=False),
    ConnectorExample("a shared address", Control.IP_BLOCK, Aim(EntityType.ADDRESS, "100.64.0.9"), taken=False),
    ConnectorExample("a machine as an address", Control.IP_BLOCK, Aim(EntityType.HOST, "WKS01"), taken=False),
)

CONNECTOR: Final[Connector] = _MicrosoftDefender()
