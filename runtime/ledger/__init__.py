"""The runner of the ledger services: replay, decide, commit, then act; one pure machine per tenant."""

from runtime.ledger.actions import failed_outcome
from runtime.ledger.chain import BrokenLedger, Upcaster, audit
from runtime.ledger.rebuild import Rebuilds
from runtime.ledger.runner import LedgerWorker

__all__ = ["BrokenLedger", "LedgerWorker", "Rebuilds", "Upcaster", "audit", "failed_outcome"]
