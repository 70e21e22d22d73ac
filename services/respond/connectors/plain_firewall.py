"""A plain firewall: a list of blocked addresses with an expiry, over HTTP and JSON."""

from collections.abc import Callable, Mapping
from typing import Any, Final, Literal

import httpx

from schemas.control import Control
from schemas.entity import EntityType, canonical_address
from schemas.tenant import ConnectorConfig
from schemas.times import SECOND, from_text, to_text
from services.respond.gateway import Gateway, StaticToken, address_problems, json_object
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

_SPEC = ControlSpec(native_ttl=True, effect_lag=90 * SECOND, pending_limit=300 * SECOND, rights=("addresses:write",))


class _Firewall:
    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    async def resolve(self, aim: Aim) -> Resolved | Ambiguous | Absent:
        """An address is its own object."""
        return Resolved(aim.id, aim.id)

    async def observe(self, resolved: Resolved, control: Control, since: int) -> Observed:  # noqa: ARG002 one control
        """Return the entry of the list."""
        answer = await self._gateway.read("GET", f"/v1/addresses/{resolved.id}")
        if answer.status_code == 404:
            return Observed(applied=False)
        entry = json_object(answer)
        owner, until = str(entry.get("comment", "")), _instant(entry.get("expires_at"))
        if entry.get("state") == "pending":
            return Observed(applied=False, pending=Pending(resolved.id, "apply", owner))
        return Observed(applied=True, owner=owner, until=until)

    async def apply(self, order: Order) -> Accepted | Refused:
        """Put the address on the list until the order's end."""
        body = {"expires_at": to_text(order.until), "comment": order.key, "direction": "both"}
        answer = await self._gateway.order("PUT", f"/v1/addresses/{order.resolved.id}", body=body)
        return answer if isinstance(answer, Refused) else Accepted()

    async def poll(self, control: Control, handle: str) -> Progress:
        """Return whether the entry has become active."""
        seen = await self.observe(Resolved(handle, handle), control, 0)
        if seen.pending is not None:
            return Progress("pending")
        return Progress("succeeded") if seen.applied else Progress("failed", "the entry is gone")

    async def release(self, order: Order, pre_image: Mapping[str, Any]) -> Accepted | Refused:  # noqa: ARG002 absence
        """Take the address off the list; one that is gone is off."""
        answer = await self._gateway.order("DELETE", f"/v1/addresses/{order.resolved.id}")
        if isinstance(answer, Refused) and not answer.why.startswith("HTTP 404"):
            return answer
        return Accepted()

    async def verify(self, resolved: Resolved, control: Control, since: int) -> Evidence:  # noqa: ARG002 one control
        """Return what the flow counters say."""
        path = f"/v1/addresses/{resolved.id}/flows"
        counts = json_object(await self._gateway.read("GET", path, params={"since": to_text(since)}))
        passed, dropped = int(counts.get("passed", 0)), int(counts.get("dropped", 0))
        verdict: Literal["holds", "contradicts", "inconclusive"] = "inconclusive"
        if passed or dropped:
            verdict = "contradicts" if passed else "holds"
        return Evidence(verdict, f"GET {path}", {"passed": passed, "dropped": dropped})


class _PlainFirewall:
    name = "plain_firewall"
    secrets = ("token",)

    @property
    def specs(self) -> Mapping[Control, ControlSpec]:
        """Blocks that the firewall itself ends."""
        return {Control.IP_BLOCK: _SPEC}

    @property
    def examples(self) -> tuple[ConnectorExample, ...]:
        """Any address, and nothing else."""
        return _EXAMPLES

    def problems(self, config: ConnectorConfig) -> tuple[str, ...]:
        """It speaks HTTP."""
        return address_problems(config.base_url)

    def refuses(self, control: Control, aim: Aim) -> str:  # noqa: ARG002 one control
        """It takes every address."""
        return (
            ""
            if aim.type is EntityType.ADDRESS and canonical_address(aim.id) == aim.id
            else f"a firewall takes single addresses, no {aim.type}"
        )

    def open(self, config: ConnectorConfig, client: httpx.AsyncClient, clock: Callable[[], int]) -> Session:  # noqa: ARG002
        """Return the firewall that ``config`` describes."""
        return _Firewall(Gateway(client, config.base_url, StaticToken(config.secrets["token"].get_secret_value())))


def _instant(text: object) -> int | None:
    if not isinstance(text, str):
        return None
    try:
        return from_text(text)
    except ValueError as error:
        raise OutcomeUnknown(f"the firewall says an instant that is none: {text!r}") from error


_EXAMPLES = (
    ConnectorExample("a public address", Control.IP_BLOCK, Aim(EntityType.ADDRESS, "203.0.113.7"), taken=True),
    ConnectorExample("a private address", Control.IP_BLOCK, Aim(EntityType.ADDRESS, "10.9.9.9"), taken=True),
    ConnectorExample("an address of version 6", Control.IP_BLOCK, Aim(EntityType.ADDRESS, "2001:db8::7"), taken=True),
    ConnectorExample("a machine", Control.IP_BLOCK, Aim(EntityType.HOST, "WKS01"), taken=False),
)

CONNECTOR: Final[Connector] = _PlainFirewall()
