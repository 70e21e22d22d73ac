"""What is observed on a node: the findings that name it, and what the rules on facts say of it."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from services.detect.correlate.core.finding import Filed
from services.detect.correlate.core.nodes import Node, Observation, Principal, Process, Service, Session
from services.detect.correlate.core.view import View


class Rule(Protocol):
    """A rule on facts, as the core calls it."""

    @property
    def observe(self) -> Callable[[View, Node], Iterable[Observation]]:
        """Say what the node shows."""
        ...


@dataclass(slots=True)
class Evidences:
    """All rules on facts, remembered per node for one decision."""

    rules: Sequence[Rule]
    known: dict[str, tuple[Observation, ...]]

    def observe(self, view: View, node: Node) -> tuple[Observation, ...]:
        """Return what is observed on ``node``, by time and rule."""
        if node.id not in self.known:
            found = [_of_finding(filed) for filed in findings_on(view, node)]
            told = {seen.anchor for seen in found if seen.anchor and seen.ours}
            for rule in self.rules:
                found.extend(seen for seen in rule.observe(view, node) if not _is_told(seen, told))
            self.known[node.id] = tuple(sorted(found, key=lambda seen: (seen.time, seen.rule, seen.uid)))
        return self.known[node.id]


def _is_told(seen: Observation, told: set[str]) -> bool:
    """Whether one of our Sigma rules says the same of this node already, so that it counts once."""
    return seen.anchor in told and seen.anchor not in {"", "tool"}


def findings_on(view: View, node: Node) -> Iterator[Filed]:
    """Yield the findings whose actor is ``node``."""
    if isinstance(node, Process):
        facts = view.deeds(node) + [
            filed
            for connection in view.connections(node)
            for filed in _by_port(view, connection.source, connection.source_port)
        ]
    elif isinstance(node, Session):
        facts = view.facts(("session", node.host, node.logon))
    elif isinstance(node, Service):
        facts = view.facts(("service", node.host, f"{node.form}:{node.name}"))
    else:
        facts = _of_principal(view, node)
    yield from {fact.uid: fact for fact in facts if isinstance(fact, Filed)}.values()


def _by_port(view: View, address: str, port: int) -> list[Filed]:
    return [filed for filed in view.facts(("caught", address, port)) if isinstance(filed, Filed)]


def _of_principal(view: View, node: Principal) -> list[Filed]:
    source = node.workstation or node.address
    return view.facts(("said", node.account, source))


def _of_finding(filed: Filed) -> Observation:
    return Observation(
        rule=filed.rule,
        uid=filed.uid,
        level=filed.level,
        time=filed.time,
        event=filed.event,
        why=filed.title,
        anchor=filed.anchor,
        tactics=filed.tactics,
        stage=filed.stage,
        ours=filed.ours,
    )
