"""Modes: how much the responder may do by itself, per global, tenant, connector and rule."""

from enum import IntEnum, StrEnum

from pydantic import BaseModel, ConfigDict

from schemas.entity import TenantSlug


class Mode(StrEnum):
    """From full autonomy down to a full stop; the lowest that applies wins."""

    ARMED = "ARMED"
    APPROVE_ALL = "APPROVE_ALL"
    OBSERVE = "OBSERVE"
    HALT = "HALT"
    HALT_ALL = "HALT_ALL"


class _Rank(IntEnum):
    ARMED = 0
    APPROVE_ALL = 1
    OBSERVE = 2
    HALT = 3
    HALT_ALL = 4


def lowest(*modes: Mode) -> Mode:
    """Return the most restrictive of ``modes``; without any, OBSERVE: unknown means hands off."""
    return max(modes, key=lambda mode: _Rank[mode.value], default=Mode.OBSERVE)


class ModeChange(BaseModel):
    """One entry of the topic ``modes``; the newest per scope holds. Empty fields mean "all"."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    tenant: TenantSlug | None = None
    connector: str | None = None
    control: str | None = None
    rule: str | None = None
    mode: Mode
    by: str
    reason: str
    at: int
