"""The products and the operator's desk on one port, under ``/defender``, ``/entra``, ``/firewall`` and ``/lab``."""

from starlette.types import ASGIApp, Receive, Scope, Send

from lab.clock import LabClock
from lab.defender import defender
from lab.entra import entra
from lab.firewall import firewall
from lab.operator_api import Desk
from lab.world import World

NOW_HEADER = b"lab-now"


class Doors:
    """An ASGI application that hands each connection to the product whose prefix it bears, untouched.

    Nothing stands between a product and the connection, so that a lost answer can cut it.
    """

    def __init__(self, doors: dict[str, ASGIApp]) -> None:
        self._doors = doors

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            return
        _, prefix, rest = (*scope["path"].split("/", 2), "", "")[:3]
        door = self._doors.get(prefix)
        if door is None:
            await send({"type": "http.response.start", "status": 404, "headers": []})
            await send({"type": "http.response.body", "body": b""})
            return
        inner = {**scope, "path": f"/{rest}", "raw_path": f"/{rest}".encode(), "root_path": ""}
        await door(inner, receive, send)


class Punctual:
    """An ASGI application whose virtual clock is moved by each call to the instant that its ``lab-now`` names."""

    def __init__(self, app: ASGIApp, clock: LabClock) -> None:
        self._app = app
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        named = dict(scope.get("headers", ())).get(NOW_HEADER, b"")
        if named.isdigit():
            self._clock.move(int(named))
        await self._app(scope, receive, send)


def doors(world: World, clock: LabClock) -> ASGIApp:
    """Return all products over ``world``, and the operator's desk."""
    return Punctual(_products(world, clock), clock) if clock.virtual else _products(world, clock)


def _products(world: World, clock: LabClock) -> Doors:
    return Doors(
        {
            "defender": defender(world),
            "entra": entra(world),
            "firewall": firewall(world),
            "lab": Desk(world, clock).open_door(),
        }
    )
