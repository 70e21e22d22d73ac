"""A process of a person opens a session on another host of the tenant."""

from collections.abc import Iterator
from typing import Final

from schemas.finding import Level
from services.detect.correlate.core.edges import lateral_sessions
from services.detect.correlate.core.nodes import Node, Observation, Process
from services.detect.correlate.core.view import View
from services.detect.correlate.core.vocabulary import base, is_person
from services.detect.correlate.ports import Evidence, Example
from services.detect.correlate.sample import CMD, POWERSHELL, SVCHOST, connected, logged_on, started


def observe(view: View, node: Node) -> Iterator[Observation]:
    """Speak once per process."""
    if not isinstance(node, Process) or view.is_hub(node):
        return
    sessions = [session for session in lateral_sessions(view, node) if is_person(session.account)]
    for session in sorted(sessions, key=lambda each: (each.opened, each.id))[:1]:
        why = f"{base(node.image)} on {node.host} logged on to {session.host} as {session.account}"
        yield EVIDENCE.says(node, Level.LOW, session.opened, session.event, why)


EVIDENCE: Final[Evidence] = Evidence(
    name="lateral_logon",
    title="Logon to another host",
    observe=observe,
    examples=(
        Example(
            "the session comes from a port that a shell owns",
            (logged_on(), started(POWERSHELL), connected(POWERSHELL, 100, "10.0.0.2", 445)),
            speaks=True,
        ),
        Example(
            "it comes from a service host",
            (logged_on(), started(CMD), connected(SVCHOST, 90, "10.0.0.2", 445)),
            speaks=False,
        ),
    ),
    tactics=("lateral-movement",),
)
