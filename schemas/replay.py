"""The report of a replay: what ``stanch replay --json`` writes, and others script against.

Times are RFC 3339 in UTC with milliseconds, or null. Lists are sorted by first time, then uid; keys are sorted.
"""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from schemas.control import Control
from schemas.entity import EntityType, Role
from schemas.hold import HoldState, Target


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SourceCounts(_Part):
    """What became of the records of one source."""

    normalized: int = 0
    base: int = 0
    dead_letters: int = 0


class EventCounts(_Part):
    """What became of all records: ``records = normalized + base + dead_letters``."""

    records: int
    normalized: int
    base: int
    dead_letters: int
    by_source: dict[str, SourceCounts]


class ReportedEntity(_Part):
    """One entity of an incident."""

    type: EntityType
    id: str
    aliases: tuple[str, ...]
    role: Role
    why: str


class ReportedMoment(_Part):
    """One line of an incident's story."""

    time: str
    title: str
    entity: str
    uid: str


class ReportedIncident(_Part):
    """One incident in its last state."""

    ocsf: dict[str, Any]
    entities: tuple[ReportedEntity, ...]
    timeline: tuple[ReportedMoment, ...]


class ReportedHold(_Part):
    """One hold in its last state. It was held where ``applied_at`` and ``verified_at`` are set."""

    uid: str
    control: Control
    target: Target
    tenant: str
    incident: str
    state: HoldState
    decided_by: str | None
    reason: str
    applied_at: str | None
    verified_at: str | None
    expires_at: str | None
    released_at: str | None
    command_uid: str | None


class Spared(_Part):
    """An entity of an incident that a control could have taken, and why it was left alone."""

    type: EntityType
    id: str
    why: str


class ReplayReport(_Part):
    """All that a replay concluded and did."""

    events: EventCounts
    findings: int
    findings_by_rule: dict[str, int] = Field(description="rule title -> findings")
    incidents: tuple[ReportedIncident, ...]
    holds: tuple[ReportedHold, ...]
    spared: tuple[Spared, ...]
    remediations: tuple[dict[str, Any], ...]
    notifications: tuple[dict[str, Any], ...]
    seconds: float = Field(description="wall time of the replay; the only field that differs between two runs")
