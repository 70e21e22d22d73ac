"""Holds: leases that say "incident I wants control C on target T until X"; the public state of each."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from schemas.control import Control
from schemas.entity import EntityType, TenantSlug


class HoldState(StrEnum):
    """The public states."""

    OBSERVED = "observed"
    AWAITING_APPROVAL = "awaiting_approval"
    DENIED = "denied"
    PENDING = "pending"
    ACTIVE = "active"
    VERIFIED = "verified"
    INEFFECTIVE = "ineffective"
    RELEASED = "released"
    MANUAL = "manual"


class Target(BaseModel):
    """What the control takes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: EntityType
    id: str


class GuardResult(BaseModel):
    """What one guard said, which fact it looked at, and what would change the answer."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    guard: str
    verdict: str = Field(description="`allow`, `ask` or `refuse`")
    fact: str
    would_change: str = ""


class Hold(BaseModel):
    """The public state of one hold, compacted by ``uid``. Times are epoch milliseconds, None where it did not happen."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    uid: str
    tenant: TenantSlug
    control: Control
    target: Target
    incident: str
    playbook: str
    connector: str | None = None
    state: HoldState
    decided_by: str | None = Field(default=None, description="`policy:<name>` or `human:<id>`")
    reason: str = Field(description="the clause of the playbook that held, and why; or what stands in the way")
    guards: tuple[GuardResult, ...] = ()
    digest: str | None = Field(default=None, description="of exactly what is shown here; an approval must bear it")
    suppressed_count: int = Field(default=0, description="how often the same wish came again")
    created_at: int
    applied_at: int | None = None
    verified_at: int | None = None
    expires_at: int | None = None
    released_at: int | None = None
    command_uid: str | None = None
