"""What every composition root is given: the log, the tenants, the clock, and where state may live."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from runtime.clock import Clock
from runtime.log import Log
from schemas.tenant import Tenant


@dataclass(frozen=True, slots=True)
class Deployment:
    """One way of running the services.

    ``virtual`` says that ``now`` comes from the header ``stanch-now`` of what is read; ``clock`` is then a
    ``VirtualClock`` of this service alone, which its runner moves.
    """

    log: Log
    tenants: Mapping[str, Tenant]
    clock: Clock
    home: Path
    virtual: bool = False
    group_prefix: str = ""
