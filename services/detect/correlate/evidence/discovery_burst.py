"""One process starts several tools that look around, within two minutes."""

from collections.abc import Iterator
from typing import Final

from schemas.finding import Level
from schemas.times import SECOND
from services.detect.correlate.core.nodes import Node, Observation, Process
from services.detect.correlate.core.view import View
from services.detect.correlate.core.vocabulary import DISCOVERY_TOOLS, base
from services.detect.correlate.core.window import crowded
from services.detect.correlate.ports import Evidence, Example
from services.detect.correlate.sample import CMD, ref, started

TOOLS: Final = 3
WINDOW: Final = 120 * SECOND


def observe(view: View, node: Node) -> Iterator[Observation]:
    """Speak once per process."""
    if not isinstance(node, Process) or not view.is_free(node):
        return
    starts = [start for start in view.child_starts(node) if base(start.process.image) in DISCOVERY_TOOLS]
    tools = crowded([(start.time, base(start.process.image)) for start in starts], TOOLS, WINDOW)
    if tools:
        why = f"{base(node.image)} on {node.host} looked around with {', '.join(tools[:5])}"
        yield EVIDENCE.says(node, Level.MEDIUM, starts[0].time, starts[0].event, why)


EVIDENCE: Final[Evidence] = Evidence(
    name="discovery_burst",
    title="Discovery burst",
    observe=observe,
    examples=(
        Example(
            "three tools in three seconds",
            tuple(
                started(f"\\windows\\system32\\{tool}.exe", 200 + n, second=20 + n, parent=ref(CMD, 100))
                for n, tool in enumerate(("whoami", "ipconfig", "nltest"))
            ),
            speaks=True,
        ),
        Example("one tool", (started("\\windows\\system32\\whoami.exe", 200, parent=ref(CMD, 100)),), speaks=False),
    ),
    tactics=("discovery",),
)
