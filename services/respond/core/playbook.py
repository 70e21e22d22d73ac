"""Playbooks: which controls an incident calls for. The condition is total and without side effects.

A clause is one comparison, or ``all``, ``any``, ``not`` over clauses; it tells in words which part of it held.
"""

from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, model_validator

from schemas.control import VOCABULARY, Control
from schemas.entity import AssetClass, Authority, Entity, EntityType, Role
from schemas.finding import Stage
from schemas.incident import Incident
from schemas.tenant import Minutes

Value = str | int | bool
Fact = Value | tuple[str, ...]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


FieldName = Literal[
    "type", "role", "authority", "asset_class", "observed", "stage", "tactics", "severity", "confidence", "score"
]
_NUMBERS = frozenset({"severity", "confidence", "score"})
_WORDS: dict[str, frozenset[str]] = {
    "type": frozenset(EntityType),
    "role": frozenset(Role),
    "authority": frozenset(Authority),
    "asset_class": frozenset(AssetClass),
    "stage": frozenset(Stage),
}
_READ: dict[str, Callable[[Incident, Entity], Fact]] = {
    "type": lambda _, entity: entity.type.value,
    "role": lambda _, entity: entity.role.value,
    "authority": lambda _, entity: entity.authority.value,
    "asset_class": lambda _, entity: entity.asset_class.value,
    "observed": lambda _, entity: entity.observed,
    "stage": lambda incident, _: incident.detail.stage.value,
    "tactics": lambda incident, _: incident.detail.tactics,
    "severity": lambda incident, _: incident.severity_id,
    "confidence": lambda incident, _: incident.confidence_score,
    "score": lambda incident, _: incident.detail.score,
}


class Comparison(_Strict):
    """One field of the incident or of the entity against one value, or several."""

    field: FieldName
    equals: Value | None = Field(default=None, alias="is")
    among: tuple[str, ...] | None = Field(default=None, alias="in")
    at_least: int | None = None
    at_most: int | None = None
    has: str | None = None

    @model_validator(mode="after")
    def _fits(self) -> "Comparison":
        given = [name for name in ("equals", "among", "at_least", "at_most", "has") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError("a comparison takes exactly one of is, in, at_least, at_most, has")
        if (self.at_least is not None or self.at_most is not None) and self.field not in _NUMBERS:
            raise ValueError(f"{self.field} is no number")
        if (self.has is not None) != (self.field == "tactics"):
            raise ValueError("tactics takes has, and nothing else does")
        self._check_words()
        return self

    def _check_words(self) -> None:
        words = _WORDS.get(self.field)
        wanted = self.among if self.among is not None else (self.equals,)
        if words is not None and (strange := [str(one) for one in wanted if one not in words]):
            raise ValueError(f"{self.field} is never {', '.join(strange)}; it is one of {', '.join(sorted(words))}")

    def judge(self, incident: Incident, entity: Entity) -> tuple[bool, str]:
        """Return whether it holds, and what it says."""
        fact = _READ[self.field](incident, entity)
        if self.at_least is not None:
            return isinstance(fact, int) and fact >= self.at_least, f"{self.field} is at least {self.at_least} ({fact})"
        if self.at_most is not None:
            return isinstance(fact, int) and fact <= self.at_most, f"{self.field} is at most {self.at_most} ({fact})"
        if self.has is not None:
            return isinstance(fact, tuple) and self.has in fact, f"{self.field} has {self.has}"
        wanted = self.among if self.among is not None else (self.equals,)
        return fact in wanted, f"{self.field} is {' or '.join(map(str, wanted))}"


class AllOf(_Strict):
    """Holds where every clause does."""

    clauses: tuple["Clause", ...] = Field(alias="all", min_length=1)

    def judge(self, incident: Incident, entity: Entity) -> tuple[bool, str]:
        """Return whether it holds, and what it says."""
        judged = [clause.judge(incident, entity) for clause in self.clauses]
        return all(held for held, _ in judged), " and ".join(text for _, text in judged)


class AnyOf(_Strict):
    """Holds where one clause does; it quotes the first that did."""

    clauses: tuple["Clause", ...] = Field(alias="any", min_length=1)

    def judge(self, incident: Incident, entity: Entity) -> tuple[bool, str]:
        """Return whether it holds, and what it says."""
        judged = [clause.judge(incident, entity) for clause in self.clauses]
        told = next((text for held, text in judged if held), " or ".join(text for _, text in judged))
        return any(held for held, _ in judged), told


class NotOf(_Strict):
    """Holds where its clause does not."""

    clause: "Clause" = Field(alias="not")

    def judge(self, incident: Incident, entity: Entity) -> tuple[bool, str]:
        """Return whether it holds, and what it says."""
        held, text = self.clause.judge(incident, entity)
        return not held, f"not ({text})"


def _kind(value: Any) -> str:  # noqa: ANN401 whatever stands in the file
    if isinstance(value, dict):
        return next((name for name in ("all", "any", "not") if name in value), "field")
    tags: dict[type[Any], str] = {AllOf: "all", AnyOf: "any", NotOf: "not"}
    return tags.get(type(value), "field")


Clause = Annotated[
    Annotated[AllOf, Tag("all")]
    | Annotated[AnyOf, Tag("any")]
    | Annotated[NotOf, Tag("not")]
    | Annotated[Comparison, Tag("field")],
    Discriminator(_kind),
]


class PlaybookStep(_Strict):
    """One control, for how long, and what watches over it."""

    control: Control
    ttl: Minutes | None = Field(default=None, description="minutes; the tenant's hold_minutes where it is absent")
    verify: Literal["independent"] = Field(description="by another endpoint than the one that was written")
    undo: Literal["release", "none"] = Field(description="none: nothing to undo, the control is an event")
    approval: Literal["policy", "always"] = "policy"
    guards: tuple[str, ...] = Field(min_length=1)


class Playbook(_Strict):
    """What answers a kind of incident, for each entity that its condition holds of."""

    name: str = Field(pattern=r"^[a-z_]{1,40}$")
    title: str
    when: Clause
    steps: tuple[PlaybookStep, ...] = Field(min_length=1)

    def wishes(self, incident: Incident, entity: Entity) -> tuple[tuple[PlaybookStep, str], ...]:
        """Return the steps that ``entity`` of ``incident`` calls for, each with the clause that held."""
        held, clause = self.when.judge(incident, entity)
        if not held:
            return ()
        return tuple((step, clause) for step in self.steps if VOCABULARY[step.control].target is entity.type)


AllOf.model_rebuild()
AnyOf.model_rebuild()
NotOf.model_rebuild()
