"""Decisions: what a human said, on the topic ``decisions``."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from schemas.entity import TenantSlug


class Verb(StrEnum):
    """What a human can say."""

    APPROVE = "approve"
    DENY = "deny"
    RELEASE = "release"
    ACK = "ack"
    CLOSE = "close"


class Decision(BaseModel):
    """One human decision about a hold or an incident."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    uid: str
    tenant: TenantSlug
    verb: Verb
    subject: str = Field(description="uid of the hold or incident")
    by: str = Field(description="who: `human:<id>`")
    reason: str = ""
    digest: str | None = Field(default=None, description="digest of exactly what was shown; required to approve")
    at: int
