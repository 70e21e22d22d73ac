"""The section ``match`` of stanch.yaml."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from schemas.finding import Stage
from services.detect.match.load import OWN_RULES


class Settings(BaseModel):
    """Which rules run, and what they are told. Everything has a value; without any the starter rules run."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    starter_rules: bool = Field(default=True, description="run the rules that come with the product")
    rules: tuple[Path, ...] = Field(default=(), description="further directories, or single files, of Sigma rules")
    engine: Literal["fast", "plain"] = Field(
        default="fast", description="`plain` judges every event by every rule: the measure of the fast one"
    )
    placeholders: dict[str, tuple[str, ...]] = Field(
        default_factory=dict, description="what the values of a rule's `expand` stand for, `known_cdcs: [...]`"
    )
    stages: dict[str, Stage] = Field(
        default_factory=dict,
        description="what a rule's findings may lead to, by its id or name; over what the rule says",
    )

    @property
    def directories(self) -> tuple[Path, ...]:
        """Where rules are read from, our own first."""
        return (OWN_RULES, *self.rules) if self.starter_rules else self.rules
