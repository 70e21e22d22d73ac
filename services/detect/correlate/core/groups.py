"""Groups: all nodes of one story, found from a seed that holds a hard anchor."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from services.detect.correlate.core.edges import neighbours
from services.detect.correlate.core.evidence import Evidences
from services.detect.correlate.core.nodes import Edge, Node, Observation
from services.detect.correlate.core.score import score_of
from services.detect.correlate.core.soft import joins
from services.detect.correlate.core.view import View

LARGEST: Final = 4096
SOFT_FROM: Final = 20


@dataclass(slots=True)
class Group:
    """One story: its nodes, what was observed on each, and why each belongs."""

    nodes: dict[str, Node] = field(default_factory=dict)
    observations: dict[str, tuple[Observation, ...]] = field(default_factory=dict)
    edges: set[Edge] = field(default_factory=set)
    truncated: bool = False

    def seen(self) -> Iterable[Observation]:
        """Yield every observation of the group."""
        for node in sorted(self.observations):
            yield from self.observations[node]


def grow(view: View, evidences: Evidences, start: Iterable[Node]) -> Group:
    """Return the group around ``start``: first by exact identifiers, then, once its score allows, by the softer joins."""
    group, waiting = Group(), deque(start)
    _spread(view, evidences, group, waiting)
    expanded: set[str] = set()
    while score_of(group.seen()) >= SOFT_FROM:
        fresh = [node for node in group.nodes.values() if node.id not in expanded]
        if not fresh:
            break
        for node in sorted(fresh, key=lambda node: node.id):
            expanded.add(node.id)
            for edge, other in joins(view, lambda each: evidences.observe(view, each), node):
                group.edges.add(edge)
                waiting.append(other)
        _spread(view, evidences, group, waiting)
    return group


def _spread(view: View, evidences: Evidences, group: Group, waiting: deque[Node]) -> None:
    while waiting:
        node = waiting.popleft()
        if node.id in group.nodes:
            continue
        if len(group.nodes) >= LARGEST:
            group.truncated = True
            return
        group.nodes[node.id] = node
        group.observations[node.id] = evidences.observe(view, node)
        for edge, other in neighbours(view, node):
            group.edges.add(edge)
            if other.id not in group.nodes:
                waiting.append(other)
