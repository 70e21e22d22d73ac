"""The shell of respond: incidents, decisions and modes in; holds, remediations and the ledger out."""

import httpx

from runtime.deployment import Deployment
from runtime.ledger import LedgerWorker
from runtime.machine import Actor
from schemas.topics import DECISIONS, INCIDENTS, MODES, RESPOND_LEDGER
from services.respond.core import RespondMachine, State

NAME = "respond"


class RespondWorker(LedgerWorker[State]):
    """Respond at work; ``client`` is closed when it stops. An action takes ``latency`` milliseconds of virtual time."""

    def __init__(
        self, deployment: Deployment, machine: RespondMachine, actor: Actor, client: httpx.AsyncClient, latency: int
    ) -> None:
        super().__init__(
            deployment,
            NAME,
            RESPOND_LEDGER.name,
            machine,
            (INCIDENTS.name, DECISIONS.name),
            actor=actor,
            broadcast=(MODES.name,),
            latency=lambda _: latency,
        )
        self._client = client

    async def stop(self) -> None:
        """Finish what is in flight, commit, leave, and hang up."""
        await super().stop()
        await self._client.aclose()
