"""A correlation rule as people write it (Sigma correlation specification 2), and what of it runs here."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from schemas.finding import Level, Stage
from schemas.tactics import TACTICS
from schemas.times import HOUR, MINUTE, SECOND
from services.detect.correlate.sigma_correlation.rule import HOLDS, Correlation, Operator
from services.detect.correlate.sigma_correlation.window import MAX_ENTRIES

_UNITS: Final = {"s": SECOND, "m": MINUTE, "h": HOUR, "d": 24 * HOUR, "w": 7 * 24 * HOUR}
_TECHNIQUE = re.compile(r"t\d{4}(\.\d{3})?")


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


Names = Annotated[tuple[str, ...], BeforeValidator(_listed)]


class Condition(BaseModel):
    """What the count must meet; several comparisons make a range."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    lt: float | None = None
    lte: float | None = None
    gt: float | None = None
    gte: float | None = None
    eq: float | None = None
    neq: float | None = None
    field: Names = ()

    @property
    def comparisons(self) -> tuple[tuple[Operator, float], ...]:
        """The comparisons that were given."""
        given = ((operator, getattr(self, operator)) for operator in HOLDS)
        return tuple((operator, number) for operator, number in given if number is not None)

    @model_validator(mode="after")
    def _is_countable(self) -> "Condition":
        if not self.comparisons:
            raise ValueError("one of gt, gte, lt, lte, eq, neq is needed")
        if any(number > MAX_ENTRIES for _, number in self.comparisons):
            raise ValueError(f"counts above {MAX_ENTRIES} are not kept")
        return self


class CorrelationSection(BaseModel):
    """The section ``correlation``."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    type: Literal["event_count", "value_count"]
    rules: Names = Field(min_length=1)
    group_by: Names = Field(default=(), alias="group-by")
    timespan: int
    condition: Condition
    aliases: dict[str, dict[str, str]] = Field(default_factory=dict)
    generate: bool = False

    @field_validator("timespan", mode="before")
    @classmethod
    def _milliseconds(cls, value: object) -> int:
        found = re.fullmatch(r"([1-9]\d{0,5})([smhdw])", str(value))
        if found is None:
            raise ValueError("a timespan is a number with s, m, h, d or w: 5m")
        return int(found[1]) * _UNITS[found[2]]

    @model_validator(mode="after")
    def _counts_something(self) -> "CorrelationSection":
        if self.type == "value_count" and not self.condition.field:
            raise ValueError("value_count needs condition.field")
        return self


class CorrelationDocument(BaseModel):
    """A correlation rule's file. Keys of Sigma that do not bear on running it are passed over."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    title: str
    id: str = ""
    name: str = ""
    level: Level = Level.MEDIUM
    stage: Stage = Stage.ALERT
    anchor: str | None = None
    tags: tuple[str, ...] = ()
    correlation: CorrelationSection

    @model_validator(mode="before")
    @classmethod
    def _own_keys(cls, data: Any) -> Any:  # noqa: ANN401 - whatever YAML holds
        """Our keys stand at the top or under ``stanch``."""
        own = data.get("stanch") if isinstance(data, Mapping) else None
        return {**data, **own} if isinstance(own, Mapping) else data

    @field_validator("id", mode="before")
    @classmethod
    def _text(cls, value: object) -> str:
        return str(value).lower()

    def correlated(self, uids: Mapping[str, str], digest: str) -> Correlation:
        """Return the rule, given the ids of the rules that it names."""
        section, tags = self.correlation, [tag.lower().removeprefix("attack.") for tag in self.tags]
        aliases = {
            name: {uids.get(rule, rule): field for rule, field in fields.items()}
            for name, fields in section.aliases.items()
        }
        return Correlation(
            uid=self.id or self.name or digest,
            title=self.title,
            kind=section.type,
            rules=frozenset(uids.values()),
            group_by=section.group_by,
            timespan=section.timespan,
            conditions=section.condition.comparisons,
            counted=section.condition.field if section.type == "value_count" else (),
            aliases=aliases,
            level=self.level,
            stage=self.stage,
            anchor=self.anchor,
            tactics=tuple(name for tag in tags if (name := tag.replace("_", "-")) in TACTICS),
            techniques=tuple(tag.upper() for tag in tags if _TECHNIQUE.fullmatch(tag)),
            digest=digest,
        )
