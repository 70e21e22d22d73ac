"""A carrier speaks to an address outside that nobody resolved: how implants call home."""

from collections.abc import Iterator
from typing import Final

from schemas.finding import Level
from services.detect.correlate.core.carriers import calls_home
from services.detect.correlate.core.nodes import Node, Observation, Process
from services.detect.correlate.core.view import View
from services.detect.correlate.core.vocabulary import base, in_user_path
from services.detect.correlate.ports import Evidence, Example
from services.detect.correlate.sample import DOWNLOADED, INSTALLED, OUTSIDE, connected, started


def observe(view: View, node: Node) -> Iterator[Observation]:
    """Speak once per process; softly anchored where the image lies in a user's path."""
    if not isinstance(node, Process):
        return
    for address, port, span in calls_home(view, node)[:1]:
        why = f"{base(node.image)} on {node.host} spoke to {address}:{port}, which nobody resolved"
        anchor = "beacon" if in_user_path(node.image) else ""
        yield EVIDENCE.says(node, Level.MEDIUM, span.first, span.event, why, anchor=anchor)


EVIDENCE: Final[Evidence] = Evidence(
    name="direct_egress",
    title="Direct address egress",
    observe=observe,
    examples=(
        Example(
            "a foreign image speaks to a bare address",
            (started(DOWNLOADED), connected(DOWNLOADED, 100, OUTSIDE, 8080)),
            speaks=True,
        ),
        Example(
            "an installed program does", (started(INSTALLED), connected(INSTALLED, 100, OUTSIDE, 8080)), speaks=False
        ),
    ),
    tactics=("command-and-control",),
)
