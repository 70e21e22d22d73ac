"""correlate's section of stanch.yaml."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field


class Settings(BaseModel):
    """How far back a new owner looks, and how late an event may be."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    lookback_ms: int = Field(default=3_600_000, ge=0, description="what a new owner reads again to rebuild the graph")
    watermark_ms: int = Field(
        default=120_000, ge=0, description="how much older than the newest an event may be to count"
    )
    rules: tuple[Path, ...] = Field(default=(), description="further directories, or files, of Sigma correlation rules")
