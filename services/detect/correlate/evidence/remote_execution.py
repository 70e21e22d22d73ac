"""A broker starts a process in somebody's network session: administrators do that too, so it proves nothing alone."""

from collections.abc import Iterator
from typing import Final

from schemas.finding import Level
from services.detect.correlate.core.edges import joins_processes
from services.detect.correlate.core.nodes import Node, Observation, Process
from services.detect.correlate.core.view import View
from services.detect.correlate.core.vocabulary import BROKERS, REMOTE_SHELLS, base, is_local_session
from services.detect.correlate.ports import Evidence, Example
from services.detect.correlate.sample import CMD, OTHER, SVCHOST, logged_on, ref, started


def observe(view: View, node: Node) -> Iterator[Observation]:
    """Speak once per process."""
    if not isinstance(node, Process) or node.start is None or is_local_session(node.session):
        return
    if base(node.parent.image) not in BROKERS or (view.is_hub(node) and base(node.image) not in REMOTE_SHELLS):
        return
    session = view.session(node.host, node.session)
    if session.kind == "network" and joins_processes(session):
        why = f"{session.account} started {base(node.image)} on {node.host} from another host"
        yield EVIDENCE.says(node, Level.MEDIUM, node.start, node.event, why)


EVIDENCE: Final[Evidence] = Evidence(
    name="remote_execution",
    title="Remote execution",
    observe=observe,
    examples=(
        Example(
            "a broker starts a shell in a network session that is told later",
            (started(CMD, host=OTHER, session="0x77", parent=ref(SVCHOST, 90)), logged_on()),
            speaks=True,
        ),
        Example("a shell of the desktop", (started(CMD), logged_on()), speaks=False),
    ),
    anchor="remote",
    tactics=("lateral-movement", "execution"),
)
