"""A plain firewall: a list of blocked addresses, each with an expiry that the firewall itself keeps."""

import ipaddress
from dataclasses import dataclass, field
from typing import Annotated, Literal

from fastapi import Body, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field

from lab.product import Product, Refusal
from lab.timeline import Timeline
from lab.times import from_text, to_text
from lab.world import World

NAME = "firewall"
_NEVER = 1 << 62


class Wish(BaseModel):
    """Body of a block. ``expires_at`` is an RFC 3339 text; ``comment`` says whose block it is."""

    expires_at: str
    comment: str = Field(min_length=1)
    direction: Literal["in", "out", "both"] = "both"


@dataclass(slots=True)
class Entry:
    """One address of the list."""

    address: str
    wish: Wish
    created: int
    visible: int
    active: int
    expires: int

    def present(self, now: int) -> bool:
        """Say whether the list holds it, shown or not."""
        return now < self.expires


@dataclass(slots=True)
class Firewall:
    """The product's state and routes."""

    product: Product
    entries: dict[str, Entry] = field(default_factory=dict)
    _dropping: dict[str, Timeline] = field(default_factory=dict)

    def open_door(self) -> Product:
        """Return the product with its routes."""
        path = "/v1/addresses/{address}"
        self.product.add_api_route(path, self.put, methods=["PUT"])
        self.product.add_api_route(path, self.get, methods=["GET"])
        self.product.add_api_route(path, self.delete, methods=["DELETE"], status_code=204)
        self.product.add_api_route(f"{path}/flows", self.flows, methods=["GET"])
        return self.product

    async def put(self, address: str, wish: Annotated[Wish, Body()], request: Request) -> JSONResponse:
        """Block an address, or prolong one's own block."""
        address, now = self._admit(address, request, "block"), self.product.world.clock()
        expires = _expiry(wish.expires_at, now)
        known = self._present(address)
        if known is None:
            return JSONResponse(self._view(self._add(address, wish, expires, request)), 201)
        if known.wish.comment != wish.comment:
            raise Refusal(409, "Conflict", f"{address} is held by another owner: {known.wish.comment}")
        self._prolong(known, wish, expires)
        return JSONResponse(self._view(known), 200)

    async def get(self, address: str, request: Request) -> dict[str, object]:
        """Return an address of the list."""
        address = self._admit(address, request, "read")
        entry = self._present(address)
        if entry is None or entry.visible > self.product.world.clock():
            raise Refusal(404, "NotFound", f"{address} is not on the list")
        return self._view(entry)

    async def delete(self, address: str, request: Request) -> Response:
        """Take an address off the list."""
        address, now = self._admit(address, request, "unblock"), self.product.world.clock()
        entry = self._present(address)
        if entry is None or entry.visible > now:
            raise Refusal(404, "NotFound", f"{address} is not on the list")
        struck = self.product.strike(request, "unblock", (address,))
        self.product.world.transitions.add(NAME, address, "unblock", entry.wish.comment, now)
        if struck.stuck:
            return Response(status_code=204)
        entry.expires = min(entry.expires, now + struck.delay)
        if not struck.ineffective:
            self.dropping(address).turn(now + struck.delay, False)
        return Response(status_code=204)

    async def flows(self, address: str, request: Request) -> dict[str, object]:
        """Return how many flows to or from an address passed and were dropped after ``since``."""
        address, now = self._admit(address, request, "flows"), self.product.world.clock()
        try:
            since = from_text(request.query_params.get("since", "1970-01-01T00:00:00Z"))
        except ValueError as error:
            raise Refusal(400, "BadRequest", f"since: {error}") from error
        timeline, beat = self.dropping(address), self.product.world.traffic(address)
        passed, dropped = (timeline.count(beat, since, now, value) for value in (False, True))
        return {"address": address, "since": to_text(since), "passed": passed, "dropped": dropped}

    def dropping(self, address: str) -> Timeline:
        """Return when flows of ``address`` are dropped."""
        return self._dropping.setdefault(address, Timeline(False))

    def _add(self, address: str, wish: Wish, expires: int, request: Request) -> Entry:
        now = self.product.world.clock()
        struck = self.product.strike(request, "block", (address,))
        active = _NEVER if struck.stuck else now + struck.delay
        entry = Entry(address, wish, now, active if struck.hidden else now, active, expires)
        self.entries[address] = entry
        self.product.world.transitions.add(NAME, address, "block", wish.comment, now)
        if not (struck.stuck or struck.ineffective):
            self._enforce(entry)
        return entry

    def _prolong(self, entry: Entry, wish: Wish, expires: int) -> None:
        enforced = self.dropping(entry.address).value(max(entry.active, self.product.world.clock()))
        entry.wish, entry.expires = wish, expires
        if enforced:
            self._enforce(entry)

    def _enforce(self, entry: Entry) -> None:
        timeline = self.dropping(entry.address)
        timeline.turn(max(entry.active, self.product.world.clock()), True)
        timeline.turn(max(entry.active, entry.expires), False)

    def _present(self, address: str) -> Entry | None:
        entry = self.entries.get(address)
        return entry if entry is not None and entry.present(self.product.world.clock()) else None

    def _view(self, entry: Entry) -> dict[str, object]:
        return {
            "address": entry.address,
            "direction": entry.wish.direction,
            "comment": entry.wish.comment,
            "state": "active" if entry.active <= self.product.world.clock() else "pending",
            "created_at": to_text(entry.created),
            "expires_at": to_text(entry.expires),
        }

    def _admit(self, address: str, request: Request, operation: str) -> str:
        if request.headers.get("authorization", "") != f"Bearer {self.product.world.secret}":
            raise Refusal(401, "Unauthorized", "Bearer token is missing or wrong.", {"WWW-Authenticate": "Bearer"})
        try:
            address = str(ipaddress.ip_address(address))
        except ValueError as error:
            raise Refusal(400, "BadRequest", f"{error}") from error
        self.product.meet(operation, (address,))
        return address


def firewall(world: World) -> Product:
    """Return the firewall's door over ``world``."""
    return Firewall(Product(world, NAME)).open_door()


def _expiry(text: str, now: int) -> int:
    try:
        expires = from_text(text)
    except ValueError as error:
        raise Refusal(400, "BadRequest", f"expires_at: {error}") from error
    if expires <= now:
        raise Refusal(400, "BadRequest", "expires_at must be in the future")
    return expires
