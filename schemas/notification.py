"""Notifications: who was told what through which channel, and each decision to send or to suppress."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from schemas.entity import TenantSlug

State = Literal["queued", "sent", "accepted", "failed", "suppressed"]
Cause = Literal["first", "escalated", "contained", "proposed", "released", "ineffective", "merged", "closed", "none"]


class Notification(BaseModel):
    """One delivery of one version of one incident's message through one channel."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    uid: str = Field(description="idempotency key at the provider: tenant, incident, channel, sequence")
    tenant: TenantSlug
    incident: str
    channel: str
    sequence: int = Field(description="0 opens the message, later ones update it")
    cause: Cause
    state: State
    attempts: int = 0
    reason: str = Field(description="why it was sent or suppressed; on failure, what the provider said")
    text: str = ""
    at: int
