"""respond's section of stanch.yaml."""

from pydantic import BaseModel, ConfigDict, Field

from services.respond.core import Timings


class Settings(BaseModel):
    """How long things may take. All times are milliseconds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    dispatch_ms: int = Field(default=2_000, gt=0, description="an older intent is not sent any more")
    http_timeout_ms: int = Field(default=10_000, gt=0, description="after this an answer will not come any more")
    first_pause_ms: int = Field(default=1_000, gt=0, description="between two looks at a product; doubles")
    longest_pause_ms: int = Field(default=30_000, gt=0)
    native_margin_ms: int = Field(default=60_000, ge=0, description="how much later a product may end a control itself")
    longest_lag_ms: int | None = Field(default=None, description="upper bound on every lag that a connector declares")
    call_latency_ms: int = Field(default=50, ge=0, description="what an action takes in the virtual time of a replay")
    lab: str = Field(default="http://lab", description="in a replay connectors may only talk to what lies below this")

    def timings(self) -> Timings:
        """Return them as the core takes them."""
        return Timings(
            dispatch=self.dispatch_ms,
            http_timeout=self.http_timeout_ms,
            first_pause=self.first_pause_ms,
            longest_pause=self.longest_pause_ms,
            native_margin=self.native_margin_ms,
            longest_lag=self.longest_lag_ms,
        )
