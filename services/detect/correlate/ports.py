"""What the core needs of a plug-in: one rule on facts."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from schemas.fact import Fact
from schemas.finding import Level
from schemas.identity import derived_uid
from services.detect.correlate.core.nodes import Node, Observation
from services.detect.correlate.core.view import View

Observe = Callable[[View, Node], Iterable[Observation]]


@dataclass(frozen=True, slots=True)
class Example:
    """Facts in whose light the rule speaks, or stays silent."""

    what: str
    facts: tuple[Fact, ...]
    speaks: bool


@dataclass(frozen=True, slots=True)
class Evidence:
    """A rule on facts: what it says of one node of the graph. Pure; the file is named as the rule."""

    name: str
    title: str
    observe: Observe
    examples: tuple[Example, ...] = ()
    anchor: str = ""
    tactics: tuple[str, ...] = ()

    def says(
        self, node: Node, level: Level, time: int, event: str, why: str, *, anchor: str | None = None
    ) -> Observation:
        """Return the rule's observation on ``node``; ``why`` says in words what was seen."""
        return Observation(
            rule=self.title,
            uid=derived_uid("evidence", self.name, node.id),
            level=level,
            time=time,
            event=event,
            why=why,
            anchor=self.anchor if anchor is None else anchor,
            tactics=self.tactics,
        )
