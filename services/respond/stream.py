"""The shell of respond: incidents, decisions and modes in; holds, remediations and the ledger out."""

from runtime.deployment import Deployment
from runtime.ledger import LedgerWorker
from runtime.machine import Actor
from runtime.worker import Worker
from schemas.topics import DECISIONS, INCIDENTS, MODES, RESPOND_LEDGER
from services.respond.core import RespondMachine, State

NAME = "respond"


def worker(deployment: Deployment, machine: RespondMachine, actor: Actor, latency: int) -> Worker:
    """Return respond at work; an action takes ``latency`` milliseconds of virtual time."""
    runner: LedgerWorker[State] = LedgerWorker(
        deployment,
        NAME,
        RESPOND_LEDGER.name,
        machine,
        (INCIDENTS.name, DECISIONS.name),
        actor=actor,
        broadcast=(MODES.name,),
        latency=lambda _: latency,
    )
    return runner
