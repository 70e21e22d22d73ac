"""A desktop broker starts a suspicious process just after somebody came from another host: DCOM and the like."""

from collections.abc import Iterator
from typing import Final

from schemas.finding import Level
from schemas.times import SECOND
from services.detect.correlate.core.edges import client_processes
from services.detect.correlate.core.nodes import Node, Observation, Process
from services.detect.correlate.core.view import View
from services.detect.correlate.core.vocabulary import DESKTOP_BROKERS, base, in_user_path, is_person
from services.detect.correlate.ports import Evidence, Example
from services.detect.correlate.sample import DOWNLOADED, OTHER, POWERSHELL, connected, logged_on, started

_WINDOW: Final = 60 * SECOND


def observe(view: View, node: Node) -> Iterator[Observation]:
    """Speak once per process."""
    if not isinstance(node, Process) or node.start is None or base(node.parent.image) not in DESKTOP_BROKERS:
        return
    if not (node.command.encoded or in_user_path(node.image)):
        return
    for opened in view.facts(("arrivals", node.host)):
        if not 0 <= node.start - opened.time <= _WINDOW or not opened.client:
            continue
        session = view.session(node.host, opened.session)
        if is_person(session.account) and any(True for _ in client_processes(view, session)):
            why = f"{base(node.parent.image)} started {base(node.image)} on {node.host} just after {session.account} came in"
            yield EVIDENCE.says(node, Level.HIGH, node.start, node.event, why)
            return


EVIDENCE: Final[Evidence] = Evidence(
    name="desktop_broker",
    title="Desktop broker steered from another host",
    observe=observe,
    examples=(
        Example(
            "a foreign image starts on the desktop just after a session from another host",
            (
                connected(POWERSHELL, 100, "10.0.0.2", 135),
                logged_on(),
                started(DOWNLOADED, 200, second=20, host=OTHER),
            ),
            speaks=True,
        ),
        Example("nobody came", (started(DOWNLOADED, 200, second=20, host=OTHER),), speaks=False),
    ),
    tactics=("lateral-movement", "execution"),
)
