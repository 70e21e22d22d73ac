"""One process speaks to the administration ports of three or more of the tenant's hosts."""

from collections.abc import Iterator
from typing import Final

from schemas.finding import Level
from services.detect.correlate.core.nodes import Node, Observation, Process
from services.detect.correlate.core.view import View
from services.detect.correlate.core.vocabulary import ADMIN_PORTS, base
from services.detect.correlate.ports import Evidence, Example
from services.detect.correlate.sample import POWERSHELL, SVCHOST, connected

HOSTS: Final = 3


def observe(view: View, node: Node) -> Iterator[Observation]:
    """Speak once per process."""
    if not isinstance(node, Process) or not view.is_free(node):
        return
    calls = [(address, span) for address, port, span in view.peers(node) if port in ADMIN_PORTS]
    hosts = {host for address, _ in calls for host in view.owners(address)} - {node.host}
    if len(hosts) >= HOSTS:
        first = min((span for _, span in calls), key=lambda span: (span.first, span.event))
        why = f"{base(node.image)} on {node.host} spoke to administration ports of {len(hosts)} hosts"
        yield EVIDENCE.says(node, Level.MEDIUM, first.first, first.event, why)


EVIDENCE: Final[Evidence] = Evidence(
    name="admin_fanout",
    title="Fan-out to administration ports",
    observe=observe,
    examples=(
        Example(
            "one shell speaks to three hosts, which turn out to be the tenant's own",
            (
                *(connected(POWERSHELL, 100, f"10.0.0.{n}", 445, second=n) for n in (2, 3, 4)),
                *(connected(SVCHOST, 90, "10.0.0.9", 53, host=f"SRV{n}", source=f"10.0.0.{n}") for n in (2, 3, 4)),
            ),
            speaks=True,
        ),
        Example("two of the addresses are nobody's", (connected(POWERSHELL, 100, "10.0.0.2", 445),), speaks=False),
    ),
    tactics=("discovery", "lateral-movement"),
)
