"""What all partitions of one ledger service hold in common."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Generic

import structlog

from runtime.dead_letters import Failure
from runtime.delivery import Delivery
from runtime.ledger.actions import Actions
from runtime.ledger.broadcast import Broadcast
from runtime.ledger.chain import Upcaster
from runtime.log import Log
from runtime.machine import Machine, State
from runtime.pace import Pace

_log = structlog.get_logger("ledger")


@dataclass(frozen=True, slots=True)
class Service(Generic[State]):
    """One ledger service: its names, its machine and its plumbing.

    For ``linger_ms`` a partition may keep to itself how far it has read, as long as it has nothing else to commit.
    """

    name: str
    group: str
    ledger: str
    inputs: Sequence[str]
    machine: Machine[State]
    log: Log
    delivery: Delivery
    pace: Pace
    actions: Actions
    broadcast: Broadcast
    upcasters: Mapping[tuple[str, int], Upcaster]
    snapshot_every: int
    lookback_ms: int
    linger_ms: int = 0

    def fault(self, where: str, failure: Failure) -> None:
        """Count and log a bug that is no message's own."""
        self.delivery.metrics.count("stanch_ledger_faults_total", service=self.name, where=where)
        _log.error(
            "a machine raised", service=self.name, where=where, reason=failure.reason, traceback=failure.traceback
        )
