"""notify's section of stanch.yaml."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from schemas.times import SECOND
from services.notify.core import Timings


class ChannelSection(BaseModel):
    """One channel's own options, which only the channel knows; its secrets come resolved from ``{env: NAME}``."""

    model_config = ConfigDict(extra="allow", frozen=True)

    secrets: dict[str, SecretStr] = Field(default_factory=dict)

    def options(self) -> dict[str, Any]:
        """Return them as the channel's model takes them."""
        return {**(self.model_extra or {}), **({"secrets": self.secrets} if self.secrets else {})}


class Settings(BaseModel):
    """How soon people are told, and what each channel may do. All times are milliseconds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    minimum_severity: int = Field(default=3, ge=0, le=6, description="of incidents that led to no containment")
    group_wait_ms: int = Field(default=30 * SECOND, ge=0, description="before the first message, unless it is urgent")
    quiet_ms: int = Field(default=SECOND, ge=0, description="changes this close together become one update")
    longest_burst_ms: int = Field(default=10 * SECOND, ge=0, description="but no update waits longer than this")
    send_latency_ms: int = Field(default=50, ge=0, description="what a delivery takes in the virtual time of a replay")
    channels: dict[str, ChannelSection] = Field(default_factory=dict, description="channel -> its own options")

    def timings(self) -> Timings:
        """Return them as the core takes them."""
        return Timings(group_wait=self.group_wait_ms, quiet=self.quiet_ms, longest_burst=self.longest_burst_ms)
