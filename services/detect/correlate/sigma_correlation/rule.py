"""A correlation rule, ready to run."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from operator import eq, ge, gt, le, lt, ne
from typing import Final, Literal

from schemas.finding import Level, Stage

Operator = Literal["lt", "lte", "gt", "gte", "eq", "neq"]
HOLDS: Final[Mapping[Operator, Callable[[float, float], bool]]] = {
    "lt": lt, "lte": le, "gt": gt, "gte": ge, "eq": eq, "neq": ne,
}  # fmt: skip
_MONOTONE: Final = frozenset({"gt", "gte"})


@dataclass(frozen=True, slots=True)
class Correlation:
    """One correlation rule. ``rules`` are ids of the rules that it counts; ``timespan`` is in milliseconds.

    ``aliases`` say, per name used in ``group_by``, which field of which rule's events bears it. All of ``conditions`` must
    hold: two of them are a range. ``counted`` are the fields whose values ``value_count`` tells apart.
    """

    uid: str
    title: str
    kind: Literal["event_count", "value_count"]
    rules: frozenset[str]
    group_by: tuple[str, ...]
    timespan: int
    conditions: tuple[tuple[Operator, float], ...]
    counted: tuple[str, ...] = ()
    aliases: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    level: Level = Level.MEDIUM
    stage: Stage = Stage.ALERT
    anchor: str | None = None
    tactics: tuple[str, ...] = ()
    techniques: tuple[str, ...] = ()
    digest: str = ""

    @property
    def is_monotone(self) -> bool:
        """More events can only make the condition truer."""
        return all(operator in _MONOTONE for operator, _ in self.conditions)

    def holds(self, count: int) -> bool:
        """Return whether ``count`` meets the condition."""
        return all(HOLDS[operator](count, number) for operator, number in self.conditions)
