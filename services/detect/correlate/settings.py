"""correlate's section of stanch.yaml."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from schemas.finding import Stage
from services.detect.correlate.core.budget import ENTRIES

OWN_RULES = Path(__file__).resolve().parents[1] / "rules"


class Settings(BaseModel):
    """How far back a new owner looks, and how late an event may be."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    lookback_ms: int = Field(default=3_600_000, ge=0, description="what a new owner reads again to rebuild the graph")
    watermark_ms: int = Field(
        default=120_000, ge=0, description="how much older than the newest an event may be to count"
    )
    most_entries: int = Field(
        default=ENTRIES,
        gt=0,
        description="what the graphs of all tenants hold together; 2,000,000 are about a gigabyte",
    )
    rules: tuple[Path, ...] = Field(default=(), description="further directories, or files, of Sigma correlation rules")
    starter_rules: bool = Field(default=True, description="run the correlation rules that come with the product")
    stages: dict[str, Stage] = Field(
        default_factory=dict,
        description="what a correlation rule's findings may lead to, by its id, name or title; over what the rule says",
    )
    without: tuple[str, ...] = Field(default=(), description="rules on facts that do not run, by name or title")

    @property
    def directories(self) -> tuple[Path, ...]:
        """Where correlation rules are read from, our own first."""
        return (OWN_RULES, *self.rules) if self.starter_rules else self.rules
