"""What correlate knows of one tenant: its incidents, which the ledger holds, and the graph, which is rebuilt."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from schemas.finding import Finding
from schemas.incident import Incident
from schemas.tenant import Tenant
from services.detect.correlate.core.engine import Engine


@dataclass(slots=True)
class Known:
    """One published incident. ``evidence`` are the uids of what was ever committed to it."""

    incident: Incident
    opened: int
    evidence: frozenset[str]

    @property
    def uid(self) -> str:
        """The incident's id."""
        return self.incident.uid

    @property
    def is_alias(self) -> bool:
        """Whether it was merged into an older one."""
        return self.incident.detail.merged_into is not None

    def as_data(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "incident": self.incident.model_dump(mode="json", exclude_none=True),
            "opened": self.opened,
            "evidence": sorted(self.evidence),
        }

    @classmethod
    def from_data(cls, data: Any) -> "Known":  # noqa: ANN401 - JSON off the ledger
        """Return what ``as_data`` wrote."""
        return cls(Incident.model_validate(data["incident"]), data["opened"], frozenset(data["evidence"]))


class Counter(Protocol):
    """What concludes findings from findings."""

    def observe(self, finding: Finding, now: int) -> Sequence[Finding]:
        """Return what ``finding`` completes."""
        ...


@dataclass(slots=True)
class Noticed:
    """A group that passed a threshold, before it is published."""

    uid: str
    evidence: set[str]


@dataclass(slots=True)
class Work:
    """What is no ledger state: the graph, what waits, and which incidents this owner has published itself.

    ``speakers`` says which group was last judged for an incident.
    """

    engine: Engine
    counter: Counter | None = None
    due: int | None = None
    noticed: dict[str, Noticed] = field(default_factory=dict)
    waits: dict[tuple[str, str], int] = field(default_factory=dict)
    over: set[tuple[str, str]] = field(default_factory=set)
    speakers: dict[str, int] = field(default_factory=dict)
    own: set[str] = field(default_factory=set)
    taken: dict[str, None] = field(default_factory=dict)
    newest: int = 0


@dataclass(slots=True)
class State:
    """Everything about one tenant."""

    tenant: Tenant
    work: Work
    incidents: dict[str, Known] = field(default_factory=dict)
    committed: dict[str, str] = field(default_factory=dict)

    def learn(self, known: Known) -> None:
        """Take in what the ledger says of one incident."""
        self.incidents[known.uid] = known
        for uid in known.evidence:
            self.committed[uid] = known.uid

    def owner_of(self, uid: str) -> Known | None:
        """Return the incident to which a finding is committed, following merges."""
        known = self.incidents.get(self.committed.get(uid, ""))
        while known is not None and known.incident.detail.merged_into is not None:
            known = self.incidents.get(known.incident.detail.merged_into)
        return known
