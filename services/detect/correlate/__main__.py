"""Composition root of correlate."""

from runtime.deployment import Deployment
from runtime.ledger import LedgerWorker
from runtime.plugins import load_plugins
from runtime.worker import Worker
from schemas.topics import CORRELATE_LEDGER, DECISIONS, FACTS, FINDINGS
from services.detect.correlate import evidence
from services.detect.correlate.machine import CorrelateMachine
from services.detect.correlate.ports import Evidence
from services.detect.correlate.settings import Settings

NAME = "detect.correlate"


def compose(deployment: Deployment, settings: Settings | None = None) -> Worker:
    """Return correlate, ready to be started.

    Raises:
        PluginError: a rule on facts breaks its contract.
    """
    settings = settings or Settings()
    rules = tuple(load_plugins(evidence, "EVIDENCE", Evidence).values())
    machine = CorrelateMachine(deployment.tenants, rules, watermark_ms=settings.watermark_ms)
    inputs = (FINDINGS.name, FACTS.name, DECISIONS.name)
    return LedgerWorker(deployment, NAME, CORRELATE_LEDGER.name, machine, inputs, lookback_ms=settings.lookback_ms)
