"""An image starts from where everybody may write; one that a high rule names is a tool of somebody's."""

from collections.abc import Iterator
from typing import Final

from schemas.finding import Level
from services.detect.correlate.core.evidence import findings_on
from services.detect.correlate.core.nodes import Node, Observation, Process
from services.detect.correlate.core.view import View
from services.detect.correlate.core.vocabulary import base, in_user_path
from services.detect.correlate.ports import Evidence, Example
from services.detect.correlate.sample import DOWNLOADED, INSTALLED, started


def observe(view: View, node: Node) -> Iterator[Observation]:
    """Speak softly of the path, and name it a tool where a rule of high level speaks of the same process."""
    if not isinstance(node, Process) or not in_user_path(node.image):
        return
    loud = any(filed.level in {Level.HIGH, Level.CRITICAL} for filed in findings_on(view, node))
    what = "is a tool that a rule of high level names" if loud else "lies where everybody may write"
    why = f"the image {base(node.image)} on {node.host} {what}"
    yield EVIDENCE.says(node, Level.LOW, node.first, node.event, why, anchor="tool" if loud else "weak")


EVIDENCE: Final[Evidence] = Evidence(
    name="user_path_image",
    title="Image in a user's path",
    observe=observe,
    examples=(
        Example("an image in a user's folder", (started(DOWNLOADED),), speaks=True),
        Example("an installed program", (started(INSTALLED),), speaks=False),
    ),
    anchor="weak",
    tactics=("execution",),
)
