"""Findings: OCSF Detection Finding (class 2004), as rules and detectors publish them."""

from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class Stage(StrEnum):
    """What the findings of a rule may lead to."""

    OBSERVE = "observe"
    ALERT = "alert"
    CONTAIN = "contain"


class Kind(StrEnum):
    """What a finding is about: what others do to the organisation, or how the watching itself fares."""

    SECURITY = "security"
    OPERATIONS = "operations"


class Level(StrEnum):
    """Sigma's levels."""

    INFORMATIONAL = "informational"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


SEVERITY_ID: dict[Level, int] = {level: number for number, level in enumerate(Level, 1)}


class _Ocsf(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Product(_Ocsf):
    """OCSF ``product``."""

    name: str = "Stanch"
    vendor_name: str = "Stanch"


class Metadata(_Ocsf):
    """OCSF ``metadata``."""

    version: Literal["1.8.0"] = "1.8.0"
    product: Product = Product()
    tenant_uid: str
    uid: str | None = None


class Analytic(_Ocsf):
    """OCSF ``analytic``: the rule (type 1) or detector (type 3, statistical) that concluded."""

    uid: str
    name: str
    type_id: Literal[1, 3] = 1
    version: str | None = Field(default=None, description="digest of the rule")


class Technique(_Ocsf):
    """OCSF ``technique`` and ``tactic`` share this shape."""

    uid: str
    name: str | None = None


class Attack(_Ocsf):
    """OCSF ``attack``."""

    tactic: Technique | None = None
    technique: Technique | None = None


class FindingInfo(_Ocsf):
    """OCSF ``finding_info``."""

    uid: str
    title: str
    analytic: Analytic | None = None
    attacks: tuple[Attack, ...] = ()
    first_seen_time: int | None = None


class Evidence(_Ocsf):
    """OCSF ``evidences``: the native object of the event, and which of its fields matched."""

    data: dict[str, Any]


class FindingDetail(_Ocsf):
    """What OCSF has no field for; rides in ``unmapped.stanch``."""

    kind: Kind = Field(
        default=Kind.SECURITY, description="one of `operations` joins no incident and leads to no containment"
    )
    level: Level
    tactics: tuple[str, ...] = Field(
        default=(), description="ATT&CK tactic names in Sigma's spelling, `lateral-movement`"
    )
    stage: Stage = Stage.ALERT
    anchor: str | None = Field(
        default=None, description="structural fact that the rule stands for: `foreign`, `tool`, `script`, `inject`, ..."
    )
    event_uid: str
    event_kind: str
    event_source: str
    matched: dict[str, Any] = Field(default_factory=dict, description="matched fields and their values")


class Unmapped(_Ocsf):
    """Our own fields."""

    stanch: FindingDetail


class Finding(_Ocsf):
    """One finding. ``finding_info.uid`` follows from the event and the rule, so that a repeat is recognised."""

    category_uid: Literal[2] = 2
    class_uid: Literal[2004] = 2004
    activity_id: Literal[1] = 1
    type_uid: Literal[200401] = 200401
    severity_id: Annotated[int, Field(ge=0, le=6)]
    time: int = Field(description="event time, epoch milliseconds")
    metadata: Metadata
    finding_info: FindingInfo
    evidences: tuple[Evidence, ...] = ()
    unmapped: Unmapped
