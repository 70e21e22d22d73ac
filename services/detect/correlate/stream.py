"""The shell of correlate: findings, facts and decisions in, incidents out, on the ledger."""

from runtime.deployment import Deployment
from runtime.ledger import LedgerWorker
from runtime.worker import Worker
from schemas.topics import CORRELATE_LEDGER, DECISIONS, FACTS, FINDINGS
from services.detect.correlate.machine import CorrelateMachine

NAME = "detect.correlate"
INPUTS = (FINDINGS.name, FACTS.name, DECISIONS.name)
LINGER_MS = 250
"""Nearly all facts decide nothing; a transaction for each few of them would hold up the one that does."""


def worker(deployment: Deployment, machine: CorrelateMachine, lookback_ms: int) -> Worker:
    """Return the process that drives ``machine``; a new owner reads the inputs of ``lookback_ms`` again."""
    return LedgerWorker(
        deployment, NAME, CORRELATE_LEDGER.name, machine, INPUTS, lookback_ms=lookback_ms, linger_ms=LINGER_MS
    )
