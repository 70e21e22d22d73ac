"""A process runs as the system although a person's process started it: somebody raised a privilege."""

from collections.abc import Iterator
from typing import Final

from schemas.finding import Level
from services.detect.correlate.core.nodes import Node, Observation, Process
from services.detect.correlate.core.view import View
from services.detect.correlate.core.vocabulary import base, is_person
from services.detect.correlate.ports import Evidence, Example
from services.detect.correlate.sample import CMD, DOWNLOADED, SYSTEM, ref, started


def observe(view: View, node: Node) -> Iterator[Observation]:
    """Speak once per child."""
    if not isinstance(node, Process) or node.start is None or node.integrity != "system" or is_person(node.user):
        return
    parent = view.parent(node)
    if parent is None or view.is_hub(parent) or base(node.image) == "conhost.exe":
        return
    user = view.user(parent) or node.parent_user
    if is_person(user) and parent.integrity != "system":
        why = f"{base(parent.image)} of {user} on {node.host} started {base(node.image)} as the system"
        yield EVIDENCE.says(node, Level.HIGH, node.start, node.event, why)


EVIDENCE: Final[Evidence] = Evidence(
    name="token_jump",
    title="Token jump to the system",
    observe=observe,
    examples=(
        Example(
            "a person's program starts a shell of the system",
            (
                started(
                    CMD, 200, second=20, parent=ref(DOWNLOADED, 100), user=SYSTEM, session="0x3e7", integrity="system"
                ),
                started(DOWNLOADED, 100),
            ),
            speaks=True,
        ),
        Example(
            "a person's program starts a shell",
            (started(DOWNLOADED, 100), started(CMD, 200, second=20, parent=ref(DOWNLOADED, 100))),
            speaks=False,
        ),
    ),
    tactics=("privilege-escalation",),
)
