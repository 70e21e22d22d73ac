"""Incidents: OCSF Incident Finding (class 2005), the latest state of each; roles and timeline ride in ``unmapped.stanch``."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from schemas.entity import Authority, Entity
from schemas.finding import Attack, FindingInfo, Metadata, Stage


class _Ocsf(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Group(_Ocsf):
    """OCSF ``group``."""

    name: str


class TimelineItem(_Ocsf):
    """One line of an incident's story."""

    time: int
    title: str
    entity: str = Field(description="canonical id of the entity that it is about")
    uid: str = Field(description="the finding or fact behind it")


class Reason(_Ocsf):
    """Why two things belong to one story: an edge of the causal group."""

    edge: str = Field(description="the union rule, `U4`")
    left: str
    right: str
    why: str


class IncidentDetail(_Ocsf):
    """What OCSF has no field for; rides in ``unmapped.stanch``."""

    version: int
    authority: Authority = Field(description="what the score and the anchors allow: nothing, a proposal, or a control")
    score: int
    anchors: tuple[str, ...] = ()
    tactics: tuple[str, ...] = ()
    stage: Stage = Stage.ALERT
    rules: dict[str, int] = Field(default_factory=dict, description="rule title -> weight in the score")
    entities: tuple[Entity, ...] = ()
    timeline: tuple[TimelineItem, ...] = ()
    reasons: tuple[Reason, ...] = ()
    advice: tuple[str, ...] = Field(default=(), description="what only a human can do or know, in words")
    newest_evidence: int = Field(description="event time of the newest evidence, epoch milliseconds")
    merged: tuple[str, ...] = Field(default=(), description="uids of younger incidents that are aliases of this one")
    merged_into: str | None = Field(default=None, description="this one is an alias of that older one")


class Unmapped(_Ocsf):
    """Our own fields."""

    stanch: IncidentDetail


class Incident(_Ocsf):
    """One incident, compacted by ``metadata.uid``."""

    category_uid: Literal[2] = 2
    class_uid: Literal[2005] = 2005
    activity_id: Literal[1, 2, 3]
    type_uid: Literal[200501, 200502, 200503]
    severity_id: Annotated[int, Field(ge=0, le=6)]
    confidence_score: Annotated[int, Field(ge=0, le=100)]
    status_id: Literal[1, 2, 3, 4, 5] = 1
    time: int = Field(description="when this state was decided, epoch milliseconds")
    start_time: int
    end_time: int
    assignee_group: Group
    metadata: Metadata
    finding_info_list: tuple[FindingInfo, ...]
    attacks: tuple[Attack, ...] = ()
    desc: str
    unmapped: Unmapped

    @property
    def uid(self) -> str:
        """The incident's id."""
        return str(self.metadata.uid)

    @property
    def tenant(self) -> str:
        """The tenant that it belongs to."""
        return self.metadata.tenant_uid

    @property
    def detail(self) -> IncidentDetail:
        """Our own fields."""
        return self.unmapped.stanch
