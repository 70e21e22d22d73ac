"""The products and the operator's desk on one port, under ``/defender``, ``/entra``, ``/firewall`` and ``/lab``."""

from starlette.types import ASGIApp, Receive, Scope, Send

from lab.clock import LabClock
from lab.defender import defender
from lab.entra import entra
from lab.firewall import firewall
from lab.operator_api import Desk
from lab.world import World


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


def doors(world: World, clock: LabClock) -> Doors:
    """Return all products over ``world``, and the operator's desk."""
    return Doors(
        {
            "defender": defender(world),
            "entra": entra(world),
            "firewall": firewall(world),
            "lab": Desk(world, clock).open_door(),
        }
    )
