"""Remediation activity: OCSF 7001-7004, the audit event of a command as others read it."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from schemas.finding import Metadata


class _Ocsf(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Countermeasure(_Ocsf):
    """OCSF ``d3fend``: the D3FEND technique that was applied."""

    d3f_technique: dict[str, str]


class RemediationMetadata(Metadata):
    """OCSF ``metadata``; ``device`` belongs to the profile `host`."""

    profiles: tuple[str, ...] | None = None


class RemediationDetail(_Ocsf):
    """What OCSF has no field for; rides in ``unmapped.stanch``."""

    hold: str
    control: str
    target: dict[str, str]
    connector: str
    direction: Literal["apply", "release"]
    generation: int
    command: dict[str, Any] = Field(description="the OpenC2 command as sent")
    evidence: dict[str, Any] = Field(default_factory=dict, description="what verification read, and from where")


class Unmapped(_Ocsf):
    """Our own fields."""

    stanch: RemediationDetail


class Remediation(_Ocsf):
    """One command and what came of it."""

    category_uid: Literal[7] = 7
    class_uid: Literal[7001, 7002, 7003, 7004]
    activity_id: Literal[1, 2, 3, 4, 5]
    type_uid: int
    severity_id: Literal[1] = 1
    status_id: Literal[1, 2, 3, 4, 5, 6]
    time: int
    metadata: RemediationMetadata
    command_uid: str
    countermeasures: tuple[Countermeasure, ...] = ()
    connection_info: dict[str, Any] | None = Field(default=None, description="7004: the blocked address and direction")
    device: dict[str, Any] | None = None
    unmapped: Unmapped
