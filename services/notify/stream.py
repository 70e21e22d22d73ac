"""The shell of notify: incidents, holds and decisions in; notifications and the ledger out."""

from runtime.deployment import Deployment
from runtime.ledger import LedgerWorker
from runtime.machine import Actor
from runtime.worker import Worker
from schemas.topics import DECISIONS, HOLDS, INCIDENTS, NOTIFY_LEDGER
from services.notify.core import NotifyMachine, State

NAME = "notify"


def worker(deployment: Deployment, machine: NotifyMachine, actor: Actor, latency: int) -> Worker:
    """Return notify at work; a delivery takes ``latency`` milliseconds of virtual time."""
    runner: LedgerWorker[State] = LedgerWorker(
        deployment,
        NAME,
        NOTIFY_LEDGER.name,
        machine,
        (INCIDENTS.name, HOLDS.name, DECISIONS.name),
        actor=actor,
        latency=lambda _: latency,
    )
    return runner
