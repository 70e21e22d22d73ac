"""Indicators: public addresses that every enrolled machine refuses to talk to, until they expire."""

import ipaddress
from dataclasses import dataclass, field
from typing import Annotated, Literal

from fastapi import APIRouter, Body, Request, Response
from pydantic import BaseModel, Field

from lab import odata
from lab.defender.machines import filter_of, page
from lab.limits import DEFENDER
from lab.product import Product, Refusal
from lab.timeline import Timeline
from lab.times import from_text, to_text

FILTERABLE = frozenset(
    {"id", "indicatorValue", "indicatorType", "action", "title", "externalId", "expirationTime", "createdBy"}
)
_OWN_SPACES = tuple(
    ipaddress.ip_network(text)
    for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7", "fe80::/10")
)


class Wish(BaseModel):
    """Body of a new or changed indicator."""

    value: str = Field(alias="indicatorValue")
    kind: Literal["IpAddress"] = Field(alias="indicatorType")
    action: Literal["Block"]
    title: str = Field(min_length=1)
    description: str = Field(min_length=1)
    expiration: str = Field("", alias="expirationTime")
    severity: str = "High"
    external_id: str = Field("", alias="externalId")


@dataclass(slots=True)
class Indicator:
    """One indicator of the list."""

    number: int
    address: str
    wish: Wish
    created: int
    visible: int
    expires: int | None

    def shows(self, now: int) -> bool:
        """Say whether reads show it at ``now``."""
        return self.visible <= now and (self.expires is None or now < self.expires)


@dataclass(slots=True)
class Indicators:
    """``/api/indicators``. One per address: a second post changes the first."""

    product: Product
    _listed: dict[str, Indicator] = field(default_factory=dict)
    _blocked: dict[str, Timeline] = field(default_factory=dict)
    _made: int = 0

    def routes(self) -> APIRouter:
        """Return the room's routes."""
        router = APIRouter()
        router.add_api_route("/api/indicators", self.search, methods=["GET"])
        router.add_api_route("/api/indicators", self.submit, methods=["POST"])
        router.add_api_route("/api/indicators/{number}", self.delete, methods=["DELETE"], status_code=204)
        return router

    async def search(self, request: Request) -> dict[str, object]:
        """Return the indicators that the filter selects."""
        self._admit(request, "read")
        clauses, now = filter_of(request.query_params, FILTERABLE), self.product.world.clock()
        rows = [_view(one) for one in self._listed.values() if one.shows(now)]
        found = page(request.query_params, [row for row in rows if odata.matches(clauses, row)])
        return {"@odata.context": "https://api.security.microsoft.com/api/$metadata#Indicators", "value": found}

    async def submit(self, wish: Annotated[Wish, Body()], request: Request) -> dict[str, object]:
        """Add an indicator, or change the one of the same address."""
        self._admit(request, "submit")
        address, expires = _public(wish.value), self._expiry(wish.expiration)
        self.product.meet("block", (address,))
        now = self.product.world.clock()
        known = self._listed.get(address)
        if known is not None and known.expires is not None and known.expires <= now:
            known = None
        if known is not None:
            return self._change(known, wish, expires)
        return self._add(address, wish, expires, request)

    async def delete(self, number: int, request: Request) -> Response:
        """Take one off the list."""
        self._admit(request, "delete")
        now = self.product.world.clock()
        one = next((one for one in self._listed.values() if one.number == number and one.shows(now)), None)
        if one is None:
            raise Refusal(404, "NotFound", f"Indicator {number} was not found")
        self.product.meet("unblock", (one.address,))
        struck = self.product.strike(request, "unblock", (one.address,))
        self.product.world.transitions.add(self.product.name, one.address, "unblock", _cause(one.wish), now)
        if struck.stuck:
            return Response(status_code=204)
        self._end(one, now + struck.delay)
        if not struck.ineffective:
            self.blocked(one.address).turn(now + struck.delay, False)
        return Response(status_code=204)

    def blocked(self, address: str) -> Timeline:
        """Return when the machines refuse ``address``."""
        return self._blocked.setdefault(address, Timeline(False))

    def _add(self, address: str, wish: Wish, expires: int | None, request: Request) -> dict[str, object]:
        now = self.product.world.clock()
        struck = self.product.strike(request, "block", (address,))
        self._made += 1
        # A product that never gets round to it shows nothing, for an indicator has no status.
        visible = (1 << 62) if struck.stuck else now + struck.delay
        one = self._listed[address] = Indicator(self._made, address, wish, now, visible, expires)
        self.product.world.transitions.add(self.product.name, address, "block", _cause(wish), now)
        if not (struck.ineffective or struck.stuck):
            self._enforce(one, visible)
        return _view(one)

    def _change(self, one: Indicator, wish: Wish, expires: int | None) -> dict[str, object]:
        enforced = self.blocked(one.address).wanted() or self.blocked(one.address).value(self.product.world.clock())
        one.wish, one.expires = wish, expires
        if enforced:
            self._enforce(one, max(one.visible, self.product.world.clock()))
        return _view(one)

    def _enforce(self, one: Indicator, since: int) -> None:
        timeline = self.blocked(one.address)
        timeline.turn(since, True)
        if one.expires is not None:
            timeline.turn(max(since, one.expires), False)

    def _end(self, one: Indicator, at: int) -> None:
        one.expires = at if one.expires is None else min(at, one.expires)

    def _expiry(self, text: str) -> int | None:
        if not text:
            return None
        try:
            expires = from_text(text)
        except ValueError as error:
            raise Refusal(400, "InvalidInput", f"expirationTime: {error}") from error
        if expires <= self.product.world.clock():
            raise Refusal(400, "InvalidInput", "expirationTime must be in the future")
        return expires

    def _admit(self, request: Request, key: str) -> None:
        self.product.demand_token(request)
        self.product.demand_right("Ti.ReadWrite")
        self.product.demand_quota(f"indicators/{key}", DEFENDER)
        self.product.meet(key if key == "read" else "", ())


def _public(text: str) -> str:
    try:
        address = ipaddress.ip_address(text)
    except ValueError as error:
        raise Refusal(400, "InvalidInput", f"indicatorValue must be one address, no network: {text!r}") from error
    special = address.is_loopback or address.is_link_local or address.is_multicast or address.is_unspecified
    if special or any(address in space for space in _OWN_SPACES if space.version == address.version):
        raise Refusal(400, "InvalidInput", f"indicatorValue must be a public address: {text!r}")
    return str(address)


def _cause(wish: Wish) -> str:
    return wish.external_id or wish.description


def _view(one: Indicator) -> dict[str, object]:
    return {
        "id": str(one.number),
        "indicatorValue": one.address,
        "indicatorType": one.wish.kind,
        "action": one.wish.action,
        "title": one.wish.title,
        "description": one.wish.description,
        "severity": one.wish.severity,
        "externalId": one.wish.external_id or None,
        "expirationTime": None if one.expires is None else to_text(one.expires),
        "creationTimeDateTimeUtc": to_text(one.created),
    }
