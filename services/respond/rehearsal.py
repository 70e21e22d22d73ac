"""The way of a replay to the lab: it leads nowhere else, and tells the lab the instant at which each action happens."""

from contextvars import ContextVar
from typing import Final

import httpx

from runtime.machine import Action, Actor, Outcome

NOW_HEADER: Final = "lab-now"
_instant: ContextVar[int] = ContextVar("instant", default=0)


def instant() -> int:
    """Return the virtual instant of the action that is being performed."""
    return _instant.get()


class Rehearsal:
    """Performs actions at their own virtual instants."""

    def __init__(self, actor: Actor) -> None:
        self._actor = actor

    async def perform(self, action: Action, now: int) -> Outcome:
        """Do it and return what came of it."""
        _instant.set(now)
        return await self._actor.perform(action, now)


class LabTransport(httpx.AsyncBaseTransport):
    """HTTP to what lies below ``lab``, and to nothing else."""

    def __init__(self, lab: str) -> None:
        self._lab = httpx.URL(lab)
        self._inner = httpx.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send ``request`` with the present instant.

        Raises:
            UnsupportedProtocol: it is not for the lab; nothing was sent.
        """
        here, there = self._lab, request.url
        if (here.scheme, here.host, here.port) != (there.scheme, there.host, there.port):
            raise httpx.UnsupportedProtocol(f"a replay talks to the lab alone ({here}), not to {there}")
        request.headers[NOW_HEADER] = str(instant())
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        """Hang up."""
        await self._inner.aclose()
