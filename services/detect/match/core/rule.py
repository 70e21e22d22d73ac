"""A rule ready to run, and what a rule file may say beside Sigma's own keys."""

from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from schemas.event import LogSource
from schemas.finding import Level, Stage
from services.detect.match.core.tree import Node


class RuleTest(BaseModel):
    """One sample inside a rule file: a native object, and whether the rule fires on it.

    ``kind`` and ``logsource`` are what ingest would say; without them they follow from Channel and EventID, or from the
    rule's own logsource.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    fires: bool
    event: dict[str, Any]
    kind: str | None = None
    logsource: dict[str, str] = Field(default_factory=dict)


class Extension(BaseModel):
    """Our own keys, at the top of a rule or under ``stanch:``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    stage: Stage = Stage.ALERT
    anchor: str | None = Field(default=None, pattern=r"^[a-z][a-z_]*$")
    owner: str | None = None
    tests: tuple[RuleTest, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """One detection rule. ``digest`` changes with anything that changes its verdicts; ``path`` says where it came from."""

    uid: str
    title: str
    logsource: LogSource
    level: Level
    node: Node
    digest: str
    path: str = ""
    name: str = ""
    tactics: tuple[str, ...] = ()
    techniques: tuple[str, ...] = ()
    falsepositives: tuple[str, ...] = ()
    extension: Extension = field(default_factory=Extension)
